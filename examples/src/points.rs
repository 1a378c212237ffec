//! The arithmetic of π.

use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};

/// How many of so many random points of the unit square lie within a distance of 1 from its corner.
#[must_use]
pub fn points_inside(seed: u64, points: u64) -> u64 {
    let mut random = SmallRng::seed_from_u64(seed);
    let mut inside = || {
        let (x, y): (f64, f64) = random.random();
        u64::from(x * x + y * y <= 1.0)
    };
    (0..points).map(|_| inside()).sum()
}
