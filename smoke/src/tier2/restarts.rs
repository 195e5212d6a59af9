//! Restarts of a daemon in slots, by the command that everybody uses: with slots that lie there
//! already, so that nothing is built. Messages come all through them.

mod before;

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use harness::command::{Finished, run_within};
use harness::sandbox::{Reply, Sandbox};
use harness::wait::{STEP, wait_for_every, wait_until};
use serde_json::Value;

use crate::case::{ADMINS, Case, Definition, OWNER, SOON};
use crate::launched::{Fault, Service, Slot, Victim, current, healthy, install};
use crate::stream::{Stream, Work};
use crate::views::{count, events, status, wait_settled};

pub(super) const CASES: &[Definition] = &[
    Definition::fake(
        "tier2::restarts::a_good_build_takes_over_and_loses_nothing",
        90,
        a_good_build_takes_over_and_loses_nothing,
    )
    .beside_others(),
    Definition::fake(
        "tier2::restarts::a_build_that_ends_at_once_goes_back",
        90,
        a_build_that_ends_at_once_goes_back,
    )
    .beside_others(),
    Definition::fake(
        "tier2::restarts::a_build_that_fails_its_trial_touches_nothing",
        60,
        a_build_that_fails_its_trial_touches_nothing,
    )
    .beside_others(),
    Definition::fake(
        "tier2::restarts::a_turn_that_fails_once_is_seen_and_goes_back",
        90,
        a_turn_that_fails_once_is_seen_and_goes_back,
    )
    .beside_others(),
    Definition::fake(
        "tier2::restarts::a_second_restart_is_told_who_runs",
        60,
        a_second_restart_is_told_who_runs,
    )
    .beside_others(),
    Definition::fake(
        "tier2::restarts::a_disk_that_takes_nothing_is_told_and_nothing_touched",
        60,
        a_disk_that_takes_nothing_is_told_and_nothing_touched,
    )
    .beside_others(),
    Definition::fake(
        "tier2::restarts::a_restart_is_asked_for_from_within_a_conversation",
        90,
        a_restart_is_asked_for_from_within_a_conversation,
    )
    .beside_others(),
    Definition::fake(
        "tier2::restarts::a_healthy_version_runs_after_a_kill_of_the_command",
        90,
        a_healthy_version_runs_after_a_kill_of_the_command,
    )
    .beside_others(),
    Definition::fake(
        "tier2::restarts::a_healthy_version_runs_after_a_kill_of_the_launcher",
        90,
        a_healthy_version_runs_after_a_kill_of_the_launcher,
    )
    .beside_others(),
    Definition::fake(
        "tier2::restarts::a_healthy_version_runs_after_a_kill_of_the_daemon",
        90,
        a_healthy_version_runs_after_a_kill_of_the_daemon,
    )
    .beside_others(),
    Definition::fake(
        "tier2::restarts::a_healthy_version_runs_after_a_kill_of_all_three",
        90,
        a_healthy_version_runs_after_a_kill_of_all_three,
    )
    .beside_others(),
    Definition::fake(
        "tier2::restarts::a_session_that_was_dead_is_held_against_no_build",
        180,
        before::a_session_that_was_dead_is_held_against_no_build,
    )
    .beside_others(),
    Definition::fake(
        "tier2::restarts::what_the_owner_holds_stays_held",
        90,
        before::what_the_owner_holds_stays_held,
    )
    .beside_others(),
];

/// A restart may take this long, soak included.
const RESTART_LIMIT: Duration = Duration::from_mins(1);

/// How long the new daemon is watched here.
const SOAK: &str = "1s";

/// A restart takes about this long here: somebody is killed before.
const KILLED_AT_MAX: Duration = Duration::from_secs(5);

/// Between two messages of the stream: five a second.
const MESSAGE_EVERY: Duration = Duration::from_millis(200);

/// The names of the slots that follow the first.
const NEXT: &str = "20260102T000000Z-next";

