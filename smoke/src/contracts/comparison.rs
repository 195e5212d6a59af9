//! Two implementations side by side: what differs, and how a comparison ends.

use harness::contract::{Contract, Transcript, compare};
use harness::exit_code::ExitCode;

/// What one side has of a contract.
#[derive(Debug)]
pub enum Said {
    /// It kept the contract, and this is what passed.
    Kept(Transcript),
    /// It broke the contract: what was found. What passed is no measure of anything.
    Broken(String),
    /// It cannot show this contract.
    CannotShow,
    /// It should be able to, and what it would be read from is missing or wrong: why.
    Unreadable(String),
}

/// One implementation, with what it has of each contract.
#[derive(Debug)]
pub struct Side {
    /// What it is called.
    pub name: &'static str,
    /// One for each contract, in their order.
    pub said: Vec<Said>,
}

/// How a comparison ended.
#[derive(Debug, PartialEq, Eq)]
pub struct Comparison {
    /// What to tell, line by line.
    pub lines: Vec<String>,
    /// Failed if a contract was broken or has drifted, a wrong file if one could not be read, nothing
    /// selected if nothing was compared.
    pub code: ExitCode,
}

/// Compares what two sides have of these contracts.
pub fn compare_sides(contracts: &[Contract], one: &Side, other: &Side) -> Comparison {
    let mut lines = Vec::new();
    let (mut compared, mut drifted, mut broken, mut unreadable) = (0, 0, 0, 0);
    for (contract, (a, b)) in contracts.iter().zip(one.said.iter().zip(&other.said)) {
        let id = contract.id;
        for (side, said) in [(one.name, a), (other.name, b)] {
            match said {
                Said::Broken(why) => {
                    broken += 1;
                    lines.push(format!("{id} BROKEN by {side}: {why}"));
                }
                Said::Unreadable(why) => {
                    unreadable += 1;
                    lines.push(format!("{id} not compared: {side} failed to {why}"));
                }
                Said::CannotShow => {
                    lines.push(format!("{id} not compared: {side} cannot show it"));
                }
                Said::Kept(_) => {}
            }
        }
        let (Said::Kept(a), Said::Kept(b)) = (a, b) else { continue };
        compared += 1;
        let found = compare(id, (one.name, a), (other.name, b));
        drifted += usize::from(!found.is_empty());
        lines.extend(found.iter().map(ToString::to_string));
    }
    // Two sides of one name say the same of themselves.
    lines.dedup();
    lines.push(format!("{compared} contracts compared, {drifted} with drift"));
    let code = if 0 < drifted + broken {
        ExitCode::Failed
    } else if 0 < unreadable {
        ExitCode::FileInvalid
    } else if compared == 0 {
        ExitCode::NothingSelected
    } else {
        ExitCode::Pass
    };
    Comparison { lines, code }
}

#[cfg(test)]
mod tests;
