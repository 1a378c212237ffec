//! What other processes tell this one: one channel for all objects, and the calls that wait for news.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{OnceCell, mpsc};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::parcel::{self, SEQ};
use crate::store::Change;
use crate::store::redis::core::Core;
use crate::store::redis::fault::Fault;
use crate::store::redis::names;

/// What other processes tell this one.
#[derive(Debug, Default)]
pub(in crate::store::redis) struct Inbox {
    calls: Arc<Calls>,
    listening: OnceCell<Listening>,
}

/// The calls that wait for news, by sequence number, which tells one call from all others of the process.
#[derive(Debug, Default)]
struct Calls(
    // Held for a look-up, never across an await.
    Mutex<BTreeMap<u64, mpsc::UnboundedSender<News>>>,
);

/// The task that listens ends with the inbox.
#[derive(Debug)]
struct Listening(JoinHandle<()>);

impl Drop for Listening {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// News of one call.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum News {
    /// It has run; the replies.
    Replies(Bytes),
    /// It has run; the replies are in the record.
    Recorded,
    /// The leader could not run it.
    Failed(Bytes),
    /// The lease is its sender's. The version of the state, and whether what waits may be fetched unseen.
    Lead(Bytes, bool),
    /// Something may have been missed.
    Look,
}

/// The place of one call that waits for news.
#[derive(Debug)]
pub(super) struct Awaited {
    calls: Arc<Calls>,
    number: u64,
    news: mpsc::UnboundedReceiver<News>,
}

impl Inbox {
    /// Listens from now on; the server has confirmed the subscription when this returns.
    pub(super) async fn listen(&self, core: &Core) -> Result<(), Fault> {
        let start = async || {
            let channel = names::inbox(&core.session);
            let link = &core.link;
            let mut watch = link.subscriptions.watch(link, channel).await?;
            let calls = Arc::clone(&self.calls);
            Ok(Listening(tokio::spawn(async move {
                loop {
                    match watch.changed().await {
                        Change::Hint(message) => calls.tell(&message),
                        Change::Resync => calls.all_look(),
                    }
                }
            })))
        };
        self.listening.get_or_try_init(start).await.map(drop)
    }

    /// Takes a place for the call of that number.
    pub(super) fn wait_for(&self, seq: &str) -> Awaited {
        let (sender, news) = mpsc::unbounded_channel();
        let number = number(seq).unwrap_or_default();
        self.calls.lock().insert(number, sender);
        Awaited {
            calls: Arc::clone(&self.calls),
            number,
            news,
        }
    }
}

impl Calls {
    fn tell(&self, message: &Bytes) {
        let (kind, message) = match message.first() {
            Some(kind @ b'A'..=b'Z') => (*kind, message.slice(1..)),
            _ => (b'R', message.clone()),
        };
        let Some((seq, rest)) = parcel::numbered(&message) else {
            return;
        };
        let news = match kind {
            b'R' => News::Replies(rest),
            b'F' => News::Recorded,
            b'E' => News::Failed(rest),
            b'L' if rest.len() == 9 => News::Lead(rest.slice(..8), rest[8] == b'1'),
            _ => News::Look,
        };
        if let Some(waiting) = number(seq).and_then(|number| self.lock().get(&number).cloned()) {
            // A call that was given up needs no news.
            let _ = waiting.send(news);
        }
    }

    fn all_look(&self) {
        for waiting in self.lock().values() {
            let _ = waiting.send(News::Look);
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<u64, mpsc::UnboundedSender<News>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Awaited {
    /// The next news, or [`News::Look`] after so long.
    pub(super) async fn next(&mut self, limit: Duration) -> News {
        match timeout(limit, self.news.recv()).await {
            Ok(Some(news)) => news,
            _ => News::Look,
        }
    }
}

impl Drop for Awaited {
    fn drop(&mut self) {
        self.calls.lock().remove(&self.number);
    }
}

fn number(seq: &str) -> Option<u64> {
    (seq.len() == SEQ)
        .then(|| u64::from_str_radix(seq, 16).ok())
        .flatten()
}
