//! Something that breaks now and then, and is made again by one of its users for all of them.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until, timeout_at};

use super::fault::Fault;
use crate::pause::Pause;

/// The generation of the first one.
pub(super) const FIRST: u64 = 1;

/// Something that breaks now and then, and is made again by one of its users for all of them.
#[derive(Debug)]
pub(super) struct Renewed<T> {
    // Held for a look, never across an await.
    state: Mutex<State<T>>,
    // Held while one is made, and for the pause after a failure: however many wait, one of them tries.
    making: tokio::sync::Mutex<Making>,
    settled: Duration,
}

#[derive(Debug)]
struct State<T> {
    current: Option<Made<T>>,
    /// The last of those that are known to be broken.
    broken: u64,
    /// Why the last one could not be made.
    failure: Option<Fault>,
}

/// One of those that were made, and its generation.
#[derive(Debug, Clone)]
pub(super) struct Made<T> {
    pub(super) generation: u64,
    pub(super) it: T,
}

#[derive(Debug)]
struct Making {
    generation: u64,
    pause: Pause,
    /// When one was made last.
    made: Option<Instant>,
    /// Before that none is to be made.
    next: Instant,
}

impl<T: Clone> Renewed<T> {
    /// None yet. One that breaks before it is as old as `settled` is not made again at once.
    pub(super) fn new(settled: Duration) -> Self {
        Self {
            state: Mutex::new(State {
                current: None,
                broken: 0,
                failure: None,
            }),
            making: tokio::sync::Mutex::new(Making {
                generation: FIRST,
                pause: Pause::new(Duration::from_millis(5), Duration::from_secs(1)),
                made: None,
                next: Instant::now(),
            }),
            settled,
        }
    }

    /// The present one, if there is one.
    pub(super) fn get(&self) -> Option<Made<T>> {
        self.lock().current.clone()
    }

    /// Puts the first one in.
    pub(super) fn put(&self, it: T) {
        let mut state = self.lock();
        let generation = FIRST;
        state.current = (state.broken < generation).then_some(Made { generation, it });
    }

    /// The present one, or a new one. Where that can't be made it is tried again until `deadline`, unless the fault is
    /// one that another try does not mend.
    ///
    /// `make` is told the generation that it makes.
    pub(super) async fn get_or_make<F>(
        &self,
        deadline: Instant,
        is_final: impl Fn(&Fault) -> bool,
        make: impl Fn(u64) -> F,
    ) -> Result<Made<T>, Fault>
    where
        F: Future<Output = Result<T, Fault>>,
    {
        loop {
            if let Some(made) = self.get() {
                return Ok(made);
            }
            let making = timeout_at(deadline, self.making.lock()).await;
            let Some(mut making) = making.ok().filter(|making| making.next <= deadline) else {
                return Err(self.failure());
            };
            if let Some(made) = making.made.take() {
                if made.elapsed() < self.settled {
                    making.next = Instant::now() + making.pause.next();
                } else {
                    making.pause.reset();
                }
            }
            sleep_until(making.next).await;
            if let Some(made) = self.get() {
                return Ok(made);
            }
            making.generation += 1;
            let generation = making.generation;
            match make(generation).await {
                Ok(it) => {
                    making.made = Some(Instant::now());
                    let made = Made { generation, it };
                    let mut state = self.lock();
                    // Its end may have been told before it was here.
                    if state.broken < generation {
                        state.current = Some(made.clone());
                    }
                    return Ok(made);
                }
                Err(fault) => {
                    making.next = Instant::now() + making.pause.next();
                    if is_final(&fault) {
                        return Err(fault);
                    }
                    self.lock().failure = Some(fault);
                }
            }
        }
    }

    /// Gives one up that broke.
    pub(super) fn broken(&self, generation: u64) {
        let gone = {
            let mut state = self.lock();
            state.broken = state.broken.max(generation);
            let current = &mut state.current;
            current.take_if(|made| made.generation <= generation)
        };
        // Not under the lock: it may end with it.
        drop(gone);
    }

    fn failure(&self) -> Fault {
        let failure = self.lock().failure.clone();
        failure.unwrap_or_else(|| Fault::Server("no connection was made in time".to_owned()))
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
