//! Why a server does not let this process in, what mends that, and whether another moment does.

use std::time::Duration;

use redis::{ErrorKind, RedisError};

use crate::error::Error;

/// The rights that a user needs, as an ACL file has them.
pub(super) const RIGHTS: &str = "`+@all -@dangerous +info ~crucial:* &crucial:*`";
/// How much of what a server says is quoted, in bytes.
const QUOTED: usize = 160;

/// What a server says to whoever comes, before anything is asked of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Greeting {
    /// Words of its protocol, without encryption.
    Words(String),
    /// TLS.
    Tls,
}

/// A refused entry.
#[derive(Debug)]
pub(super) struct NoEntry {
    // Boxed, as it is large and seldom there.
    pub(super) error: Box<Error>,
    pub(super) mends: Mends,
}

/// Whether another moment mends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mends {
    /// The server says so: it has too much to do.
    Soon,
    /// A server that restarts, fails over or gets its name looks like one that is not there.
    Perhaps,
    Never,
}

impl Mends {
    /// For how long it is worth while to try again.
    pub(super) fn patience(self) -> Duration {
        match self {
            Self::Soon => Duration::from_secs(10),
            Self::Perhaps => Duration::from_secs(3),
            Self::Never => Duration::ZERO,
        }
    }
}

/// What kind of error it is.
enum Kind {
    Unreachable,
    Login,
    Unsupported,
}

/// A refusal, known by a part of its text.
struct Known {
    sign: &'static str,
    kind: Kind,
    mends: Mends,
    mend: &'static str,
}

/// In this order: the first that fits.
const KNOWN: &[Known] = &[
    Known {
        sign: "max number of clients",
        kind: Kind::Unreachable,
        mends: Mends::Soon,
        mend: "raise `maxclients` of the server, or let fewer processes run at once",
    },
    Known {
        sign: "LOADING",
        kind: Kind::Unreachable,
        mends: Mends::Soon,
        mend: "come again when the server has read its data",
    },
    Known {
        sign: "MASTERDOWN",
        kind: Kind::Unreachable,
        mends: Mends::Soon,
        mend: "CRUCIAL_STORE must name the primary; is it running?",
    },
    Known {
        sign: "CLUSTERDOWN",
        kind: Kind::Unreachable,
        mends: Mends::Soon,
        mend: "is the cluster whole?",
    },
    Known {
        sign: "TRYAGAIN",
        kind: Kind::Unreachable,
        mends: Mends::Soon,
        mend: "come again later",
    },
    Known {
        sign: "BUSY",
        kind: Kind::Unreachable,
        mends: Mends::Soon,
        mend: "end the script that holds up the server (`SCRIPT KILL`)",
    },
    Known {
        sign: "DB index is out of range",
        kind: Kind::Unsupported,
        mends: Mends::Never,
        mend: "write a smaller database number into CRUCIAL_STORE, or raise `databases` of the server",
    },
    Known {
        sign: "protected mode",
        kind: Kind::Unsupported,
        mends: Mends::Never,
        mend: "give the server a password (`requirepass`) and write it into CRUCIAL_STORE, or turn its `protected-mode` off where only trusted machines reach it",
    },
    Known {
        sign: "without any password configured",
        kind: Kind::Login,
        mends: Mends::Never,
        mend: "the server has no password for that user: leave it out of CRUCIAL_STORE, or give the server one",
    },
    Known {
        sign: "NOAUTH",
        kind: Kind::Login,
        mends: Mends::Never,
        mend: "the server asks for a password: write it into CRUCIAL_STORE, as in `redis://:password@host`",
    },
    Known {
        sign: "WRONGPASS",
        kind: Kind::Login,
        mends: Mends::Never,
        mend: "check user and password in CRUCIAL_STORE; are they percent-encoded?",
    },
    Known {
        sign: "certificate",
        kind: Kind::Unreachable,
        mends: Mends::Never,
        mend: "is the server's certificate made for that host name, and signed by an authority that this machine trusts?",
    },
    Known {
        sign: "NOPROTO",
        kind: Kind::Unsupported,
        mends: Mends::Never,
        mend: "Redis 6.2 or later, or Valkey, is needed",
    },
    Known {
        sign: "resp3",
        kind: Kind::Unsupported,
        mends: Mends::Never,
        mend: "Redis 6.2 or later, or Valkey, is needed",
    },
    Known {
        sign: "lookup address",
        kind: Kind::Unreachable,
        mends: Mends::Perhaps,
        mend: "no machine is known by that name (yet): is it written correctly, and does the network of this process know it?",
    },
];

