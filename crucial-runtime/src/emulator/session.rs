//! One process's part in a function: the event that it handles.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bytes::Bytes;

use super::{Pool, Reply, Request};

/// One process's part in a function.
#[derive(Debug)]
pub(super) struct Session {
    pool: Pool,
    // A plain mutex: it guards a few fields and is never held across an await.
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Whether the process has asked for work.
    ready: bool,
    /// What it said of its failure to start.
    init_error: Option<String>,
    current: Option<Current>,
    /// The label of the event that the process handles, or handled last: its lines may be read after it has answered.
    label: Option<String>,
}

#[derive(Debug)]
struct Current {
    request: Request,
    until: Instant,
}

/// What a process is told of its event.
pub(super) struct Assignment {
    pub(super) id: String,
    pub(super) payload: Bytes,
    pub(super) trace: Option<String>,
    pub(super) deadline_ms: u128,
}

impl Session {
    pub(super) fn new(pool: Pool) -> Self {
        Self {
            pool,
            state: Mutex::default(),
        }
    }

    pub(super) fn pool(&self) -> &Pool {
        &self.pool
    }

    /// The process asks for an event. Cancel safe.
    pub(super) async fn next(&self) -> Assignment {
        let (first, forgotten) = {
            let mut state = self.lock();
            (
                !std::mem::replace(&mut state.ready, true),
                state.current.take(),
            )
        };
        if first {
            self.pool.ready();
        }
        if let Some(current) = forgotten {
            let reason = "the process asked for another event before it had answered".to_owned();
            self.pool.freed();
            self.pool.finish(current.request, Reply::Died(reason));
        }
        let request = self.pool.next().await;
        let timeout = self.pool.function().timeout;
        let assignment = Assignment {
            id: request.id.clone(),
            payload: request.payload.clone(),
            trace: request.trace.clone(),
            deadline_ms: unix_ms_in(timeout),
        };
        let until = Instant::now() + timeout;
        let mut state = self.lock();
        state.label = Some(request.label.clone());
        state.current = Some(Current { request, until });
        drop(state);
        assignment
    }

    /// The process answers; `false` where it has no such event.
    pub(super) fn answer(&self, id: &str, reply: Reply) -> bool {
        let current = {
            let mut state = self.lock();
            if state
                .current
                .as_ref()
                .is_none_or(|current| current.request.id != id)
            {
                return false;
            }
            state.current.take()
        };
        if let Some(current) = current {
            // Before whoever waits for the answer sends the next event, which it can have then.
            self.pool.freed();
            self.pool.finish(current.request, reply);
        }
        true
    }

    /// The process says why it can't start.
    pub(super) fn init_error(&self, error: String) {
        self.lock().init_error = Some(error);
    }

    pub(super) fn take_init_error(&self) -> Option<String> {
        self.lock().init_error.take()
    }

    pub(super) fn is_ready(&self) -> bool {
        self.lock().ready
    }

    /// Whether the event takes longer than the function may.
    pub(super) fn is_overdue(&self) -> bool {
        let state = self.lock();
        state
            .current
            .as_ref()
            .is_some_and(|current| current.until <= Instant::now())
    }

    /// The label of the event that the process handles, or handled last.
    pub(super) fn label(&self) -> Option<String> {
        self.lock().label.clone()
    }

    /// The process is gone; whether it was free.
    pub(super) fn end(&self, reply: Reply) -> bool {
        let Some(current) = self.lock().current.take() else {
            return true;
        };
        self.pool.finish(current.request, reply);
        false
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn unix_ms_in(time: Duration) -> u128 {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    (now + time).as_millis()
}
