//! What tests of the store take where they do not care.

use std::time::Duration;

use super::Options;

impl Default for Options {
    fn default() -> Self {
        Self {
            lease: Duration::from_secs(1),
            method_limit: Duration::from_secs(30),
            value_bytes: usize::MAX,
            job_lease: crate::job::LEASE,
        }
    }
}
