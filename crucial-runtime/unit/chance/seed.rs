//! Chance that repeats itself, for tests that must.

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
