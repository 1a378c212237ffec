//! Places in the server's scans: a cursor, and the server that it is good for.
//!
//! A cursor is a place in a hash table, and each server process orders its tables by a secret of its own. On another
//! process, after a restart or a fail-over, a cursor of the one before would pass over what is there. A place therefore
//! names its server, and a scan begins anew where that is another: what was seen is seen again, and nothing is missed.

use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use redis::{Cmd, Pipeline, Value};

use super::core::{Core, Sending};
use super::fault::Fault;

/// Where a scan begins, and what says that it has ended: the server's word for both.
const ENDS: &[u8] = b"0";

/// A place in a scan.
pub(super) struct Place {
    from: Bytes,
    /// Who was asked last.
    // Held to copy it.
    asked: Mutex<String>,
}

impl Place {
    /// A place as it was given out, or the beginning, `0`.
    pub(super) fn of(from: &Bytes) -> Self {
        Self {
            from: from.clone(),
            asked: Mutex::default(),
        }
    }

    /// The cursor for the server that is about to be asked.
    pub(super) fn cursor(&self, sending: &Sending) -> &[u8] {
        let server = sending.server.identity.as_str();
        server.clone_into(&mut self.asked.lock().unwrap_or_else(PoisonError::into_inner));
        match self.from.strip_prefix(server.as_bytes()) {
            Some([b':', cursor @ ..]) => cursor,
            _ => ENDS,
        }
    }

    /// Puts the place of the next page where a reply has a cursor.
    pub(super) fn mark(&self, reply: &mut Value) {
        if let Value::Array(parts) = reply
            && let Some(Value::BulkString(cursor)) = parts.first_mut()
            && cursor != ENDS
        {
            let server = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
            *cursor = [server.as_bytes(), b":", cursor].concat();
        }
    }
}

/// Asks for the page at a place: a scanning command, what follows its cursor, and the reply with the next place.
pub(super) async fn page(
    core: &Core,
    command: &Cmd,
    from: &Bytes,
    options: &[&str],
    count: usize,
) -> Result<Value, Fault> {
    let place = Place::of(from);
    let replies = core.exchange(None, |sending| {
        let mut command = command.clone();
        command.arg(place.cursor(sending)).arg(options);
        command.arg("COUNT").arg(count);
        let mut pipeline = Pipeline::new();
        pipeline.add_command(command);
        pipeline
    });
    let mut reply = replies.await?.pop().unwrap_or(Value::Nil);
    place.mark(&mut reply);
    Ok(reply)
}
