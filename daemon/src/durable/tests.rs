use std::cell::RefCell;

use super::*;

thread_local! {
    static HEARD: RefCell<Trace> = RefCell::default();
}

/// The calls since the last [`trace`], and after how many the power is cut.
#[derive(Default)]
struct Trace {
    steps: Vec<String>,
    cut_after: Option<usize>,
}

/// Hears of a call before it is made; an error where the power is cut.
pub(super) fn heard(call: &Call<'_>) -> io::Result<()> {
    let (what, path) = match call {
        Call::Create { path, .. } => ("create", *path),
        Call::Write { .. } => ("write", Path::new("")),
        Call::Copy { .. } => ("copy", Path::new("")),
        Call::Sync { .. } => ("sync", Path::new("")),
        Call::Rename { path, .. } => ("rename", *path),
        Call::SyncDir { path } => ("sync dir", *path),
        Call::Remove { path } => ("remove", *path),
        Call::Link { path, .. } => ("link", *path),
        Call::MakeDir { path } => ("make dir", *path),
    };
    HEARD.with_borrow_mut(|trace| {
        if trace.cut_after == Some(trace.steps.len()) {
            return Err(io::Error::other("power cut"));
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        trace.steps.push(format!("{what} {name}").trim_end().to_owned());
        Ok(())
    })
}

/// Does something, with the power cut after so many calls, and says which there were.
pub(crate) fn trace<T>(cut_after: Option<usize>, act: impl FnOnce() -> T) -> (T, Vec<String>) {
    HEARD.set(Trace { steps: Vec::new(), cut_after });
    let outcome = act();
    (outcome, HEARD.take().steps)
}

fn names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Does something with a folder in which `a` stands, and says which calls it made; `/` is the folder.
fn calls(act: impl FnOnce(&Path) -> io::Result<()>) -> Vec<String> {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("a"), "text").unwrap();
    let (done, steps) = trace(None, || act(dir.path()));
    done.unwrap();
    let folder = dir.path().file_name().unwrap().to_string_lossy().into_owned();
    steps.into_iter().map(|step| step.replace(&folder, "/")).collect()
}

#[test]
fn a_file_is_whole_before_it_has_its_name_and_its_name_is_durable() {
    let written = ["create .b.new", "write", "write", "sync", "rename b", "sync dir /"];
    assert_eq!(calls(|dir| replace(&dir.join("b"), b"text")), written);
    let copied = ["create .b.new", "copy", "sync", "rename b", "sync dir /"];
    assert_eq!(calls(|dir| copy(&dir.join("a"), &dir.join("b"))), copied);
    assert_eq!(calls(|dir| copy_program(&dir.join("a"), &dir.join("b"))), copied);
}

#[test]
fn every_other_change_is_durable_too() {
    let linked = ["link .b.new", "rename b", "sync dir /"];
    assert_eq!(calls(|dir| replace_link(&dir.join("b"), Path::new("a"))), linked);
    let published = ["rename b", "sync dir /"];
    assert_eq!(calls(|dir| publish(&dir.join("a"), &dir.join("b"))), published);
    assert_eq!(calls(|dir| remove(&dir.join("a"))), ["remove a", "sync dir /"]);
    let aside = ["rename a.unreadable", "sync dir /"];
    assert_eq!(calls(|dir| set_aside(&dir.join("a")).map(drop)), aside);
    assert_eq!(calls(|dir| make_dir(&dir.join("b"))), ["make dir b", "sync dir /"]);
    let whole = ["make dir b", "sync dir /", "sync dir b", "rename c", "sync dir /"];
    let publish_whole = |dir: &Path| {
        make_dir(&dir.join("b"))?;
        publish_dir(&dir.join("b"), &dir.join("c"))
    };
    assert_eq!(calls(publish_whole), whole);
}

/// Incident: K8.
#[test]
fn a_power_cut_at_any_moment_leaves_the_old_file_or_the_new_one() {
    for cut in 0.. {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        fs::write(&path, "old").unwrap();
        let (outcome, _) = trace(Some(cut), || replace(&path, b"the new one"));
        let now = fs::read_to_string(&path).unwrap();
        match outcome {
            Ok(()) => return assert_eq!(now, "the new one"),
            Err(_) => assert!(["old", "the new one"].contains(&now.as_str()), "{cut}: {now}"),
        }
        // What the dead one left is in nobody's way.
        replace(&path, b"after").unwrap();
        assert_eq!(
            (fs::read_to_string(&path).unwrap().as_str(), names(dir.path()).len()),
            ("after", 1)
        );
    }
}

#[test]
fn a_power_cut_at_any_moment_leaves_the_old_link_or_the_new_one() {
    for cut in 0.. {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("current");
        replace_link(&path, Path::new("one")).unwrap();
        let (outcome, _) = trace(Some(cut), || replace_link(&path, Path::new("two")));
        let now = fs::read_link(&path).unwrap();
        match outcome {
            Ok(()) => return assert_eq!(now, Path::new("two")),
            Err(_) => assert!(now == Path::new("one") || now == Path::new("two"), "{cut}"),
        }
        replace_link(&path, Path::new("three")).unwrap();
        assert_eq!(fs::read_link(&path).unwrap(), Path::new("three"));
    }
}

#[test]
fn files_are_private_and_programs_run() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().unwrap();
    let (text, program) = (dir.path().join("t"), dir.path().join("p"));
    replace(&text, b"#!/bin/sh\nexit 7\n").unwrap();
    copy_program(&text, &program).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&text), mode(&program)), (0o600, 0o700));
}

#[test]
fn what_is_gone_is_removed_and_what_is_unreadable_is_kept_aside() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a");
    remove(&path).unwrap();
    fs::write(&path, "?").unwrap();
    let aside = set_aside(&path).unwrap();
    assert_eq!(fs::read_to_string(aside).unwrap(), "?");
    assert!(!path.exists());
}
