use anyhow::anyhow;

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::time::Duration;

use harness::restart::flags::Choice;

use super::super::home::Home;
use super::super::slots::{self, Refused};
use super::super::target::Target;
use super::super::tests::stage::{OLD, Stage};
use super::super::time::Time;
use super::*;
use crate::checkout::tests::{begin, commit};
use crate::running::Interrupt;
use crate::workspace::Workspace;

/// A repository whose commit is to run on the home of a stage, tested against version 9.9.9 of the agent
/// program.
struct Ground {
    stage: Stage,
    repository: tempfile::TempDir,
    /// The repository, by one of its paths.
    root: PathBuf,
    commit: String,
    interrupt: Interrupt,
}

impl Ground {
    fn new() -> Self {
        let (repository, _place) = begin();
        let pinned = repository.path().join("harness/src/binaries.rs");
        fs::create_dir_all(pinned.parent().unwrap()).unwrap();
        fs::write(pinned, "pub const CLAUDE_VERSION: &str = \"9.9.9\";\n").unwrap();
        let commit = commit(repository.path(), "two\n");
        let root = repository.path().to_path_buf();
        Self { stage: Stage::new(), repository, root, commit, interrupt: Interrupt::never() }
    }

    /// What comes of something that a restart to the commit does with these checks.
    fn does<Answer>(
        &self,
        gate: Choice,
        work: impl FnOnce(&mut Runner<'_>, Means<'_>) -> Result<Answer>,
    ) -> Result<Answer> {
        let workspace = Workspace::at(&self.root);
        let home = Home::find(Some(&self.stage.home())).unwrap();
        let runs = home.report("r1-0000").join("runs");
        let target = Target {
            asked: "HEAD".to_owned(),
            commit: Some(self.commit.clone()),
            slot: None,
            remark: None,
        };
        let id = "r1-0000".to_owned();
        let mut runner = Runner::new(&workspace, home, id, target, &self.interrupt);
        runner.flags.gate = gate;
        let time = Time::from_now(Duration::from_mins(1), &self.interrupt);
        runner.select()?;
        work(&mut runner, Means { workspace: &workspace, time, runs: &runs })
    }

    /// Where something of the build directory lies.
    fn built(&self, path: &str) -> PathBuf {
        self.root.join("target").join(path)
    }

    /// Leaves a program of another version where the runners look for theirs.
    fn lay_another_agent(&self) {
        let place = self.built("claude/9.9.9/claude");
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        fs::write(&place, "#!/bin/sh\necho 1.0.0\n").unwrap();
        fs::set_permissions(&place, fs::Permissions::from_mode(0o700)).unwrap();
    }

    fn has_begun_to_build(&self) -> bool {
        self.built("restart").exists()
    }

    /// Gives the commit a slot with programs, of which a check may have said no.
    fn lay_slot(&self, refused: Refused) {
        let slots = Slots::at(self.stage.home().join("slots"));
        let mut manifest = slots.manifest(OLD).unwrap();
        manifest.name = slots::name_of(&self.commit, manifest.built_at);
        self.stage.lay(&manifest.name);
        (manifest.commit, manifest.refused) = (Some(self.commit.clone()), refused);
        slots.write(&manifest).unwrap();
    }
}

fn tier_2() -> Choice {
    Choice::Tiers([Tier::RealBinaries].into())
}

#[test]
fn an_agent_program_that_is_not_the_targets_ends_it_before_anything_is_built() {
    let ground = Ground::new();
    ground.lay_another_agent();
    let trouble = ground.does(Choice::All, |runner, means| runner.build(means)).unwrap_err();
    assert_eq!(trouble.code(), Some(ExitCode::PreconditionMissing));
    let said = trouble.to_string();
    assert!(said.contains("it is version \"1.0.0\" and not 9.9.9"), "{said}");
    assert!(!ground.has_begun_to_build());
}

#[test]
fn an_agent_program_that_no_check_needs_is_not_asked_for() {
    let ground = Ground::new();
    ground.lay_another_agent();
    ground.lay_slot(Refused::default());
    let (_, remarks) = ground.does(tier_2(), |runner, means| runner.build(means)).unwrap();
    assert!(remarks.says[0].ends_with("is of this commit: nothing is built"), "{remarks:?}");
}

