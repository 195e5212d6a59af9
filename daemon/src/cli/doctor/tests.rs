use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::*;
use crate::config::Home;

fn prepared() -> (tempfile::TempDir, Home) {
    let dir = tempfile::tempdir().unwrap();
    let home = Home::at(dir.path().join("home"));
    home.prepare().unwrap();
    (dir, home)
}

fn config_with(test_dir: &Path) -> Config {
    let missing = test_dir.join("no-config.toml");
    let mut config = Config::load(&missing, Some(test_dir)).unwrap();
    config.test.dir = test_dir.to_owned();
    config
}

#[track_caller]
fn check(finding: &Finding, verdict: Verdict, what: &str) {
    assert_eq!(finding.verdict, verdict, "{finding:?}");
    assert!(finding.what.contains(what), "{finding:?}");
    assert_eq!(finding.advice.is_none(), verdict == Verdict::Found, "{finding:?}");
}

#[test]
fn a_home_that_others_can_read_is_found_out() {
    let (_dir, home) = prepared();
    let free = Ok(Held::Free);
    check(&files::home(&home, &free), Verdict::Found, "private");
    fs::write(home.log_file(), "").unwrap();
    fs::set_permissions(home.log_file(), Permissions::from_mode(0o644)).unwrap();
    check(
        &files::home(&home, &free),
        Verdict::Missing,
        "daemon.log can be read by others (1 in all)",
    );
    check(&files::home(&Home::at("/nowhere/at/all"), &free), Verdict::Note, "is not there yet");
}

#[test]
fn what_start_makes_private_is_a_note_until_a_daemon_runs() {
    let (_dir, home) = prepared();
    fs::write(home.config_file(), "").unwrap();
    for path in [home.config_file(), home.root().to_owned()] {
        fs::set_permissions(path, Permissions::from_mode(0o755)).unwrap();
    }
    check(&files::home(&home, &Ok(Held::Free)), Verdict::Note, "(2 in all)");
    check(&files::home(&home, &Ok(Held::BySomebody)), Verdict::Missing, "(2 in all)");
}

#[test]
fn a_file_without_a_line_that_is_wrong_has_its_own_advice() {
    let (_dir, home) = prepared();
    fs::create_dir(home.contacts_file()).unwrap();
    let finding = files::contacts(&home);
    check(&finding, Verdict::Missing, "is a directory, not a file");
    assert!(finding.advice.unwrap().ends_with("a plain file, or move it away"));
}

#[test]
fn contacts_without_an_admin_answer_nobody() {
    let (_dir, home) = prepared();
    check(&files::contacts(&home), Verdict::Missing, "0 contacts, none of tier admin");
    let contact = "[[contact]]\nname = \"n\"\ntier = \"admin\"\nhandles = [\"+15555550123\"]\n";
    fs::write(home.contacts_file(), contact).unwrap();
    check(&files::contacts(&home), Verdict::Found, "1 contacts, 1 of tier admin");
    fs::write(home.contacts_file(), "[[contact]]\n").unwrap();
    check(&files::contacts(&home), Verdict::Missing, "contacts.toml:1: contact.name: missing");
}

#[test]
fn a_database_is_none_or_ours_and_whole() {
    let (_dir, home) = prepared();
    let at = home.database();
    check(&files::database(&home), Verdict::Found, "none yet");
    drop(crate::store::open(&at, std::sync::Arc::new(crate::clock::wall_now)).unwrap());
    check(&files::database(&home), Verdict::Found, "assistant.db, 0 sessions on record");
    let newer = "UPDATE meta SET value = 9 WHERE name IN ('schema_version', 'min_reader')";
    rusqlite::Connection::open(&at).unwrap().execute(newer, ()).unwrap();
    check(&files::database(&home), Verdict::Missing, "written by a newer version");
    fs::write(&at, "no database at all\n".repeat(100)).unwrap();
    check(&files::database(&home), Verdict::Missing, "not an SQLite database");
    fs::remove_file(&at).unwrap();
    fs::create_dir(&at).unwrap();
    check(&files::database(&home), Verdict::Missing, "not a regular file");
}

#[test]
fn a_test_directory_is_there_and_the_owners_alone() {
    let dir = tempfile::tempdir().unwrap();
    let mut config = config_with(dir.path());
    check(&files::test_directory(&config), Verdict::Found, "");
    fs::set_permissions(dir.path(), Permissions::from_mode(0o777)).unwrap();
    check(&files::test_directory(&config), Verdict::Missing, "others can write");
    config.test.dir = dir.path().join("none");
    check(&files::test_directory(&config), Verdict::Note, "is not there yet");
    config.test.enabled = false;
    check(&files::test_directory(&config), Verdict::Found, "off");
}

/// A program that moved away is told before somebody misses its work.
/// Incidents: 115.
#[tokio::test]
async fn a_program_that_is_not_there_comes_with_what_to_do() {
    let (dir, home) = prepared();
    let mut config = config_with(dir.path());
    config.agent.program = "/nowhere/claude".into();
    let findings = agent::agent(&home, &config).await;
    assert_eq!(findings.len(), 1);
    check(&findings[0], Verdict::Missing, "/nowhere/claude");
    assert!(findings[0].advice.as_ref().unwrap().contains("install it"));
}

/// Without it every session begins without a memory, and nothing else tells.
/// Incidents: 115.
#[test]
fn a_memory_command_that_is_configured_has_to_be_there() {
    let dir = tempfile::tempdir().unwrap();
    let mut config = config_with(dir.path());
    assert_eq!(agent::memory(&config), None);
    config.memory = Some(vec!["sh".to_owned(), "-c".to_owned(), "true".to_owned()]);
    check(&agent::memory(&config).unwrap(), Verdict::Found, "/sh");
    let gone = dir.path().join("remember");
    config.memory = Some(vec![gone.display().to_string()]);
    check(&agent::memory(&config).unwrap(), Verdict::Missing, "no such program");
    fs::write(&gone, "").unwrap();
    fs::set_permissions(&gone, Permissions::from_mode(0o600)).unwrap();
    check(&agent::memory(&config).unwrap(), Verdict::Missing, "no such program");
}

#[tokio::test]
async fn a_daemon_that_does_not_run_is_no_failure() {
    let (_dir, home) = prepared();
    let place = Place { home, user_home: None };
    check(&daemon(&place, Ok(Held::Free)).await, Verdict::Note, "not running");
}

#[tokio::test]
async fn a_daemon_of_which_nothing_can_be_known_is_not_said_to_run() {
    let (_dir, home) = prepared();
    let place = Place { home, user_home: None };
    let denied = Err(io::Error::from(io::ErrorKind::PermissionDenied));
    let finding = daemon(&place, denied).await;
    check(&finding, Verdict::Missing, "failed to look at the lock: permission denied");
    assert!(!finding.what.contains("runs"), "{finding:?}");
    check(&daemon(&place, Ok(Held::BySomebody)).await, Verdict::Missing, "does not answer");
}

#[test]
fn a_finding_is_a_line_and_its_advice_another() {
    let findings = [
        Finding::found("disk", "1.0 GiB free"),
        Finding::missing("login", "not logged in", "run claude, then /login"),
    ];
    let lines = for_people(&findings, Colours::Off);
    let expected = [
        "ok    disk   1.0 GiB free",
        "FAIL  login  not logged in",
        "             → run claude, then /login",
    ];
    assert_eq!(lines, expected);
}
