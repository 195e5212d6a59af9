//! The command line of `cargo xtask test-tier`, and what it orders.

use std::path::PathBuf;

use clap::Args;
use harness::gate::Gate;
use harness::report::Selection;
use harness::tier::Tier;

use crate::suite::{Copies, Request, Reuse};
use crate::tier::build::Profile;
use crate::tier::{Api, Order};

/// What stands behind `test-tier`.
#[derive(Debug, Args)]
pub(crate) struct TierArguments {
    /// 1: unit, property and in-process; 2: the real binaries; 3: the real agent program; 4: the
    /// daemon that runs.
    #[arg(value_parser = clap::value_parser!(u8).range(1..=4))]
    tier: u8,
    /// Only tests with this in their id.
    #[arg(long, value_name = "FILTER")]
    only: Option<String>,
    /// What is missing, flaky or left behind is an error (as when `CI` is set).
    #[arg(long)]
    gate: bool,
    /// Run the lower tiers first.
    #[arg(long, conflicts_with = "only")]
    up_to: bool,
    /// Run nothing where a receipt of a whole run behind a closed gate still holds.
    #[arg(long, conflicts_with = "only")]
    reuse: bool,
    /// How the programs under check are compiled.
    #[arg(long, value_enum, default_value_t, value_name = "PROFILE")]
    build: Profile,
    /// Tier 3: the API that the agent program talks to.
    #[arg(long, value_enum, default_value_t)]
    api: Api,
    /// Tier 3 with the live API: what it may cost at most, such as `requests=60,usd=2.00`.
    #[arg(long)]
    budget: Option<String>,
    /// Tier 4: the home of the daemon, if it is not your own.
    #[arg(long, value_name = "DIR")]
    home: Option<PathBuf>,
    /// Write the report there too.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    // Not as its documentation, which would have to quote the name.
    #[arg(long, value_name = "FILE", help = "Write it there as JUnit")]
    junit: Option<PathBuf>,
    /// Write it there as Markdown.
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
}

impl TierArguments {
    /// What is ordered, behind the gate that the environment asks for; or what makes no sense.
    pub(crate) fn request(self, environment: Gate) -> Result<Request, String> {
        let gate = if self.gate { Gate::Closed } else { environment };
        let last = Tier::try_from(self.tier).map_err(|error| format!("failed to {error}"))?;
        let tiers: Vec<Tier> = Tier::ALL
            .into_iter()
            .filter(|tier| *tier == last || self.up_to && *tier < last)
            .collect();
        if !tiers.contains(&Tier::RealAgent) && (self.api == Api::Live || self.budget.is_some()) {
            return Err("only tier 3 talks to an API: --api and --budget belong to it".to_owned());
        }
        if self.budget.is_some() && self.api != Api::Live {
            return Err("only --api live costs anything: --budget belongs to it".to_owned());
        }
        if last != Tier::Running && self.home.is_some() {
            return Err("only tier 4 looks at a home that is there already: --home".to_owned());
        }
        if self.reuse && tiers == [Tier::Running] {
            return Err("tier 4 has no receipts, it is true of a moment: --reuse".to_owned());
        }
        if self.only.as_ref().is_some_and(String::is_empty) {
            return Err("an empty filter selects nothing in particular: --only".to_owned());
        }
        let order = |tier: Tier| Order {
            selection: Selection { only: self.only.clone(), exact: false },
            profile: self.build,
            api: self.api,
            budget: self.budget.clone(),
            home: self.home.clone().filter(|_| tier == Tier::Running),
            ..Order::whole(tier, gate)
        };
        Ok(Request {
            orders: tiers.into_iter().map(order).collect(),
            reuse: if self.reuse { Reuse::Valid } else { Reuse::Never },
            copies: Copies { json: self.json, junit: self.junit, markdown: self.markdown },
        })
    }
}

#[cfg(test)]
mod tests;
