//! The gate on a machine whose cores are all busy: nothing may be red, and no time may be said.

use harness::bench::check::{Rules, Surroundings};
use harness::bench::policy::{Importance, Kind, Metric, Policy};
use harness::bench::report::Mode;
use harness::bench::verdict::{self, Circumstances, Extent, Warnings};
use harness::exit_code::ExitCode;

use crate::bench::drive::{Drive, Starts};
use crate::bench::plan::{self, Wanted};
use crate::bench::ready::Ready;
use crate::running::Interrupt;
use crate::stress::Fire;

/// A launch of a time is thrown away again and again: more rounds of it would say no more.
const RULES: Rules = Rules { rounds: 1, ..Rules::full(super::SEED) };

/// Holds a build against itself while every core burns, in everything that a whole run measures.
pub(super) fn run(
    policy: &Policy,
    only: Option<&str>,
    ready: Ready,
    interrupt: &Interrupt,
) -> anyhow::Result<ExitCode> {
    let offered = &ready.offered;
    let wanted = Wanted { mode: Mode::Full, only, head: offered, base: Some(offered) };
    let planned = plan::plan(policy, wanted);
    let is_judged = |it: &Metric| it.kind == Kind::Latency && it.gate == Importance::Blocking;
    let has_times = planned.iter().flat_map(|plan| &plan.metrics).any(is_judged);
    let starts = Starts { base: Some(ready.starts.control.clone()), ..ready.starts };
    let mut fire = Fire::light()?;
    let measured = Drive::new(&starts, RULES, planned, interrupt).run()?;
    let burnt = fire.burns();
    drop(fire);
    let surroundings =
        if measured.guard.is_loaded() { Surroundings::Loaded } else { Surroundings::Quiet };
    let findings = measured.check.findings(surroundings);
    let circumstances = Circumstances {
        problems: &[],
        base_missing: None,
        warnings: Warnings::Allowed,
        extent: Extent::Part,
    };
    let verdict = verdict::judge(&findings.metrics, &circumstances);
    let load = measured.guard.load();
    println!(
        "with all cores busy ({} of {} looks found them so): {}; {} held, {} failed, {} inconclusive",
        load.loaded,
        load.looks,
        verdict.exit_code.meaning(),
        verdict.held,
        verdict.failed,
        verdict.inconclusive,
    );
    for reason in &verdict.reasons {
        println!("    {reason}");
    }
    if !burnt {
        println!("NOT TO BE BELIEVED: what kept the cores busy ended before the run did");
    }
    // What is counted stays what it is; of a time nothing can be said.
    let expected = if has_times { ExitCode::Inconclusive } else { ExitCode::Pass };
    let holds = burnt && verdict.failed == 0 && verdict.exit_code == expected;
    Ok(match verdict.exit_code {
        _ if holds => ExitCode::Pass,
        ExitCode::PreconditionMissing => ExitCode::PreconditionMissing,
        _ => ExitCode::Failed,
    })
}
