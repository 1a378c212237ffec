//! Permits of an object, as this process holds them or waits for them.

pub(super) mod machine;
#[cfg(test)]
#[cfg(feature = "redis")]
#[path = "../../unit/objects/permits/spec.rs"]
mod spec;

use std::time::Duration;

use bytes::Bytes;
use tokio::time::{Instant, timeout};

use self::machine::{BUSY, CLOSED, Permits};
use super::argument;
use crate::error::{Error, Result};
use crate::object::{Concern, Errand, Handle, Limit, Method, Tenant, Value};

/// How long one whose time is over waits to be out of the queue; after that it leaves in the background.
const PATIENCE: Duration = Duration::from_secs(1);

/// A place in the queue for permits, and then the permits. Given back when dropped, at any time.
pub(super) struct Share {
    handle: Handle<Permits>,
    tenant: Tenant,
    errand: Errand,
    ticket: u64,
    /// How many are held: what is given back. Nothing where others have done that.
    count: u32,
}

/// What came of asking.
enum Asked {
    /// Granted, with what is protected by it.
    Granted(Share, Value),
    Queued(Share),
    Busy,
}

impl Share {
    /// So many, at once or not at all; with what is protected by them. One round trip.
    pub(super) async fn try_acquire(
        handle: &Handle<Permits>,
        count: u32,
    ) -> Result<Option<(Self, Value)>> {
        match Self::ask(handle, count, false).await? {
            Asked::Granted(share, value) => Ok(Some((share, value))),
            Asked::Queued(_) | Asked::Busy => Ok(None),
        }
    }

    /// So many, when it is this one's turn; with what is protected by them. One round trip if they are free.
    pub(super) async fn acquire(
        handle: &Handle<Permits>,
        method: &'static str,
        count: u32,
    ) -> Result<(Self, Value)> {
        let limit = Limit::here()?;
        let timed_out = || limit.error(handle.key(), method);
        if limit.is_zero() {
            let now = Self::try_acquire(handle, count);
            let now = limit.asking(handle.key(), method, now).await?;
            return now.ok_or_else(timed_out);
        }
        loop {
            let asked = Self::ask(handle, count, true);
            match limit.asking(handle.key(), method, asked).await? {
                Asked::Granted(share, value) => return Ok((share, value)),
                Asked::Queued(mut share) => match limit.waiting(share.granted()).await {
                    Some(granted) => match granted? {
                        Some(value) => return Ok((share, value)),
                        // The place is lost, as a process that was frozen loses it, or the queue was
                        // closed, which is what a new place is refused for.
                        None => share.disown(),
                    },
                    None => {
                        share.leave().await;
                        return Err(timed_out());
                    }
                },
                Asked::Busy => return Err(no_queue(handle, method)),
            }
        }
    }

    /// Asks for so many. If the future is dropped while the call is on its way, what the call brings is given back.
    async fn ask(handle: &Handle<Permits>, count: u32, queue: bool) -> Result<Asked> {
        let errand = Errand::here()?;
        let runtime = errand.runtime();
        let leases = runtime.leases();
        let tenant = leases.tenant(runtime, handle, &machine::RENEW, None);
        let arguments = vec![
            leases.session(),
            leases.length_ms(),
            argument::number(count),
            argument::number(u8::from(queue)),
            argument::now(),
        ];
        let (object, own) = (handle.clone(), errand.clone());
        let asking = async move {
            let sent = Instant::now();
            let reply = object.call(&machine::ACQUIRE, arguments).await?;
            if let Value::Int(reason) = reply {
                return Ok(Err(reason));
            }
            match object.list(&reply)? {
                [ticket, granted, first, left, value @ ..] => {
                    tenant.confirmed(sent, object.number(first)?, signed(left));
                    let ticket = object.number(ticket)?;
                    let granted = object.flag(granted)?;
                    let value = value.first().cloned().unwrap_or(Value::Nil);
                    let share = Self {
                        handle: object,
                        tenant,
                        errand: own,
                        ticket,
                        count,
                    };
                    Ok(Ok(if granted {
                        Asked::Granted(share, value)
                    } else {
                        Asked::Queued(share)
                    }))
                }
                _ => Err(object.unexpected("the reply", &reply)),
            }
        };
        match errand.finish(asking).await? {
            Ok(asked) => Ok(asked),
            Err(BUSY) => Ok(Asked::Busy),
            Err(CLOSED) => Err(Error::Closed {
                key: handle.key().clone(),
            }),
            Err(reason) => Err(handle.unexpected("the refusal", &Value::Int(reason))),
        }
    }

    /// A place in the queue, where the permits may be granted at once.
    pub(super) async fn queue(
        handle: &Handle<Permits>,
        method: &'static str,
        count: u32,
    ) -> Result<Self> {
        match Self::ask(handle, count, true).await? {
            Asked::Granted(share, _) | Asked::Queued(share) => Ok(share),
            Asked::Busy => Err(no_queue(handle, method)),
        }
    }

    /// Waits for this one's turn, and gives what is protected; `None` where the place is lost.
    pub(super) async fn granted(&self) -> Result<Option<Value>> {
        let ticket = argument::number(self.ticket);
        let (arguments, concern) = (vec![ticket.clone()], Concern::Own(ticket));
        let no_limit = Limit::new(Duration::MAX);
        let granted = self
            .handle
            .wait_for(&machine::GRANTED, arguments, concern, no_limit);
        match granted.await? {
            Value::Nil => Err(self.handle.not_found()),
            Value::Int(0) => Ok(None),
            value => Ok(Some(value)),
        }
    }

