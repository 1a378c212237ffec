//! Who serves calls, and how many of them travel together.

use crate::object::Call;

/// How many batches for a scripted object may be under way.
pub(super) const SLOTS: usize = 2;
/// How many calls travel together at the most.
pub(super) const BATCH_CALLS: usize = 512;
/// How many bytes of arguments travel together at the most.
const BATCH_BYTES: usize = 512 * 1024;

/// A place for one batch under way. The server remembers the last batch of each slot.
pub(super) type Slot = usize;

/// Who serves a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Engine {
    /// The server runs a command of its own: the call reads and needs no script.
    Native,
    /// The server runs the script of the object's type.
    Scripted,
    /// One of the processes at the object runs the method and commits the new state.
    Combined,
}

impl Engine {
    /// Who serves that call. Nobody else decides it.
    pub(super) fn of(call: &Call) -> Self {
        match (call.method.native, call.object.script) {
            (Some(_), _) => Self::Native,
            (None, Some(_)) => Self::Scripted,
            (None, None) => Self::Combined,
        }
    }

    /// How many batches for one object may be under way. Commits come one after the other, since each names the version
    /// that it follows.
    pub(super) fn slots(self) -> usize {
        match self {
            Self::Native | Self::Scripted => SLOTS,
            Self::Combined => 1,
        }
    }

    /// How many bytes of arguments go into one batch. Arguments of methods that run here do not travel.
    pub(super) fn batch_bytes(self) -> usize {
        match self {
            Self::Native | Self::Scripted => BATCH_BYTES,
            Self::Combined => usize::MAX,
        }
    }
}
