//! What all calls of this process share, whichever engine serves them.

use std::sync::Arc;

use super::combine::{Inbox, Keeper};
use super::core::Core;

/// What all calls of this process share, whichever engine serves them.
#[derive(Debug)]
pub(super) struct Process {
    pub(super) core: Arc<Core>,
    /// Where other processes tell it what became of its calls.
    pub(super) inbox: Inbox,
    /// The thread that lengthens its leases.
    pub(super) keeper: Keeper,
}

impl Process {
    pub(super) fn new(core: Core, keeper: Keeper) -> Arc<Self> {
        Arc::new(Self {
            core: Arc::new(core),
            inbox: Inbox::default(),
            keeper,
        })
    }
}
