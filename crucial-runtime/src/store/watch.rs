//! Announcements of changes: hints that wake a waiting call, never the truth.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

/// How many hints a slow watcher may fall behind before it is told to look for itself.
const BACKLOG: usize = 1024;

/// One hint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Change {
    /// The object changed; what the announcement carried.
    Hint(Bytes),
    /// Hints may have been missed: look for yourself.
    Resync,
}

/// The sending side: the watchers of one object in this process.
#[derive(Debug, Clone)]
pub(crate) struct Changes(broadcast::Sender<Change>);

impl Default for Changes {
    fn default() -> Self {
        Self(broadcast::Sender::new(BACKLOG))
    }
}

impl Changes {
    /// Tells every watcher.
    pub(crate) fn announce(&self, change: Change) {
        // Without watchers there is nobody to tell, which is no fault.
        let _ = self.0.send(change);
    }

    /// One more watcher; `end` is dropped with it.
    #[must_use]
    pub(crate) fn watch(&self, end: Option<Arc<dyn Send + Sync>>) -> Watch {
        Watch {
            changes: self.0.subscribe(),
            _end: end.map(End),
        }
    }

    /// Whether anybody watches.
    #[cfg(feature = "redis")]
    #[must_use]
    pub(crate) fn is_watched(&self) -> bool {
        self.0.receiver_count() > 0
    }
}

/// The receiving side: the changes of one object since the watch began.
#[derive(Debug)]
pub(crate) struct Watch {
    changes: broadcast::Receiver<Change>,
    _end: Option<End>,
}

impl Watch {
    /// The next change. Cancel safe.
    pub(crate) async fn changed(&mut self) -> Change {
        match self.changes.recv().await {
            Ok(change) => change,
            Err(RecvError::Lagged(_)) => Change::Resync,
            // The store is gone: whoever waits finds that out by its next call, not in a loop here.
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}

/// What ends with the last watcher, such as a subscription on a server.
struct End(#[expect(dead_code, reason = "it is held to be dropped")] Arc<dyn Send + Sync>);

impl std::fmt::Debug for End {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("End")
    }
}
