//! The dice of a simulation.

use std::ops::RangeInclusive;

/// Draws that follow from a seed (`SplitMix64`).
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// Dice whose draws follow from that seed.
    pub fn of(seed: u64) -> Self {
        Self(seed)
    }

    /// Any number.
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number of that range.
    pub fn between(&mut self, range: RangeInclusive<u64>) -> u64 {
        let (low, high) = range.into_inner();
        low + self.number() % (high - low + 1)
    }

    /// A number below `len`.
    pub fn index(&mut self, len: usize) -> usize {
        usize::try_from(self.number() % u64::try_from(len).unwrap()).unwrap()
    }

    /// One of several.
    pub fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.index(choices.len())]
    }

    /// Whether something happens that does so in so many of a thousand cases.
    pub fn happens(&mut self, of_a_thousand: u64) -> bool {
        self.number() % 1000 < of_a_thousand
    }
}
