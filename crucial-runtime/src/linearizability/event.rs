//! What a recorder notes: that a call began, and what it was answered.

use std::borrow::Cow;
use std::task::Poll;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::object::{Key, MethodKind, Namespace, Value};
use crate::store::Description;

/// One note.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) enum Event {
    /// A call is about to be sent.
    Began { call: u64, at: u64, asked: Asked },
    /// A call was answered.
    Ended {
        call: u64,
        at: u64,
        answer: Answered,
    },
}

/// What was asked of a store.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) enum Asked {
    Of(Key, Deed),
    /// All objects of a job were to be removed.
    Clear(Namespace),
}

/// What was asked of one object.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) enum Deed {
    Call {
        object: Cow<'static, str>,
        method: Cow<'static, str>,
        kind: MethodKind,
        args: Vec<Bytes>,
    },
    Create {
        args: Vec<Bytes>,
        description: Description,
    },
    Describe,
    Destroy,
    /// To be removed after so many nanoseconds.
    Expire(Option<u64>),
}

/// What the store answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Answered {
    Value(Value),
    Pending,
    Flag(bool),
    Described(Option<Description>),
    /// That it was done.
    Done,
    Absent,
    WrongType,
    /// It had no effect: the object refused it, its method panicked, or it was not sent.
    Nothing,
}

impl Deed {
    /// Whether it may change anything.
    pub(super) fn changes(&self) -> bool {
        match self {
            Self::Call { kind, .. } => *kind != MethodKind::Read,
            Self::Describe => false,
            Self::Create { .. } | Self::Destroy | Self::Expire(_) => true,
        }
    }

    /// Whether the object may be removed by it, now or later.
    pub(super) fn may_remove(&self) -> bool {
        matches!(self, Self::Destroy | Self::Expire(Some(_)))
    }
}

/// What the outcome tells; nothing where nobody knows whether the call took effect.
pub(super) fn answer<T>(
    outcome: &Result<T>,
    told: impl FnOnce(&T) -> Answered,
) -> Option<Answered> {
    match outcome {
        Ok(reply) => Some(told(reply)),
        Err(Error::NotFound { .. }) => Some(Answered::Absent),
        Err(Error::WrongType { .. }) => Some(Answered::WrongType),
        Err(
            Error::Refused { .. }
            | Error::Panicked { .. }
            | Error::Unreachable { .. }
            | Error::Unanswered { .. }
            | Error::Ended { .. }
            | Error::Login { .. }
            | Error::TooLarge { .. }
            | Error::Name { .. }
            | Error::Format { .. }
            | Error::NoRuntime,
        ) => Some(Answered::Nothing),
        Err(_) => None,
    }
}

pub(super) fn reply(reply: &Poll<Value>) -> Answered {
    match reply {
        Poll::Ready(value) => Answered::Value(value.clone()),
        Poll::Pending => Answered::Pending,
    }
}
