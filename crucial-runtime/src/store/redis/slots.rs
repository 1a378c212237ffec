//! How many calls travel together.

/// How many batches for a scripted object may be under way. Commits of a user's object come one after the other.
pub(super) const SLOTS: usize = 2;
/// How many calls travel together at the most.
pub(super) const BATCH_CALLS: usize = 512;
/// How many bytes of arguments travel together at the most. Arguments of methods that run here do not travel.
pub(super) const BATCH_BYTES: usize = 512 * 1024;

/// A place for one batch under way, with a record of its own on the server.
pub(super) type Slot = usize;
