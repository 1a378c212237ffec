//! A process of the simulation: a tokio runtime of its own, whose clock moves when the world says so.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::{Instant, advance, sleep_until};

use super::network::{HostId, Shared};
use super::wire::Socket;

/// What time it is on a host, in milliseconds since the simulation began.
#[derive(Debug, Clone)]
pub struct Clock {
    born: (Instant, u64),
    dead: Arc<AtomicBool>,
}

impl Clock {
    /// What it shows.
    pub fn now(&self) -> u64 {
        let (born, at) = self.born;
        at + u64::try_from(Instant::now().duration_since(born).as_millis()).unwrap()
    }

    pub(super) fn now_if_alive(&self) -> Option<u64> {
        (!self.dead.load(Ordering::Relaxed)).then(|| self.now())
    }

    fn at(&self, time: u64) -> Instant {
        let (born, at) = self.born;
        born + Duration::from_millis(time.saturating_sub(at))
    }
}

/// A process.
pub(super) struct Host {
    pub(super) id: HostId,
    /// None when it has died.
    runtime: Option<Runtime>,
    clock: Clock,
    network: Shared,
    sent: Arc<Notify>,
    main: Option<JoinHandle<()>>,
    /// What its clock shows.
    pub(super) now: u64,
    pub(super) frozen_until: Option<u64>,
    /// Whether it ends when it is done.
    pub(super) ends: bool,
    /// Whether it neither heard nor sent anything in its last turn.
    pub(super) is_idle: bool,
}

impl Host {
    /// Starts a process.
    pub(super) fn start<F: Future<Output = ()> + Send + 'static>(
        network: &Shared,
        now: u64,
        main: impl FnOnce(Socket, Clock) -> F,
    ) -> Self {
        let runtime = Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        let (id, sent) = network.lock().add_host();
        let born = runtime.block_on(async { Instant::now() });
        let clock = Clock {
            born: (born, now),
            dead: Arc::default(),
        };
        let socket = Socket {
            host: id,
            clock: clock.clone(),
            network: network.clone(),
        };
        let main = runtime.spawn(main(socket, clock.clone()));
        Self {
            id,
            runtime: Some(runtime),
            clock,
            network: network.clone(),
            sent,
            main: Some(main),
            now,
            frozen_until: None,
            ends: false,
            is_idle: false,
        }
    }

    pub(super) fn is_alive(&self) -> bool {
        self.runtime.is_some()
    }

    /// Whether it runs when it is told to.
    pub(super) fn is_awake(&self) -> bool {
        self.is_alive() && self.frozen_until.is_none()
    }

    /// Whether it has nothing left to do, because it is done or dead.
    pub(super) fn is_finished(&self) -> bool {
        self.main.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// Runs until its clock shows that, or until it has sent something where that ends it.
    pub(super) fn run(&mut self, until: u64, ends_with_sending: bool) {
        let Some(runtime) = &self.runtime else {
            return;
        };
        let inputs = self.network.lock().take_inputs(self.id);
        let (clock, sent) = (&self.clock, &self.sent);
        self.now = runtime.block_on(async {
            for input in inputs {
                input.apply();
            }
            let end = sleep_until(clock.at(until));
            if ends_with_sending {
                tokio::select! {
                    biased;
                    () = sent.notified() => {}
                    () = end => {}
                }
            } else {
                end.await;
            }
            clock.now()
        });
    }

    /// Runs until its clock shows that, before it hears what has arrived.
    pub(super) fn catch_up(&mut self, until: u64) {
        if let Some(runtime) = &self.runtime {
            // In a block: a timer can only be made on a runtime.
            runtime.block_on(async { sleep_until(self.clock.at(until)).await });
            self.now = self.now.max(until);
        }
    }

    /// Goes on after having been frozen: for the process, the time that has gone by is nothing but a jump of the clock.
    /// What arrived meanwhile it may hear of before its timers, or after.
    pub(super) fn thaw(&mut self, now: u64, hears_first: bool) {
        self.frozen_until = None;
        let Some(runtime) = &self.runtime else {
            return;
        };
        let jump = Duration::from_millis(now.saturating_sub(self.now));
        let inputs = if hears_first {
            self.network.lock().take_inputs(self.id)
        } else {
            Vec::new()
        };
        runtime.block_on(async {
            for input in inputs {
                input.apply();
            }
            advance(jump).await;
        });
        self.now = self.now.max(now);
    }

    /// Dies, in the middle of whatever it does.
    pub(super) fn kill(&mut self) {
        self.clock.dead.store(true, Ordering::Relaxed);
        self.main = None;
        self.runtime = None;
    }

    /// Ends of its own accord, or at least not because of the network: what it has sent still arrives.
    pub(super) fn exit(&mut self) -> Result<(), String> {
        self.pass_on_panic()?;
        self.network.lock().hang_up_all(self.id);
        self.kill();
        Ok(())
    }

    /// Passes a panic of its program on, if there was one.
    pub(super) fn pass_on_panic(&mut self) -> Result<(), String> {
        let (Some(runtime), Some(main)) =
            (&self.runtime, self.main.take_if(|main| main.is_finished()))
        else {
            return Ok(());
        };
        runtime
            .block_on(main)
            .map_err(|error| format!("a process failed: {error}"))
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        // What its tasks do when they are dropped is of no interest to anybody.
        self.kill();
    }
}