/// Incidents: 31, 74, 76.
fn a_good_build_takes_over_and_loses_nothing(case: &mut Case) -> anyhow::Result<()> {
    install(&case.sandbox, case.programs.profile_dir())?;
    let next = lay(case, NEXT, Fault::None)?;
    let service = Service::start(&case.sandbox)?;
    let before = status(&case.sandbox)?;
    let mut stream = Stream::new(4);
    // What a command that was killed has left there is nobody's.
    let lock = case.sandbox.home().join("run/restart.lock");
    let stale = r#"{"pid":1,"since":"2026-01-01T00:00:00Z","who":"somebody","target":"else"}"#;
    fs::write(&lock, stale).context("write a stale lock")?;
    let ended = restart(case, &next.name, &mut stream)?;
    ensure!(ended.code() == Some(0), "see the restart end well: {ended}\n{}", said(case));
    let now = status(&case.sandbox)?;
    ensure!(now["slot"] == next.name.as_str() && current(&case.sandbox)? == next.name, "{now}");
    ensure!(generation(&now)? == generation(&before)? + 1, "begin one generation: {now}");
    ensure!(next.mark(&case.sandbox.home())["standing"] == "good", "mark it as good");
    settled(&case.sandbox, &stream)?;
    resumed(&case.sandbox, stream.chats())?;
    service.stop(SOON)
}

/// Every conversation went on where it was.
fn resumed(sandbox: &Sandbox, chats: usize) -> anyhow::Result<()> {
    let events = events(sandbox)?;
    let starts = events.iter().filter(|event| event.kind == "SESSION_START");
    let resumed = starts.filter(|event| event.entry["resumed"] == true).count();
    ensure!(chats <= resumed, "resume {chats} conversations, and not {resumed}");
    Ok(())
}

fn a_build_that_ends_at_once_goes_back(case: &mut Case) -> anyhow::Result<()> {
    let first = install(&case.sandbox, case.programs.profile_dir())?;
    let bad = lay(case, NEXT, Fault::Live("exit 1"))?;
    let service = Service::start(&case.sandbox)?;
    let mut stream = Stream::new(4);
    let ended = restart(case, &bad.name, &mut stream)?;
    ensure!(ended.code() == Some(25), "see it roll back: {ended}\n{}", said(case));
    let now = status(&case.sandbox)?;
    ensure!(now["slot"] == first.name.as_str() && now["held"] == false, "go on as before: {now}");
    ensure!(bad.mark(&case.sandbox.home())["standing"] == "bad", "mark it as bad");
    // And it is refused from now on.
    let again = restart(case, &bad.name, &mut stream)?;
    ensure!(again.code() == Some(40), "refuse a bad slot: {again}\n{}", said(case));
    finish(case, service, &stream)
}

fn a_build_that_fails_its_trial_touches_nothing(case: &mut Case) -> anyhow::Result<()> {
    install(&case.sandbox, case.programs.profile_dir())?;
    let bad = lay(case, NEXT, Fault::Always("exit 3"))?;
    let service = Service::start(&case.sandbox)?;
    let before = status(&case.sandbox)?;
    let mut stream = Stream::new(2);
    let ended = restart(case, &bad.name, &mut stream)?;
    ensure!(ended.code() == Some(23), "see the candidate fail: {ended}\n{}", said(case));
    untouched(case, &before)?;
    finish(case, service, &stream)
}

/// As soon as delivery is open, and the next try goes well: nothing is left of it that a look at the
/// daemon shows, and what is watched for a while is well.
fn a_turn_that_fails_once_is_seen_and_goes_back(case: &mut Case) -> anyhow::Result<()> {
    let first = install(&case.sandbox, case.programs.profile_dir())?;
    let next = lay(case, NEXT, Fault::None)?;
    let service = Service::start(&case.sandbox)?;
    let held = case.sandbox.cli(&["hold", "--restart", "--lease", "60"], SOON)?;
    ensure!(held.status.success(), "hold as a restart does: {}", held.stderr);
    case.sandbox.drop_message(OWNER, "error 403 x1")?;
    let is_accepted = || count(&case.sandbox, "accepted").is_ok_and(|waiting| waiting == 1);
    ensure!(wait_until(SOON, is_accepted), "see the message wait");
    let said = run_within(command(case, &next.name)?, RESTART_LIMIT)?;
    let told = format!("{}{}", said.stdout, said.stderr);
    ensure!(said.status.code() == Some(25), "see it roll back: {}: {told}", said.status);
    ensure!(told.contains(".jsonl: ERROR at"), "say where the turn failed: {told}");
    // It was the API: the same build may be tried again.
    ensure!(next.mark(&case.sandbox.home()).is_null(), "blame no build for it: {told}");
    let now = status(&case.sandbox)?;
    ensure!(now["slot"] == first.name.as_str() && now["held"] == false, "go on as before: {now}");
    wait_settled(&case.sandbox, SOON)?;
    service.stop(SOON)
}

