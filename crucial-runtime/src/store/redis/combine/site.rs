//! Where a batch is run for.

use std::sync::Arc;

use super::inbox::Inbox;
use super::keeper::Keeper;
use super::published::Published;
use crate::store::redis::core::Core;
use crate::store::redis::engine::Slot;
use crate::store::redis::names::Names;
use crate::store::redis::queue::Queue;

/// Batches of one process for one object come one after the other.
pub(super) const SLOT: Slot = 0;

/// Where a batch is run for: the process, and what it knows of the object beside the state.
#[derive(Clone, Copy)]
pub(in crate::store::redis) struct Site<'a> {
    pub(in crate::store::redis) core: &'a Core,
    pub(in crate::store::redis) inbox: &'a Inbox,
    pub(in crate::store::redis) keeper: &'a Keeper,
    pub(in crate::store::redis) names: &'a Names,
    pub(in crate::store::redis) queue: &'a Arc<Queue>,
    /// What readers get that take a state that is not the newest.
    pub(in crate::store::redis) published: &'a Published,
}
