use std::time::Instant;

use super::*;

/// Far more than a shell takes to start, far less than anyone waits for.
const LIMIT: Duration = Duration::from_secs(20);

fn shell(script: &str) -> Vec<String> {
    ["sh", "-c", script, "sh"].map(str::to_owned).to_vec()
}

/// With a `PATH` that has the usual tools, and nothing else.
fn about<'a>(command: &'a [String], contact: &'a str) -> Question<'a> {
    static ENVIRONMENT: std::sync::LazyLock<BTreeMap<OsString, OsString>> =
        std::sync::LazyLock::new(|| BTreeMap::from([("PATH".into(), "/usr/bin:/bin".into())]));
    Question { command, environment: &ENVIRONMENT, contact }
}

/// What a script prints for the contact "owner" is the summary `expected`.
#[track_caller]
fn check(script: &str, expected: Option<&str>) -> impl Future<Output = ()> {
    let command = shell(script);
    let at = std::panic::Location::caller();
    async move {
        let summary = within(LIMIT, about(&command, "owner")).await;
        assert_eq!(summary.as_deref(), expected, "{at}");
    }
}

#[tokio::test]
async fn what_the_command_prints_is_the_summary() {
    check("printf 'likes tea\n'", Some("likes tea")).await;
    check("read -r asked; echo \"$asked $#\"", Some("{\"contact\":\"owner\"} 0")).await;
    check("printf 'a\n\nb\n\n'", Some("a\n\nb")).await;
    check("printf 'a\\377b'", Some("a\u{fffd}b")).await;
}

/// A memory that fails is no reason not to start.
/// Danger zone: 4.
#[tokio::test]
async fn a_command_that_has_nothing_to_say_leaves_no_summary() {
    check("true", None).await;
    check("echo; echo ' '", None).await;
    check("echo half; exit 3", None).await;
    check("echo half; kill -9 $$", None).await;
    assert_eq!(within(LIMIT, about(&[], "owner")).await, None);
    assert_eq!(within(LIMIT, about(&["/no/such/program".to_owned()], "owner")).await, None);
    assert_eq!(within(LIMIT, about(&["/".to_owned()], "owner")).await, None);
}

#[tokio::test]
async fn a_contact_is_said_on_the_input_and_stands_in_no_argument_or_variable() {
    let command = shell("cat; printf '%s|' \"$@\"; env | sort | tr '\\n' ' '");
    let environment = BTreeMap::from([("ONLY".into(), "this".into())]);
    let contact = "$(id); --help \n\"x\"";
    let question = Question { command: &command, environment: &environment, contact };
    let summary = within(LIMIT, question).await.unwrap();
    let (asked, seen) = summary.split_once('\n').unwrap();
    assert_eq!(asked, json!({"contact": contact}).to_string());
    assert!(seen.contains("ONLY=this"), "{seen}");
    assert!(!seen.contains("HOME=") && !seen.contains("help"), "{seen}");
}

#[tokio::test]
async fn a_command_that_does_not_listen_is_heard_all_the_same() {
    let command = shell("exec <&-; echo done");
    assert_eq!(within(LIMIT, about(&command, "owner")).await.as_deref(), Some("done"));
}

#[tokio::test]
async fn a_long_summary_is_cut_and_its_command_not_left_hanging() {
    let began = Instant::now();
    let command = shell("head -c 300000 /dev/zero | tr '\\0' x");
    let summary = within(LIMIT, about(&command, "owner")).await.unwrap();
    assert_eq!(summary.len(), MEMORY_SUMMARY_BYTES_MAX);
    assert!(summary.bytes().all(|byte| byte == b'x'));
    assert!(began.elapsed() < LIMIT);
}

#[tokio::test]
async fn what_the_command_leaves_behind_does_not_hold_it_up_and_is_ended() {
    let began = Instant::now();
    let holds_the_pipe = "tail -f /dev/null &";
    let holds_nothing = "tail -f /dev/null >&2 & echo $!";
    let command = shell(&format!("{holds_the_pipe} {holds_nothing}"));
    let summary = within(LIMIT, about(&command, "owner")).await.unwrap();
    assert!(began.elapsed() < LIMIT);
    gone(summary.parse().unwrap()).await;
}

/// Its time is bounded, and with it the wait of the session.
/// Danger zone: 4.
#[tokio::test]
async fn a_slow_command_is_ended_with_all_that_it_started() {
    let dir = tempfile::tempdir().unwrap();
    let pids = dir.path().join("pids");
    let script = format!(
        "trap '' TERM; tail -f /dev/null >&2 & echo $! $$ >{0}.new; mv {0}.new {0}; echo half; wait",
        pids.display()
    );
    let command = shell(&script);
    // As short as may be: the limit begins when the shell has said who it is.
    let mut limit = Duration::from_millis(250);
    while !pids.exists() {
        assert_eq!(within(limit, about(&command, "owner")).await, None);
        limit *= 2;
    }
    for pid in std::fs::read_to_string(&pids).unwrap().split_whitespace() {
        gone(pid.parse().unwrap()).await;
    }
}

/// A session that is to end does not wait for its memory.
/// Danger zone: 4.
#[tokio::test]
async fn a_look_up_that_is_given_up_ends_what_it_started() {
    let dir = tempfile::tempdir().unwrap();
    let pids = dir.path().join("pids");
    let script = format!(
        "tail -f /dev/null >&2 & echo $! $$ >{0}.new; mv {0}.new {0}; wait",
        pids.display()
    );
    let command = shell(&script);
    let mut looks = tokio::time::interval(Duration::from_millis(10));
    tokio::select! {
        _ = within(LIMIT, about(&command, "owner")) => panic!("it waits for ever"),
        () = async {
            while !pids.exists() {
                looks.tick().await;
            }
        } => {}
    }
    for pid in std::fs::read_to_string(&pids).unwrap().split_whitespace() {
        gone(pid.parse().unwrap()).await;
    }
}

/// Whether a process runs, one that has ended and was not reaped yet left aside.
async fn runs(pid: u32) -> bool {
    let mut ps = Command::new("ps");
    ps.args(["-o", "stat=", "-p", &pid.to_string()]).stdout(Stdio::piped());
    let mut ps = adopted::spawn(&mut ps).unwrap();
    let mut state = String::new();
    ps.child.stdout.take().unwrap().read_to_string(&mut state).await.unwrap();
    !matches!(state.trim().chars().next(), None | Some('Z'))
}

/// Waits until a process runs no more.
async fn gone(pid: u32) {
    let mut looks = tokio::time::interval(Duration::from_millis(10));
    let gone = async {
        while runs(pid).await {
            looks.tick().await;
        }
    };
    tokio::time::timeout(LIMIT, gone).await.expect("it is ended");
}
