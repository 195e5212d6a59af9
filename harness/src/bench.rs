//! Baselines: what is promised about speed, memory and cleanliness, and whether a build keeps it.
//!
//! ```text
//!  baselines/metrics.toml ──> policy ─────────────┐
//!  bench-probe (head) ──┐                         v
//!  bench-probe (base) ──┴─ probe ─> pairs ─> check ─> report.json ─> terminal, Markdown, JUnit, HTML
//!  baselines/machines, history ──> reference, history ──^
//! ```
//!
//! All of it but reading and writing the files is pure: times are values that somebody measured,
//! chance is a seed. A number is judged in two ways. *Absolute*: against the line that is promised.
//! *Relative*: only against a build of an older commit that was measured in the same minutes, never
//! against a stored number. What is too noisy to say is *inconclusive*, which is never a pass.

pub mod absolute;
pub mod check;
pub mod drift;
pub mod history;
pub mod load;
mod machine;
pub mod noise;
pub mod paired;
pub mod peers;
pub mod policy;
pub mod probe;
pub mod reference;
pub mod render;
pub mod report;
#[cfg(test)]
mod simulated;
#[cfg(test)]
pub(crate) mod small_run;
#[cfg(test)]
mod specimen;
pub mod statistics;
pub mod verdict;
