//! A round: both hosts anew, and everything once or a few times, the two taking turns at random.
//!
//! ```text
//!  start ─> warm up ─> life × 3 ─> disconnect in the middle ─> 5 cycles ─> 1, 5, 20 sessions ─> end
//!                       └ connect, queries, interrupts, disconnect, resume, disconnect
//! ```
//!
//! Both hosts are alive all through a round, so that neither has the machine for itself; but the
//! crowds are there one after the other, as forty agents are more than many machines have room for.

use std::collections::BTreeMap;

use harness::bench::load;
use harness::bench::peers::{Answer, Ask};
use harness::seed::Seed;

use super::ground::{Ground, Side};
use super::peer::Peer;
use super::row::{Pair, Row};
use crate::running::Interrupt;

/// Conversations in a round.
const LIVES: usize = 3;

/// Queries of a conversation behind its first, and interrupts.
const TIMES: usize = 3;

/// Conversations from beginning to end that one time is taken of.
const CYCLES: usize = 5;

/// Sessions of a host when its memory is looked at.
const CROWDS: [(usize, Row); 3] = [(1, Row::Rss1), (5, Row::Rss5), (20, Row::Rss20)];

/// A text that is simply answered.
const PLAIN: &str = "hello";

/// A text whose answer comes in 600 pieces, one each 100 ms: whoever waits for its end does not get
/// away with it.
const LONG: &str = "slow 600 100";

/// Pairs by row.
pub(super) type Pairs = BTreeMap<Row, Vec<Pair>>;

/// What a round found.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// What is compared.
    pub(super) pairs: Pairs,
    /// How much each host grew over its cycles, in megabytes.
    pub(super) growth: Option<Pair>,
    /// The part of all cores that others had just before.
    pub(super) others: f64,
    /// What the hosts call themselves.
    pub(super) hosts: Option<(String, String)>,
}

/// Whether memory is looked at, which takes most of a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Memory {
    /// With all the sessions it takes.
    Seen,
    /// Not in this round.
    Unseen,
}

/// Both hosts, and the chance of who is first.
struct Two<'a> {
    ground: &'a Ground,
    sdk: Peer,
    ours: Peer,
    seed: &'a mut Seed,
    interrupt: &'a Interrupt,
}

/// Plays one.
pub(super) fn play(
    ground: &Ground,
    number: usize,
    memory: Memory,
    seed: &mut Seed,
    interrupt: &Interrupt,
) -> anyhow::Result<Found> {
    let others = load::look();
    let start = |side: Side| -> anyhow::Result<_> {
        let (command, mark) = ground.host(side, number)?;
        let words = ground.words(side, number);
        Ok(Peer::start(side.name(), command, &mark, words, interrupt)?)
    };
    let (sdk, its_name) = start(Side::Sdk)?;
    let (ours, our_name) = start(Side::Ours)?;
    let mut two = Two { ground, sdk, ours, seed, interrupt };
    let mut found =
        Found { others, hosts: Some((its_name.host, our_name.host)), ..Found::default() };
    // What is done for the first time is done for the caches.
    two.both(&[Ask::Cycles { count: 1, text: PLAIN.to_owned() }])?;
    for _ in 0..LIVES {
        two.life(&mut found.pairs)?;
    }
    two.cut_off(&mut found.pairs)?;
    two.cycles(&mut found)?;
    if memory == Memory::Seen {
        two.crowds(&mut found.pairs)?;
    }
    two.sdk.end()?;
    two.ours.end()?;
    Ok(found)
}

