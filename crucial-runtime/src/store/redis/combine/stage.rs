//! What travels beside a script, by plain commands, for the script to put in place.

use std::io::Write;

use redis::{Cmd, RedisWrite, ToRedisArgs};

use crate::store::redis::script::ROOM;

/// How long what was staged and is never used stays.
const STAGED_MS: u32 = 60_000;

/// A state as it is stored: 8 bytes of version, then the state.
struct Stored<'a> {
    version: u64,
    state: &'a [u8],
}

impl ToRedisArgs for Stored<'_> {
    fn write_redis_args<W: ?Sized + RedisWrite>(&self, out: &mut W) {
        let mut arg = out.writer_for_next_arg();
        // It writes to memory, which does not fail.
        let _ = arg.write_all(&self.version.to_be_bytes());
        let _ = arg.write_all(self.state);
    }
}

/// Stages a state.
pub(super) fn state(name: &str, version: u64, state: &[u8]) -> Cmd {
    let mut stage = Cmd::with_capacity(5, ROOM + state.len());
    stage.arg("SET").arg(name).arg(Stored { version, state });
    stage.arg("PX").arg(STAGED_MS);
    stage
}

/// Stages bytes as they are.
pub(super) fn bytes(name: &str, bytes: &[u8]) -> Cmd {
    let mut stage = Cmd::with_capacity(5, ROOM + bytes.len());
    stage.arg("SET").arg(name).arg(bytes);
    stage.arg("PX").arg(STAGED_MS);
    stage
}

/// Puts a call into the queue.
pub(super) fn call(queue: &str, session: &str, parcel: &[u8]) -> Cmd {
    let mut put = Cmd::with_capacity(4, ROOM + parcel.len());
    put.arg("HSET").arg(queue).arg(session).arg(parcel);
    put
}
