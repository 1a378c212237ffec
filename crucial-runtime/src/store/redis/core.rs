//! What all calls of this process share: the connection, the session, the scripts.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use redis::{Cmd, Pipeline};
use tokio::time::{Instant, sleep};

use super::fault::Fault;
use super::link::Link;
use super::script::{Script, Scripts};
use super::{CALL_LIMIT, RECORD_LIFE};
use crate::chance;

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
    /// The server's clock, in milliseconds since 1970, at a moment of this process.
    clock: (Instant, u64),
}

impl Core {
    pub(super) fn new(link: Arc<Link>, server_ms: u64) -> Self {
        Self {
            link,
            scripts: Scripts::default(),
            session: format!("{:016x}", chance::number()),
            seq: AtomicU64::new(0),
            clock: (Instant::now(), server_ms),
        }
    }

    /// The next sequence number, as the server compares it.
    pub(super) fn next_seq(&self) -> String {
        format!("{:016x}", self.seq.fetch_add(1, Ordering::Relaxed) + 1)
    }

    /// Sends the same commands until the server has answered them all, and gives the replies.
    ///
    /// `commands` is told from when on the server must refuse a repeat, because its record of the first sending
    /// may have ended: empty at the first sending, server time in milliseconds later.
    pub(super) async fn exchange(
        &self,
        script: Option<&Script>,
        commands: impl Fn(&str) -> Pipeline + Send + Sync,
    ) -> Result<Vec<redis::Value>, Fault> {
        let (started, deadline) = (Instant::now(), Instant::now() + CALL_LIMIT);
        let mut pipeline = commands("");
        let mut sent = false;
        let mut pause = Duration::from_millis(1);
        loop {
            let connected = match self.link.connected(deadline).await {
                Ok(connected) => connected,
                Err(_) if sent => return Err(Fault::InDoubt(started.elapsed())),
                Err(fault) => return Err(fault),
            };
            match self.link.send(&connected, &pipeline).await {
                None if Instant::now() >= deadline => {
                    return Err(Fault::InDoubt(started.elapsed()));
                }
                None if sent => {}
                None => {
                    sent = true;
                    pipeline = commands(&self.refuse_after(started).to_string());
                    continue;
                }
                Some(replies) => match (again(&replies), script) {
                    (Some(Again::LoadScript), Some(script)) => {
                        // What the server says to this shows in the next reply to the script itself.
                        let mut load = Pipeline::new();
                        load.add_command(
                            redis::cmd("SCRIPT").arg("LOAD").arg(&script.text).clone(),
                        );
                        self.link.send(&connected, &load).await;
                        if Instant::now() < deadline {
                            continue;
                        }
                        return Ok(replies);
                    }
                    (Some(Again::Later), _) if Instant::now() < deadline => {}
                    _ => return Ok(replies),
                },
            }
            sleep(pause.mul_f64(chance::factor(0.5..1.0))).await;
            pause = (pause * 2).min(Duration::from_secs(1));
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

    fn refuse_after(&self, first_sent: Instant) -> u64 {
        let (at, server_ms) = self.clock;
        // A margin for clocks that run at different speeds.
        let life = RECORD_LIFE.saturating_sub(Duration::from_secs(10));
        let since = (first_sent.saturating_duration_since(at) + life).as_millis();
        server_ms.saturating_add(u64::try_from(since).unwrap_or(u64::MAX))
    }
}

enum Again {
    LoadScript,
    Later,
}

/// Whether a reply asks for the commands to be sent again.
fn again(replies: &[redis::Value]) -> Option<Again> {
    replies.iter().find_map(|reply| match reply {
        redis::Value::ServerError(error) if error.code() == "NOSCRIPT" => Some(Again::LoadScript),
        redis::Value::ServerError(error) if Fault::is_passing(error) => Some(Again::Later),
        _ => None,
    })
}
