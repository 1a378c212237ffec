//! Where chance comes from: what must not collide with others is drawn, and so is when to try again. Tests can seed it.

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

/// Chance that repeats itself, for tests that must.
#[cfg(test)]
pub(crate) mod seed {
    use std::cell::RefCell;

    use rand::rngs::StdRng;
    use rand::{RngCore, SeedableRng};

    thread_local! {
        static SEEDED: RefCell<Option<StdRng>> = const { RefCell::new(None) };
    }

    /// Until this is dropped, this thread draws what follows from the seed.
    #[derive(Debug)]
    pub(crate) struct Seeded(());

    impl Seeded {
        pub(crate) fn with(seed: u64) -> Self {
            SEEDED.set(Some(StdRng::seed_from_u64(seed)));
            Self(())
        }
    }

    impl Drop for Seeded {
        fn drop(&mut self) {
            SEEDED.set(None);
        }
    }

    pub(super) fn number() -> Option<u64> {
        SEEDED.with_borrow_mut(|seeded| Some(seeded.as_mut()?.next_u64()))
    }
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
