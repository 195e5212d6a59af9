//! What is asked of the daemon and of its launcher on the way from one slot to another.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use harness::exit_code::ExitCode;
use harness::restart::machine::{
    Blame, Delivery, End, Manners, Pending, Proof, Remarks, Settled, Sight, Standing, Switched,
    Told,
};
use harness::restart::report::Seen;
use harness::restart::step::{LEASE, RELEASE_MAX};
use harness::wait::wait_for_every;

use super::home::{Home, QUESTION_MAX, read, said, words};
use super::stuck::Stuck;
use super::time::Time;
use super::trouble::{Result, Trouble};
use super::views::{Drained, Launcher, Status, Switch};

/// How the daemon's program says "not now".
const NOT_NOW: i32 = 75;

/// How often a launcher or daemon is asked whether it has come to rest.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// How long a look for somebody who is not busy waits before it says so.
const GLANCE: Duration = Duration::from_secs(1);

/// How long the hold lasts that is there before anything is waited for: longer than the command may take
/// that asks for more.
const FIRST_LEASE: Duration = Duration::from_secs(30);

/// How much longer than its own limit a drain may take to say so.
const DRAIN_MARGIN: Duration = Duration::from_secs(5);

/// The way from one slot to another.
#[derive(Clone, Copy)]
pub(super) struct Passage<'a> {
    pub(super) home: &'a Home,
    /// The id of the restart.
    pub(super) id: &'a str,
    /// How long the action has. A wish to end is heard while the database is copied; whatever else is
    /// asked has its answer waited for.
    pub(super) time: Time<'a>,
}

