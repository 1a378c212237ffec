//! What this process knows of a user's object, and how it gets from calls to answers.

use std::sync::Arc;
use std::time::Duration;

use super::lead::Lead;
use super::own::Own;
use super::pulse::Pulse;
use super::recorded::recorded;
use super::replica::Replica;
use super::round::Turn;
use super::site::{SLOT, Site};
use crate::object::ObjectType;
use crate::store::redis::answer::Answer;
use crate::store::redis::fault::Fault;
use crate::store::redis::operation::{Operation, is_read};
use crate::store::redis::records::Records;
use crate::store::redis::removal;
use crate::store::redis::sent::Sent;

/// What is known of a user's object.
#[derive(Debug, Default)]
pub(in crate::store::redis) struct Combining {
    object: Option<&'static ObjectType>,
    pub(super) cached: Option<Replica>,
    pub(super) lead: Option<Lead>,
    /// Whether others were about lately.
    pub(super) contended: bool,
    /// How long the next lease is to be; longer than usual after one was too short.
    pub(super) lease: Duration,
    pulse: Option<Arc<Pulse>>,
    pub(super) records: Records,
    /// Whether operations were begun and not ended. Where that is found later, their runtime was shut down meanwhile.
    begun: bool,
}

impl Combining {
    /// Does one operation without other processes.
    ///
    /// # Errors
    ///
    /// Other processes use the object. If an attempt was refused for that reason: what the server may know of it.
    pub(in crate::store::redis) async fn alone(
        &mut self,
        site: &Site<'_>,
        operation: &Operation,
    ) -> Result<Answer, Option<Sent>> {
        let operations = std::slice::from_ref(operation);
        let Operation::Call(call) = operation else {
            // A creation or a removal needs no other process. Both are rare: boxing them keeps the common future small.
            let done = Box::pin(self.fly(site, operations, None)).await.pop();
            return done.ok_or(None);
        };
        if self.contended && !is_read(call) {
            return Err(None);
        }
        self.begin();
        let mut own = Own::of(site.core, vec![call], None);
        let done = self.by_itself(site, &mut own).await;
        let sent = own.sent.attempt.is_some().then_some(own.sent);
        let answers = self.landed(site, operations, done);
        answers.and_then(|mut answers| answers.pop()).ok_or(sent)
    }

    /// Does operations on objects of one type, the first of which may have been sent before; without any, what a leader
    /// has to do.
    pub(in crate::store::redis) async fn fly(
        &mut self,
        site: &Site<'_>,
        operations: &[Operation],
        sent: Option<Sent>,
    ) -> Vec<Answer> {
        self.begin();
        let done = match operations {
            [] => self.round(site, None).await.map(|_| Vec::new()),
            [Operation::Create(call, description)] => {
                let created = self.create(site, call, description).await;
                created.map(|done| vec![Ok(done)])
            }
            [Operation::Destroy] => {
                let removed = self.destroy(site).await;
                removed.map(|done| vec![Ok(done)])
            }
            operations => {
                let calls = operations.iter().filter_map(Operation::call).collect();
                Ok(self.run(site, Own::of(site.core, calls, sent)).await)
            }
        };
        self.landed(site, operations, done.map(Some))
            .unwrap_or_default()
    }

    /// Whether there is more to do, though nobody here waits.
    pub(in crate::store::redis) fn leads(&self) -> bool {
        self.lead.is_some()
    }

    /// Removes the object, whatever it is, and forgets the state before.
    async fn destroy(&mut self, site: &Site<'_>) -> Answer {
        self.let_go();
        site.published.forget();
        removal::destroy(site.core, site.names, SLOT).await
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
            site.published.note(object, self.cached.as_ref());
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
            own.sent.earlier.begin(&site.core.link.clock);
            match self.round(site, Some(own)).await? {
                Turn::Ran(answers) => {
                    own.take_answers(answers);
                    return Ok(());
                }
                Turn::Recorded => Some(recorded(site, own).await?),
                Turn::Later => {
                    own.sent.earlier.doubt = true;
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
    pub(super) fn lease(&self, site: &Site<'_>) -> Duration {
        self.lease.max(site.core.options.lease)
    }

    pub(super) fn pulse(&mut self, site: &Site<'_>) -> Arc<Pulse> {
        let pulse = self.pulse.get_or_insert_with(|| {
            let (keeper, clock) = (site.keeper.clone(), Arc::clone(&site.core.link.clock));
            let pulse = Arc::new(Pulse::new(Arc::clone(site.queue), keeper, clock));
            site.keeper.watch(&pulse);
            pulse
        });
        Arc::clone(pulse)
    }
}
