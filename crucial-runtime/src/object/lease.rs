//! Leases: what this process holds of objects, kept while it lives and lost when it does not.
//!
//! An object that lends something (a permit, a lock, a place in a queue) notes the *session* that it
//! lends to, and until when. A process is one session; while it holds or waits for anything of an
//! object, one task here renews its lease, one call for all that it holds of that object. Leases end
//! by the time of the store alone: a process that is dead, frozen or cut off does not renew, and what
//! it held goes to others.
//!
//! What such an object has to offer, times in milliseconds:
//!
//! * its methods that lend take the [session](Leases::session) and the [length](Leases::length_ms) of
//!   its lease, and number what they lend, rising: the *ticket*;
//! * a method to renew, of arguments `[session, length, now]`, that answers `[first, left]`: of the
//!   session's tickets those from `first` on are still good (none, if it is the next ticket to come),
//!   and the earliest lease of another session ends in `left`, or none does if `left` is negative;
//! * each of its methods that change it first takes back what was lent on leases that have ended.
//!
//! As nobody announces that a lease ran out, the task also calls when the earliest lease of another
//! session that it knows of is about to end: the call takes back, and what it gives to others is announced to them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::session::Session;
use super::{Call, Handle, Key, Method, Namespace, Object, ObjectType, Value, milliseconds};
use crate::error::Error;
use crate::pause::Pause;
use crate::runtime::{Runtime, WeakRuntime};

/// How long after a lease has ended others look: the store's milliseconds are rounded.
const ROUNDING: Duration = Duration::from_millis(2);

/// How seldom to look, however long the own lease is: others' may be shorter.
const LOOK: Duration = Duration::from_secs(3);

/// The leases of this process.
#[derive(Debug)]
pub(crate) struct Leases {
    session: Bytes,
    length: Duration,
    // Held for a look-up, never across an await.
    kept: Mutex<HashMap<Key, Arc<Kept>>>,
}

/// What this process holds of one object, and how long it is known to.
#[derive(Debug)]
struct Kept {
    /// The call that renews it, and the one that ends a membership.
    renewal: Call,
    leave: Option<&'static Method>,
    length: Duration,
    tenure: watch::Sender<Tenure>,
}

#[derive(Debug, Clone, Copy)]
struct Tenure {
    /// How many guards and waiters there are.
    tenants: usize,
    /// Whether it is to be kept without any, until the job ends here.
    member: bool,
    /// When the last call that renewed the lease was sent.
    renewed: Instant,
    /// Tickets below have been lost.
    first: u64,
    /// When the earliest lease of another session ends, if it is not renewed.
    others: Option<Instant>,
}

impl Leases {
    /// None yet, of a session of its own in that job.
    pub(crate) fn new(job: &Namespace, length: Duration) -> Self {
        Self {
            session: Session::here(job).to_string().into(),
            length,
            kept: Mutex::default(),
        }
    }

    /// This process, as objects know it.
    pub(crate) fn session(&self) -> Bytes {
        self.session.clone()
    }

    /// How long a lease lasts, in milliseconds, as an argument of a call.
    pub(crate) fn length_ms(&self) -> Bytes {
        milliseconds(self.length).to_string().into()
    }

    /// Keeps a lease of that object from now on, for as long as there are tenants.
    pub(crate) fn tenant<O: Object>(
        &self,
        runtime: &Runtime,
        object: &Handle<O>,
        renew: &'static Method,
        leave: Option<&'static Method>,
    ) -> Tenant {
        let mut kept = self.lock();
        if let Some(kept) = kept.get(object.key()) {
            kept.tenure.send_modify(|tenure| tenure.tenants += 1);
            return Tenant(Arc::clone(kept));
        }
        let renewal = Call {
            key: object.key().clone(),
            object: ObjectType::of::<O>(),
            method: renew,
            args: vec![self.session(), self.length_ms(), Bytes::new()],
        };
        let new = Arc::new(Kept {
            renewal,
            leave,
            length: self.length,
            tenure: watch::Sender::new(Tenure {
                tenants: 1,
                member: false,
                renewed: Instant::now(),
                first: 0,
                others: None,
            }),
        });
        kept.insert(object.key().clone(), Arc::clone(&new));
        tokio::spawn(Arc::clone(&new).keep(runtime.downgrade()));
        Tenant(new)
    }

    /// Ends all memberships, in good order: nobody is missed.
    pub(crate) async fn leave(&self, runtime: &Runtime) {
        let members: Vec<_> = {
            let mut kept = self.lock();
            let members = kept.extract_if(|_, kept| kept.tenure.borrow().member);
            members.map(|(_, kept)| kept).collect()
        };
        for kept in members {
            kept.tenure.send_modify(|tenure| tenure.member = false);
            let Some(leave) = kept.leave else { continue };
            let call = Call {
                method: leave,
                args: vec![self.session(), Bytes::new()],
                ..kept.renewal.clone()
            };
            match runtime.store().call(call).await {
                Ok(_) | Err(Error::NotFound { .. }) => {}
                Err(error) => {
                    tracing::warn!(%error, object = %kept.renewal.key, "the end of a membership could not be told; it ends with its lease");
                }
            }
        }
    }

