//! The replies to calls that have run, as the server recorded them.

use bytes::Bytes;
use redis::Pipeline;

use super::own::Own;
use super::parcel;
use super::site::{SLOT, Site};
use crate::object::Value;
use crate::store::redis::fault::Fault;
use crate::store::redis::{names, value};

/// How many characters the time in a record has, which stands behind its number.
const RECORD_TIME: usize = 8;

/// The replies as the server recorded them.
///
/// A large reply ends before the record of its call, and where the server evicts it. Then the calls are in doubt.
pub(super) async fn recorded(site: &Site<'_>, own: &Own<'_>) -> Result<Bytes, Fault> {
    let (core, names) = (site.core, site.names);
    let mut record = redis::cmd("HGET");
    record
        .arg(names.records())
        .arg(names::record(&core.session, SLOT));
    let mut pipeline = Pipeline::new();
    pipeline.add_command(record);
    pipeline.add_command(redis::cmd("GET").arg(names.reply(&core.session)).clone());
    let replies = core.exchange(None, |_| pipeline.clone()).await?;
    // Which of both it is: a record, or a large reply that stands by itself.
    let said = |(place, reply): (usize, redis::Value)| match value::plain(reply) {
        Ok(Value::Bytes(bytes)) => {
            let (seq, rest) = parcel::numbered(&bytes)?;
            let rest = match (place, rest.get(RECORD_TIME)) {
                (0, Some(b'r')) => rest.slice(RECORD_TIME + 1..),
                (0, _) => return None,
                _ => rest.clone(),
            };
            (seq == own.sent.seq).then_some(Ok(rest))
        }
        Ok(_) => None,
        Err(fault) => Some(Err(fault)),
    };
    let said = replies.into_iter().enumerate().find_map(said);
    said.unwrap_or_else(|| Err(own.in_doubt()))
}
