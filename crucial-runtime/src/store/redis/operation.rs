//! What may be asked of an object.

use super::slots::{SLOTS, Slot};
use crate::object::{Call, MethodKind};
use crate::store::Description;

/// What may be asked of an object.
#[derive(Debug)]
pub(super) enum Operation {
    /// A method call.
    Call(Call),
    /// To come into being; the answer is 1, or 0 where the key is taken.
    Create(Call, Description),
    /// To be removed; the answer is 1, or 0 where there was none.
    Destroy(Call),
}

impl Operation {
    pub(super) fn call(&self) -> &Call {
        match self {
            Self::Call(call) | Self::Create(call, _) | Self::Destroy(call) => call,
        }
    }

    pub(super) fn is_read(&self) -> bool {
        matches!(self, Self::Call(call) if is_read(call))
    }

    /// Whether the engine for user objects does it.
    pub(super) fn is_combined(&self) -> bool {
        self.call().object.script.is_none() && !matches!(self, Self::Destroy(_))
    }

    /// How many batches of such operations may be under way.
    pub(super) fn slots(&self) -> Slot {
        if self.call().object.script.is_some() {
            SLOTS
        } else {
            1
        }
    }
}

/// Whether the call only reads.
pub(super) fn is_read(call: &Call) -> bool {
    call.method.kind == MethodKind::Read
}