impl NoEntry {
    /// One that only a person mends.
    pub(super) fn for_good(error: Error) -> Self {
        Self {
            error: Box::new(error),
            mends: Mends::Never,
        }
    }

    /// Why a connection could not be made by an address with (or without) TLS, and what the server said to whoever came.
    pub(super) fn of(
        store: &str,
        tls: bool,
        error: &RedisError,
        greeting: Option<Greeting>,
    ) -> Self {
        let said = said(error);
        match (tls, greeting) {
            (false, Some(Greeting::Tls)) => Self::because(
                store,
                &Kind::Unsupported,
                Mends::Never,
                "it speaks TLS on that port; write `rediss://` instead of `redis://` (or name its other port)".to_owned(),
            ),
            (true, Some(Greeting::Words(words))) if find(&words).is_none() => Self::because(
                store,
                &Kind::Unsupported,
                Mends::Never,
                format!(
                    "it does not speak TLS on that port (it says: {}); write `redis://` instead of `rediss://`, or name its port for TLS",
                    quoted(&words)
                ),
            ),
            (_, Some(Greeting::Words(words))) if find(&said).is_none() => Self::told(store, &words, error),
            _ => Self::told(store, &said, error),
        }
    }

    /// By what the server, or the client library, says.
    pub(super) fn told(store: &str, said: &str, error: &RedisError) -> Self {
        if let Some(known) = find(said) {
            let reason = format!("{}; {}", quoted(said), known.mend);
            return Self::because(store, &known.kind, known.mends, reason);
        }
        let quoted = quoted(said);
        match (error.kind(), error.code()) {
            (_, Some("NOPERM")) => Self::because(
                store,
                &Kind::Login,
                Mends::Never,
                format!("{quoted}; the user needs {RIGHTS}"),
            ),
            (ErrorKind::AuthenticationFailed, _) => Self::because(
                store,
                &Kind::Login,
                Mends::Never,
                format!(
                    "{quoted}; check user and password in CRUCIAL_STORE; are they percent-encoded?"
                ),
            ),
            (_, Some(_)) => Self::because(store, &Kind::Unreachable, Mends::Never, quoted),
            _ => Self::because(
                store,
                &Kind::Unreachable,
                Mends::Perhaps,
                format!(
                    "{quoted}; is the server running, and does its firewall let this machine in?"
                ),
            ),
        }
    }

    fn because(store: &str, kind: &Kind, mends: Mends, reason: String) -> Self {
        let store = store.to_owned();
        let error = match kind {
            Kind::Unreachable => Error::Unreachable { store, reason },
            Kind::Login => Error::Login { store, reason },
            Kind::Unsupported => Error::Unsupported { store, reason },
        };
        Self {
            error: Box::new(error),
            mends,
        }
    }

    /// The same after so many tries.
    pub(super) fn after(self, tries: u32, waited: Duration) -> Error {
        let add = |reason: String| format!("{reason} (tried {tries} times within {waited:.1?})");
        match *self.error {
            Error::Unreachable { store, reason } if tries > 1 => Error::Unreachable {
                store,
                reason: add(reason),
            },
            Error::Unsupported { store, reason } if tries > 1 => Error::Unsupported {
                store,
                reason: add(reason),
            },
            error => error,
        }
    }
}

fn find(said: &str) -> Option<&'static Known> {
    KNOWN.iter().find(|known| said.contains(known.sign))
}

/// What the server said, or why it could not be asked.
fn said(error: &RedisError) -> String {
    match error.kind() {
        ErrorKind::RESP3NotSupported => format!("{error}: it speaks no resp3"),
        _ => error.to_string(),
    }
}

/// The beginning of what was said, as one line.
fn quoted(said: &str) -> String {
    let line = said.lines().next().unwrap_or_default().trim();
    let line = line.strip_prefix('-').unwrap_or(line);
    match line.char_indices().find(|(at, _)| *at >= QUOTED) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    }
}
