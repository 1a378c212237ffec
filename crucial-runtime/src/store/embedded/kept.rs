//! One object of this process: its state, calls on it, and the way back where a call fails.

use std::task::Poll;

use bytes::Bytes;
use tokio::time::Instant;

use crate::codec::CodecError;
use crate::error::{Error, Result};
use crate::object::{Call, Key, MethodKind, ObjectType, Refusal, State, Value};
use crate::store::{Description, Details};

/// How often the state of a type that is copied is encoded and read again, beginning with its first change.
const READ_AGAIN: u64 = 64;

/// One object.
pub(super) struct Kept {
    pub(super) object: &'static ObjectType,
    pub(super) description: Description,
    pub(super) expires: Option<Instant>,
    state: State,
    way_back: WayBack,
    /// How often the state was changed.
    changes: u64,
    /// How large an encoded state may be.
    limit: usize,
}

/// How a state comes back to what it was before a call that failed, or that waits.
enum WayBack {
    /// The type's methods leave it as it was.
    Unneeded,
    /// A copy is made before each call that may change it.
    Copy,
    /// There is no copying the type: what it was is kept encoded.
    Encoded(Bytes),
}

impl std::fmt::Debug for Kept {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Kept")
            .field("description", &self.description)
            .finish_non_exhaustive()
    }
}

impl Kept {
    /// The object that `init` asks for.
    pub(super) fn new(init: &Call, description: Description, limit: usize) -> Result<Self> {
        let object = init.object;
        let refused = |refusal| Error::refused(&init.key, "init", refusal);
        let state = object.init(&init.args).map_err(refused)?;
        let way_back = if object.careful {
            WayBack::Unneeded
        } else if object.copy(&state).map_err(refused)?.is_some() {
            WayBack::Copy
        } else {
            WayBack::Encoded(object.encode_within(&state, limit).map_err(refused)?)
        };
        Ok(Self {
            object,
            description,
            expires: None,
            state,
            way_back,
            changes: 0,
            limit,
        })
    }

    /// Runs one call. Only one that is ready leaves anything changed.
    pub(super) fn call(&mut self, call: &Call) -> Result<Poll<Value>> {
        if self.object.name != call.object.name {
            return Err(Error::WrongType {
                key: call.key.clone(),
                expected: format!("a `{}`", call.object.name),
                found: format!("a `{}`", self.description.detail),
            });
        }
        let refused = |refusal| Error::refused(&call.key, call.method.name, refusal);
        if call.method.kind == MethodKind::Read {
            let result = self.object.apply(&mut self.state, call.method, &call.args);
            return result.map_err(refused);
        }
        let before = match self.way_back {
            WayBack::Copy => self.object.copy(&self.state).map_err(refused)?,
            WayBack::Unneeded | WayBack::Encoded(_) => None,
        };
        let mut result = self.object.apply(&mut self.state, call.method, &call.args);
        if let Ok(Poll::Ready(_)) = result {
            match self.keep() {
                Ok(()) => return result.map_err(refused),
                Err(refusal) => result = Err(refusal),
            }
        }
        self.go_back(before, &call.key)?;
        result.map_err(refused)
    }

    /// What is known of the object besides its state.
    pub(super) fn details(&self) -> Details {
        let bytes = self.stored().ok().map(|state| state.len());
        let now = Instant::now();
        Details {
            description: self.description.clone(),
            bytes: bytes.and_then(|bytes| u64::try_from(bytes).ok()),
            expires_in: self
                .expires
                .map(|expires| expires.saturating_duration_since(now)),
        }
    }

    /// The state as a server would store it.
    pub(super) fn stored(&self) -> std::result::Result<Bytes, CodecError> {
        self.object.encode(&self.state)
    }

    /// What watchers are told of that call.
    pub(super) fn announcement(&mut self, call: &Call, result: &Poll<Value>) -> Option<Bytes> {
        match result {
            Poll::Ready(reply) if call.method.kind != MethodKind::Read => {
                self.object.announcement(&mut self.state, call, reply)
            }
            _ => None,
        }
    }

    /// Keeps what a call did, if it can be stored.
    ///
    /// A server would store the encoded state after each call. That every state can be encoded, and is not too large, is
    /// seen here after each call too, by encoding it to nowhere; to encode it to bytes takes twenty times as long, to
    /// read those again as long once more, so that is done now and then.
    fn keep(&mut self) -> std::result::Result<(), Refusal> {
        let again = self.changes.is_multiple_of(READ_AGAIN);
        match &mut self.way_back {
            WayBack::Unneeded if self.object.script.is_some() => {}
            WayBack::Encoded(before) => {
                *before = self.object.encode_within(&self.state, self.limit)?;
            }
            WayBack::Copy if again => {
                let bytes = self.object.encode_within(&self.state, self.limit)?;
                self.state = self
                    .object
                    .decode(&bytes)
                    .map_err(|error| Refusal::State(error.to_string()))?;
            }
            WayBack::Copy | WayBack::Unneeded => {
                self.object.check_within(&self.state, self.limit)?;
            }
        }
        self.changes += 1;
        Ok(())
    }

    /// Makes the state what it was before a call.
    fn go_back(&mut self, before: Option<State>, key: &Key) -> Result<()> {
        match (before, &self.way_back) {
            (Some(before), _) => self.state = before,
            (None, WayBack::Encoded(before)) => {
                self.state = self.object.decode(before).map_err(|error| Error::Corrupt {
                    key: key.clone(),
                    reason: error.to_string(),
                })?;
            }
            (None, WayBack::Copy | WayBack::Unneeded) => {}
        }
        Ok(())
    }
}
