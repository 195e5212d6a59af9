//! Chance that can be repeated: every random choice of a check comes from one printed number.
//!
//! The generator is splitmix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number
//! generators", 2014): a few lines, the same on every machine, good enough to pick a moment.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::time::Duration;

/// A stream of numbers that a single printed number repeats.
#[derive(Debug, Clone)]
pub struct Seed {
    first: u64,
    state: u64,
}

impl Seed {
    /// The stream that this number names.
    pub const fn new(first: u64) -> Self {
        Self { first, state: first }
    }

    /// A stream that was not used before, from the randomness the standard library keys its maps
    /// with.
    pub fn fresh() -> Self {
        Self::new(RandomState::new().build_hasher().finish())
    }

    /// The number to print, which repeats the whole stream.
    pub const fn number(&self) -> u64 {
        self.first
    }

    /// The next number of the stream.
    pub const fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number under `bound`; 0 for a bound of 0.
    pub const fn below(&mut self, bound: u64) -> u64 {
        if bound == 0 { 0 } else { self.next() % bound }
    }

    /// A span from `shortest` up to `longest`, in whole microseconds.
    pub fn between(&mut self, shortest: Duration, longest: Duration) -> Duration {
        let room = u64::try_from(longest.saturating_sub(shortest).as_micros()).unwrap_or(u64::MAX);
        shortest + Duration::from_micros(self.below(room))
    }
}

#[cfg(test)]
mod tests;
