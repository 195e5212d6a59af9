//! What can be the case in the fake world, and what can happen there.

use proptest::prelude::*;

use super::SLOTS;
use crate::keeper::{Blame, Proof, Standing};

/// How a slot's daemon behaves, always.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Manner {
    Well,
    /// Its files are not what they should be.
    Unfit,
    /// An older build, which ends at start: it cannot read what the configuration says by now.
    Outdated,
    EndsAtStart,
    NeverReady,
    /// It is ready and says nothing more.
    Hangs,
    /// It is ready, and ends after so many seconds.
    EndsAfter(u64),
    /// It does what it should, and leaves a damaged database.
    Damages,
}

/// The database, as it lies there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Database {
    Whole,
    Damaged,
    /// The damaged one is moved away, and the copy that takes its place lies beside.
    Away,
}

/// Whether there is a backup that is whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Backup {
    Good,
    None,
}

/// What becomes of writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Disk {
    Takes,
    /// Those of some files fail: the bits are current, pending, marks and memory.
    Refuses(u8, After),
}

/// What stands in a file whose write failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum After {
    Old,
    /// It was written, and not known to be durable.
    New,
}

/// What any daemon comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Machine {
    Well,
    /// Nothing can be started.
    StartsNothing,
    /// A daemon that is started finds no room and ends.
    Full,
}

/// What somebody or something does.
#[derive(Debug, Clone, Copy)]
pub(super) enum Step {
    Pass(u64),
    Disk(Disk),
    Machine(Machine),
    /// The launcher stands still, with all that it waits for.
    StandStill(u64),
    Arm(usize),
    Switch,
    Confirm(Proof),
    Disarm,
    Back(Blame),
    GoTo(usize),
    Restart,
    MarkBad(usize),
    /// Somebody has the daemon end in order, past its launcher.
    EndDaemon,
    RunnerGone,
    /// A new launcher begins, as the daemon was told to stop.
    Stop,
    /// The launcher ends when so many more actions are done; with its daemon, or not.
    Cut(usize, Survivor),
}

/// What the end of a launcher leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Survivor {
    None,
    Daemon,
}

fn manner() -> impl Strategy<Value = Manner> {
    prop_oneof![
        4 => Just(Manner::Well),
        1 => Just(Manner::Unfit),
        1 => Just(Manner::EndsAtStart),
        1 => Just(Manner::NeverReady),
        1 => Just(Manner::Hangs),
        1 => (1_u64..150).prop_map(Manner::EndsAfter),
        2 => Just(Manner::Damages),
    ]
}

/// How each slot's daemon behaves: the oldest may be of a time before the configuration. Was it the
/// one that is to run, or the last that is left, it would rightly be waited with.
pub(super) fn manners() -> impl Strategy<Value = Vec<Manner>> {
    let oldest = prop_oneof![2 => manner(), 1 => Just(Manner::Outdated)];
    (oldest, proptest::collection::vec(manner(), SLOTS.len() - 1))
        .prop_map(|(oldest, younger)| [vec![oldest], younger].concat())
}

pub(super) fn standing() -> impl Strategy<Value = Standing> {
    prop_oneof![2 => Just(Standing::Good), 2 => Just(Standing::Unknown), 1 => Just(Standing::Bad)]
}

fn disk() -> impl Strategy<Value = Disk> {
    let after = prop_oneof![Just(After::Old), Just(After::New)];
    prop_oneof![
        1 => Just(Disk::Takes),
        3 => (1_u8..16, after).prop_map(|(files, after)| Disk::Refuses(files, after)),
    ]
}

pub(super) fn step() -> impl Strategy<Value = Step> {
    let machine =
        prop_oneof![Just(Machine::Well), Just(Machine::StartsNothing), Just(Machine::Full)];
    let survivor = prop_oneof![Just(Survivor::None), Just(Survivor::Daemon)];
    let proof = prop_oneof![Just(Proof::Given), Just(Proof::Lacking)];
    let blame = prop_oneof![Just(Blame::Target), Just(Blame::Nobody)];
    prop_oneof![
        6 => (1_u64..40).prop_map(Step::Pass),
        1 => (100_u64..2000).prop_map(Step::Pass),
        4 => (0..SLOTS.len()).prop_map(Step::Arm),
        4 => Just(Step::Switch),
        2 => proof.prop_map(Step::Confirm),
        1 => Just(Step::Disarm),
        1 => blame.prop_map(Step::Back),
        3 => (0..SLOTS.len()).prop_map(Step::GoTo),
        1 => Just(Step::Restart),
        1 => (0..SLOTS.len()).prop_map(Step::MarkBad),
        1 => Just(Step::EndDaemon),
        1 => Just(Step::RunnerGone),
        1 => Just(Step::Stop),
        2 => disk().prop_map(Step::Disk),
        1 => machine.prop_map(Step::Machine),
        1 => (1_u64..200).prop_map(Step::StandStill),
        2 => (0_usize..8, survivor).prop_map(|(after, survivor)| Step::Cut(after, survivor)),
    ]
}
