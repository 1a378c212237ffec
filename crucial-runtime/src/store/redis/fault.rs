//! Why the server did not do a call; one fault may fail many calls of a batch.

use std::time::Duration;

use redis::ServerError;
use serde::{Deserialize, Serialize};

use super::names::FORMAT;
use super::times::RECORD_LIFE;
use crate::error::Error;
use crate::object::{Key, Refusal};

/// Why no answer has come, where no more is known.
const BROKEN: &str = "the connection to the store broke or the runtime was shut down";

/// Why the server did not do a call.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) enum Fault {
    /// There is no such object.
    Absent,
    /// Something else is stored under the key.
    WrongType { expected: String, found: String },
    /// What is stored does not decode.
    Corrupt(String),
    /// The object itself refused the call.
    Refused(Refusal),
    /// The call ends each process that runs it, or holds it up for ever.
    Poison(String),
    /// The server refused the call.
    Server(String),
    /// The server can't be reached, and the call was not sent.
    Unreachable { store: String, reason: String },
    /// The connection broke after the call was sent, and did not come back.
    InDoubt(Duration),
    /// The server ends each connection on which the call is sent, and no other one: the reply can't come.
    Cut { waited: Duration, reason: String },
    /// The job of the object has ended.
    Ended,
    /// What is stored is of another format than this program reads.
    Format(String),
}

impl Fault {
    /// The fault as the caller of that method meets it.
    pub(super) fn into_error(self, key: &Key, method: &str) -> Error {
        let (key, method) = (key.clone(), method.to_owned());
        match self {
            Self::Absent => Error::NotFound { key, lost: false },
            Self::WrongType { expected, found } => Error::WrongType {
                key,
                expected,
                found,
            },
            Self::Corrupt(reason) => Error::Corrupt { key, reason },
            Self::Refused(refusal) => Error::refused(&key, &method, refusal),
            Self::Poison(reason) => Error::Poison {
                key,
                method,
                reason,
            },
            Self::Server(reason) => Error::Server {
                key,
                method,
                reason,
            },
            Self::Unreachable { store, reason } => Error::Unreachable { store, reason },
            Self::Ended => Error::Ended { key },
            Self::Format(found) => Error::Format {
                key,
                found,
                known: FORMAT,
            },
            Self::InDoubt(waited) => Error::InDoubt {
                key,
                method,
                waited,
                reason: BROKEN.to_owned(),
            },
            Self::Cut { waited, reason } => Error::InDoubt {
                key,
                method,
                waited,
                reason,
            },
        }
    }

    /// The fault as the caller of a method meets it that only reads: nothing is ever in doubt.
    pub(super) fn into_read_error(self, key: &Key, method: &str) -> Error {
        match self.into_error(key, method) {
            Error::InDoubt {
                key,
                method,
                waited,
                reason,
            } => Error::Unanswered {
                key,
                method,
                waited,
                reason,
            },
            other => other,
        }
    }

    /// The fault of what is stored otherwise than this program writes it.
    pub(super) fn garbled(what: &str) -> Self {
        Self::Corrupt(format!("the server holds {what}"))
    }

    /// Whether the call may have run, or may yet.
    pub(super) fn is_doubt(&self) -> bool {
        matches!(self, Self::InDoubt(_) | Self::Cut { .. })
    }

    /// What a server's error means.
    pub(super) fn of(error: &ServerError) -> Self {
        Self::of_text(error.code(), error.details().unwrap_or_default())
    }

    /// What a server's error means, from its code and its text.
    pub(super) fn of_text(code: &str, text: &str) -> Self {
        match code {
            "CRUCIAL_ABSENT" => Self::Absent,
            "CRUCIAL_ENDED" => Self::Ended,
            "CRUCIAL_CORRUPT" => Self::Corrupt(text.to_owned()),
            "CRUCIAL_NO_METHOD" => Self::Refused(Refusal::no_such_method(text)),
            // A repeat after the record has ended: the first may have run.
            "CRUCIAL_STALE" => Self::InDoubt(RECORD_LIFE),
            "WRONGTYPE" => Self::WrongType {
                expected: "what this proxy is for".to_owned(),
                found: "of another type on the server".to_owned(),
            },
            "OOM" => Self::Server(format!(
                "its memory is full ({text}); remove objects or raise `maxmemory`"
            )),
            "READONLY" => Self::Server(format!(
                "it is a read-only replica ({text}); CRUCIAL_STORE must name the primary"
            )),
            "NOPERM" => Self::Server(format!(
                "its access rules forbid the command ({text}); the user needs `+@all -@dangerous +info ~crucial:* &crucial:*`"
            )),
            _ if text.contains("Protocol error") => Self::Server(format!(
                "it takes no request of this size ({text}); keep smaller values, or raise `proto-max-bulk-len`"
            )),
            // A script, or a command, that met other data than it puts there itself.
            _ if [
                "is not an integer",
                "is not a valid float",
                "attempt to ",
                "data string too short",
            ]
            .iter()
            .any(|complaint| text.contains(complaint)) =>
            {
                Self::Corrupt(format!("the server says: {text}"))
            }
            _ => Self::Server(format!("{code} {text}").trim().to_owned()),
        }
    }

    /// Whether the server will say something else in a moment.
    pub(super) fn is_passing(error: &ServerError) -> bool {
        matches!(
            error.code(),
            "LOADING" | "BUSY" | "TRYAGAIN" | "MASTERDOWN" | "CLUSTERDOWN"
        )
    }
}
