//! Chance that can be thrown again.

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

/// A source of chance, all of it told by its seed.
#[derive(Debug)]
pub struct Dice(StdRng);

impl Dice {
    /// One of that seed.
    #[must_use]
    pub fn of(seed: u64) -> Self {
        Self(StdRng::seed_from_u64(seed))
    }

    /// A number below that.
    pub fn below(&mut self, limit: u32) -> u32 {
        self.0.random_range(0..limit)
    }

    /// A number between -4 and 4.
    pub fn small(&mut self) -> i64 {
        self.0.random_range(-4..=4)
    }

    /// A number that calls meet at.
    pub fn key(&mut self) -> u32 {
        self.below(5)
    }

    /// A value that tells who wrote it.
    pub fn value(&mut self) -> u64 {
        self.0.random()
    }

    /// Nothing, or a value.
    pub fn maybe(&mut self) -> Option<u64> {
        (self.below(2) == 0).then(|| self.value())
    }
}