/// No file can be written any more, as on a full disk; or the slots cannot.
/// Incidents: 84.
fn a_disk_that_takes_nothing_is_told_and_nothing_touched(case: &mut Case) -> anyhow::Result<()> {
    install(&case.sandbox, case.programs.profile_dir())?;
    let next = lay(case, NEXT, Fault::None)?;
    let service = Service::start(&case.sandbox)?;
    let before = status(&case.sandbox)?;
    let full = |command: &Command| {
        let mut limited = case.sandbox.command_of(Path::new("sh"));
        // The signal is the system's other way of saying it.
        limited.args(["-c", "trap '' XFSZ; ulimit -f 0; exec \"$0\" \"$@\""]);
        limited.arg(command.get_program()).args(command.get_args());
        limited.current_dir(command.get_current_dir().unwrap_or(Path::new(".")));
        limited
    };
    let said = run_within(full(&command(case, &next.name)?), SOON)?;
    refused(&said, "restart.lock")?;
    untouched(case, &before)?;
    let marks = case.sandbox.home().join("slots/marks");
    let aside = case.sandbox.home().join("slots-marks");
    fs::rename(&marks, &aside).context("move the marks")?;
    fs::write(&marks, "").context("put a file in the way")?;
    let said = run_within(command(case, &next.name)?, SOON)?;
    refused(&said, "slots")?;
    untouched(case, &before)?;
    fs::remove_file(&marks).context("remove the file in the way")?;
    fs::rename(&aside, &marks).context("move the marks back")?;
    service.stop(SOON)
}

/// It ended because something is missing, and said what.
fn refused(said: &Finished, about: &str) -> anyhow::Result<()> {
    let told = format!("{}{}", said.stdout, said.stderr);
    ensure!(said.status.code() == Some(40), "refuse to begin: {}: {told}", said.status);
    ensure!(told.contains(about), "say that it is about {about}: {told}");
    Ok(())
}

/// The same daemon runs, and delivers.
fn untouched(case: &Case, before: &Value) -> anyhow::Result<()> {
    let now = status(&case.sandbox)?;
    let same = ["pid", "generation"].iter().all(|key| now[*key] == before[*key]);
    ensure!(same && now["held"] == false, "leave the old daemon alone: {before} -> {now}");
    Ok(())
}

fn a_second_restart_is_told_who_runs(case: &mut Case) -> anyhow::Result<()> {
    install(&case.sandbox, case.programs.profile_dir())?;
    let next = lay(case, NEXT, Fault::None)?;
    let service = Service::start(&case.sandbox)?;
    let mut first = begin(case, &next.name)?;
    let lock = case.sandbox.home().join("run/restart.lock");
    ensure!(wait_until(SOON, || lock.is_file()), "see the first one begin");
    let pid = first.id().to_string();
    let second = run_within(command(case, &next.name)?, SOON)?;
    ensure!(second.status.code() == Some(50), "refuse the second: {}", second.status);
    let told = format!("{}{}", second.stdout, second.stderr);
    ensure!(told.contains(&pid), "say who runs ({pid}): {told}");
    let ended = wait_for_every(STEP, RESTART_LIMIT, || first.try_wait().transpose());
    let ended = ended.context("see the first one end")??;
    ensure!(ended.success(), "see the first one end well: {ended}\n{}", said(case));
    service.stop(SOON)
}

