//! A caller in one of a queue's lines, who leaves it when gone.

use std::time::Duration;

use bytes::Bytes;

use super::machine::QueueState;
use crate::error::{Error, Result};
use crate::object::{Errand, Handle, Limit, Method, Ticket};
use crate::objects::argument;

/// How long a caller counts as alive that has not looked; it looks about each second.
const PATIENCE: Duration = Duration::from_secs(3);

/// A caller. Dropped while it stands in line, it leaves.
pub(super) struct Caller {
    pub(super) queue: Handle<QueueState>,
    pub(super) errand: Errand,
    leave: &'static Method,
    ticket: Option<Ticket>,
    /// Whether it may stand in line.
    stands: bool,
}

impl Caller {
    /// One that has not come to the line that it leaves by that method.
    pub(super) fn new(queue: &Handle<QueueState>, leave: &'static Method) -> Result<Self> {
        Ok(Self {
            queue: queue.clone(),
            errand: Errand::here()?,
            leave,
            ticket: None,
            stands: false,
        })
    }

    /// Whether a ticket costs no round trip.
    pub(super) fn is_expected(&self) -> bool {
        self.errand.runtime().inboxes().is_open(self.queue.key())
    }

    /// Takes a ticket, with which it may stand in line.
    pub(super) async fn take_ticket(&mut self) -> Result<()> {
        let runtime = self.errand.runtime();
        let store = runtime.store().as_ref();
        let ticket = runtime.inboxes().ticket(store, self.queue.key()).await?;
        self.ticket = Some(ticket);
        Ok(())
    }

    /// The first arguments of what it asks: its ticket, if it has one, and how long it counts as alive.
    pub(super) fn introduction(&mut self) -> Vec<Bytes> {
        self.stands = self.ticket.is_some();
        let ticket = self.ticket.as_ref().map(Ticket::name);
        vec![ticket.unwrap_or_default(), argument::duration(PATIENCE)]
    }

    /// Waits until it is called (`true`), or until it is time for a look.
    pub(super) async fn called(&self, soon: Option<Duration>, limit: &Limit) -> bool {
        let Some(ticket) = &self.ticket else {
            return false;
        };
        let left = limit.left();
        ticket
            .called(soon.map_or(left, |soon| soon.min(left)))
            .await
    }

    /// The same caller once it stands in line no more.
    pub(super) fn served(mut self) -> Self {
        self.stands = false;
        self
    }

    /// Leaves the line.
    pub(super) async fn leave(mut self) -> Result<()> {
        let Some(ticket) = self.ticket.as_ref().filter(|_| self.stands) else {
            return Ok(());
        };
        let ticket = ticket.name();
        self.stands = false;
        let (queue, leave) = (self.queue.clone(), self.leave);
        self.errand
            .finish(async move { queue.call(leave, vec![ticket]).await })
            .await
            .map(drop)
    }
}

impl Drop for Caller {
    fn drop(&mut self) {
        let Some(ticket) = self.ticket.take().filter(|_| self.stands) else {
            return;
        };
        let (queue, leave) = (self.queue.clone(), self.leave);
        self.errand.spawn(async move {
            match queue.call(leave, vec![ticket.name()]).await {
                Ok(_) | Err(Error::NotFound { .. }) => {}
                Err(error) => {
                    tracing::warn!(%error, queue = %queue.key(), "who waited is gone and the queue could not be told");
                }
            }
        });
    }
}