impl Passage<'_> {
    /// Whether nobody is busy, within a moment.
    pub(super) fn glance(&self) -> Result<Told> {
        let idle =
            wait_for_every(LOOK_EVERY, GLANCE, || match self.home.status_within(self.time) {
                Ok(status) => status.is_idle().then_some(Ok(true)),
                Err(trouble) => Some(Err(trouble)),
            });
        idle.unwrap_or(Ok(false)).map(Told::Idle)
    }

    /// Holds, and waits for quiet.
    pub(super) fn drain(
        &self,
        within: Duration,
        lease: Duration,
        manners: Manners,
    ) -> Result<Told> {
        let (within_s, lease_s) = (within.as_secs().max(1), lease.as_secs());
        let mut verb = words(["drain", "--within", &within_s.to_string()]);
        verb.extend(words(["--lease", &lease_s.to_string(), "--json"]));
        if manners == Manners::Interrupt {
            verb.extend(words(["--interrupt"]));
        }
        // The first is short, in case it is asked for by what a killed command has left behind: the daemon
        // sees whose it is, and what is asked for next ends with the same command.
        self.hold_for(FIRST_LEASE)?;
        let program = self.home.current_program();
        let finished =
            self.home.run(&program, &verb, self.time.left().min(within + DRAIN_MARGIN))?;
        match finished.status.code() {
            Some(0 | NOT_NOW) => {
                let Drained { quiet, busy, unsent } = read(&verb, &finished)?;
                let busy = u64::try_from(busy.len()).unwrap_or(u64::MAX);
                Ok(Told::Drained { quiet, busy, unsent })
            }
            _ => Err(Trouble::refused(said(&verb, &finished))),
        }
    }

    /// What is stuck, after what was seen of it before. A hold for a restart may be there already: this
    /// restart's own, one by hand, or that of a command that was killed.
    pub(super) fn stuck(&self, before: &Stuck) -> Result<Stuck> {
        let time = self.time.at_most(QUESTION_MAX);
        let status = time.persist(|| self.home.status_within(time))?;
        Ok(Stuck::of(&status, before))
    }

    /// Ends the hold; how large the daemon is then.
    pub(super) fn release(&self) -> Result<u64> {
        let program = self.home.current_program();
        let verb = words(["release", "--restart"]);
        let time = self.time.at_most(RELEASE_MAX);
        time.persist(|| self.home.tell(&program, &verb, time.question()))?;
        Ok(time.persist(|| self.home.status_within(time))?.rss_bytes)
    }

    /// Copies the database among the backups, for somebody to look at. The hold is renewed before, as
    /// nobody does so meanwhile.
    pub(super) fn back_up(&self) -> Result<Told> {
        let directory = self.home.at("backups");
        let file = directory.join(format!("{}.db", self.id));
        fs::create_dir_all(&directory).with_context(|| format!("make {}", directory.display()))?;
        self.hold()?;
        copy(self.home, &file, self.time)?;
        Ok(Told::BackedUp(file))
    }

    fn hold(&self) -> Result<()> {
        self.hold_for(LEASE)
    }

    fn hold_for(&self, lease: Duration) -> Result<()> {
        let lease_s = lease.as_secs().to_string();
        let verb = words(["hold", "--restart", "--lease", &lease_s]);
        self.home.tell(&self.home.current_program(), &verb, self.time.question())
    }

    /// Has the launcher prepare, if the daemon is still the one of the beginning.
    pub(super) fn arm(&self, target: &str, before: &Sight, confirm: Duration) -> Result<Told> {
        self.hold()?;
        let launcher = self.home.launcher_within(self.time)?;
        let is_same = launcher.slot.as_deref() == Some(before.slot.as_str())
            && launcher.daemon.as_ref().and_then(seen) == Some(before.daemon);
        if !is_same {
            return Err(Trouble::refused("another daemon runs than at the beginning"));
        }
        let seconds = confirm.as_secs().to_string();
        let pid = std::process::id().to_string();
        let mut verb = words(["launcher", "arm", "--id", self.id, "--target", target]);
        verb.extend(words(["--confirm-timeout", &seconds, "--runner", &pid]));
        // What to fall back on if the target leaves a damaged database.
        let copy = self.home.at("backups").join(format!("{}.db", self.id));
        if copy.is_file() {
            verb.extend(["--backup".into(), copy.into()]);
        }
        self.launcher(&verb)
    }

    /// Has it stop the old daemon and start the target.
    pub(super) fn switch(&self) -> Result<Told> {
        let verb = words(["launcher", "switch", "--id", self.id, "--json"]);
        let finished = self.home.run(&self.home.launcher_program(), &verb, self.time.left())?;
        let answer: Result<Switch> = read(&verb, &finished);
        match (finished.status.code(), answer) {
            (Some(0), Ok(answer)) => Ok(Told::Switched(Switched {
                daemon: Seen { pid: answer.pid, generation: answer.generation },
                stop_ms: answer.stop.as_ref().map_or(0, |stop| stop.elapsed_ms),
                end: match answer.stop {
                    Some(stop) if stop.killed => End::Killed,
                    _ => End::InOrder,
                },
                gap_ms: answer.gap_ms,
            })),
            (_, Ok(Switch { rolled_back: Some(rolled_back), .. })) => {
                Ok(Told::WentBack(rolled_back.why))
            }
            (Some(0), Err(trouble)) => Err(trouble),
            _ => Err(Trouble::refused(said(&verb, &finished))),
        }
    }

    /// Has it stay with the target.
    pub(super) fn confirm(&self, proof: Proof) -> Result<Told> {
        let mut verb = words(["launcher", "confirm", "--id", self.id]);
        if proof == Proof::Unproven {
            verb.extend(words(["--unproven"]));
        }
        self.launcher(&verb)
    }

    /// Ends what was armed.
    pub(super) fn disarm(&self) -> Result<Told> {
        self.launcher(&words(["launcher", "disarm", "--id", self.id]))
    }

    /// Has it go back.
    pub(super) fn roll_back(&self, why: &str, blame: Blame) -> Result<Told> {
        let line = why.lines().next().unwrap_or("no reason was given");
        let mut verb = words(["launcher", "roll-back", "--id", self.id, "--why", line]);
        if blame == Blame::Nobody {
            verb.extend(words(["--blameless"]));
        }
        self.launcher(&verb)
    }

    fn launcher(&self, verb: &[OsString]) -> Result<Told> {
        self.home.tell(&self.home.launcher_program(), verb, self.time.left())?;
        Ok(Told::Done(Remarks::default()))
    }

    /// Waits until nothing is held for a restart, and says who runs.
    pub(super) fn untouched(&self) -> Result<Told> {
        let status = wait_for_every(LOOK_EVERY, self.time.left(), || {
            self.home.status_within(self.time).ok().filter(|status| !status.is_held_by_restart())
        });
        let status = status.ok_or(Trouble::Late)?;
        Ok(Told::Looked(sight(&status, self.home)?))
    }

    /// Waits until the launcher is at rest, and says where: a daemon is ready, and where nothing is
    /// pending any more, nothing is held for a restart.
    pub(super) fn settle(&self) -> Result<Settled> {
        wait_for_every(LOOK_EVERY, self.time.left(), || self.at_rest()).ok_or(Trouble::Late)
    }

    fn at_rest(&self) -> Option<Settled> {
        let launcher = self.home.launcher_within(self.time).ok()?;
        let daemon = launcher.daemon.as_ref().filter(|daemon| daemon.ready)?;
        let status = self.home.status_within(self.time).ok()?;
        let is_held = status.is_held_by_restart();
        let pending = self.pending(&launcher);
        let rests = launcher.state == "running" && status.pid == daemon.pid;
        if !rests || pending == Pending::Gone && is_held {
            return None;
        }
        let slot = launcher.slot.clone()?;
        let good = launcher.is_good(&slot);
        Some(Settled {
            daemon: Some(seen(daemon)?),
            pending,
            standing: if good { Standing::Good } else { Standing::Other },
            delivery: if is_held { Delivery::Held } else { Delivery::Open },
            slot,
        })
    }

    fn pending(&self, launcher: &Launcher) -> Pending {
        match launcher.pending.as_ref().filter(|pending| pending.id == self.id) {
            None => Pending::Gone,
            Some(pending) if pending.phase == "armed" => Pending::Armed,
            Some(_) => Pending::Begun,
        }
    }
}

