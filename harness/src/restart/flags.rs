//! What may be asked of a restart, read from words and checked.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::step::{MARGIN, MEMORY_MAX, PROBE_MAX, RELEASE_MAX};
use crate::tier::Tier;

/// How long what runs is waited for when nobody says.
pub const DRAIN: Duration = Duration::from_mins(2);

/// How long the new daemon is watched when nobody says.
pub const SOAK: Duration = Duration::from_secs(30);

/// What the checks take beside the soak, at most: the confirm timeout has to leave them that, and is
/// just that where nobody says. The check while held, the release, the backlog, tier 4 twice, the
/// memory, and what is to be left then.
pub const CHECKS_MAX: Duration = Duration::from_secs(
    4 * PROBE_MAX.as_secs() + RELEASE_MAX.as_secs() + MEMORY_MAX.as_secs() + MARGIN.as_secs(),
);

/// The longest time that anything can be asked to take.
const DURATION_MAX: Duration = Duration::from_hours(24);

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flags {
    /// Whether anything is changed.
    pub scope: Scope,
    /// How what runs comes to its end.
    pub drain: Drain,
    /// Which checks the target has to pass.
    pub gate: Choice,
    /// How long the new daemon is watched before it is blessed.
    pub soak: Duration,
    /// How long the launcher waits for that before it goes back by itself.
    pub confirm_timeout: Duration,
    /// What a target that fails its checks means.
    pub on_failure: OnFailure,
    /// What times mean that got worse, or cannot be said.
    pub speed: Speed,
}

/// How far a restart goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// All of it.
    Whole,
    /// It is looked and said what would be done; nothing is changed.
    DryRun,
}

/// How what runs comes to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Drain {
    /// Nothing is held until nobody is busy; nobody is ever interrupted.
    WhenIdle(Duration),
    /// Held at once; who is busy after this long is interrupted.
    Within(Duration),
    /// Who is busy is interrupted at once.
    Now {
        /// Why that cannot wait.
        because: String,
    },
}

/// Which checks the target has to pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// What the changed files ask for.
    Auto,
    /// Everything.
    All,
    /// These tiers.
    Tiers(BTreeSet<Tier>),
}

/// What a target that fails its checks means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnFailure {
    /// The previous one runs again.
    RollBack,
    /// It stays, for somebody to look at.
    Keep,
}

/// What a time means that got worse than that of the running build, or cannot be said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speed {
    /// A remark.
    Remarked,
    /// A failure.
    Strict,
}

/// What was typed, as it was typed.
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of a command line")]
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Words {
    /// `--dry-run`.
    pub dry_run: bool,
    /// `--when-idle`.
    pub when_idle: Option<String>,
    /// `--drain`.
    pub drain: Option<String>,
    /// `--now`.
    pub now: bool,
    /// `--because`.
    pub because: Option<String>,
    /// `--gate`.
    pub gate: Option<String>,
    /// `--soak`.
    pub soak: Option<String>,
    /// `--confirm-timeout`.
    pub confirm_timeout: Option<String>,
    /// `--no-rollback`.
    pub no_rollback: bool,
    /// `--strict-perf`.
    pub strict_perf: bool,
}

/// Why a command line makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadFlags {
    /// A time.
    #[error("read {flag}: {text:?} is no time such as 30s, 10m or 1h")]
    Time {
        /// Of which flag.
        flag: &'static str,
        /// What stands there.
        text: String,
    },
    /// More than one way to drain.
    #[error("drain in several ways at once: only one of --when-idle, --drain and --now")]
    Drains,
    /// An interruption without a reason.
    #[error("interrupt people without a reason: --now needs --because")]
    Because,
    /// A reason for what needs none.
    #[error("take a reason for what interrupts nobody: --because belongs to --now")]
    BecauseOfNothing,
    /// No choice of checks.
    #[error("read --gate: {0:?} is none of auto, all and tiers=1,2 (of 1 to 3)")]
    Gate(String),
    /// The launcher would go back while all goes well.
    #[error(
        "check within {confirm_s} s what is to soak for {soak_s} s: --confirm-timeout has to be {needed_s} s at least"
    )]
    Confirm {
        /// `--confirm-timeout`.
        confirm_s: u64,
        /// `--soak`.
        soak_s: u64,
        /// What would do.
        needed_s: u64,
    },
}