/// The stand-in runs what a message says as a tool: here the command by which an agent asks.
/// Incidents: 77.
fn a_restart_is_asked_for_from_within_a_conversation(case: &mut Case) -> anyhow::Result<()> {
    install(&case.sandbox, case.programs.profile_dir())?;
    let next = lay(case, NEXT, Fault::None)?;
    let config = case.sandbox.home().join("config.toml");
    let mut text = fs::read_to_string(&config).context("read the configuration")?;
    let xtask = case.programs.xtask()?;
    let mut words = vec![xtask.display().to_string()];
    words.extend(arguments(case, &next.name, SOAK));
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("find the top")?;
    let dir = serde_json::to_string(root)?;
    let command = serde_json::to_string(&words)?;
    write!(text, "\n[restart]\nsource_dir = {dir}\ncommand = {command}\n")
        .context("write a string")?;
    let service = Service::start(&case.sandbox)?;
    // The launcher takes it as it is when it is asked.
    fs::write(&config, text).context("write the configuration")?;
    let before = status(&case.sandbox)?;
    let daemon = case.programs.daemon()?;
    // Somebody else's conversation hears nothing of it.
    case.sandbox.drop_message(ADMINS[1], "hello")?;
    // An agent is not told which home it serves; its owner's own is the usual one.
    let home = case.sandbox.home();
    let ask = format!(
        "tool: CLAUDE_ASSISTANT_HOME={} {} restart --safe",
        home.display(),
        daemon.display()
    );
    case.sandbox.drop_message(OWNER, &ask)?;
    let chat = format!("test:{OWNER}");
    let is_notice = |reply: &Reply| reply.text.starts_with("The restart");
    let replies = case.sandbox.wait_replies(RESTART_LIMIT, |all| all.iter().any(is_notice))?;
    let now = status(&case.sandbox)?;
    ensure!(now["slot"] == next.name.as_str(), "run the next slot: {now}; {replies:?}");
    ensure!(generation(&now)? == generation(&before)? + 1, "begin one generation: {now}");
    let notices =
        |chat: &str| replies.iter().filter(|reply| reply.chat == chat && is_notice(reply)).count();
    ensure!(notices(&chat) == 1, "tell who asked, once: {replies:?}");
    ensure!(notices(&format!("test:{}", ADMINS[1])) == 0, "tell nobody else: {replies:?}");
    wait_settled(&case.sandbox, SOON)?;
    service.stop(SOON)
}

/// Incidents: 78, 79.
fn a_healthy_version_runs_after_a_kill_of_the_command(case: &mut Case) -> anyhow::Result<()> {
    survive_a_kill(case, Victim::Runner)
}

/// Incidents: 78, 79.
fn a_healthy_version_runs_after_a_kill_of_the_launcher(case: &mut Case) -> anyhow::Result<()> {
    survive_a_kill(case, Victim::Launcher)
}

/// Incidents: 78, 79.
fn a_healthy_version_runs_after_a_kill_of_the_daemon(case: &mut Case) -> anyhow::Result<()> {
    survive_a_kill(case, Victim::Daemon)
}

/// Incidents: 78, 79.
fn a_healthy_version_runs_after_a_kill_of_all_three(case: &mut Case) -> anyhow::Result<()> {
    survive_a_kill(case, Victim::All)
}

/// One of those whom `restart-proof --kills` kills at every step, at any moment of a restart.
fn survive_a_kill(case: &mut Case, victim: Victim) -> anyhow::Result<()> {
    let first = install(&case.sandbox, case.programs.profile_dir())?;
    let next = lay(case, NEXT, Fault::None)?;
    let service = Service::start(&case.sandbox)?;
    let mut stream = Stream::new(4);
    let moment = case.seed.between(Duration::ZERO, KILLED_AT_MAX);
    let mut runner = begin(case, &next.name)?;
    let mut due = Instant::now();
    let killed_at = due + moment;
    let ended = attend(case, &mut stream, (&mut due, killed_at), || runner.try_wait())?;
    victim.strike(ended.is_none().then_some(runner.id()), &service, None)?;
    let told = format!("{} killed after {moment:?}, when it had ended: {ended:?}", victim.word());
    let limit = Instant::now() + RESTART_LIMIT;
    let ended = attend(case, &mut stream, (&mut due, limit), || runner.try_wait())?;
    ended.with_context(|| format!("see the restart end: {told}\n{}", said(case)))?;
    at_rest(case, &service, &[&first.name, &next.name])
        .with_context(|| format!("{told}\n{}", said(case)))?;
    finish(case, service, &stream)
}

