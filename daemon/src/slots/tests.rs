use std::os::unix::fs::PermissionsExt as _;

use super::*;
use crate::durable::tests::trace;

/// A home with slots in it, each made of a text.
struct Place {
    dir: tempfile::TempDir,
    slots: Slots,
}

impl Place {
    fn fresh() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let slots = Slots::of(&Home::at(dir.path().join("home")));
        fs::create_dir(dir.path().join("home")).unwrap();
        Self { dir, slots }
    }

    fn install(&self, commit: &str) -> SlotName {
        let program = self.dir.path().join("built");
        fs::write(&program, commit).unwrap();
        self.slots.install(&program, Some(commit)).unwrap()
    }
}

#[track_caller]
fn refused<T>(outcome: Result<T, SlotError>) -> String {
    outcome.err().expect("it is refused").to_string()
}

#[test]
fn a_name_is_a_plain_word_that_sorts_by_age() {
    for good in ["20261123T040118Z-be6e8ec1a2b3", "a", "A.b_c-1", &"x".repeat(64)] {
        assert_eq!(good.parse::<SlotName>().unwrap().as_str(), good);
    }
    for bad in ["", ".a", "-a", "current", "marks", "a/b", "..", "a b", "é", &"x".repeat(65)] {
        assert!(bad.parse::<SlotName>().is_err(), "{bad}");
        assert!(serde_json::from_value::<SlotName>(bad.into()).is_err(), "{bad}");
    }
    let name = SlotName::now(Some("be6e8ec1a2b3c4d5"));
    assert_eq!(name.as_str().len(), "20261123T040118Z-be6e8ec1a2b3".len());
    assert!(name.as_str().ends_with("Z-be6e8ec1a2b3"), "{name}");
    assert!(SlotName::now(None).as_str().ends_with("Z-install"));
}

#[test]
fn a_program_becomes_a_slot_that_may_run() {
    let place = Place::fresh();
    fs::write(place.dir.path().join("fake-claude"), "stand-in").unwrap();
    let slot = place.install("aaaaaaaaaaaaaaaa");
    let manifest = place.slots.check(&slot, Some(store_schema())).unwrap();
    assert_eq!(manifest.name, slot);
    assert_eq!(manifest.commit.as_deref(), Some("aaaaaaaaaaaaaaaa"));
    assert_eq!(manifest.programs.len(), 2, "{manifest:?}");
    assert_eq!(place.slots.all().unwrap(), std::slice::from_ref(&slot));
    assert_eq!(place.slots.mark(&slot).unwrap().unwrap().standing, Standing::Good);
    let mode = fs::metadata(place.slots.program(&slot)).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
    assert_eq!(place.slots.current().unwrap(), None);
    place.slots.set_current(&slot).unwrap();
    assert_eq!(place.slots.current().unwrap(), Some(slot));
}

fn store_schema() -> i64 {
    crate::store::Schema::OF_THIS_PROGRAM.version
}

#[test]
fn the_hash_of_a_program_is_its_sha_256() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("a"), "abc").unwrap();
    // The example of FIPS 180-2.
    let known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(hash_of(&dir.path().join("a")).unwrap(), known);
}

#[test]
fn a_slot_that_is_not_what_it_says_is_refused() {
    let place = Place::fresh();
    let slot = place.install("bbbbbbbbbbbb");
    let (dir, slots) = (place.slots.dir(&slot), &place.slots);
    let newer = store_schema() + 1;
    let text = refused(slots.check(&slot, Some(newer)));
    assert!(
        text.ends_with(&format!("knows schema 1, and the database asks for {newer}")),
        "{text}"
    );

    fs::write(slots.program(&slot), "another").unwrap();
    let text = refused(slots.check(&slot, None));
    assert!(text.ends_with("is not the one that its manifest names"), "{text}");

    slots.set_mark(&slot, Standing::Bad, "it ended").unwrap();
    let text = refused(slots.check(&slot, None));
    assert!(text.ends_with("it is marked bad: it ended"), "{text}");
    slots.set_mark(&slot, Standing::Good, "").unwrap();

    let manifest = fs::read_to_string(dir.join("manifest.json")).unwrap();
    fs::write(dir.join("manifest.json"), manifest.replace(slot.as_str(), "other")).unwrap();
    assert!(refused(slots.check(&slot, None)).ends_with("its manifest names another slot"));
    fs::remove_file(dir.join("manifest.json")).unwrap();
    assert!(refused(slots.check(&slot, None)).ends_with("it has no manifest"));
}

