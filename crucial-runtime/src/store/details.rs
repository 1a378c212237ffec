//! What a store tells of objects without running their methods.

use std::time::Duration;

use bytes::Bytes;

use super::Description;

/// What is known of an object besides its state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Details {
    pub(crate) description: Description,
    /// What it takes where it lives, if that is known.
    pub(crate) bytes: Option<u64>,
    /// When it ends by itself, if it does before its job.
    pub(crate) expires_in: Option<Duration>,
}

/// The beginning of what is stored for an object, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(
    not(feature = "redis"),
    expect(dead_code, reason = "scripts run on servers")
)]
pub(crate) enum Stored {
    /// The state of an object that is kept as one.
    State(Bytes),
    /// What a script keeps in a string.
    Text(Bytes),
    /// What a script keeps in a list or a set.
    Elements { first: Vec<Bytes>, complete: bool },
    /// What a script keeps in a hash: keys and values.
    Entries {
        first: Vec<(Bytes, Bytes)>,
        complete: bool,
    },
}

/// What lets a namespace live, and ends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Life {
    /// A job: its objects end with it, or so long from now if its lease is not renewed.
    Job {
        /// What is left of the lease.
        lease: Duration,
    },
    /// A job whose lease has run out: the next program that connects removes its objects.
    Dead,
    /// An application: its objects outlive its jobs.
    Application,
    /// This process, in which the objects live.
    Process,
}
