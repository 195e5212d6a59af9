//! The gate on a machine whose cores are all busy: nothing may be red, and nothing may be said.

use harness::bench::check::{Rules, Surroundings};
use harness::bench::policy::Policy;
use harness::bench::report::Mode;
use harness::bench::verdict::{self, Circumstances, Extent, Warnings};
use harness::exit_code::ExitCode;

use crate::bench::drive::{Drive, Starts};
use crate::bench::plan::{self, Wanted};
use crate::bench::ready::Ready;
use crate::running::Interrupt;
use crate::stress::Fire;

/// Holds a build against itself while every core burns.
pub(super) fn run(
    policy: &Policy,
    only: Option<&str>,
    ready: Ready,
    interrupt: &Interrupt,
) -> anyhow::Result<ExitCode> {
    let offered = &ready.offered;
    let wanted = Wanted { mode: Mode::Quick, only, head: offered, base: Some(offered) };
    let planned = plan::plan(policy, wanted);
    let starts = Starts { base: Some(ready.starts.control.clone()), ..ready.starts };
    let mut fire = Fire::light()?;
    let measured = Drive::new(&starts, Rules::quick(super::SEED), planned, interrupt).run()?;
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
    let holds = burnt && verdict.failed == 0 && verdict.exit_code == ExitCode::Inconclusive;
    Ok(if holds { ExitCode::Pass } else { ExitCode::Failed })
}
