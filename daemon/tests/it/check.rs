//! `run --check` as a person and a program run it.

use serde_json::Value;

use crate::place::Place;

fn told(place: &Place, typed: &str, code: i32) -> Value {
    let ran = place.run(typed);
    assert_eq!(ran.code, code, "{ran:?}");
    serde_json::from_str(&ran.out).unwrap()
}

fn failed(checks: &Value) -> Vec<&str> {
    let checks = checks["checks"].as_array().unwrap().iter();
    checks.filter(|look| look["ok"] == false).map(|look| look["name"].as_str().unwrap()).collect()
}

#[test]
fn a_place_where_nothing_ran_yet_is_fit_and_stays_as_it_is() {
    let place = Place::fresh();
    place.write("config.toml", "[agent]\nprogram = \"/bin/sh\"\n");
    let looked = told(&place, "run --check --json", 0);
    assert_eq!(looked["failed"], Value::Null);
    assert_eq!(looked["schema"], Value::Null);
    let ran = place.run("run --check");
    assert!(ran.out.contains("ok    program   /bin/sh\n"), "{ran:?}");
    assert!(ran.out.contains("ok    database  none yet: the first start makes it\n"), "{ran:?}");
    let entries = std::fs::read_dir(place.home()).unwrap().map(|entry| entry.unwrap().file_name());
    assert_eq!(entries.collect::<Vec<_>>(), ["config.toml"]);
}

/// Incidents: 99.
#[test]
fn everything_that_is_wrong_is_named_and_ends_with_64() {
    let place = Place::fresh();
    place.write("config.toml", "[agent]\nprogram = \"/nowhere/claude\"\n");
    place.write("contacts.toml", "[[contact]]\nname = 3\n");
    place.write("state/assistant.db", &"this is no database\n".repeat(100));
    let looked = told(&place, "run --check --json", 64);
    assert_eq!(failed(&looked), ["contacts", "program", "database"]);
    let place_of = |end: &str| format!("{}/{end}", place.home().display());
    let wrong =
        place_of("contacts.toml:2: contact.name: wrong type: expected a string, found an integer");
    assert_eq!(looked["failed"], wrong);
    assert_eq!(place.run("run --check").err, format!("claude-assistant: {wrong}\n"));
    place.write("config.toml", "[agent]\nalive = 3\n");
    let looked = told(&place, "run --check --json", 64);
    assert_eq!(failed(&looked), ["config", "contacts", "program", "database"]);
}

#[test]
fn a_running_daemons_database_is_read_and_a_copy_is_opened_for_writing() {
    let place = Place::fresh();
    place.write("config.toml", "[agent]\nprogram = \"/bin/sh\"\n");
    assert_eq!(place.run("start").code, 0);
    let looked = told(&place, "run --check --json", 0);
    assert!(looked["schema"]["version"].is_i64(), "{looked}");
    assert!(looked["schema"]["min_reader"].is_i64(), "{looked}");
    assert_eq!(place.run("status").code, 0);
    let copy = place.home().join("copy.db");
    assert_eq!(place.run(&format!("backup {}", copy.display())).code, 0);
    let typed = format!("run --check --json --database {}", copy.display());
    assert_eq!(told(&place, &typed, 0)["schema"], looked["schema"]);
    let mut bytes = std::fs::read(&copy).unwrap();
    let middle = bytes.len() / 8192 * 4096;
    bytes[middle..middle + 4096].fill(0xa5);
    std::fs::write(&copy, bytes).unwrap();
    assert_eq!(failed(&told(&place, &typed, 64)), ["database"]);
    let none = format!("run --check --json --database {}/none.db", place.home().display());
    assert_eq!(failed(&told(&place, &none, 64)), ["database"]);
}

#[test]
fn flags_of_a_look_mean_nothing_without_it() {
    let place = Place::fresh();
    for typed in ["run --json", "run --database a.db", "run --check --detached"] {
        assert_eq!(place.run(typed).code, 64, "{typed}");
    }
    assert!(!place.home().exists());
}