    /// Forgets a lease that nobody needs any more; `false` if somebody does.
    fn forget_unused(&self, unused: &Arc<Kept>) -> bool {
        let mut kept = self.lock();
        let unused_still = unused.tenure.borrow().is_unused();
        if unused_still {
            remove(&mut kept, unused);
        }
        unused_still
    }

    fn forget(&self, gone: &Arc<Kept>) {
        remove(&mut self.lock(), gone);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Arc<Kept>>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn remove(kept: &mut HashMap<Key, Arc<Kept>>, gone: &Arc<Kept>) {
    let key = &gone.renewal.key;
    if kept.get(key).is_some_and(|kept| Arc::ptr_eq(kept, gone)) {
        kept.remove(key);
    }
}

impl Tenure {
    fn is_unused(&self) -> bool {
        self.tenants == 0 && !self.member
    }
}

impl Kept {
    /// Renews the lease until nobody needs it.
    async fn keep(self: Arc<Self>, runtime: WeakRuntime) {
        let mut changes = self.tenure.subscribe();
        let rhythm = (self.length / 3).min(LOOK);
        let mut pause = Pause::new(rhythm / 5, rhythm);
        // The pause holds even where a renewal is due: the store may refuse for long.
        let mut earliest = Instant::now();
        loop {
            let tenure = *changes.borrow_and_update();
            let due = tenure.renewed + rhythm;
            let next = tenure.others.map_or(due, |others| due.min(others));
            let next = next.max(earliest);
            tokio::select! {
                () = sleep_until(next) => {}
                // A lease of others that ends sooner, perhaps.
                _ = changes.changed() => continue,
            }
            let Some(runtime) = runtime.upgrade() else {
                return;
            };
            if runtime.leases().forget_unused(&self) {
                return;
            }
            let sent = Instant::now();
            // Looked for once; a lease that is renewed is told of anew.
            self.tenure.send_if_modified(|tenure| {
                tenure.others.take();
                false
            });
            match runtime.store().call(self.renewal.clone()).await {
                Ok(Poll::Ready(reply)) => {
                    self.renewed(sent, &reply);
                    pause.reset();
                    continue;
                }
                Err(Error::NotFound { .. }) => {
                    // All that was held of it has gone with the object. One made anew numbers anew.
                    runtime.leases().forget(&self);
                    self.tenure.send_modify(|tenure| tenure.first = u64::MAX);
                    return;
                }
                Ok(Poll::Pending) => {}
                Err(error) => {
                    tracing::warn!(%error, object = %self.renewal.key, "a lease could not be renewed");
                }
            }
            earliest = Instant::now() + pause.next();
        }
    }

    /// What an object answered a call, sent then, that renewed the lease.
    fn renewed(&self, sent: Instant, reply: &Value) {
        if let Value::List(parts) = reply
            && let [Value::Int(first), Value::Int(left), ..] = parts[..]
        {
            self.confirmed(sent, first, left);
        }
    }

    fn confirmed(&self, sent: Instant, first: i64, left: i64) {
        let others = u64::try_from(left)
            .ok()
            .and_then(|left| Instant::now().checked_add(Duration::from_millis(left) + ROUNDING));
        self.tenure.send_modify(|tenure| {
            tenure.renewed = tenure.renewed.max(sent);
            // Replies may come out of order; what is lost stays lost.
            tenure.first = tenure.first.max(u64::try_from(first).unwrap_or_default());
            tenure.others = others;
        });
    }
}

/// That this process holds, or waits for, something of an object: the lease is kept while this lives.
#[derive(Debug)]
pub(crate) struct Tenant(Arc<Kept>);

impl Tenant {
    /// Notes that a call, sent then, has lent something, and so renewed the lease: of the session's
    /// tickets those from `first` on are good, and the earliest lease of others ends in `left` milliseconds.
    pub(crate) fn confirmed(&self, sent: Instant, first: i64, left: i64) {
        self.0.confirmed(sent, first, left);
    }

    /// Keeps the lease without tenants too, until the job ends here or the process does.
    pub(crate) fn stay(&self) {
        self.0.tenure.send_if_modified(|tenure| {
            tenure.member = true;
            false
        });
    }

    /// Whether what was lent under that ticket is known to be held still. Once the lease has not been
    /// renewed for its length it is not, though the store may not have given it to anybody yet.
    pub(crate) fn holds(&self, ticket: u64) -> bool {
        let tenure = *self.0.tenure.borrow();
        tenure.first <= ticket && tenure.renewed.elapsed() < self.0.length
    }

    /// Waits until [`holds`](Self::holds) is false.
    pub(crate) async fn lost(&self, ticket: u64) {
        let mut changes = self.0.tenure.subscribe();
        while self.holds(ticket) {
            let end = changes.borrow_and_update().renewed + self.0.length;
            tokio::select! {
                () = sleep_until(end) => {}
                // The sender is in `self`, so the channel is open.
                _ = changes.changed() => {}
            }
        }
    }
}

impl Drop for Tenant {
    fn drop(&mut self) {
        // Nobody waits for this: the task looks when it has to renew, as somebody else often comes before.
        self.0.tenure.send_if_modified(|tenure| {
            tenure.tenants -= 1;
            false
        });
    }
}
