//! What is done before anybody notices: which checks the change needs, the target's slot, its gate.

use std::path::PathBuf;

use harness::binaries::CLAUDE_VERSION;
use harness::exit_code::ExitCode;
use harness::restart::machine::{Remarks, Told};
use harness::tier::Tier;

use super::build::Yard;
use super::gate::Trial;
use super::lock::{Holder, Lock};
use super::runner::{Runner, lost};
use super::select::{self, Selection};
use super::slots::{Manifest, Slots};
use super::trouble::{Result, Trouble};
use super::{Means, build, gate, progress, room};
use crate::claude::{self, Fetch, Patience, Stop};

impl Runner<'_> {
    /// Finds the checks that the change needs.
    pub(super) fn select(&mut self) -> Result<Told> {
        let slots = self.slots();
        if let Some(slot) = &self.target.slot {
            self.target.commit = slots.manifest(slot)?.commit;
            let says = vec!["no tests: the slot has passed its gate".to_owned()];
            return Ok(Told::Done(Remarks::plain(says)));
        }
        let commit = self.target.commit.clone().ok_or_else(lost)?;
        let running = slots.manifest(&slots.current()?)?.commit;
        let changed = select::changed(self.workspace.root(), running.as_deref(), &commit);
        let mut selection = select::select(&self.flags.gate, &changed);
        if let Some(slot) = slots.of_commit(&commit)? {
            selection = selection.with(&slot.refused);
        }
        let remarks = Remarks::plain(selection.says.clone());
        self.selection = Some(selection);
        Ok(Told::Done(remarks))
    }

    /// What would be done from here on.
    pub(super) fn foresee(&self, means: Means<'_>) -> Result<Told> {
        let mut says = Vec::new();
        match (&self.target.slot, &self.target.commit, &self.selection) {
            (None, Some(commit), Some(selection)) => {
                let slots = self.slots();
                let slot = slots.of_commit(commit)?;
                let room = self.ensure_room(selection, slot.as_ref());
                if let Some(manifest) = slot {
                    says.push(format!("slot {} would be taken: nothing is built", manifest.name));
                    says.extend(self.trial(means, &slots, selection)?.foresee(&manifest, commit));
                } else {
                    says.push(format!("commit {commit} would be built: it has no slot"));
                    says.extend(selection.tiers.iter().map(|tier| format!("{tier} would run")));
                }
                if selection.measured {
                    says.push(self.trial(means, &slots, selection)?.base(commit).foreseen());
                }
                if needs_agent(selection) && !self.agent(commit).1.is_file() {
                    says.push("the real agent program would be fetched first, with npm".to_owned());
                }
                says.extend(room.err().map(|trouble| format!("it would end there: {trouble}")));
            }
            _ => says.push(format!("slot {} would be taken as it is", self.target.asked)),
        }
        Ok(Told::Done(Remarks::plain(says)))
    }

    /// The build directory, where something may have to be built: until the gate has passed.
    pub(super) fn take_yard(&self) -> Result<Option<Lock>> {
        if self.target.slot.is_some() {
            return Ok(None);
        }
        let holder = Holder::here(self.who, &self.target.asked);
        Yard::of(self.workspace).lock(&holder).map(Some)
    }

    /// The slot of the target: there already, or built.
    pub(super) fn build(&self, means: Means<'_>) -> Result<(String, Remarks)> {
        if let Some(slot) = &self.target.slot {
            return Ok((slot.clone(), Remarks::plain(["it is built already".to_owned()])));
        }
        let commit = self.target.commit.as_deref().ok_or_else(lost)?;
        let slot = self.slots().of_commit(commit)?;
        let selection = self.selection.as_ref().ok_or_else(lost)?;
        self.ensure_room(selection, slot.as_ref())?;
        if needs_agent(selection) {
            let (version, place) = self.agent(commit);
            let patience = Patience::within(means.time.left(), means.time.interrupt());
            ensure_agent(Fetch::of(&version, patience).unless_there(&place, progress::remark))?;
        }
        if let Some(manifest) = slot {
            let says = format!("{} is of this commit: nothing is built", manifest.name);
            return Ok((manifest.name, Remarks::plain([says])));
        }
        let built = build::build(self.workspace, &self.home, commit, means.time);
        let slot = built.map_err(|trouble| self.or_full(trouble))?;
        let says = format!("{slot} was built");
        Ok((slot, Remarks::plain([says])))
    }

    /// The version of the real agent program that the target's runners are built for, and where they
    /// look for it.
    fn agent(&self, commit: &str) -> (String, PathBuf) {
        let version = claude::version_of(self.workspace.root(), commit);
        let version = version.unwrap_or_else(|| CLAUDE_VERSION.to_owned());
        let place = claude::place(self.workspace.target_dir(), &version);
        (version, place)
    }

    fn ensure_room(&self, selection: &Selection, slot: Option<&Manifest>) -> Result<()> {
        room::ensure_for_builds(self.workspace, &self.home, selection, slot)
    }

    /// Has its checks pass, unless they did so long ago.
    pub(super) fn gate(&self, means: Means<'_>) -> Result<Remarks> {
        let slots = self.slots();
        let slot = self.slot()?;
        if self.target.slot.is_some() {
            let gate = slots.manifest(slot)?.gate.ok_or_else(lost)?;
            return Ok(Remarks::plain([gate::shown(&gate)]));
        }
        let selection = self.selection.as_ref().ok_or_else(lost)?;
        let commit = self.target.commit.as_deref().ok_or_else(lost)?;
        let passed = self.trial(means, &slots, selection)?.pass(slot, commit);
        passed.map_err(|trouble| self.or_full(trouble))
    }

    /// `trouble`, unless the home's disk is full by now and the reason for it.
    fn or_full(&self, trouble: Trouble) -> Trouble {
        match trouble {
            Trouble::Refused { .. } => {
                let said = trouble.to_string();
                room::or_full(self.home.root(), &said, trouble)
            }
            late_or_interrupted => late_or_interrupted,
        }
    }

    fn trial<'t>(
        &'t self,
        means: Means<'t>,
        slots: &'t Slots,
        selection: &'t Selection,
    ) -> Result<Trial<'t>> {
        let running = slots.manifest(&slots.current()?)?.commit;
        Ok(Trial { means, slots, selection, running, speed: self.flags.speed })
    }
}

/// Tier 3 runs against the real agent program, which lies in no slot.
fn needs_agent(selection: &Selection) -> bool {
    selection.tiers.contains(&Tier::RealAgent)
}

/// What is missing is said before an hour of building and testing, and not behind it.
fn ensure_agent(fetched: std::result::Result<Option<&'static str>, Stop>) -> Result<()> {
    let why = match fetched {
        Ok(None) => return Ok(()),
        Ok(Some(why)) => why.to_owned(),
        Err(Stop::Failed(error)) => format!("failed to {error:#}"),
        // Without a word on the target: its build was not begun.
        Err(Stop::Late) => "there was no more time to fetch it".to_owned(),
        Err(Stop::Interrupted) => return Err(Trouble::Interrupted),
    };
    let why = format!("tier 3 was selected, which runs against the real agent program: {why}");
    Err(Trouble::with(ExitCode::PreconditionMissing, why))
}

#[cfg(test)]
mod tests;
