//! Announcements to one caller: who waits for its turn hears when it has come, and nobody else is awakened.
//!
//! A caller waits under a *ticket*, `<process>:<number>`, which it makes up before it joins a line of an
//! object. The object announces tickets: on a server to the processes that they are of, in one process to
//! all who watch. One task of a process hears what is announced of an object and awakens the callers.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{Notify, OnceCell};
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::Key;
use crate::chance;
use crate::error::Result;
use crate::store::{Change, Store, Watch};

/// How long an inbox outlives its last caller: waiting again soon is common.
const LINGER: Duration = Duration::from_secs(5);

/// The inboxes of this process, one an object that somebody waits for.
#[derive(Debug)]
pub(crate) struct Inboxes {
    process: String,
    next: AtomicU64,
    open: Arc<Open>,
}

// Held for a look-up, never across an await.
type Open = Mutex<HashMap<Key, Arc<Inbox>>>;

/// Who waits for what is announced of one object.
#[derive(Debug)]
struct Inbox {
    process: String,
    // Held for a look-up, never across an await.
    callers: Mutex<HashMap<u64, Arc<Notify>>>,
    listening: OnceCell<()>,
}

impl Inboxes {
    /// None yet.
    pub(crate) fn new() -> Self {
        Self {
            process: format!("{:016x}", chance::number()),
            next: AtomicU64::new(0),
            open: Arc::default(),
        }
    }

    /// A new ticket for that object. What is announced to it from now on is heard.
    pub(crate) async fn ticket(&self, store: &dyn Store, key: &Key) -> Result<Ticket> {
        let inbox = {
            let mut open = lock(&self.open);
            Arc::clone(open.entry(key.clone()).or_insert_with(|| {
                Arc::new(Inbox {
                    process: self.process.clone(),
                    callers: Mutex::default(),
                    listening: OnceCell::new(),
                })
            }))
        };
        let listen = async {
            let (all, own) =
                tokio::try_join!(store.watch(key), store.watch_inbox(key, &self.process))?;
            let (inbox, open) = (Arc::clone(&inbox), Arc::clone(&self.open));
            tokio::spawn(listen(inbox, open, key.clone(), all, own));
            Result::<()>::Ok(())
        };
        inbox.listening.get_or_try_init(|| listen).await?;
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let called = Arc::new(Notify::new());
        inbox.lock().insert(number, Arc::clone(&called));
        Ok(Ticket {
            name: format!("{}:{number}", self.process).into(),
            number,
            called,
            inbox,
        })
    }

    /// Whether somebody has waited for that object a moment ago, so that a ticket costs no round trip.
    pub(crate) fn is_open(&self, key: &Key) -> bool {
        lock(&self.open)
            .get(key)
            .is_some_and(|inbox| inbox.listening.initialized())
    }
}

impl Inbox {
    fn hear(&self, change: &Change) {
        let callers = self.lock();
        match change {
            Change::Hint(names) if !names.is_empty() => {
                for name in names.split(|byte| *byte == b' ') {
                    let number = std::str::from_utf8(name)
                        .ok()
                        .and_then(|name| name.strip_prefix(self.process.as_str()))
                        .and_then(|number| number.strip_prefix(':')?.parse().ok());
                    if let Some(called) = number.and_then(|number: u64| callers.get(&number)) {
                        called.notify_one();
                    }
                }
            }
            _ => {
                for called in callers.values() {
                    called.notify_one();
                }
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<u64, Arc<Notify>>> {
        self.callers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Hears until nobody has waited for some time.
async fn listen(inbox: Arc<Inbox>, open: Arc<Open>, key: Key, mut all: Watch, mut own: Watch) {
    let mut idle = interval(LINGER);
    idle.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let change = tokio::select! {
            change = own.changed() => change,
            change = all.changed() => change,
            _ = idle.tick() => {
                let mut open = lock(&open);
                // The other one is in `open`; a ticket has one as well, and is made while `open` is locked.
                if Arc::strong_count(&inbox) == 2 {
                    open.remove(&key);
                    return;
                }
                continue;
            }
        };
        inbox.hear(&change);
    }
}

fn lock(open: &Open) -> MutexGuard<'_, HashMap<Key, Arc<Inbox>>> {
    open.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A caller's name in the line of an object.
#[derive(Debug)]
pub(crate) struct Ticket {
    name: Bytes,
    number: u64,
    called: Arc<Notify>,
    inbox: Arc<Inbox>,
}

impl Ticket {
    /// The name, as an argument of a call.
    pub(crate) fn name(&self) -> Bytes {
        self.name.clone()
    }

    /// Waits until the ticket is called (`true`), or until it is time for a slow look: announcements are hints
    /// and may get lost. `soon` is when a look is worth while at the latest.
    pub(crate) async fn called(&self, soon: Duration) -> bool {
        let slow = Duration::from_secs(1).mul_f64(chance::factor(0.5..1.0));
        timeout(soon.min(slow), self.called.notified())
            .await
            .is_ok()
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.inbox.lock().remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object::Namespace;

    #[tokio::test]
    async fn only_the_called_are_awakened() {
        let inboxes = Inboxes::new();
        let store = crate::store::EmbeddedStore::new(crate::runtime::Limits::default());
        let key = Namespace::new("job").unwrap().key("queue").unwrap();
        assert!(!inboxes.is_open(&key));
        let (first, second) = (
            inboxes.ticket(&store, &key).await.unwrap(),
            inboxes.ticket(&store, &key).await.unwrap(),
        );
        assert!(inboxes.is_open(&key));
        assert_ne!(first.name(), second.name());

        let woken = |ticket: &Ticket| {
            use futures_util::FutureExt as _;
            ticket.called.notified().now_or_never().is_some()
        };
        let hear = |text: &[u8]| {
            first
                .inbox
                .hear(&Change::Hint(Bytes::copy_from_slice(text)))
        };
        hear(&[b"other:0 ", &second.name()[..]].concat());
        assert_eq!((woken(&first), woken(&second)), (false, true));
        hear(b"other:0 nonsense : 0");
        assert_eq!((woken(&first), woken(&second)), (false, false));
        hear(b"");
        assert_eq!((woken(&first), woken(&second)), (true, true));
        first.inbox.hear(&Change::Resync);
        assert_eq!((woken(&first), woken(&second)), (true, true));
    }
}