impl Two<'_> {
    /// Asks one host all of it and then the other one; the answers to the last, the SDK's first.
    fn both(&mut self, asks: &[Ask]) -> anyhow::Result<(Answer, Answer)> {
        let ours_first = self.seed.below(2) == 0;
        let (api, interrupt) = (self.ground.api(), self.interrupt);
        let all = |peer: &mut Peer| -> anyhow::Result<Answer> {
            let mut last = Answer::done();
            for ask in asks {
                let before = api.asked()?;
                last = peer.ask(ask, interrupt)?;
                // A turn says that it runs before it has asked anybody for an answer: how far it has
                // come by the next thing would be a matter of how fast a host is.
                if matches!(ask, Ask::Begin { .. }) {
                    api.await_more(before, interrupt)?;
                }
            }
            Ok(last)
        };
        if ours_first {
            let ours = all(&mut self.ours)?;
            Ok((all(&mut self.sdk)?, ours))
        } else {
            Ok((all(&mut self.sdk)?, all(&mut self.ours)?))
        }
    }

    /// The same, with the times as a pair of that row.
    fn timed(&mut self, row: Row, asks: &[Ask], pairs: &mut Pairs) -> anyhow::Result<()> {
        let answers = self.both(asks)?;
        note(pairs, row, [answers.0.ms, answers.1.ms])
    }

    fn life(&mut self, pairs: &mut Pairs) -> anyhow::Result<()> {
        let query = || Ask::Query { text: PLAIN.to_owned() };
        self.timed(Row::Connect, &[Ask::Connect], pairs)?;
        self.both(&[query()])?;
        for _ in 0..TIMES {
            let (sdk, ours) = self.both(&[query()])?;
            note(pairs, Row::FirstMessage, [sdk.first_ms, ours.first_ms])?;
            note(pairs, Row::FullQuery, [sdk.ms, ours.ms])?;
        }
        for _ in 0..TIMES {
            self.timed(Row::Interrupt, &[begin(), Ask::Interrupt], pairs)?;
        }
        self.timed(Row::Disconnect, &[Ask::Disconnect], pairs)?;
        self.timed(Row::ResumeConnect, &[Ask::Resume], pairs)?;
        self.both(&[query()])?;
        self.timed(Row::Disconnect, &[Ask::Disconnect], pairs)
    }

    fn cut_off(&mut self, pairs: &mut Pairs) -> anyhow::Result<()> {
        let asks = [Ask::Connect, begin(), Ask::Disconnect];
        self.timed(Row::DisconnectMidQuery, &asks, pairs)
    }

    fn cycles(&mut self, found: &mut Found) -> anyhow::Result<()> {
        let before = self.rss()?;
        let asks = [Ask::Cycles { count: CYCLES, text: PLAIN.to_owned() }];
        self.timed(Row::Cycles, &asks, &mut found.pairs)?;
        let after = self.rss()?;
        found.growth = Some(Pair { sdk: after.sdk - before.sdk, ours: after.ours - before.ours });
        Ok(())
    }

    fn crowds(&mut self, pairs: &mut Pairs) -> anyhow::Result<()> {
        let interrupt = self.interrupt;
        let seen = |peer: &mut Peer| -> anyhow::Result<Vec<f64>> {
            let mut seen = Vec::new();
            for (count, _) in CROWDS {
                peer.ask(&Ask::Gather { count, text: PLAIN.to_owned() }, interrupt)?;
                seen.push(peer.rss_mb()?);
            }
            peer.ask(&Ask::Scatter, interrupt)?;
            Ok(seen)
        };
        let (sdk, ours) = (seen(&mut self.sdk)?, seen(&mut self.ours)?);
        for ((_, row), (sdk, ours)) in CROWDS.iter().zip(sdk.into_iter().zip(ours)) {
            note(pairs, *row, [Some(sdk), Some(ours)])?;
        }
        Ok(())
    }

    fn rss(&self) -> anyhow::Result<Pair> {
        Ok(Pair { sdk: self.sdk.rss_mb()?, ours: self.ours.rss_mb()? })
    }
}

fn begin() -> Ask {
    Ask::Begin { text: LONG.to_owned() }
}

fn note(pairs: &mut Pairs, row: Row, values: [Option<f64>; 2]) -> anyhow::Result<()> {
    let [Some(sdk), Some(ours)] = values else {
        anyhow::bail!("compare {}: a host gave no time for it", row.title());
    };
    pairs.entry(row).or_default().push(Pair { sdk, ours });
    Ok(())
}
