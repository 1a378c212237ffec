//! The thread that lengthens leases while methods run long, and sees those that do not end.
//!
//! A thread of its own with a runtime and a connection of its own: the methods hold up the threads of the program's
//! runtime, and its connection with them.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use futures_util::future::join_all;
use redis::Pipeline;
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};
use url::Url;

use super::pulse::{Leased, Pulse};
use crate::store::redis::core::Core;
use crate::store::redis::fault::Fault;
use crate::store::redis::link::Link;
use crate::store::redis::options::Options;
use crate::store::redis::value;

/// After how many looks without anything running it sleeps until something does.
const PATIENCE: u32 = 10;

/// The thread that lengthens leases. Cheap to clone; the thread ends with the last clone.
#[derive(Clone)]
pub(in crate::store::redis) struct Keeper(Arc<Watch>);

struct Watch {
    url: Url,
    session: String,
    options: Options,
    // Held to add one or to copy them.
    pulses: Mutex<Vec<Weak<Pulse>>>,
    started: AtomicBool,
    awake: AtomicBool,
    wake: Arc<Notify>,
}

impl fmt::Debug for Keeper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keeper").finish_non_exhaustive()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.wake.notify_one();
    }
}

impl Keeper {
    /// For the leases of that session on that server.
    pub(in crate::store::redis) fn of(url: Url, session: String, options: Options) -> Self {
        Self(Arc::new(Watch {
            url,
            session,
            options,
            pulses: Mutex::default(),
            started: AtomicBool::new(false),
            awake: AtomicBool::new(false),
            wake: Arc::new(Notify::new()),
        }))
    }

    /// Watches one more object.
    pub(super) fn watch(&self, pulse: &Arc<Pulse>) {
        let watch = &self.0;
        watch
            .pulses
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(Arc::downgrade(pulse));
        if !watch.started.swap(true, Ordering::Relaxed) {
            let (weak, wake) = (Arc::downgrade(watch), Arc::clone(&watch.wake));
            let started = std::thread::Builder::new()
                .name("crucial-keeper".to_owned())
                .spawn(move || keep(&weak, &wake));
            if let Err(error) = started {
                tracing::warn!(%error, "no thread to lengthen leases; long methods will be run again elsewhere");
            }
        }
    }

    /// Something runs.
    pub(super) fn wake(&self) {
        let watch = &self.0;
        if !watch.awake.load(Ordering::SeqCst) {
            watch.awake.store(true, Ordering::SeqCst);
            watch.wake.notify_one();
        }
    }
}

/// What the thread does until the keeper is gone.
fn keep(watch: &Weak<Watch>, wake: &Notify) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    match runtime {
        Ok(runtime) => runtime.block_on(async {
            let mut renewals = None;
            let mut idle = 0;
            while let Some(keeper) = watch.upgrade() {
                let look = keeper.options.lease / 3;
                if keeper.look(&mut renewals).await {
                    idle = 0;
                } else {
                    idle += 1;
                }
                if idle < PATIENCE {
                    drop(keeper);
                    sleep(look).await;
                } else {
                    keeper.awake.store(false, Ordering::SeqCst);
                    idle = 0;
                    // What began before it could have known better.
                    if keeper.look(&mut renewals).await {
                        keeper.awake.store(true, Ordering::SeqCst);
                    } else {
                        drop(keeper);
                        wake.notified().await;
                    }
                }
            }
        }),
        Err(error) => {
            tracing::warn!(%error, "no runtime to lengthen leases; long methods will be run again elsewhere");
        }
    }
}

impl Watch {
    /// Looks after all objects once; whether anything runs.
    async fn look(&self, renewals: &mut Option<Core>) -> bool {
        let pulses: Vec<Arc<Pulse>> = {
            let mut pulses = self.pulses.lock().unwrap_or_else(PoisonError::into_inner);
            pulses.retain(|pulse| pulse.strong_count() > 0);
            pulses.iter().filter_map(Weak::upgrade).collect()
        };
        let (mut busy, mut due) = (false, Vec::new());
        for pulse in pulses {
            let Some((batch, call)) = pulse.working() else {
                continue;
            };
            busy = true;
            if call >= self.options.method_limit {
                // Others are to take over, and the callers here to know.
                pulse.stuck(call);
            } else if batch >= self.options.lease / 4
                && let Some(leased) = pulse.lease()
            {
                due.push(leased);
            }
        }
        if !due.is_empty() {
            self.renew(renewals, &due).await;
        }
        busy
    }

    /// Lengthens leases, all at once: one that takes long must not let the others end. What takes longer than the time
    /// between two looks is left to the next.
    async fn renew(&self, renewals: &mut Option<Core>, due: &[Leased]) {
        let limit = self.options.lease / 3;
        let core = match renewals {
            Some(core) => core,
            none => match timeout(limit, Link::connect(&self.url)).await {
                Ok(Ok(link)) => none.insert(Core::new(link, self.options)),
                failed => {
                    tracing::debug!(?failed, "no connection to lengthen leases by");
                    return;
                }
            },
        };
        let core = &*core;
        let renewals = due.iter().map(async |leased| {
            let renewed = timeout(limit, renew(core, &self.session, leased, None)).await;
            if !matches!(renewed, Ok(Ok(_))) {
                tracing::debug!(?renewed, key = leased.key, "a lease was not lengthened");
            }
        });
        join_all(renewals).await;
    }
}

/// Lengthens the lease of a session, and notes which call it is about to run where that is told; whether it still leads.
pub(super) async fn renew(
    core: &Core,
    session: &str,
    leased: &Leased,
    call: Option<&str>,
) -> Result<bool, Fault> {
    let script = core.scripts.alone(include_str!("renew.lua"));
    let replies = core
        .exchange(Some(&script), |sending| {
            let mut renew = sending.run(&script, std::slice::from_ref(&leased.key), 0);
            renew.arg(&leased.token[..]).arg(session);
            renew.arg(leased.lease_ms).arg(call);
            let mut pipeline = Pipeline::new();
            pipeline.add_command(renew);
            pipeline
        })
        .await?;
    Ok(value::all_well(replies)?.first() == Some(&redis::Value::Int(1)))
}

#[cfg(test)]
#[path = "../../../../unit/store/redis/combine/keeper/asleep.rs"]
mod asleep;
