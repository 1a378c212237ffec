//! User objects: their methods run here, on the cached state, and one commit stores what a whole batch did.
//!
//! Three gears, one after the other as a process meets others at an object:
//!
//! * **[alone]**: a batch of calls runs on the version that is cached, and is [installed](install) in one round trip if
//!   that version is still the stored one;
//! * **in [company]**: calls are [submitted](submit); one process [leads](lead), runs everybody's calls round by
//!   [round] and [commits](commit) them with the replies, which are pushed to their callers' [inboxes](inbox);
//! * **with many callers in each process**: the lease moves to the calls, where they are more than the state.
//!
//! Nothing has been answered until the commit is confirmed, so running a batch again is invisible. What holds it
//! together: a commit names the version that it was made from and the token of its lease, and each call has a number
//! that the server records with its reply.

mod alone;
mod batch;
mod commit;
mod company;
mod inbox;
mod install;
mod keeper;
mod lead;
mod own;
mod parcel;
mod published;
mod pulse;
mod reads;
mod recorded;
mod replica;
mod round;
mod stage;
mod submit;

use std::sync::Arc;
use std::time::Duration;

pub(super) use self::inbox::Inbox;
pub(super) use self::keeper::Keeper;
use self::lead::Lead;
pub(super) use self::own::Attempt;
use self::own::Own;
pub(super) use self::published::Published;
use self::pulse::Pulse;
use self::recorded::recorded;
use self::replica::Replica;
use self::round::Turn;
use super::answer::Answer;
use super::core::Core;
use super::fault::Fault;
use super::lane::Lane;
use super::names::Names;
use super::operation::{Operation, is_read};
use super::records::Records;
use super::slots::Slot;
use crate::object::ObjectType;

/// Batches of one process for one object come one after the other.
const SLOT: Slot = 0;
/// Where a batch is run for.
#[derive(Clone, Copy)]
pub(super) struct Site<'a> {
    pub(super) core: &'a Core,
    pub(super) names: &'a Names,
    pub(super) lane: &'a Lane,
}

/// What is known of a user's object.
#[derive(Debug, Default)]
pub(super) struct Combining {
    object: Option<&'static ObjectType>,
    cached: Option<Replica>,
    lead: Option<Lead>,
    /// Whether others were about lately.
    contended: bool,
    /// How long the next lease is to be; longer than usual after one was too short.
    lease: Duration,
    pulse: Option<Arc<Pulse>>,
    records: Records,
    /// Whether operations were begun and not ended. Where that is found later, their runtime was shut down meanwhile.
    begun: bool,
}

impl Combining {
    /// Does one operation, if that takes nobody else; what it gave in an attempt that was refused, if it was attempted.
    pub(super) async fn alone(
        &mut self,
        site: &Site<'_>,
        operation: &Operation,
    ) -> Result<Answer, Option<Attempt>> {
        if self.contended && matches!(operation, Operation::Call(call) if !is_read(call)) {
            return Err(None);
        }
        self.begin();
        let mut attempt = None;
        let done = match operation {
            Operation::Create(call, description) => {
                let created = self.create(site, call, description).await;
                created.map(|done| Some(vec![Ok(done)]))
            }
            operation => {
                let calls = operation.call().into_iter().collect();
                let mut own = Own::of(site.core, calls, None);
                let done = self.by_itself(site, &mut own).await;
                attempt = own.attempt.map(|answers| Attempt {
                    seq: own.seq,
                    answers,
                    earlier: own.earlier,
                });
                done
            }
        };
        let answers = self.landed(site, std::slice::from_ref(operation), done);
        answers.and_then(|mut answers| answers.pop()).ok_or(attempt)
    }

