use jiff::civil::{Date, date};

use super::{Quarantine, QuarantineError};
use crate::tier::Tier;

const TODAY: Date = date(2026, 3, 10);
const KNOWN: [&str; 1] = ["tier2::messages::a_reply_comes_back"];

/// An entry of the case that exists, from one day to another.
fn entry(id: &str, since: &str, expires: &str) -> String {
    format!(
        "[[case]]\nid = \"{id}\"\nowner = \"ops\"\nissue = \"#7\"\nsince = {since}\n\
         expires = {expires}\nreason = \"now and then a reply is late\"\n"
    )
}

#[track_caller]
fn problems(text: &str) -> Vec<String> {
    Quarantine::parse(text).unwrap().problems(Tier::RealBinaries, &KNOWN, TODAY)
}

#[track_caller]
fn refused(text: &str) -> String {
    Quarantine::parse(text).unwrap_err().to_string()
}

#[test]
fn an_entry_that_holds_is_noted_and_no_problem() {
    let text = entry(KNOWN[0], "2026-03-01", "2026-03-15");
    let note = Quarantine::parse(&text).unwrap().note(KNOWN[0], TODAY).unwrap();
    assert_eq!((note.issue.as_str(), note.expires, note.expired), ("#7", date(2026, 3, 15), false));
    assert_eq!(problems(&text), [""; 0]);
}

#[test]
fn a_case_without_an_entry_is_in_no_quarantine() {
    let quarantine = Quarantine::parse(&entry(KNOWN[0], "2026-03-01", "2026-03-15")).unwrap();
    assert_eq!(quarantine.note("tier2::messages::a_reply", TODAY), None);
    assert_eq!(Quarantine::none().note(KNOWN[0], TODAY), None);
}

#[test]
fn an_entry_holds_on_its_last_day_and_not_on_the_next() {
    let text = entry(KNOWN[0], "2026-03-01", "2026-03-10");
    let quarantine = Quarantine::parse(&text).unwrap();
    assert!(!quarantine.note(KNOWN[0], TODAY).unwrap().expired);
    assert_eq!(problems(&text), [""; 0]);
    let tomorrow = date(2026, 3, 11);
    assert!(quarantine.note(KNOWN[0], tomorrow).unwrap().expired);
    assert_eq!(
        quarantine.problems(Tier::RealBinaries, &KNOWN, tomorrow),
        ["quarantine of tier2::messages::a_reply_comes_back: \
          it expired on 2026-03-10; its owner is ops"]
    );
}

#[test]
fn days_that_make_no_sense_are_problems() {
    let about = "quarantine of tier2::messages::a_reply_comes_back: ";
    for (since, expires, problem) in [
        ("2026-03-01", "2026-03-16", "from 2026-03-01 to 2026-03-16 it lasts longer than 14 days"),
        ("2026-03-09", "2026-03-08", "it ends on 2026-03-08, before it begins on 2026-03-09"),
        ("2026-03-11", "2026-03-12", "it begins only on 2026-03-11"),
    ] {
        let found = problems(&entry(KNOWN[0], since, expires));
        assert_eq!(found, [format!("{about}{problem}")]);
    }
}

#[test]
fn an_entry_that_lasts_too_long_is_over_when_it_should_have_been() {
    let text = entry(KNOWN[0], "2026-02-01", "2027-02-01");
    let note = Quarantine::parse(&text).unwrap().note(KNOWN[0], TODAY).unwrap();
    assert_eq!((note.expires, note.expired), (date(2026, 2, 15), true));
}

#[test]
fn an_entry_that_has_not_begun_holds_for_nothing() {
    let text = entry(KNOWN[0], "2026-03-11", "2026-03-12");
    assert_eq!(Quarantine::parse(&text).unwrap().note(KNOWN[0], TODAY), None);
}

#[test]
fn a_case_that_does_not_exist_is_a_problem_of_its_tier_alone() {
    let text = entry("tier2::gone", "2026-03-01", "2026-03-15");
    assert_eq!(problems(&text), ["quarantine of tier2::gone: tier 2 has no such case"]);
    let other = Quarantine::parse(&text).unwrap().problems(Tier::InProcess, &KNOWN, TODAY);
    assert_eq!(other, [""; 0]);
}

#[test]
fn an_id_of_no_tier_is_a_problem_of_every_tier() {
    let quarantine =
        Quarantine::parse(&entry("messages::a_reply", "2026-03-01", "2026-03-15")).unwrap();
    for tier in Tier::ALL {
        let found = quarantine.problems(tier, &KNOWN, TODAY);
        assert_eq!(found, ["quarantine of messages::a_reply: its id names no tier"]);
    }
}

#[test]
fn a_file_is_refused_with_what_is_wrong_in_it() {
    let good = entry(KNOWN[0], "2026-03-01", "2026-03-15");
    for (text, says) in [
        (format!("{good}note = 1\n"), "unknown field `note`"),
        (good.replace("[[case]]", "[[cases]]"), "unknown field `cases`"),
        (good.replace("owner = \"ops\"\n", ""), "missing field `owner`"),
        (good.replace("\"ops\"", "\" \""), "find an owner in the entry of"),
        (good.replace("2026-03-15", "\"soon\""), "expires"),
        (good.replace("2026-03-15", "14"), "a day is written 2026-03-01, not as integer"),
        (good.replace(KNOWN[0], "tier1::(runner)"), "tolerate tier1::(runner): it is no case"),
        (format!("{good}{good}"), "choose between two entries of tier2::messages::a_reply"),
    ] {
        let error = refused(&text);
        assert!(error.contains(says), "{says}: {error}");
    }
}

#[test]
fn a_day_may_stand_in_quotes() {
    let quoted = entry(KNOWN[0], "\"2026-03-01\"", "\"2026-03-15\"");
    let bare = entry(KNOWN[0], "2026-03-01", "2026-03-15");
    assert_eq!(Quarantine::parse(&quoted).unwrap(), Quarantine::parse(&bare).unwrap());
}

#[test]
fn a_missing_file_tolerates_nothing_and_a_broken_one_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("quarantine.toml");
    assert_eq!(Quarantine::read(&path).unwrap(), Quarantine::none());
    std::fs::write(&path, "[[case]]").unwrap();
    let error = Quarantine::read(&path).unwrap_err();
    assert!(matches!(error, QuarantineError::In { .. }));
    assert!(error.to_string().contains("quarantine.toml"), "{error}");
    assert!(matches!(Quarantine::read(directory.path()), Err(QuarantineError::File { .. })));
}

#[test]
fn the_file_of_the_project_can_be_read_and_its_example_too() {
    let text = include_str!("../../quarantine.toml");
    Quarantine::parse(text).unwrap();
    let example: String = text
        .lines()
        .skip_while(|line| *line != "# [[case]]")
        .take_while(|line| *line != "#")
        .map(|line| line.trim_start_matches("# ").to_owned() + "\n")
        .collect();
    let quarantine = Quarantine::parse(&example).unwrap();
    let id = "tier2::restart::the_cursor_survives_a_kill";
    assert_eq!(quarantine.problems(Tier::RealBinaries, &[id], TODAY), [""; 0]);
}
