//! What all calls of this process share: the connection, the session, the scripts.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use redis::{Cmd, Pipeline};
use tokio::time::Instant;

use super::capabilities::Capabilities;
use super::fault::Fault;
use super::link::Link;
use super::loss::Losses;
use super::options::Options;
use super::script::{Form, Script, Scripts};
use super::sent::Earlier;
use super::terms::Terms;
use super::times::CALL_LIMIT;
use crate::chance;
use crate::pause::Pause;

/// Why a call is given up that can't be answered.
const CUT: &str = "the server ends each connection on which it is asked for that, and no other one";
/// How often a script that the server does not know is loaded for one call.
const LOADS: usize = 3;

/// What all calls of this process share.
#[derive(Debug)]
pub(super) struct Core {
    pub(super) link: Arc<Link>,
    pub(super) scripts: Scripts,
    /// This process, for the server's records of what it did.
    pub(super) session: String,
    /// The last sequence number given out. One counter for all objects: numbers then rise for each of them,
    /// whether or not this process has forgotten the object in between.
    seq: AtomicU64,
    pub(super) options: Options,
    pub(super) terms: Terms,
    /// How many wait for this process to lead nothing any more.
    quiescing: AtomicUsize,
}

impl Core {
    /// A session of its own, by that link.
    pub(super) fn new(link: Arc<Link>, options: Options) -> Self {
        Self {
            link,
            scripts: Scripts::default(),
            session: format!("{:016x}", chance::number()),
            seq: AtomicU64::new(0),
            options,
            terms: Terms::default(),
            quiescing: AtomicUsize::new(0),
        }
    }

    /// Whether leases are to be handed over as soon as may be.
    pub(super) fn is_quiescing(&self) -> bool {
        self.quiescing.load(Ordering::Relaxed) > 0
    }

    /// While the guard lives, leases are handed over as soon as may be.
    pub(super) fn quiesce(&self) -> Quiescing<'_> {
        self.quiescing.fetch_add(1, Ordering::Relaxed);
        Quiescing(self)
    }

    /// The next sequence number, as the server compares it.
    pub(super) fn next_seq(&self) -> String {
        let seq = self.seq.fetch_add(1, Ordering::Relaxed) + 1;
        let mut text = String::with_capacity(16);
        // Writing to a string does not fail.
        let _ = write!(text, "{seq:016x}");
        text
    }

    /// Sends the same commands until the server has answered them all, and gives the replies.
    ///
    /// `commands` is told what differs from one sending to the next.
    pub(super) async fn exchange(
        &self,
        script: Option<&Script>,
        commands: impl Fn(&Sending) -> Pipeline + Send + Sync,
    ) -> Result<Vec<redis::Value>, Fault> {
        let mut first = Earlier::default();
        self.exchange_again(script, &mut first, &commands).await
    }

    /// [`exchange`](Self::exchange) of what may have been sent before, in this way or in another.
    pub(super) async fn exchange_again(
        &self,
        script: Option<&Script>,
        earlier: &mut Earlier,
        commands: impl Fn(&Sending) -> Pipeline + Send + Sync,
    ) -> Result<Vec<redis::Value>, Fault> {
        let deadline = Instant::now() + CALL_LIMIT;
        let repeated = earlier.since().is_some();
        let first = earlier.begin(&self.link.clock);
        let started = first.at;
        let sent = &mut earlier.doubt;
        let mut losses = Losses::default();
        let mut loads = 0;
        let mut as_text = false;
        let mut pause = Pause::new(Duration::from_millis(1), Duration::from_secs(1));
        loop {
            let connected = match self.link.connected(deadline).await {
                Ok(connected) => connected,
                Err(_) if *sent => return Err(Fault::InDoubt(started.elapsed())),
                Err(fault) => return Err(fault),
            };
            let sending = Sending {
                server: Arc::clone(&connected.it.server),
                refuse_after: (repeated || *sent).then(|| first.repeatable(&connected.it.server)),
                form: match connected.it.server.functions && !as_text {
                    true => Form::Function,
                    false => Form::Text,
                },
            };
            let in_time = Instant::now() < deadline;
            let commands = commands(&sending);
            let link = &self.link;
            let replies = match link
                .send_after(&mut losses, &connected, commands, deadline)
                .await
            {
                Ok(replies) => replies,
                Err(_) if !in_time => return Err(Fault::InDoubt(started.elapsed())),
                Err(_) if losses.are_final() => {
                    return Err(Fault::Cut {
                        waited: started.elapsed(),
                        reason: CUT.to_owned(),
                    });
                }
                Err(_) if *sent => {
                    pause.wait().await;
                    continue;
                }
                Err(_) => {
                    *sent = true;
                    continue;
                }
            };
            // A transaction goes on after a script that is unknown: the rest of it has been done.
            *sent |= is_partly_done(&replies);
            match again(&replies) {
                Some(again) if in_time => match (again, script) {
                    (Again::Load, Some(script)) if loads < LOADS || sending.form == Form::Text => {
                        if loads >= LOADS {
                            pause.wait().await;
                        }
                        loads += 1;
                        let mut load = Pipeline::new();
                        load.add_command(script.load(sending.form));
                        // Where the server refuses this, the next reply to the script says so.
                        let _ = self.link.send(&connected, load).await;
                    }
                    // A function is refused as a whole where memory is full or the disk is; as a text each of its
                    // commands is judged, so that objects can still be read and removed.
                    (Again::Load | Again::Full, Some(_)) if sending.form == Form::Function => {
                        (as_text, loads) = (true, 0);
                    }
                    // The server refuses it now, and may have taken it before.
                    (Again::Full, _) if *sent => return Err(Fault::InDoubt(started.elapsed())),
                    (Again::Full, _) => return Ok(replies),
                    (Again::Elsewhere, _) => {
                        self.link.broken(connected.generation);
                        pause.wait().await;
                    }
                    _ => pause.wait().await,
                },
                Some(_) if *sent => return Err(Fault::InDoubt(started.elapsed())),
                _ => return Ok(replies),
            }
        }
    }

    /// [`exchange`](Self::exchange) of one command.
    pub(super) async fn ask(&self, command: Cmd) -> Result<redis::Value, Fault> {
        let mut pipeline = Pipeline::new();
        pipeline.add_command(command);
        let replies = self.exchange(None, |_| pipeline.clone()).await?;
        match replies.into_iter().next() {
            Some(redis::Value::ServerError(error)) => Err(Fault::of(&error)),
            Some(value) => Ok(value),
            None => Err(Fault::Server("it gave no reply".to_owned())),
        }
    }
}

