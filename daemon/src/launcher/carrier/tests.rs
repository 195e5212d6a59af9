use super::*;
use crate::config::Config;
use crate::processes;

/// How long a command may take that takes some milliseconds.
const PATIENCE: Duration = Duration::from_secs(10);

/// A home, and what carries commands out for it.
struct Scene {
    dir: tempfile::TempDir,
    home: Home,
    carrier: Carrier,
    config: Restart,
}

impl Scene {
    fn with(config: Restart) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::at(dir.path());
        home.prepare().unwrap();
        std::fs::create_dir_all(home.restart_dir()).unwrap();
        let carrier = Carrier::of(&home, Above::Others, peer::Daemon::default());
        Self { dir, home, carrier, config }
    }

    fn configured() -> Self {
        let source_dir = Some("/tmp".into());
        Self::with(Restart { source_dir, ..Config::defaults(None).restart })
    }

    fn ask(&self, initiator: Initiator) -> Result<String, Refusal> {
        self.carrier.ask(initiator, &self.config)
    }

    fn request(&self, id: &str) -> RestartRequest {
        self.carrier.all().unwrap().into_iter().find(|it| it.id == id).unwrap()
    }
}

fn noted(own: &adopted::OwnChild) -> processes::Noted {
    processes::note(own.child.id().unwrap()).unwrap()
}

#[test]
fn each_initiator_may_ask_three_times() {
    let scene = Scene::configured();
    for session in [7, 8] {
        for _ in 0..3 {
            scene.ask(Initiator::Session(session)).unwrap();
        }
        let refusal = scene.ask(Initiator::Session(session)).unwrap_err();
        assert_eq!(refusal.kind, RefusalKind::Busy);
    }
    let id = scene.ask(Initiator::Owner(true)).unwrap();
    assert_eq!(scene.request(&id).state, RequestState::Asked);
}

/// One that no launcher waits for any more must not stand there as if it ran.
#[tokio::test]
async fn a_request_of_a_launcher_that_died_is_done_once_nobody_carries_anything_out() {
    let mut scene = Scene::configured();
    let (lost, own) = (Initiator::Session(7), Initiator::Owner(true));
    let (lost, own) = (scene.ask(lost).unwrap(), scene.ask(own).unwrap());
    scene.carrier.running.push(own.clone());
    assert!(scene.carrier.settle_orphans().await);
    assert!(!scene.carrier.settle_orphans().await, "once");
    assert_eq!(scene.request(&own).state, RequestState::Asked);
    let lost = scene.request(&lost);
    assert_eq!((lost.state, lost.exit_code, lost.told), (RequestState::Done, None, false));
    assert_eq!(lost.says.as_deref(), Some("the launcher ended while it ran"));
}

/// A command lives on behind its launcher, and has not always taken the lock by which others know of it.
#[tokio::test]
async fn a_request_whose_command_still_lives_is_not_done() {
    let mut scene = Scene::configured();
    let id = scene.ask(Initiator::Session(7)).unwrap();
    let mut command = Command::new("tail");
    let mut own = adopted::spawn(command.args(["-f", "/dev/null"]).kill_on_drop(true)).unwrap();
    let state = RequestState::Running;
    let found = processes::note(own.child.id().unwrap());
    assert!(found.is_some());
    let running = RestartRequest { state, command: found, ..scene.request(&id) };
    scene.carrier.requests.write(&running).unwrap();
    assert!(!scene.carrier.settle_orphans().await);
    assert_eq!(scene.request(&id), running);
    own.child.kill().await.unwrap();
    assert!(scene.carrier.settle_orphans().await);
    assert_eq!(scene.request(&id).state, RequestState::Done);
}

/// When a process began says the system by its clock of the moment, and a step of the clock moves that.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_command_is_known_again_after_the_clock_was_set() {
    let mut scene = Scene::configured();
    let id = scene.ask(Initiator::Session(7)).unwrap();
    let mut command = Command::new("tail");
    let own = adopted::spawn(command.args(["-f", "/dev/null"]).kill_on_drop(true)).unwrap();
    let mut noted = serde_json::to_value(noted(&own)).unwrap();
    let began = noted["started_s"].as_u64().unwrap();
    noted["started_s"] = (began - 3600).into();
    let state = RequestState::Running;
    let command = serde_json::from_value(noted).unwrap();
    let running = RestartRequest { state, command, ..scene.request(&id) };
    scene.carrier.requests.write(&running).unwrap();
    assert!(!scene.carrier.settle_orphans().await, "it lives");
}