/// A healthy version runs within a moment, and delivers: what a command that was killed held does not
/// outlive it by its lease.
fn at_rest(case: &Case, service: &Service, slots: &[&str]) -> anyhow::Result<()> {
    let mut last = Ok(());
    let rests = wait_until(RESTART_LIMIT, || {
        last = healthy(&case.sandbox, service, slots).map(drop);
        last.is_ok()
    });
    if rests { Ok(()) } else { last.context("come to rest") }
}

fn lay(case: &Case, name: &str, fault: Fault) -> anyhow::Result<Slot> {
    Slot::lay(&case.sandbox.home(), name, case.programs.profile_dir(), fault)
}

/// Restarts into a slot while messages come, five a second.
fn restart(case: &mut Case, slot: &str, stream: &mut Stream) -> anyhow::Result<ExitStatus> {
    let mut runner = begin(case, slot)?;
    let mut due = Instant::now();
    let limit = due + RESTART_LIMIT;
    let ended = attend(case, stream, (&mut due, limit), || runner.try_wait())?;
    if ended.is_none() {
        runner.kill().context("end the restart")?;
        runner.wait().context("see the restart end")?;
    }
    ended.with_context(|| format!("see the restart end\n{}", said(case)))
}

/// Looks whether the restart has ended, up to a moment, and sends what is due meanwhile.
fn attend(
    case: &mut Case,
    stream: &mut Stream,
    (due, until): (&mut Instant, Instant),
    mut look: impl FnMut() -> io::Result<Option<ExitStatus>>,
) -> anyhow::Result<Option<ExitStatus>> {
    let limit = until.saturating_duration_since(Instant::now());
    let ended = wait_for_every(STEP, limit, || {
        if *due <= Instant::now() {
            *due += MESSAGE_EVERY;
            let chat = stream.words().len() % stream.chats();
            let work = Work::any(&mut case.seed);
            if let Err(error) = stream.send(&mut case.sandbox, chat, work) {
                return Some(Err(error));
            }
        }
        look().map_err(Into::into).transpose()
    });
    ended.transpose()
}

fn begin(case: &Case, slot: &str) -> anyhow::Result<Child> {
    let log = fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(case.sandbox.root().join("restart.log"))
        .context("open a file for what the restart says")?;
    let mut command = command(case, slot)?;
    command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
    command.spawn().context("start the restart")
}

fn command(case: &Case, slot: &str) -> anyhow::Result<Command> {
    command_with(case, slot, SOAK)
}

fn command_with(case: &Case, slot: &str, soak: &str) -> anyhow::Result<Command> {
    let mut command = case.sandbox.command_of(&case.programs.xtask()?);
    command.args(arguments(case, slot, soak));
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("find the top")?;
    command.current_dir(root);
    Ok(command)
}

fn arguments(case: &Case, slot: &str, soak: &str) -> Vec<String> {
    let home = case.sandbox.home().display().to_string();
    ["safe-restart", "--home", &home, "--slot", slot, "--soak", soak].map(str::to_owned).to_vec()
}

/// What the restarts of this case have said.
fn said(case: &Case) -> String {
    let read = |name: &str| fs::read_to_string(case.sandbox.root().join(name)).unwrap_or_default();
    format!("{}\n{}", read("restart.log"), read("launcher.log"))
}

/// Nothing was lost, doubled or reordered, and everything ends.
fn finish(case: &mut Case, service: Service, stream: &Stream) -> anyhow::Result<()> {
    settled(&case.sandbox, stream)?;
    service.stop(SOON)
}

fn settled(sandbox: &Sandbox, stream: &Stream) -> anyhow::Result<()> {
    ensure!(!stream.words().is_empty(), "send something meanwhile");
    stream.settle(sandbox, RESTART_LIMIT).map(drop)
}

fn generation(status: &Value) -> anyhow::Result<u64> {
    status["generation"].as_u64().context("find the generation")
}
