//! One method call as a value, and what comes back.

use std::time::Duration;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::{Key, ObjectType};

/// What a method may do with its object's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum MethodKind {
    /// `&self`: it changes nothing, so it may run any number of times.
    Read,
    /// `&mut self`: it runs exactly once; the store records its reply.
    Update,
    /// `&mut self`, marked `#[shared(idempotent)]`: it may run twice before it is answered, so no reply is recorded.
    Idempotent,
}

/// One method of an object type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Method {
    /// Its name in the source.
    pub name: &'static str,
    /// What it may do.
    pub kind: MethodKind,
    /// The server's own command that does the same, called with the object's key and the arguments.
    pub native: Option<&'static str>,
    /// How old the state may be that it reads, where it may be old: a store may then answer from a copy.
    pub stale: Option<Duration>,
}

impl Method {
    /// A method that changes nothing.
    #[must_use]
    pub const fn read(name: &'static str) -> Self {
        Self {
            name,
            kind: MethodKind::Read,
            native: None,
            stale: None,
        }
    }

    /// A method that changes nothing, and that may read a copy of the state that is no older than that.
    #[must_use]
    pub const fn cached(name: &'static str, max_age: Duration) -> Self {
        Self {
            name,
            kind: MethodKind::Read,
            native: None,
            stale: Some(max_age),
        }
    }

    /// A method that changes nothing and that the server has a command for.
    pub(crate) const fn native(name: &'static str, command: &'static str) -> Self {
        Self {
            name,
            kind: MethodKind::Read,
            native: Some(command),
            stale: None,
        }
    }

    /// A method that runs exactly once.
    #[must_use]
    pub const fn update(name: &'static str) -> Self {
        Self {
            name,
            kind: MethodKind::Update,
            native: None,
            stale: None,
        }
    }

    /// A method that may run twice before it is answered.
    #[must_use]
    pub const fn idempotent(name: &'static str) -> Self {
        Self {
            name,
            kind: MethodKind::Idempotent,
            native: None,
            stale: None,
        }
    }
}

/// One call of one method of one object.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    /// The object.
    pub(crate) key: Key,
    /// Its type.
    pub(crate) object: &'static ObjectType,
    /// The method.
    pub(crate) method: &'static Method,
    /// The arguments, encoded: one blob for a user's object, one an argument for an object of the library.
    pub(crate) args: Vec<Bytes>,
}

/// A reply, as the state machines give it and as servers speak it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Value {
    /// Nothing there.
    Nil,
    /// A small whole number (at most 2^53 in size: server scripts count in doubles).
    Int(i64),
    /// Encoded bytes, or the decimal text of a large number.
    Bytes(Bytes),
    /// Several.
    List(Vec<Value>),
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Int(value.into())
    }
}

impl From<Bytes> for Value {
    fn from(value: Bytes) -> Self {
        Self::Bytes(value)
    }
}

impl From<usize> for Value {
    fn from(value: usize) -> Self {
        Self::Int(i64::try_from(value).unwrap_or(i64::MAX))
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Nil, Into::into)
    }
}

impl<T: Into<Value>> From<Vec<T>> for Value {
    fn from(values: Vec<T>) -> Self {
        Self::List(values.into_iter().map(Into::into).collect())
    }
}