#[test]
fn a_wish_to_end_is_heard_while_the_agent_program_is_asked_for() {
    let mut ground = Ground::new();
    ground.lay_another_agent();
    ground.interrupt = Interrupt::at_once();
    let ended = ground.does(Choice::All, |runner, means| runner.build(means));
    assert!(matches!(ended, Err(Trouble::Interrupted)), "{ended:?}");
    assert!(!ground.has_begun_to_build());
}

#[test]
fn a_dry_run_says_that_the_agent_program_would_be_fetched() {
    let fetched = "the real agent program would be fetched first, with npm".to_owned();
    let says =
        |ground: &Ground, gate| match ground.does(gate, |runner, means| runner.foresee(means)) {
            Ok(Told::Done(remarks)) => remarks.says,
            other => panic!("{other:?}"),
        };
    let ground = Ground::new();
    assert!(says(&ground, Choice::All).contains(&fetched));
    assert!(!says(&ground, tier_2()).contains(&fetched));
    ground.lay_another_agent();
    assert!(!says(&ground, Choice::All).contains(&fetched), "it is looked at when it is needed");
}

#[test]
fn what_said_no_of_the_slot_is_selected_whatever_is_asked_for() {
    let ground = Ground::new();
    let tiers = |ground: &Ground| {
        let selected = ground.does(tier_2(), |runner, _| Ok(runner.selection.clone().unwrap()));
        let selection = selected.unwrap();
        (selection.tiers.iter().map(|tier| tier.number()).collect::<Vec<_>>(), selection.measured)
    };
    assert_eq!(tiers(&ground), (vec![2], false));
    ground.lay_slot(Refused { tiers: [Tier::RealAgent].into(), measured: true });
    assert_eq!(tiers(&ground), (vec![2, 3], true));
}

#[test]
fn a_home_without_room_is_the_reason_for_a_build_that_failed_on_it() {
    let ground = Ground::new();
    let code =
        |trouble: Trouble| ground.does(tier_2(), |runner, _| Ok(runner.or_full(trouble).code()));
    let failed = |why: &str| Trouble::refused(format!("failed to {why}"));
    let full = "copy x: No space left on device (os error 28)";
    assert_eq!(code(failed(full)).unwrap(), Some(ExitCode::PreconditionMissing));
    assert_eq!(code(failed("copy x: no such file")).unwrap(), None);
}

#[test]
fn a_build_and_a_gate_that_fail_for_a_full_disk_say_so() {
    let codes = |ground: &Ground| {
        let build = ground.does(tier_2(), |runner, means| runner.build(means).map(drop));
        ground.lay_slot(Refused::default());
        let gate = ground.does(tier_2(), |runner, means| {
            runner.slot = Some(runner.build(means)?.0);
            runner.gate(means).map(drop)
        });
        [build, gate].map(|ended| ended.unwrap_err().code())
    };
    let mut ground = Ground::new();
    // Commits cannot be laid there: the failure names the place.
    fs::create_dir(ground.built("")).unwrap();
    fs::write(ground.built("restart"), "a file").unwrap();
    assert_eq!(codes(&ground), [None, None]);
    let full = ground.stage.home().join("No space left on device");
    symlink(ground.repository.path(), &full).unwrap();
    ground.root = full;
    let _its_home = std::mem::replace(&mut ground.stage, Stage::new());
    assert_eq!(codes(&ground), [Some(ExitCode::PreconditionMissing); 2]);
}

#[test]
fn an_agent_program_that_cannot_be_had_ends_it_before_anything_is_built() {
    assert!(ensure_agent(Ok(None)).is_ok());
    for (fetched, why) in [
        (Ok(Some("npm is not installed")), "the real agent program: npm is not installed"),
        (Err(Stop::Late), "program: there was no more time to fetch it"),
        (
            Err(Stop::Failed(anyhow!("fetch it: no network"))),
            "program: failed to fetch it: no network",
        ),
    ] {
        let trouble = ensure_agent(fetched).unwrap_err();
        assert_eq!(trouble.code(), Some(ExitCode::PreconditionMissing));
        assert!(trouble.to_string().ends_with(why), "{trouble}");
    }
}