    pub(super) fn handle(&self) -> &Handle<Permits> {
        &self.handle
    }

    /// The number of this acquisition: later ones have higher ones.
    pub(super) fn ticket(&self) -> u64 {
        self.ticket
    }

    pub(super) fn count(&self) -> u32 {
        self.count
    }

    /// Whether they are known to be held still.
    pub(super) fn is_held(&self) -> bool {
        self.tenant.holds(self.ticket)
    }

    /// Waits until [`is_held`](Self::is_held) is false.
    pub(super) async fn lost(&self) {
        self.tenant.lost(self.ticket).await;
    }

    /// Gives all back, and hears whether they were held. One round trip.
    pub(super) async fn release(self) -> Result<()> {
        self.end(&machine::RELEASE, vec![Bytes::new()]).await
    }

    /// Leaves the queue: whoever is told that its time is over should be out of it.
    pub(super) async fn leave(self) {
        // What fails here ends with the lease.
        let _ = timeout(PATIENCE, self.release()).await;
    }

    /// Never gives them back. One round trip.
    pub(super) async fn forget(self) -> Result<()> {
        self.end(&machine::FORGET, Vec::new()).await
    }

    /// Gives some back and keeps the others. One round trip.
    pub(super) async fn reduce(&mut self, by: u32) -> Result<()> {
        let left = self.count - by;
        let arguments = vec![argument::number(by)];
        self.update(&machine::RELEASE, arguments).await?;
        self.count = left;
        Ok(())
    }

    /// Keeps so many alone, having written the value if there is one to write. One round trip.
    pub(super) async fn reduce_to(&mut self, count: u32, value: Option<Bytes>) -> Result<()> {
        match value {
            Some(value) => {
                let rest = vec![value, argument::number(count)];
                self.update(&machine::WRITE, rest).await?;
            }
            None => {
                let rest = vec![argument::number(self.count - count)];
                self.update(&machine::RELEASE, rest).await?;
            }
        }
        self.count = count;
        Ok(())
    }

    /// Makes a call that ends what is held. Once it is under way, it is finished.
    pub(super) async fn end(self, method: &'static Method, rest: Vec<Bytes>) -> Result<()> {
        let errand = self.errand.clone();
        let mut share = self;
        let ending = async move {
            let ended = share.update(method, rest).await;
            if ended.is_ok() || matches!(ended, Err(Error::LeaseLost { .. })) {
                share.disown();
            }
            ended
        };
        errand.finish(ending).await
    }

    /// There is nothing to give back any more.
    fn disown(&mut self) {
        self.count = 0;
    }

    /// Makes a call that is good only while the permits are held.
    pub(super) async fn update(&self, method: &'static Method, rest: Vec<Bytes>) -> Result<()> {
        let reply = self.handle.call(method, self.arguments(rest)).await?;
        if self.handle.flag(&reply)? {
            Ok(())
        } else {
            Err(lost(&self.handle))
        }
    }

    /// Makes a call that ends what is held, in the background.
    pub(super) fn end_later(mut self, method: &'static Method, rest: Vec<Bytes>) {
        self.leave_behind(method, rest);
    }

    fn leave_behind(&mut self, method: &'static Method, rest: Vec<Bytes>) {
        self.disown();
        let (handle, arguments) = (self.handle.clone(), self.arguments(rest));
        let release = self.arguments(vec![Bytes::new()]);
        self.errand.spawn(async move {
            match handle.call(method, arguments).await {
                Ok(Value::Int(0)) if *method == machine::WRITE => {
                    let error = lost(&handle);
                    tracing::error!(%error, "what was changed under a lock was not written");
                }
                // Without the object, or after the lease, there is nothing to give back.
                Ok(_) | Err(Error::NotFound { .. }) => {}
                Err(error) => {
                    tracing::error!(%error, object = %handle.key(), "what was held could not be given back as it should");
                    // What can't be written, as it is too large, must not keep others waiting.
                    if *method == machine::WRITE {
                        let _ = handle.call(&machine::RELEASE, release).await;
                    }
                }
            }
        });
    }

    fn arguments(&self, rest: Vec<Bytes>) -> Vec<Bytes> {
        let mut arguments = vec![argument::number(self.ticket)];
        arguments.extend(rest);
        arguments.push(argument::now());
        arguments
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        if self.count > 0 {
            self.leave_behind(&machine::RELEASE, vec![Bytes::new()]);
        }
    }
}

fn lost(handle: &Handle<Permits>) -> Error {
    Error::LeaseLost {
        key: handle.key().clone(),
    }
}

/// Who would wait was told that nothing is free, as only who would not wait is.
fn no_queue(handle: &Handle<Permits>, method: &str) -> Error {
    Error::Refused {
        key: handle.key().clone(),
        method: method.to_owned(),
        reason: "it has no queue".to_owned(),
    }
}

/// A whole number that may be negative.
fn signed(value: &Value) -> i64 {
    match value {
        Value::Int(number) => *number,
        _ => -1,
    }
}
