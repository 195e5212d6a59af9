//! What starts the assistant at a login, and the commands that have to agree with it. The machine's own
//! managers are not ours: scripts stand in for them, and start and end a real launcher.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, ensure};
use harness::command::{Finished, run_within};
use harness::processes::{Snapshot, signal};
use harness::sandbox::Sandbox;
use harness::wait::wait_until;
use rustix::process::Signal;

use crate::case::{Case, Definition, SOON};
use crate::launched::{install, launcher_status};
use crate::views::status;

pub(super) const CASES: &[Definition] = &[
    Definition::fake(
        "tier2::services::below_systemd_one_launcher_runs_whoever_starts_it",
        60,
        below_systemd_one_launcher_runs_whoever_starts_it,
    ),
    Definition::fake(
        "tier2::services::launchd_is_waited_for_while_it_forgets",
        60,
        launchd_is_waited_for_while_it_forgets,
    ),
    Definition::fake(
        "tier2::services::a_restart_is_carried_out_in_a_scope_where_systemd_gives_one",
        30,
        a_restart_is_carried_out_in_a_scope_where_systemd_gives_one,
    ),
];

/// The stand-in of a service manager.
struct Stand {
    dir: PathBuf,
}

fn below_systemd_one_launcher_runs_whoever_starts_it(case: &mut Case) -> anyhow::Result<()> {
    let sandbox = &case.sandbox;
    install(sandbox, case.programs.profile_dir())?;
    let systemd = Stand::of(sandbox, "systemctl", include_str!("services/systemctl.sh"))?;
    // Nobody has installed it: it is started by hand, and systemd knows nothing of it.
    systemd.done(sandbox, &["start"])?;
    let by_hand = launcher(sandbox)?;
    ensure!(systemd.asked()?.is_empty(), "ask nobody: {:?}", systemd.asked()?);
    // Two of them would be in each other's way.
    let said = systemd.done(sandbox, &["install", "--manager", "systemd"])?;
    ensure!(said.stdout.contains("stopped first"), "say what becomes of it: {}", said.stdout);
    wait_up(sandbox)?;
    let own = launcher(sandbox)?;
    ensure!(own != by_hand && own == systemd.pid()?, "find systemd's launcher: {own}");
    ensure!(ends(by_hand), "see the one by hand end");
    // And again: it is systemd's, and goes on.
    systemd.done(sandbox, &["install", "--manager", "systemd"])?;
    ensure!(launcher(sandbox)? == own, "leave systemd's launcher alone");

    let before = status(sandbox)?["generation"].as_u64();
    systemd.done(sandbox, &["restart"])?;
    ensure!(launcher(sandbox)? == own, "keep the launcher over a restart");
    ensure!(before < status(sandbox)?["generation"].as_u64(), "restart the daemon");

    systemd.done(sandbox, &["stop"])?;
    ensure!(ends(own), "see it end");
    systemd.done(sandbox, &["start"])?;
    ensure!(launcher(sandbox)? == systemd.pid()?, "have it started by systemd");
    ensure!(systemd.was_asked("start claude-assistant-")?, "ask systemd for it");

    // One that ended badly is about to be started again: that ends too.
    signal(launcher(sandbox)?, Signal::KILL).context("kill the launcher")?;
    ensure!(wait_until(SOON, || status(sandbox).is_err()), "see the daemon follow its launcher");
    let said = systemd.run(sandbox, &["stop"])?;
    ensure!(said.status.code() == Some(69), "be told that nobody runs: {}", said.stderr);
    ensure!(systemd.was_asked("stop claude-assistant-")?, "have systemd start it no more");

    systemd.done(sandbox, &["start"])?;
    let last = launcher(sandbox)?;
    systemd.done(sandbox, &["uninstall", "--manager", "systemd"])?;
    ensure!(ends(last), "see it end with its service");
    Ok(())
}

fn launchd_is_waited_for_while_it_forgets(case: &mut Case) -> anyhow::Result<()> {
    let sandbox = &case.sandbox;
    install(sandbox, case.programs.profile_dir())?;
    let launchd = Stand::of(sandbox, "launchctl", include_str!("services/launchctl.sh"))?;
    launchd.done(sandbox, &["install", "--manager", "launchd"])?;
    wait_up(sandbox)?;
    let first = launcher(sandbox)?;
    ensure!(first == launchd.pid()?, "find launchd's launcher: {first}");
    // What it reads anew differs: it has to forget what it knew.
    let config = sandbox.home().join("config.toml");
    let text = fs::read_to_string(&config).context("read the config")?;
    let changed = text.replace("deadline_s = 10\n", "deadline_s = 50\n");
    ensure!(changed != text, "find how long a stop may take: {text}");
    fs::write(&config, changed).context("change the config")?;
    launchd.done(sandbox, &["install", "--manager", "launchd"])?;
    wait_up(sandbox)?;
    let second = launcher(sandbox)?;
    ensure!(second != first && second == launchd.pid()?, "find a new launcher: {second}");

    launchd.done(sandbox, &["stop"])?;
    ensure!(ends(second), "see it end");
    launchd.done(sandbox, &["start"])?;
    ensure!(launcher(sandbox)? == launchd.pid()?, "have it started by launchd");
    ensure!(launchd.was_asked("kickstart gui/")?, "ask launchd for it");
    let last = launcher(sandbox)?;
    launchd.done(sandbox, &["uninstall", "--manager", "launchd"])?;
    ensure!(ends(last), "see it end with its service");
    Ok(())
}