/// A daemon, once it has said which it is.
fn seen(daemon: &super::views::Child) -> Option<Seen> {
    daemon.generation.map(|generation| Seen { pid: daemon.pid, generation })
}

/// Who runs, by its own word.
pub(super) fn sight(status: &Status, home: &Home) -> Result<Sight> {
    let slot = match &status.slot {
        Some(slot) => slot.clone(),
        None => super::slots::Slots::at(home.slots()).current()?,
    };
    let daemon = Seen { pid: status.pid, generation: status.generation };
    Ok(Sight { daemon, slot, says: Vec::new() })
}

/// Copies the database of the home to a file that nobody but the owner reads.
fn copy(home: &Home, to: &Path, time: Time<'_>) -> Result<()> {
    let mut verb = words(["backup"]);
    verb.push(to.as_os_str().to_owned());
    verb.extend(words(["--json"]));
    time.tell(home, &home.current_program(), &verb)
}

/// Tries the target on a copy of the database, and the old program on what that made of it.
pub(super) fn candidate(home: &Home, id: &str, slot: &str, time: Time<'_>) -> Result<Told> {
    let room = Room::make(home.at("run").join(format!("restart-{id}")))?;
    let file = room.path.join("copy.db");
    copy(home, &file, time)?;
    let database = |verb: &[&str]| {
        let mut verb = words(verb.iter().copied());
        verb.push(file.clone().into_os_string());
        verb.extend(words(["--json"]));
        verb
    };
    let target = home.program_of(slot);
    let verb = database(&["candidate", "--database"]);
    let finished = time.run(home, &target, &verb)?;
    let answer: super::views::Candidate = read(&verb, &finished).unwrap_or_default();
    if !finished.status.success() || answer.failed.is_some() {
        let why = answer.failed.unwrap_or_else(|| said(&verb, &finished));
        return Err(Trouble::with(ExitCode::CandidateFailed, why));
    }
    let check = database(&["run", "--check", "--database"]);
    time.tell(home, &target, &check)?;
    time.tell(home, &home.current_program(), &check).map_err(|trouble| match trouble {
        Trouble::Refused { why, .. } => {
            let why = format!("the program that runs could not go back to this database: {why}");
            Trouble::with(ExitCode::CandidateFailed, why)
        }
        late_or_interrupted => late_or_interrupted,
    })?;
    let says = answer.steps.iter().map(|step| format!("{}: {} ms", step.name, step.elapsed_ms));
    let after = "the program that runs opens what the target made of the database".to_owned();
    Ok(Told::Done(Remarks::plain(says.chain([after]))))
}

/// A directory with what people wrote in it, which goes with its owner.
struct Room {
    path: PathBuf,
}

impl Room {
    fn make(path: PathBuf) -> anyhow::Result<Self> {
        use std::os::unix::fs::DirBuilderExt as _;
        let made = fs::DirBuilder::new().mode(0o700).recursive(true).create(&path);
        made.with_context(|| format!("make {}", path.display()))?;
        Ok(Self { path })
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        // What is left is removed by the next restart.
        drop(fs::remove_dir_all(&self.path));
    }
}

/// Removes the copies of restarts that were killed.
pub(super) fn sweep(home: &Home) -> anyhow::Result<()> {
    let run = home.at("run");
    let Ok(entries) = fs::read_dir(&run) else { return Ok(()) };
    for entry in entries.filter_map(std::result::Result::ok) {
        let is_room = entry.file_name().to_string_lossy().starts_with("restart-r");
        if is_room && entry.path().is_dir() {
            let path = entry.path();
            fs::remove_dir_all(&path).with_context(|| format!("remove {}", path.display()))?;
        }
    }
    Ok(())
}
