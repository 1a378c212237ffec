//! Where chance comes from: what must not collide with others is drawn, and so is when to try again. Tests can seed it.

#[cfg(test)]
#[path = "../unit/chance/seed.rs"]
pub(crate) mod seed;

use std::ops::Range;

/// A number that nobody else draws.
pub(crate) fn number() -> u64 {
    #[cfg(test)]
    if let Some(number) = seed::number() {
        return number;
    }
    rand::random()
}

/// A factor for pauses, so that those who failed together do not try again together.
pub(crate) fn factor(range: Range<f64>) -> f64 {
    // As many bits as a double holds.
    let fraction = (number() >> 11) as f64 / (1_u64 << 53) as f64;
    range.start + fraction * (range.end - range.start)
}

#[cfg(test)]
mod tests {
    use super::seed::Seeded;
    use super::{factor, number};

    #[test]
    fn a_seed_repeats_itself_and_ends() {
        let drawn = |seed| {
            let _seeded = Seeded::with(seed);
            (number(), factor(0.5..1.0).to_bits(), number())
        };
        assert_eq!(drawn(1), drawn(1));
        assert_ne!(drawn(1), drawn(2));
        assert_ne!(number(), number());
        assert!((0..1000).all(|_| (0.5..1.0).contains(&factor(0.5..1.0))));
    }
}
