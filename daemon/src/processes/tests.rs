use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::process::Command;

use super::adopted::OwnChild;
use super::mark::MarkUnreadable;
use super::*;

/// How long anything here may take; far more than it does.
const PATIENCE: Duration = Duration::from_secs(30);

fn home(name: &str) -> HomeId {
    HomeId::of(Path::new(&format!("/{name} of test process {}", std::process::id())))
}

fn mark(home: HomeId, generation: u64, session: i64) -> Mark {
    Mark { home, generation, session }
}

/// A shell with `mark` that has run `script` as far as its `echo`.
async fn shell(mark: Option<Mark>, script: &str) -> OwnChild {
    let mut command = Command::new("sh");
    command.args(["-c", script]).stdout(Stdio::piped()).kill_on_drop(true);
    if let Some(mark) = mark {
        command.env(MARK_NAME, mark.to_string());
    }
    let mut own = adopted::spawn(&mut command).unwrap();
    let mut line = [0; 1];
    own.child.stdout.as_mut().unwrap().read_exact(&mut line).await.unwrap();
    own
}

/// A shell that runs until it is ended.
async fn sleeper(mark: Option<Mark>) -> OwnChild {
    shell(mark, "echo; exec tail -f /dev/null").await
}

fn pid(own: &OwnChild) -> u32 {
    own.child.id().unwrap()
}

fn sighting(own: &OwnChild) -> Found {
    let system = one(pid(own), ProcessRefreshKind::nothing().without_tasks());
    Found::of(system.process(Pid::from_u32(pid(own))).unwrap()).unwrap()
}

#[test]
fn a_mark_reads_as_it_was_written() {
    let mark = mark(HomeId::of(Path::new("/home")), 12, 7);
    assert_eq!(mark.to_string(), "2cc974af6afc822c:12:7");
    assert_eq!("2cc974af6afc822c:12:7".parse(), Ok(mark));
}

#[test]
fn what_nobody_would_write_is_no_mark() {
    for text in [
        "",
        ":",
        "2cc974af6afc822c",
        "2cc974af6afc822c:12",
        "2cc974af6afc822c:12:7:",
        "2CC974AF6AFC822C:12:7",
        "cc974af6afc822c:12:7",
        "+cc974af6afc822c:12:7",
        "2cc974af6afc822c:-1:7",
        "2cc974af6afc822c:012:7",
        "2cc974af6afc822c:12:+7",
        "2cc974af6afc822c:12:x",
        "2cc974af6afc822c: 12:7",
    ] {
        assert_eq!(text.parse::<Mark>(), Err(MarkUnreadable), "{text:?}");
    }
}

#[tokio::test]
async fn agents_are_found_by_home_and_generation() {
    let (ours, others) = (home("ours"), home("others"));
    let children = [
        sleeper(Some(mark(ours, 1, 10))).await,
        sleeper(Some(mark(ours, 2, 20))).await,
        sleeper(Some(mark(ours, 3, 30))).await,
        sleeper(Some(mark(others, 1, 40))).await,
        sleeper(None).await,
    ];
    let sessions = |found: Vec<Marked>| {
        let mut sessions: Vec<_> = found.into_iter().map(|one| one.mark.session).collect();
        sessions.sort_unstable();
        sessions
    };
    assert_eq!(sessions(marked(ours, &..3)), [10, 20]);
    assert_eq!(sessions(marked(ours, &..)), [10, 20, 30]);
    assert_eq!(sessions(marked(others, &..)), [40]);
    let carrying = children.each_ref().map(|child| carries_mark(pid(child)));
    assert_eq!(carrying, [true, true, true, true, false]);
    assert_eq!(mark_of(pid(&children[1])), Some(mark(ours, 2, 20)));
    assert_eq!(mark_of(pid(&children[4])), None);
}

#[tokio::test]
async fn a_mark_that_cannot_be_read_is_one_all_the_same() {
    let script = "CLAUDE_ASSISTANT_AGENT=of-tomorrow sh -c 'echo; exec tail -f /dev/null' & wait";
    let shell = shell(None, script).await;
    let family = descendants(pid(&shell));
    let marks = family.iter().map(|member| (carries_mark(member.pid), mark_of(member.pid)));
    assert_eq!(marks.collect::<Vec<_>>(), [(true, None)]);
    assert!(end_all(family, Duration::ZERO, PATIENCE).await.is_empty());
}

#[tokio::test]
async fn descent_goes_over_any_number_of_parents() {
    let child = shell(None, "sh -c 'setsid tail -f /dev/null & echo; wait' & wait").await;
    let family = descendants(pid(&child));
    assert_eq!(family.len(), 2);
    for member in &family {
        assert!(descends_from(member.pid, pid(&child)));
        assert!(descends_from(member.pid, std::process::id()));
        assert!(!descends_from(pid(&child), member.pid));
        assert!(!descends_from(member.pid, member.pid));
    }
    assert!(end_all(family, Duration::ZERO, PATIENCE).await.is_empty());
}

#[test]
fn a_process_that_is_not_there_has_no_facts() {
    // Above any limit on process numbers.
    let nobody = u32::MAX / 4;
    assert!(!descends_from(nobody, 1));
    assert!(!carries_mark(nobody));
    assert_eq!(rss_bytes(nobody), None);
    assert!(descendants(nobody).is_empty());
}

#[test]
fn this_process_is_large_enough_to_be_seen() {
    let bytes = rss_bytes(std::process::id()).unwrap();
    assert!((1 << 20..1 << 33).contains(&bytes), "{bytes}");
}

#[tokio::test]
async fn who_ends_when_asked_is_not_killed_and_who_does_not_is() {
    use std::os::unix::process::ExitStatusExt;
    let mut polite = sleeper(None).await;
    let mut deaf = shell(None, "trap '' TERM; echo; exec tail -f /dev/null").await;
    let all = vec![sighting(&polite), sighting(&deaf)];
    let left = end_all(all, Duration::from_millis(300), PATIENCE).await;
    assert!(left.is_empty());
    assert_eq!(polite.child.wait().await.unwrap().signal(), Some(15));
    assert_eq!(deaf.child.wait().await.unwrap().signal(), Some(9));
}

#[tokio::test]
async fn a_later_process_of_the_same_number_is_left_alone() {
    let mut child = sleeper(None).await;
    let now = sighting(&child);
    let before = Found { began: now.began - 1, ..now };
    assert!(end_all(vec![before], PATIENCE, PATIENCE).await.is_empty());
    assert_eq!(child.child.try_wait().unwrap(), None);
}
