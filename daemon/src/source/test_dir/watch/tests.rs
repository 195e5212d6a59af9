use std::fs;
use std::path::Path;
use std::time::Duration;

use notify::event::{CreateKind, DataChange, Flag, MetadataKind, RemoveKind};
use tokio::time::timeout;

use super::*;

/// Whether a change of these paths wakes the source.
#[track_caller]
fn check(kind: EventKind, paths: &[&str], wakes: bool) {
    let mut event = Event::new(kind);
    event.paths = paths.iter().map(PathBuf::from).collect();
    assert_eq!(brings_messages(&event), wakes, "{event:?}");
}

#[test]
fn only_what_may_be_a_new_message_wakes_the_source() {
    let created = EventKind::Create(CreateKind::File);
    let moved = |mode| EventKind::Modify(ModifyKind::Name(mode));
    check(created, &["/d/x.json"], true);
    check(created, &["/d/claimed"], false);
    check(created, &["/d/.x.json"], false);
    check(moved(RenameMode::To), &["/d/x.json"], true);
    check(moved(RenameMode::Both), &["/d/.x.json", "/d/x.json"], true);
    check(moved(RenameMode::From), &["/d/x.json"], false);
    check(EventKind::Modify(ModifyKind::Data(DataChange::Any)), &["/d/x.json"], true);
    check(EventKind::Modify(ModifyKind::Data(DataChange::Any)), &["/d/.x.json"], false);
    check(EventKind::Modify(ModifyKind::Metadata(MetadataKind::Any)), &["/d/x.json"], true);
    check(EventKind::Access(AccessKind::Close(AccessMode::Write)), &["/d/x.json"], true);
    check(EventKind::Access(AccessKind::Open(AccessMode::Read)), &["/d/x.json"], false);
    // Where the system does not say what changed, it may be anything.
    check(EventKind::Modify(ModifyKind::Any), &[], true);
}

/// As after a burst that the system could not keep in mind.
#[test]
fn what_the_system_missed_wakes_the_source() {
    let overflow = Event::new(EventKind::Other).set_flag(Flag::Rescan);
    let dir = Path::new("/d");
    let is_worth_a_look = |event| is_worth_a_look(&event, dir);
    assert!(is_worth_a_look(Ok(overflow)));
    assert!(is_worth_a_look(Err(notify::Error::generic("a change was lost"))));
    assert!(!is_worth_a_look(Ok(Event::new(EventKind::Other))));
}

#[test]
fn a_directory_that_goes_wakes_the_source_and_one_within_it_does_not() {
    let gone = |path: &str, kind| {
        let event = Event::new(kind).add_path(path.into());
        is_worth_a_look(&Ok(event), Path::new("/d"))
    };
    let moved = EventKind::Modify(ModifyKind::Name(RenameMode::From));
    let removed = EventKind::Remove(RemoveKind::Folder);
    assert!(gone("/d", moved) && gone("/d", removed));
    assert!(!gone("/d/x.json", moved) && !gone("/d/errors", removed));
}

/// The system tells of a new message in the directory that is watched.
async fn check_told(dir: &Path, watch: &mut Watch, name: &str) {
    // Words about the one before do not count.
    while watch.told.try_recv().is_ok() {}
    fs::write(dir.join(name), "{}").unwrap();
    timeout(Duration::from_secs(30), watch.changed()).await.expect("the system tells of it");
}

#[tokio::test]
async fn a_watch_tells_of_the_directory_that_was_there_when_it_was_renewed() {
    let above = tempfile::tempdir().unwrap();
    let dir = above.path().join("messages");
    let mut watch = Watch::new(dir.clone(), true);
    assert!(!watch.is_on());
    watch.renew();
    assert!(!watch.is_on(), "there is no directory yet");
    for round in ["1", "2"] {
        fs::create_dir(&dir).unwrap();
        watch.renew();
        assert!(watch.is_on());
        check_told(&dir, &mut watch, &format!("{round}.json")).await;
        while watch.told.try_recv().is_ok() {}
        fs::rename(&dir, above.path().join(round)).unwrap();
        timeout(Duration::from_secs(30), watch.changed()).await.expect("the system tells it went");
    }
    watch.end();
    assert!(!watch.is_on());
}

#[tokio::test]
async fn a_watch_that_is_not_wanted_is_never_on() {
    let dir = tempfile::tempdir().unwrap();
    let mut watch = Watch::new(dir.path().to_owned(), false);
    watch.renew();
    assert!(!watch.is_on());
}