/// Incident: K8.
#[test]
fn a_file_that_is_empty_torn_newer_or_strange_is_a_clear_error() {
    let place = Place::fresh();
    let slot = place.install("cccccccccccc");
    let path = place.slots.dir(&slot).join("manifest.json");
    let whole = fs::read_to_string(&path).unwrap();
    let check = |text: &str, says: &str| {
        fs::write(&path, text).unwrap();
        let said = refused(place.slots.check(&slot, None));
        assert!(said.ends_with(says), "{text}: {said}");
    };
    check("", "manifest.json: the file is empty or torn");
    check(&whole[..whole.len() / 2], "manifest.json: the file is empty or torn");
    let newer = whole.replace(r#""format":1"#, r#""format":2"#);
    check(&newer, "written by a newer version (format 2, this one reads 1)");
    check("{}", "not what belongs there: it has no format");
    check(r#"{"format":1}"#, "not what belongs there: missing field `name`");
    let grown = whole.replace(r#""format":1"#, r#""format":1,"colour":"red""#);
    fs::write(&path, grown).unwrap();
    place.slots.check(&slot, None).unwrap();
}

#[test]
fn a_mark_that_cannot_be_read_says_nothing() {
    let place = Place::fresh();
    let slot = place.install("dddddddddddd");
    let path = place.slots.mark_file(&slot);
    for text in ["", "{\"format\":1,\"stand", "{}", "{\"format\":2}", "{\"format\":1}"] {
        fs::write(&path, text).unwrap();
        let manifest = place.slots.check(&slot, None).unwrap();
        let said = refused(place.slots.check_tested(&manifest));
        assert!(said.ends_with("its tests have not passed"), "{text}: {said}");
    }
}

/// A folder in its place stands for a disk that does not give it.
#[test]
fn a_mark_that_the_system_does_not_give_holds_up_no_start_and_lets_nothing_be_tried() {
    let place = Place::fresh();
    let slot = place.install("dddddddddddd");
    let path = place.slots.mark_file(&slot);
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    let manifest = place.slots.check(&slot, None).unwrap();
    let said = refused(place.slots.check_tested(&manifest));
    assert!(said.starts_with(&format!("read {}", path.display())), "{said}");
}

#[test]
fn what_is_half_built_is_no_slot() {
    for cut in 0.. {
        let place = Place::fresh();
        let program = place.dir.path().join("built");
        fs::write(&program, "p").unwrap();
        let (outcome, _) = trace(Some(cut), || place.slots.install(&program, None));
        for slot in place.slots.all().unwrap() {
            place.slots.check(&slot, None).unwrap();
        }
        if outcome.is_ok() {
            return;
        }
    }
}

#[test]
fn current_is_a_link_to_a_slot_or_an_error() {
    let place = Place::fresh();
    let slot = place.install("dddddddddddd");
    let link = place.slots.dir(&slot).with_file_name("current");
    std::os::unix::fs::symlink("../elsewhere", &link).unwrap();
    assert!(refused(place.slots.current()).contains("as the name of a slot"));
    place.slots.set_current(&slot).unwrap();
    assert_eq!(place.slots.current().unwrap(), Some(slot));
    fs::remove_file(&link).unwrap();
    fs::create_dir(&link).unwrap();
    assert!(place.slots.current().is_err());
}

#[test]
fn a_pending_restart_goes_round() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("pending.json");
    assert!(record::read::<Pending>(&path).unwrap().is_none());
    let arming = Arming {
        id: "r1-00ff".into(),
        target: "b".parse().unwrap(),
        previous: "a".parse().unwrap(),
        confirm_timeout: std::time::Duration::from_mins(2),
        runner_pid: Some(7),
        backup: None,
    };
    let pending = Pending::armed(arming, 3);
    record::write(&path, &pending).unwrap();
    let value: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    assert_eq!(value["format"], 1);
    assert_eq!(value["confirm_timeout_ms"], 120_000);
    assert_eq!(value["phase"], "armed");
    assert_eq!(record::read::<Pending>(&path).unwrap(), Some(pending));
    record::remove(&path).unwrap();
    assert!(!path.exists());
}