#[test]
fn what_a_restart_came_to_is_in_its_report_or_else_in_its_exit_code() {
    let mut scene = Scene::configured();
    let id = scene.ask(Initiator::Owner(true)).unwrap();
    let report = scene.home.restart_reports_dir().join(&id);
    std::fs::create_dir_all(&report).unwrap();
    let text = r#"{"verdict":{"exit_code":25,"says":"went back: no answer\nmore"}}"#;
    std::fs::write(report.join("report.json"), text).unwrap();
    scene.carrier.carried(&id, Some(25));
    let done = scene.request(&id);
    assert_eq!(done.says.as_deref(), Some("went back: no answer"));
    assert_eq!((done.state, done.exit_code), (RequestState::Done, Some(25)));

    let id = scene.ask(Initiator::Owner(true)).unwrap();
    scene.carrier.carried(&id, None);
    assert_eq!(scene.request(&id).says.as_deref(), Some("its command was ended by a signal"));
}

#[tokio::test]
async fn a_person_is_called_with_the_reason() {
    let mut scene = Scene::configured();
    let told = scene.dir.path().join("told");
    let program = format!("printf %s \"$1\" > {0}.new; mv {0}.new {0}", told.display());
    let command = ["sh", "-c", &program, "sh"].map(ToOwned::to_owned).to_vec();
    scene.config.alert_command = Some(command);
    let mut tasks = JoinSet::new();
    scene.carrier.alert(&scene.config, "it ends; always", &mut tasks);
    let called = async { while tasks.join_next().await.is_some() {} };
    timeout(PATIENCE, called).await.unwrap();
    assert_eq!(std::fs::read_to_string(told).unwrap(), "it ends; always");
}

#[tokio::test]
async fn the_daemon_is_only_told_when_there_is_news() {
    let mut scene = Scene::configured();
    let mut tasks = JoinSet::new();
    let id = scene.ask(Initiator::Owner(true)).unwrap();
    scene.carrier.tell(&mut tasks);
    assert!(tasks.is_empty());
    scene.carrier.carried(&id, Some(0));
    scene.carrier.tell(&mut tasks);
    assert_eq!(tasks.len(), 1);
    // Nobody serves there: that is no trouble.
    timeout(PATIENCE, tasks.join_next()).await.unwrap().unwrap().unwrap();
    let told = RestartRequest { told: true, ..scene.request(&id) };
    scene.carrier.requests.write(&told).unwrap();
    scene.carrier.tell(&mut tasks);
    assert!(tasks.is_empty());
}

#[test]
fn below_systemd_the_command_is_to_have_a_scope_of_its_own() {
    let words = |above| {
        let command = ["cargo", "xtask"].map(ToOwned::to_owned);
        let words = arguments("r1-ab", above, &command);
        words.join(std::ffi::OsStr::new(" ")).into_string().unwrap()
    };
    let others = "launcher carry-out --when-told -- cargo xtask --request r1-ab";
    assert_eq!(words(Above::Others), others);
    let systemd = "launcher carry-out --when-told --scope claude-assistant-restart-r1-ab -- cargo \
                   xtask --request r1-ab";
    assert_eq!(words(Above::Systemd), systemd);
}

#[test]
fn logs_of_earlier_commands_are_kept_as_long_as_their_reports() {
    let scene = Scene::configured();
    for number in 10..40 {
        std::fs::write(scene.home.restart_log(&format!("r17000000000{number}-ab12")), "").unwrap();
    }
    std::fs::write(scene.home.log_file(), "").unwrap();
    scene.carrier.command("r1800000000000-ab12", &scene.config).unwrap();
    let logs = std::fs::read_dir(scene.home.logs_dir()).unwrap();
    let mut names: Vec<_> = logs.map(|it| it.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    assert_eq!(names.len(), 21);
    assert_eq!(names[..2], ["daemon.log", "restart-r1700000000021-ab12.log"]);
    assert_eq!(names[20], "restart-r1800000000000-ab12.log");
}
