//! What all calls of this process share: the connection, the session, the scripts.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use redis::{Cmd, Pipeline};
use tokio::time::Instant;
use url::Url;

use super::capabilities::Capabilities;
use super::combine::{Inbox, Keeper, Options};
use super::fault::Fault;
use super::link::Link;
use super::loss::Losses;
use super::script::{Form, Script, Scripts};
use super::terms::Terms;
use super::{CALL_LIMIT, RECORD_LIFE, RECORD_RENEWAL};
use crate::chance;
use crate::pause::Pause;

/// For how long after its first sending a call may be repeated: until then its record is there. The margin is for
/// clocks that run at different speeds.
const REPEATABLE: Duration = RECORD_LIFE
    .saturating_sub(RECORD_RENEWAL)
    .saturating_sub(Duration::from_secs(10));
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
    pub(super) inbox: Inbox,
    pub(super) terms: Terms,
    pub(super) keeper: Keeper,
    /// How many wait for this process to lead nothing any more.
    quiescing: AtomicUsize,
}

impl Core {
    /// Without a `url` leases are not lengthened, however long methods run.
    pub(super) fn new(link: Arc<Link>, options: Options, url: Option<&Url>) -> Self {
        let session = format!("{:016x}", chance::number());
        Self {
            link,
            scripts: Scripts::default(),
            keeper: url.map_or_else(Keeper::none, |url| {
                Keeper::of(url.clone(), session.clone(), options)
            }),
            session,
            seq: AtomicU64::new(0),
            options,
            inbox: Inbox::default(),
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
        let repeated = earlier.first.is_some();
        let first = earlier.begin(&self.link);
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
                        // What the server says to this shows in the next reply to the script itself.
                        let _ = self.link.send(&connected, load).await;
                    }
                    // A function is refused as a whole where memory is full or the disk is; as a text each of its
                    // commands is judged, so that objects can still be read and removed.
                    (Again::Load | Again::Full, Some(_)) if sending.form == Form::Function => {
                        (as_text, loads) = (true, 0);
                    }
                    // What is refused now may have been taken before.
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

/// What the server may know of a call already.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Earlier {
    /// The first sending; none before that. However often it is sent after that, the server must not run it when its
    /// record may have ended.
    first: Option<First>,
    /// Whether it may run, or have run, though it is refused now.
    pub(super) doubt: bool,
}

impl Earlier {
    /// Notes that it is about to be sent, unless it has been sent before.
    pub(super) fn begin(&mut self, link: &Link) -> First {
        *self.first.get_or_insert_with(|| First {
            at: Instant::now(),
            server_ms: link.clock.now_ms(),
        })
    }

    /// When it was sent first, if it has been.
    pub(super) fn since(&self) -> Option<Instant> {
        self.first.map(|first| first.at)
    }
}

/// When something was sent first.
#[derive(Debug, Clone, Copy)]
pub(super) struct First {
    at: Instant,
    /// The same by the server's clock, as far as that was known here, in milliseconds since 1970.
    server_ms: u64,
}

impl First {
    /// The time by that server's clock until which it may be repeated.
    ///
    /// The clock here may have stood still since with all of its machine, and the server may be another one with
    /// another time: what is earlier by either reckoning counts.
    fn repeatable(&self, server: &Capabilities) -> u64 {
        let life = u64::try_from(REPEATABLE.as_millis()).unwrap_or(u64::MAX);
        let by_clock_here = server.time_of(self.at + REPEATABLE);
        by_clock_here.min(self.server_ms.saturating_add(life))
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
            // What was staged beside the script has been evicted: nothing has been done.
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

#[cfg(test)]
mod tests {
    use super::*;

    const LIFE_MS: u64 = REPEATABLE.as_millis() as u64;

    #[tokio::test(start_paused = true)]
    async fn a_repeat_is_refused_in_time_whatever_clocks_do() {
        let first = First {
            at: Instant::now(),
            server_ms: 1_000_000,
        };
        let reached = |server_ms| Capabilities::at(Instant::now(), server_ms);
        assert_eq!(first.repeatable(&reached(1_000_000)), 1_000_000 + LIFE_MS);
        // This machine stood still for an hour: no time has passed for it, and its record has ended.
        assert_eq!(first.repeatable(&reached(4_600_000)), 1_000_000 + LIFE_MS);
        // The server is another one, whose clock is behind.
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(first.repeatable(&reached(500_000)), 499_000 + LIFE_MS);
    }
}