fn a_restart_is_carried_out_in_a_scope_where_systemd_gives_one(
    case: &mut Case,
) -> anyhow::Result<()> {
    const GIVES: &str = "#!/bin/sh\necho \"$*\" >> \"$(dirname \"$0\")/asked\"\n\
                         while [ \"$1\" != -- ]; do shift; done\nshift\nexec \"$@\"\n";
    const REFUSES: &str = "#!/bin/sh\necho 'Failed to connect to bus' >&2\nexit 1\n";
    let words = ["launcher", "carry-out", "--when-told", "--scope", "a-scope", "--"];
    let words = [&words[..], &["sh", "-c", "echo it runs"]].concat();
    for (script, in_scope) in [(GIVES, true), (REFUSES, false)] {
        let systemd = Stand::of(&case.sandbox, "systemd-run", script)?;
        let said = told(systemd.command(&case.sandbox, &words), "go\n")?;
        ensure!(said.0.contains("it runs"), "see it run: {said:?}");
        ensure!(said.1.contains("ends with the service") != in_scope, "be told: {said:?}");
        let asked = "--user --scope --collect --quiet --unit=a-scope -- sh -c echo it runs";
        ensure!(systemd.was_asked(asked)? == in_scope, "ask for a scope: {:?}", systemd.asked()?);
        // Its launcher died before it had written it down.
        let said = told(systemd.command(&case.sandbox, &words), "")?;
        ensure!(!said.0.contains("it runs"), "see nothing begin: {said:?}");
    }
    Ok(())
}

/// What a command says, and complains of, that reads this.
fn told(mut command: Command, input: &str) -> anyhow::Result<(String, String)> {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().context("start the command")?;
    let mut stdin = child.stdin.take().context("find its input")?;
    stdin.write_all(input.as_bytes()).context("tell it")?;
    drop(stdin);
    let output = child.wait_with_output().context("wait for the command")?;
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Ok((text(output.stdout), text(output.stderr)))
}

impl Stand {
    fn of(sandbox: &Sandbox, name: &str, script: &str) -> anyhow::Result<Self> {
        let dir = sandbox.root().join("manager");
        drop(fs::remove_dir_all(&dir));
        fs::create_dir(&dir).context("make a directory for the manager")?;
        let program = dir.join(name);
        fs::write(&program, script).context("write the manager")?;
        fs::set_permissions(&program, fs::Permissions::from_mode(0o700))
            .context("make the manager a program")?;
        Ok(Self { dir })
    }

    fn command(&self, sandbox: &Sandbox, arguments: &[&str]) -> Command {
        let mut command = sandbox.command(arguments);
        command.env("PATH", format!("{}:/usr/bin:/bin", self.dir.display()));
        command
    }

    fn run(&self, sandbox: &Sandbox, arguments: &[&str]) -> anyhow::Result<Finished> {
        Ok(run_within(self.command(sandbox, arguments), SOON)?)
    }

    fn done(&self, sandbox: &Sandbox, arguments: &[&str]) -> anyhow::Result<Finished> {
        let said = self.run(sandbox, arguments)?;
        ensure!(said.status.success(), "{}: {}: {}", arguments.join(" "), said.status, said.stderr);
        Ok(said)
    }

    /// What it was asked, in its order.
    fn asked(&self) -> anyhow::Result<Vec<String>> {
        let file = self.dir.join("asked");
        if !file.exists() {
            return Ok(Vec::new());
        }
        let text = fs::read_to_string(file).context("read what the manager was asked")?;
        Ok(text.lines().map(ToOwned::to_owned).collect())
    }

    fn was_asked(&self, begin: &str) -> anyhow::Result<bool> {
        Ok(self.asked()?.iter().any(|line| line.starts_with(begin)))
    }

    /// The launcher that it has started.
    fn pid(&self) -> anyhow::Result<u32> {
        let text = fs::read_to_string(self.dir.join("pid")).context("read the launcher's pid")?;
        text.trim().parse().context("read the launcher's pid")
    }
}

/// The launcher that answers.
fn launcher(sandbox: &Sandbox) -> anyhow::Result<u32> {
    let pid = launcher_status(sandbox)?["pid"].as_u64().context("find the launcher's pid")?;
    Ok(u32::try_from(pid)?)
}

fn wait_up(sandbox: &Sandbox) -> anyhow::Result<()> {
    ensure!(wait_until(SOON, || status(sandbox).is_ok()), "see the daemon answer");
    Ok(())
}

fn ends(pid: u32) -> bool {
    wait_until(SOON, || Snapshot::take().find(pid).is_none_or(|seen| seen.zombie))
}
