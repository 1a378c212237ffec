//! The calls of this process on one object that one engine serves: a batch or two under way at a time, the rest waiting
//! for the next.
//!
//! That is what makes exactly-once cheap (the server remembers one batch a slot) and what makes many callers fast
//! (they share a script call, or a commit). With two slots the server works on one batch while this process makes the
//! next. A caller that finds a slot free sends its call itself, without the detour over another task.

mod flight;
mod taken;

use std::sync::Arc;

use self::taken::Taken;
use super::answer::Answer;
use super::combine::{Combining, Published, Site};
use super::engine::{Engine, Slot};
use super::fault::Fault;
use super::names::Names;
use super::native;
use super::operation::Operation;
use super::process::Process;
use super::queue::{Entry, Queue, received};
use super::scripted::{self, Remembered};
use super::sent::Sent;
use crate::object::Call;

/// The calls of this process on one object that one engine serves.
#[derive(Debug)]
pub(super) struct Lane {
    names: Names,
    pub(super) queue: Arc<Queue>,
    kept: Kept,
}

/// What the engine of a lane keeps from one batch to the next.
#[derive(Debug)]
enum Kept {
    Native,
    Scripted(Remembered),
    Combined(Box<Combined>),
}

/// What is known of the state of a user's object.
#[derive(Debug, Default)]
struct Combined {
    // Held by the caller or the driver that sends the lane's batch, so by one at a time.
    combining: tokio::sync::Mutex<Combining>,
    published: Published,
}

impl Lane {
    pub(super) fn new(names: Names, engine: Engine) -> Arc<Self> {
        Arc::new(Self {
            names,
            queue: Arc::new(Queue::new(engine)),
            kept: match engine {
                Engine::Native => Kept::Native,
                Engine::Scripted => Kept::Scripted(Remembered::default()),
                Engine::Combined => Kept::Combined(Box::default()),
            },
        })
    }

    /// The answer to a call that may read what is not the newest, if it is known here.
    pub(super) fn answer(&self, call: &Call) -> Option<Answer> {
        match &self.kept {
            Kept::Combined(combined) => combined.published.answer(call),
            Kept::Native | Kept::Scripted(_) => None,
        }
    }

    /// Does one operation, exactly once. Dropping the future does not stop what has been sent.
    pub(super) async fn run(
        self: Arc<Self>,
        process: &Arc<Process>,
        operation: Operation,
    ) -> Answer {
        let mut operation = operation;
        loop {
            operation = match self.queue.enter(operation) {
                Entry::Refused(fault) => return Err(fault),
                Entry::Goes(slot, operation) => {
                    let taken = Taken::of(Arc::clone(&self), slot);
                    return taken.lead(Arc::clone(process), operation).await;
                }
                Entry::Waits(answer) => match received(answer).await {
                    Ok(answer) => return answer,
                    Err(back) => back,
                },
            };
        }
    }

    /// Whether this process leads the object, and so has something to do though nobody here waits.
    fn leads(&self) -> bool {
        match &self.kept {
            Kept::Combined(combined) => {
                let combining = combined.combining.try_lock();
                combining.is_ok_and(|known| known.leads())
            }
            Kept::Native | Kept::Scripted(_) => false,
        }
    }

    /// Does one operation without other processes. Where they are about it gives what came of an attempt, if there was one.
    async fn alone(
        &self,
        process: &Process,
        slot: Slot,
        operation: &Operation,
    ) -> Result<Answer, Option<Sent>> {
        if let Kept::Combined(combined) = &self.kept {
            let site = self.site(process, combined);
            let combining = &combined.combining;
            let alone = async { combining.lock().await.alone(&site, operation).await };
            // Its future is several times as large as the others: boxing it keeps those small.
            return Box::pin(alone).await;
        }
        let operations = std::slice::from_ref(operation);
        let answers = self.fly(process, slot, operations, None).await;
        let none = || Err(Fault::Server("it gave no reply".to_owned()));
        Ok(answers.into_iter().next().unwrap_or_else(none))
    }

    /// Sends one batch and gives an answer for each of its operations.
    async fn fly(
        &self,
        process: &Process,
        slot: Slot,
        operations: &[Operation],
        sent: Option<Sent>,
    ) -> Vec<Answer> {
        let (core, names) = (&process.core, &self.names);
        match &self.kept {
            Kept::Native => native::fly(core, names, operations).await,
            Kept::Scripted(remembered) => {
                scripted::fly(core, names, slot, remembered, operations).await
            }
            Kept::Combined(combined) => {
                let site = self.site(process, combined);
                let mut combining = combined.combining.lock().await;
                Box::pin(combining.fly(&site, operations, sent)).await
            }
        }
    }

    fn site<'a>(&'a self, process: &'a Process, combined: &'a Combined) -> Site<'a> {
        Site {
            core: &process.core,
            inbox: &process.inbox,
            keeper: &process.keeper,
            names: &self.names,
            queue: &self.queue,
            published: &combined.published,
        }
    }
}

#[cfg(test)]
#[path = "../../../unit/store/redis/lane/tests.rs"]
mod tests;
