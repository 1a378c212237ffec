//! Until when this process may bring objects into being, job by job.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::clock::Clock;

/// Until when this process may bring objects into being, job by job, by the server's clock.
///
/// A job's objects are removed when it ends, or when its lease has run out. What comes into being after that would stay for
/// ever, so whatever creates carries the end of the lease as this process knows it, and the script that creates looks at
/// the clock. Calls on an object that is there need no such look: it goes with all that they write.
#[derive(Debug, Default)]
pub(super) struct Terms(Mutex<HashMap<String, Term>>);

#[derive(Debug, Clone, Copy)]
struct Term {
    /// When the lease ends, by the server's clock, in milliseconds since 1970; 0 once the job is known to have ended.
    end: u64,
    /// How it was asked for.
    asked: Asked,
    /// Whether the server has had no lease of it since.
    lost: bool,
}

/// How a lease is asked for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Asked {
    /// By the driver, whose word it is that the job lives: for so long.
    Renewed(Duration),
    /// By a process that runs a thread of a job that lives.
    Prolonged,
}

impl Terms {
    /// The lease was asked for at that moment, and the server has granted it for so long.
    pub(super) fn granted(
        &self,
        namespace: &str,
        clock: &Clock,
        at: Instant,
        lease: Duration,
        asked: Asked,
    ) {
        let ms = |duration: Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        // The answer may have told what the clock shows.
        let at = clock.now_ms().saturating_sub(ms(at.elapsed()));
        let term = Term {
            end: at.saturating_add(ms(lease)).max(1),
            asked,
            lost: false,
        };
        let mut terms = self.lock();
        // What has ended here stays so: this may have been asked for just before.
        if terms.get(namespace).is_none_or(|term| term.end > 0) {
            terms.insert(namespace.to_owned(), term);
        }
    }

    /// The server has no lease of the job any more. Whether that is news of a job that had one.
    pub(super) fn lost(&self, namespace: &str) -> bool {
        let mut terms = self.lock();
        let term = terms.get_mut(namespace);
        term.is_some_and(|term| !std::mem::replace(&mut term.lost, true))
    }

    /// The job ends here and now. Whether it is one that this process takes part in.
    pub(super) fn ended(&self, namespace: &str) -> bool {
        let mut terms = self.lock();
        let term = terms.get_mut(namespace);
        term.is_some_and(|term| {
            term.end = 0;
            true
        })
    }

    /// How its lease is asked for, unless the job has ended here.
    pub(super) fn asked(&self, namespace: &str) -> Option<Asked> {
        let term = self.lock().get(namespace).copied();
        term.filter(|term| term.end > 0).map(|term| term.asked)
    }

    /// When the lease ends, as scripts read it; empty for a namespace that is not a job of this process.
    pub(super) fn end_of(&self, namespace: &str) -> String {
        let term = self.lock().get(namespace).copied();
        term.map_or_else(String::new, |term| term.end.to_string())
    }

    // Held to look something up.
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Term>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
