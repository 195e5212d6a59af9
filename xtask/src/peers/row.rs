//! The rows of the comparison, and what a row says once both sides were measured.

use std::fmt;

use harness::bench::policy::Statistic;
use harness::bench::report::Interval;
use harness::bench::statistics::{Draws, Resampled, statistic};
use serde::{Deserialize, Serialize};

/// How often rounds are drawn from the rounds.
const DRAWS: usize = 4000;

/// How much less memory our host may have than the other one, at least.
const RSS_RATIO_MIN: f64 = 5.0;

/// How much faster our disconnect in the middle of a query is, at least.
const MID_QUERY_RATIO_MIN: f64 = 5.0;

/// What is compared, in the order of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Row {
    /// Start to ready.
    Connect,
    /// A later query of a conversation, to the first message.
    FirstMessage,
    /// The same, to the result.
    FullQuery,
    /// Close an idle conversation, to the process reaped.
    Disconnect,
    /// The same while a turn runs.
    DisconnectMidQuery,
    /// Start with a conversation that there was, to ready.
    ResumeConnect,
    /// Interrupt, to its acknowledgement.
    Interrupt,
    /// Conversations from beginning to end, one after the other.
    Cycles,
    /// Memory of the host with one conversation.
    Rss1,
    /// With five.
    Rss5,
    /// With twenty.
    Rss20,
}

/// What one of the two took, in milliseconds or megabytes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) struct Pair {
    /// The SDK.
    pub(super) sdk: f64,
    /// Our client.
    pub(super) ours: f64,
}

/// How our side looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Verdict {
    /// Surely better.
    Better,
    /// Not to be told apart.
    NoDifference,
    /// Surely worse.
    Worse,
    /// Better, and by less than was promised; or it cannot be said.
    TooLittle,
}

/// What is known of a row.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) struct Compared {
    /// Which row.
    pub(super) row: Row,
    /// The SDK divided by ours: more than 1 is better.
    pub(super) ratio: Interval,
    /// The median of the SDK.
    pub(super) sdk: f64,
    /// Our median.
    pub(super) ours: f64,
    /// How many pairs.
    pub(super) pairs: usize,
    /// What it means.
    pub(super) verdict: Verdict,
}

impl Row {
    /// All of them.
    pub(super) const ALL: [Self; 11] = [
        Self::Connect,
        Self::FirstMessage,
        Self::FullQuery,
        Self::Disconnect,
        Self::DisconnectMidQuery,
        Self::ResumeConnect,
        Self::Interrupt,
        Self::Cycles,
        Self::Rss1,
        Self::Rss5,
        Self::Rss20,
    ];

    /// As it stands in the table.
    pub(super) const fn title(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::FirstMessage => "first message of a later query",
            Self::FullQuery => "the whole query",
            Self::Disconnect => "disconnect, idle",
            Self::DisconnectMidQuery => "disconnect, in the middle of a query",
            Self::ResumeConnect => "connect to resume",
            Self::Interrupt => "interrupt",
            Self::Cycles => "5 conversations, one after the other",
            Self::Rss1 => "memory of the host, 1 session",
            Self::Rss5 => "memory of the host, 5 sessions",
            Self::Rss20 => "memory of the host, 20 sessions",
        }
    }

    /// What it is counted in.
    pub(super) const fn unit(self) -> &'static str {
        match self {
            Self::Rss1 | Self::Rss5 | Self::Rss20 => "MB",
            _ => "ms",
        }
    }

    /// How many times better it is at least, where that is promised.
    pub(super) const fn promised(self) -> Option<f64> {
        match self {
            Self::Rss1 | Self::Rss5 | Self::Rss20 => Some(RSS_RATIO_MIN),
            Self::DisconnectMidQuery => Some(MID_QUERY_RATIO_MIN),
            _ => None,
        }
    }

    /// Judges its pairs, which come by rounds; `None` if there is none.
    ///
    /// What both did in one round has the state of the machine in common, so a draw takes whole
    /// rounds with all their pairs, and one round less than there are: the module
    /// [`statistics`](harness::bench::statistics) says why. The ratios are taken as logarithms, in
    /// which twice as fast is as far from the same as half as fast.
    pub(super) fn compare(self, rounds: &[Vec<Pair>], seed: u64) -> Option<Compared> {
        let logs: Vec<Vec<f64>> = rounds
            .iter()
            .map(|round| round.iter().map(|pair| (pair.sdk / pair.ours).ln()).collect())
            .collect();
        let logs: Vec<&[f64]> = logs.iter().map(Vec::as_slice).collect();
        let draws = Draws { seed, times: DRAWS }.of(self.title());
        let log = Resampled::of(Statistic::Median, &logs, draws)?.interval();
        let ratio = Interval { value: log.value.exp(), low: log.low.exp(), high: log.high.exp() };
        let median = |side: fn(&Pair) -> f64| {
            let all: Vec<f64> = rounds.iter().flatten().map(side).collect();
            statistic(Statistic::Median, &all)
        };
        Some(Compared {
            row: self,
            ratio,
            sdk: median(|pair| pair.sdk)?,
            ours: median(|pair| pair.ours)?,
            pairs: rounds.iter().map(Vec::len).sum(),
            verdict: Verdict::of(ratio, self.promised()),
        })
    }
}

impl Verdict {
    fn of(ratio: Interval, promised: Option<f64>) -> Self {
        if ratio.high < 1.0 {
            Self::Worse
        } else if promised.is_some_and(|least| ratio.low < least) {
            Self::TooLittle
        } else if 1.0 < ratio.low {
            Self::Better
        } else {
            Self::NoDifference
        }
    }

    /// Whether nothing that was promised is broken.
    pub(super) const fn holds(self) -> bool {
        matches!(self, Self::Better | Self::NoDifference)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(match self {
            Self::Better => "better",
            Self::NoDifference => "no difference",
            Self::Worse => "WORSE",
            Self::TooLittle => "TOO LITTLE",
        })
    }
}

#[cfg(test)]
mod tests;
