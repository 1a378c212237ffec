//! How long calls are tried, and how long the server remembers them.

use std::time::Duration;

/// How long a call is tried again after the connection has broken.
pub(super) const CALL_LIMIT: Duration = Duration::from_secs(60);
/// How long the server remembers what a session did last. Longer than a call is tried.
pub(super) const RECORD_LIFE: Duration = Duration::from_secs(600);
/// How old that memory may get before a call makes it new: doing so at each call would cost the server as much as half a
/// command.
pub(super) const RECORD_RENEWAL: Duration = Duration::from_secs(60);
