//! A keeper for processes in simulated time: its thread would be one in real time.

use std::sync::atomic::Ordering;

use url::Url;

use super::Keeper;
use crate::store::redis::Options;

impl Keeper {
    /// A keeper that counts as started though it is not: leases are not lengthened, and methods may run for ever.
    pub(in crate::store::redis) fn asleep() -> Self {
        let nowhere = Url::parse("redis://simulated").unwrap();
        let keeper = Self::of(nowhere, String::new(), Options::default());
        keeper.0.started.store(true, Ordering::Relaxed);
        keeper
    }
}
