//! The settings of a store.

use std::time::Duration;

/// How long things may take, and how large a state may be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Options {
    /// How long a process leads without a sign of life. While a leader is dead, others wait for so long.
    pub(crate) lease: Duration,
    /// How long one call may run before it counts as one that does not end.
    pub(crate) method_limit: Duration,
    /// How many bytes a state may take.
    pub(crate) value_bytes: usize,
    /// How long a job lives on without a sign of its driver.
    pub(crate) job_lease: Duration,
}

#[cfg(test)]
#[path = "../../../unit/store/redis/options/default.rs"]
mod default;
