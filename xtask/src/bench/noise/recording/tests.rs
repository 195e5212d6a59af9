//! Recordings that are gone on with, and those that are not.

use super::*;

fn head(commit: &str, clean: bool) -> Head {
    Head::new(Build { commit: commit.to_owned(), clean }, "machine".to_owned())
}

fn line(scenario: &str, kind: Kind) -> Line {
    let values = |value| Values::from([("daemon.ready".to_owned(), value)]);
    Line {
        scenario: scenario.to_owned(),
        kind,
        pairs: vec![Pair { base: values(1.0), head: values(2.0) }],
    }
}

#[test]
fn what_was_recorded_is_gone_on_with() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("below/noise.jsonl");
    let mut recording = Recording::begin(&path, head("a", true)).unwrap();
    recording.add(line("life", Kind::Equal)).unwrap();
    recording.add(line("life", Kind::Slowed)).unwrap();
    let mut again = Recording::resume(&path, &head("a", true)).unwrap().unwrap();
    again.add(line("life", Kind::Equal)).unwrap();
    let again = Recording::resume(&path, &head("a", true)).unwrap().unwrap();
    assert_eq!(again.count("life", Kind::Equal), 2);
    assert_eq!(again.count("life", Kind::Slowed), 1);
    assert_eq!(again.count("route", Kind::Equal), 0);
}

#[test]
fn a_line_that_was_cut_is_taken_away() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("noise.jsonl");
    let mut recording = Recording::begin(&path, head("a", true)).unwrap();
    recording.add(line("life", Kind::Equal)).unwrap();
    let whole = fs::read_to_string(&path).unwrap();
    fs::write(&path, format!("{whole}{{\"scenario\": \"li")).unwrap();
    let again = Recording::resume(&path, &head("a", true)).unwrap().unwrap();
    assert_eq!(again.count("life", Kind::Equal), 1);
    assert_eq!(fs::read_to_string(&path).unwrap(), whole);
}

#[test]
fn another_build_or_one_with_changes_begins_anew() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("noise.jsonl");
    assert!(Recording::resume(&path, &head("a", true)).unwrap().is_none());
    drop(Recording::begin(&path, head("a", true)).unwrap());
    assert!(Recording::resume(&path, &head("b", true)).unwrap().is_none());
    drop(Recording::begin(&path, head("a", false)).unwrap());
    assert!(Recording::resume(&path, &head("a", false)).unwrap().is_none());
}

#[test]
fn a_metric_has_its_own_pairs() {
    let place = tempfile::tempdir().unwrap();
    let mut recording = Recording::begin(&place.path().join("noise"), head("a", true)).unwrap();
    recording.add(line("life", Kind::Equal)).unwrap();
    let policy = crate::bench::plan::tests::policy();
    let launches = |id| recording.launches("life", Kind::Equal, policy.find(id).unwrap());
    assert_eq!(launches("daemon.ready"), [Launch { pairs: vec![Pair { base: 1.0, head: 2.0 }] }]);
    assert!(launches("daemon.rss_idle").is_empty());
}

#[test]
fn the_last_one_is_read_whatever_it_is_of() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("noise.jsonl");
    assert!(Recording::last(&path).is_err(), "there is none");
    let mut recording = Recording::begin(&path, head("a", false)).unwrap();
    recording.add(line("life", Kind::Equal)).unwrap();
    let last = Recording::last(&path).unwrap();
    assert_eq!((last.count("life", Kind::Equal), last.head.build.clean), (1, false));
    fs::write(&path, "{\"schema\": \"of another\"}\n").unwrap();
    assert!(Recording::last(&path).is_err());
    assert_eq!(fs::read_to_string(&path).unwrap(), "{\"schema\": \"of another\"}\n");
}
