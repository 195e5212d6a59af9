//! What has to be so before anything is begun, each thing with what to do where it is not.

use std::fs;
use std::os::unix::fs::DirBuilderExt as _;

use harness::exit_code::ExitCode;
use harness::restart::flags::Scope;
use harness::restart::machine::Sight;

use super::home::Home;
use super::slots::Slots;
use super::trouble::{Result, Trouble};
use super::{Target, gate, passage, room};

/// Looks at all of it; who runs.
pub(super) fn look(home: &Home, target: &Target, scope: Scope) -> Result<Sight> {
    writable(home, scope)?;
    let slots = Slots::at(home.slots());
    let current = slots.current().map_err(|error| {
        missing(format!(
            "no slot runs on {}: claude-assistant install ({error:#})",
            home.root().display()
        ))
    })?;
    for program in [home.launcher_program(), home.current_program()] {
        if !program.is_file() {
            let why = format!("there is no {}: claude-assistant install", program.display());
            return Err(missing(why));
        }
    }
    let launcher = home.launcher().map_err(|trouble| {
        missing(format!("the launcher does not answer: claude-assistant start ({trouble})"))
    })?;
    let status = home.status().map_err(|trouble| {
        missing(format!("the daemon does not answer: claude-assistant start ({trouble})"))
    })?;
    if let Some(pending) = &launcher.pending {
        let why = format!(
            "restart {} to {} is not over: cargo xtask restart-status",
            pending.id, pending.target
        );
        return Err(Trouble::with(ExitCode::PreconditionMissing, why));
    }
    let child = launcher.daemon.as_ref().filter(|child| child.ready && child.pid == status.pid);
    if child.is_none() || launcher.state != "running" {
        let why = format!(
            "the daemon that answers is not the launcher's (it is {}): claude-assistant stop, then start",
            launcher.state
        );
        return Err(missing(why));
    }
    let runs = launcher.slot.as_deref().unwrap_or("none");
    if runs != current || status.slot.as_ref().is_some_and(|slot| *slot != current) {
        let why =
            format!("slot {runs} runs and {current} is the current one: claude-assistant restart");
        return Err(missing(why));
    }
    wanted(&slots, target, &current)?;
    let mut sight = passage::sight(&status, home)?;
    let busy = status.sessions.iter().filter(|session| session.state == "busy").count();
    sight.says = vec![
        format!(
            "{} {}, pid {}, generation {}",
            sight.slot, status.version, status.pid, status.generation
        ),
        format!(
            "{} sessions, {busy} busy; {} messages wait, {} are with agents, {} replies are not out",
            status.sessions.len(),
            status.counts.accepted,
            status.counts.delivered,
            status.unsent
        ),
    ];
    if let Some(error) = &status.last_error {
        sight.says.push(format!("its last error, at {}: {}", error.at, error.what));
    }
    if let Some(remark) = &target.remark {
        sight.says.push(remark.clone());
    }
    Ok(sight)
}

/// The target is another build than the one that runs, and none that has failed.
fn wanted(slots: &Slots, target: &Target, current: &str) -> Result<()> {
    let refuse_bad = |name: &str| -> Result<()> {
        match slots.mark(name)?.filter(|mark| mark.standing == "bad") {
            Some(mark) => Err(missing(format!("slot {name} is marked bad: {}", mark.why))),
            None => Ok(()),
        }
    };
    if let Some(slot) = &target.slot {
        let manifest =
            slots.manifest(slot).map_err(|error| missing(format!("failed to {error:#}")))?;
        if slot == current {
            return Err(missing(format!(
                "slot {slot} runs already: claude-assistant restart starts it again"
            )));
        }
        gate::ensure_passed(slots, &manifest).map_err(|why| {
            missing(format!("the gate of slot {slot} has not passed, {why}: restart to its commit"))
        })?;
        slots.ensure_whole(&manifest).map_err(|error| missing(format!("failed to {error:#}")))?;
        return refuse_bad(slot);
    }
    let running = slots.manifest(current)?;
    if running.commit.is_some() && running.commit == target.commit {
        let commit = target.commit.as_deref().unwrap_or_default();
        return Err(missing(format!(
            "commit {commit} runs already, in slot {current}: claude-assistant restart starts it again"
        )));
    }
    for manifest in
        slots.all()?.iter().filter(|it| it.commit.is_some() && it.commit == target.commit)
    {
        refuse_bad(&manifest.name)?;
    }
    Ok(())
}

/// There is room, and what has to be written can be.
fn writable(home: &Home, scope: Scope) -> Result<()> {
    room::ensure_in_home(home)?;
    if scope == Scope::DryRun {
        // Who only looks makes no directory and writes no file to find that out.
        let writable = rustix::fs::access(home.root(), rustix::fs::Access::WRITE_OK);
        return writable.map_err(|error| {
            missing(format!("nothing can be written in {}: {error}", home.root().display()))
        });
    }
    let marks = home.slots().join("marks");
    for directory in [home.root().to_path_buf(), home.slots(), marks, home.at("state/restart")] {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&directory)
            .and_then(|()| tempfile::NamedTempFile::new_in(&directory))
            .and_then(|mut probe| std::io::Write::write_all(&mut probe, b"probe"))
            .map_err(|error| {
                missing(format!("nothing can be written in {}: {error}", directory.display()))
            })?;
    }
    Ok(())
}

fn missing(why: impl Into<String>) -> Trouble {
    Trouble::with(ExitCode::PreconditionMissing, why)
}