impl Default for Flags {
    fn default() -> Self {
        Self {
            scope: Scope::Whole,
            drain: Drain::Within(DRAIN),
            gate: Choice::Auto,
            soak: SOAK,
            confirm_timeout: SOAK + CHECKS_MAX,
            on_failure: OnFailure::RollBack,
            speed: Speed::Remarked,
        }
    }
}

impl Words {
    /// What they ask for.
    pub fn read(&self) -> Result<Flags, BadFlags> {
        let or = |flag, text: &Option<String>, otherwise| {
            text.as_deref().map_or(Ok(otherwise), |text| time(flag, text))
        };
        let soak = or("--soak", &self.soak, SOAK)?;
        let needed = soak + CHECKS_MAX;
        let confirm_timeout = or("--confirm-timeout", &self.confirm_timeout, needed)?;
        if confirm_timeout < needed {
            let (confirm_s, soak_s) = (confirm_timeout.as_secs(), soak.as_secs());
            return Err(BadFlags::Confirm { confirm_s, soak_s, needed_s: needed.as_secs() });
        }
        Ok(Flags {
            scope: if self.dry_run { Scope::DryRun } else { Scope::Whole },
            drain: self.drained()?,
            gate: self.gate.as_deref().map_or(Ok(Choice::Auto), choice)?,
            soak,
            confirm_timeout,
            on_failure: if self.no_rollback { OnFailure::Keep } else { OnFailure::RollBack },
            speed: if self.strict_perf { Speed::Strict } else { Speed::Remarked },
        })
    }

    fn drained(&self) -> Result<Drain, BadFlags> {
        let because = self.because.as_deref().map(str::trim).filter(|why| !why.is_empty());
        let drain = match (&self.when_idle, &self.drain, self.now, because) {
            (None, None, true, Some(because)) => Drain::Now { because: because.to_owned() },
            (None, None, true, None) => return Err(BadFlags::Because),
            (_, _, false, Some(_)) => return Err(BadFlags::BecauseOfNothing),
            (None, None, false, None) => Drain::Within(DRAIN),
            (Some(text), None, false, None) => Drain::WhenIdle(time("--when-idle", text)?),
            (None, Some(text), false, None) => Drain::Within(time("--drain", text)?),
            _ => return Err(BadFlags::Drains),
        };
        Ok(drain)
    }
}

/// `30s`, `10m`, `1h`; a number alone is seconds.
fn time(flag: &'static str, text: &str) -> Result<Duration, BadFlags> {
    let bad = || BadFlags::Time { flag, text: text.to_owned() };
    let (digits, unit_s) = match text.trim() {
        text if text.ends_with('s') => (&text[..text.len() - 1], 1),
        text if text.ends_with('m') => (&text[..text.len() - 1], 60),
        text if text.ends_with('h') => (&text[..text.len() - 1], 3600),
        text => (text, 1),
    };
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let number: u64 =
        if is_number { digits.parse().map_err(|_| bad())? } else { return Err(bad()) };
    let seconds = number.checked_mul(unit_s).ok_or_else(bad)?;
    let time = Duration::from_secs(seconds);
    if DURATION_MAX < time { Err(bad()) } else { Ok(time) }
}

/// `auto`, `all`, `tiers=1,2`.
fn choice(text: &str) -> Result<Choice, BadFlags> {
    let bad = || BadFlags::Gate(text.to_owned());
    match text {
        "auto" => Ok(Choice::Auto),
        "all" => Ok(Choice::All),
        _ => {
            let named = text.strip_prefix("tiers=").ok_or_else(bad)?;
            let tier = |number: &str| {
                let number = number.trim().parse().ok()?;
                // Tier 4 is about a daemon that runs, which is what the last steps are.
                Tier::from_number(number).filter(|tier| *tier != Tier::Running)
            };
            let tiers: Option<BTreeSet<Tier>> = named.split(',').map(tier).collect();
            tiers.map(Choice::Tiers).ok_or_else(bad)
        }
    }
}

#[cfg(test)]
mod tests;