    /// Does operations on objects of one type, the first of which may have been attempted before; without any, what a
    /// leader has to do.
    pub(super) async fn fly(
        &mut self,
        site: &Site<'_>,
        operations: &[Operation],
        attempt: Option<Attempt>,
    ) -> Vec<Answer> {
        self.begin();
        let done = match operations {
            [] => self.round(site, None).await.map(|_| Vec::new()),
            [Operation::Create(call, description)] => {
                let created = self.create(site, call, description).await;
                created.map(|done| vec![Ok(done)])
            }
            operations => {
                let calls = operations.iter().filter_map(Operation::call).collect();
                Ok(self.run(site, Own::of(site.core, calls, attempt)).await)
            }
        };
        self.landed(site, operations, done.map(Some))
            .unwrap_or_default()
    }

    /// Whether there is more to do, though nobody here waits.
    pub(super) fn leads(&self) -> bool {
        self.lead.is_some()
    }

    /// Forgets the state: the object is being removed.
    pub(super) fn forget(&mut self, published: &Published) {
        self.let_go();
        published.forget();
    }

    /// Operations begin. After some that did not end nobody knows what is stored, or who leads.
    fn begin(&mut self) {
        if self.begun {
            self.let_go();
        }
        self.begun = true;
    }

    /// Forgets the state, and the lead.
    fn let_go(&mut self) {
        self.cached = None;
        self.lead = None;
        if let Some(pulse) = &self.pulse {
            pulse.let_go();
        }
    }

    /// Publishes the state that operations leave, and gives an answer to each.
    fn landed(
        &mut self,
        site: &Site<'_>,
        operations: &[Operation],
        done: Result<Option<Vec<Answer>>, Fault>,
    ) -> Option<Vec<Answer>> {
        self.begun = false;
        let answers = done.unwrap_or_else(|fault| {
            // After a fault nobody knows what is stored.
            self.cached = None;
            Some(operations.iter().map(|_| Err(fault.clone())).collect())
        });
        if let Some(call) = operations.first().and_then(Operation::call) {
            self.object = Some(call.object);
        }
        if let Some(object) = self.object {
            site.lane.published.note(object, self.cached.as_ref());
        }
        answers
    }

    /// Does calls, in whichever gear. After a fault those that had been answered by then keep their answers.
    async fn run(&mut self, site: &Site<'_>, mut own: Own<'_>) -> Vec<Answer> {
        while !own.calls.is_empty() {
            if let Err(fault) = self.go_on(site, &mut own).await {
                // Nobody knows what is stored.
                self.cached = None;
                own.answer_all(|_| Err(fault.clone()));
            }
        }
        own.answered
    }

    /// One step towards the answers to calls: by itself, as the leader, or by asking who leads.
    async fn go_on(&mut self, site: &Site<'_>, own: &mut Own<'_>) -> Result<(), Fault> {
        let replies = if self.lead.is_some() {
            // A commit that comes back as too late may have been done when it was sent first.
            own.earlier.begin(&site.core.link.clock);
            match self.round(site, Some(own)).await? {
                Turn::Ran(answers) => {
                    own.take_answers(answers);
                    return Ok(());
                }
                Turn::Recorded => Some(recorded(site, own).await?),
                Turn::Later => {
                    own.earlier.doubt = true;
                    None
                }
            }
        } else if self.contended && !own.reads_only() {
            self.submit(site, own).await?
        } else {
            if let Some(answers) = self.by_itself(site, own).await? {
                own.take_answers(answers);
            }
            None
        };
        match replies {
            Some(replies) => self.settle(site, own, &replies).await,
            None => Ok(()),
        }
    }

    /// How long the next lease is to be.
    fn lease(&self, site: &Site<'_>) -> Duration {
        self.lease.max(site.core.options.lease)
    }

    fn pulse(&mut self, site: &Site<'_>) -> Arc<Pulse> {
        let pulse = self.pulse.get_or_insert_with(|| {
            let (keeper, clock) = (site.core.keeper.clone(), Arc::clone(&site.core.link.clock));
            let pulse = Arc::new(Pulse::new(site.lane.this(), keeper, clock));
            site.core.keeper.watch(&pulse);
            pulse
        });
        Arc::clone(pulse)
    }
}
