//! Against shell scripts that pretend to be a probe.

use super::*;

const HELLO: &str = r#"echo '{"probe": "bench-probe.v1", "scenarios": [{"name": "a", "metrics": ["a.b"]}], "new": 1}'"#;
const PREPARED: &str = r#"read -r ask; echo '{"answer": "prepared"}'"#;
const VALUES: &str = r#"read -r ask; echo '{"answer": "values", "values": {"a.b": 1.5}}'"#;
const FINISHED: &str = r#"read -r ask; echo '{"answer": "finished"}'; read -r end; exit 0"#;
const LIMIT: Duration = Duration::from_secs(20);

/// Prepares, samples once and finishes, against a script of these lines; what came of it.
fn play(lines: &[&str], limit: Duration) -> Result<Values, Trouble> {
    let place = tempfile::tempdir().unwrap();
    let script = place.path().join("probe");
    fs::write(&script, lines.join("\n")).unwrap();
    let interrupt = Interrupt::never();
    let mut probe = Probe::start(Path::new("sh"), &[script.clone().into()], &interrupt)?;
    assert_eq!(probe.offered()[0].metrics, ["a.b"]);
    probe.prepare("a", None, limit)?;
    let sample = probe.sample(limit)?;
    probe.finish(limit)?;
    Ok(sample.values)
}

#[track_caller]
fn check_trouble(lines: &[&str], expected: &str) {
    let trouble = play(lines, LIMIT).expect_err("it is in trouble").to_string();
    assert!(trouble.contains(expected), "{trouble}");
}

#[test]
fn a_probe_is_asked_and_answers() {
    let values = play(&[HELLO, PREPARED, VALUES, FINISHED], LIMIT).unwrap();
    assert_eq!(values, Values::from([("a.b".to_owned(), 1.5)]));
}

#[test]
fn one_that_is_not_there_cannot_run() {
    let interrupt = Interrupt::never();
    let trouble = Probe::start(Path::new("/nowhere/probe"), &[], &interrupt).unwrap_err();
    assert!(matches!(trouble, Trouble::Run(_)), "{trouble}");
}

#[test]
fn a_line_that_makes_no_sense_is_shown() {
    check_trouble(&["echo nonsense"], r#"which said "nonsense""#);
    check_trouble(&[HELLO, "read -r ask; echo '{}'"], r#"which said "{}""#);
    check_trouble(&[HELLO, FINISHED], "finished");
}

#[test]
fn another_protocol_is_not_spoken() {
    check_trouble(&[r#"echo '{"probe": "bench-probe.v9", "scenarios": []}'"#], "bench-probe.v9");
}

#[test]
fn one_that_dies_says_how_and_why() {
    check_trouble(
        &[HELLO, "read -r ask; echo oh no >&2; exit 3"],
        "exit status: 3; it said:\noh no",
    );
    check_trouble(&["echo at once >&2; exit 4"], "exit status: 4; it said:\nat once");
    check_trouble(&[HELLO, "read -r ask; kill -9 $$"], "signal: 9");
}

#[test]
fn one_that_dies_at_its_end_is_in_trouble_too() {
    let finished = r#"read -r ask; echo '{"answer": "finished"}'; read -r end; exit 5"#;
    check_trouble(&[HELLO, PREPARED, VALUES, finished], "exit status: 5");
}

#[test]
fn what_it_lacks_and_what_fails_are_told_apart() {
    let missing = r#"read -r ask; echo '{"answer": "missing", "what": "the agent"}'"#;
    let trouble = play(&[HELLO, missing, "read -r end"], LIMIT).unwrap_err();
    assert!(matches!(&trouble, Trouble::Missing(what) if what == "the agent"), "{trouble}");
    let failed = r#"read -r ask; echo '{"answer": "failed", "why": "start the daemon"}'"#;
    let trouble = play(&[HELLO, PREPARED, failed, "read -r end"], LIMIT).unwrap_err();
    assert!(matches!(&trouble, Trouble::Failed(why) if why == "start the daemon"), "{trouble}");
}

#[test]
fn one_that_is_silent_has_a_limit() {
    let began = Instant::now();
    let trouble = play(&[HELLO, "sleep 600"], Duration::from_millis(100)).unwrap_err();
    assert!(matches!(trouble, Trouble::Silent { .. }), "{trouble}");
    assert!(began.elapsed() < LIMIT);
}

#[test]
fn a_wish_to_end_ends_the_wait() {
    let place = tempfile::tempdir().unwrap();
    let script = place.path().join("probe");
    fs::write(&script, "sleep 600").unwrap();
    let interrupt = Interrupt::at_once();
    let began = Instant::now();
    let trouble = Probe::start(Path::new("sh"), &[script.clone().into()], &interrupt).unwrap_err();
    assert!(matches!(trouble, Trouble::Interrupted), "{trouble}");
    assert!(began.elapsed() < LIMIT);
}

#[test]
fn what_a_probe_leaves_behind_is_trouble_and_is_ended() {
    let place = tempfile::tempdir().unwrap();
    let pid = place.path().join("pid");
    // A session of its own, so that it is in no group of the probe.
    let leave =
        format!("setsid sh -c 'echo $$ > {}; exec sleep 600' >/dev/null 2>&1 &", pid.display());
    check_trouble(&[HELLO, &leave, PREPARED, VALUES, FINISHED], "left were sleep");
    let left: u32 = fs::read_to_string(&pid).unwrap().trim().parse().unwrap();
    let gone = wait_until(LIMIT, || Snapshot::take().find(left).is_none_or(|seen| seen.zombie));
    assert!(gone, "{left} lives");
}

#[test]
fn nothing_of_the_user_reaches_a_probe() {
    let place = tempfile::tempdir().unwrap();
    let seen = place.path().join("seen");
    play(&[&format!("env > {}", seen.display()), HELLO, PREPARED, VALUES, FINISHED], LIMIT)
        .unwrap();
    let seen = fs::read_to_string(seen).unwrap();
    let mut names: Vec<&str> = seen.lines().filter_map(|line| line.split('=').next()).collect();
    // The shell adds some of its own.
    names.retain(|name| !["PWD", "OLDPWD", "SHLVL", "_"].contains(name));
    names.sort_unstable();
    assert_eq!(names, ["HOME", "LANG", "PATH", "RUST_BACKTRACE", "TMPDIR"]);
}
