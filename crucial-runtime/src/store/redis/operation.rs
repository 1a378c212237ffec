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
    /// To be removed, whatever the object is; the answer is 1, or 0 where there was none.
    Destroy,
}

impl Operation {
    /// The call to be made; a removal makes none.
    pub(super) fn call(&self) -> Option<&Call> {
        match self {
            Self::Call(call) | Self::Create(call, _) => Some(call),
            Self::Destroy => None,
        }
    }

    /// The call, where the operation is one that only reads.
    pub(super) fn read(&self) -> Option<&Call> {
        match self {
            Self::Call(call) if is_read(call) => Some(call),
            _ => None,
        }
    }

    /// Whether the server has a command of its own for it.
    pub(super) fn is_native(&self) -> bool {
        self.call().is_some_and(|call| call.method.native.is_some())
    }

    /// Whether the engine for user objects does it.
    pub(super) fn is_combined(&self) -> bool {
        self.call().is_some_and(|call| call.object.script.is_none())
    }

    /// How many batches of such operations may be under way.
    pub(super) fn slots(&self) -> Slot {
        match self.call() {
            Some(call) if call.object.script.is_some() => SLOTS,
            _ => 1,
        }
    }
}

/// Whether the call only reads.
pub(super) fn is_read(call: &Call) -> bool {
    call.method.kind == MethodKind::Read
}
