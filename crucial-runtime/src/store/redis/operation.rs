//! What may be asked of an object.

use super::engine::Engine;
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

    /// Who serves it; any engine serves a removal.
    pub(super) fn engine(&self) -> Option<Engine> {
        self.call().map(Engine::of)
    }

    /// The call, where the operation is one that only reads.
    pub(super) fn read(&self) -> Option<&Call> {
        match self {
            Self::Call(call) if is_read(call) => Some(call),
            _ => None,
        }
    }
}

/// Whether the call only reads.
pub(super) fn is_read(call: &Call) -> bool {
    call.method.kind == MethodKind::Read
}