/// What differs from one sending of the same commands to the next.
#[derive(Debug)]
pub(super) struct Sending {
    /// Server time, in milliseconds since 1970, after which the server must refuse a repeat, because its record of
    /// the first sending may have ended; none at the first sending.
    refuse_after: Option<u64>,
    form: Form,
    /// Who is about to be asked.
    pub(super) server: Arc<Capabilities>,
}

impl Sending {
    /// The time after which the server must refuse a repeat, as scripts read it.
    pub(super) fn refuse_after(&self) -> String {
        self.refuse_after
            .map_or_else(String::new, |ms| ms.to_string())
    }

    /// The command that runs a script on those keys; arguments follow, of which the large ones have so many bytes.
    pub(super) fn run(&self, script: &Script, keys: &[String], large: usize) -> Cmd {
        script.command(self.form, keys, large)
    }
}

/// While this lives, leases are handed over as soon as may be.
#[derive(Debug)]
pub(super) struct Quiescing<'a>(&'a Core);

impl Drop for Quiescing<'_> {
    fn drop(&mut self) {
        self.0.quiescing.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Why commands have to be sent again, the reason that is mended first coming first.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Again {
    /// The server is no longer the primary.
    Elsewhere,
    /// The server does not know the script, so it may have run earlier in its other form: only the script can tell.
    Load,
    /// The server had no room to run a function.
    Full,
    /// The server will say something else in a moment.
    Later,
}

/// Whether the replies ask for the commands to be sent again.
fn again(replies: &[redis::Value]) -> Option<Again> {
    let reasons = replies.iter().filter_map(|reply| {
        let error = match reply {
            redis::Value::ServerError(error) => error,
            // What a transaction did.
            redis::Value::Array(done) => return again(done),
            _ => return None,
        };
        match error.code() {
            "NOSCRIPT" => Some(Again::Load),
            "ERR" if error.details() == Some("Function not found") => Some(Again::Load),
            "OOM" | "MISCONF" => Some(Again::Full),
            "READONLY" => Some(Again::Elsewhere),
            // The server has evicted the bytes that were staged beside the script: it has done nothing.
            "CRUCIAL_UNSTAGED" => Some(Again::Later),
            _ if Fault::is_passing(error) => Some(Again::Later),
            _ => None,
        }
    });
    reasons.min()
}

/// Whether one of the commands of a transaction failed, and so not all of them.
fn is_partly_done(replies: &[redis::Value]) -> bool {
    let failed = |reply: &redis::Value| matches!(reply, redis::Value::ServerError(_));
    replies.iter().any(|reply| match reply {
        redis::Value::Array(done) => done.iter().any(failed),
        _ => false,
    })
}
