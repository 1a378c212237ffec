//! Calls, and the replies to them, as they travel between the processes that share an object.

use std::task::Poll;

use bytes::{BufMut, Bytes, BytesMut};
use serde::{Deserialize, Serialize};

use crate::codec;
use crate::object::{Call, Key, ObjectType, Refusal, Value};
use crate::store::redis::answer::Answer;
use crate::store::redis::engine::BATCH_CALLS;
use crate::store::redis::fault::Fault;

/// How parcels are laid out. A leader that reads another layout leaves the calls to their sender.
const LAYOUT: u8 = 1;
/// The characters of a sequence number, which goes before all that travels.
pub(super) const SEQ: usize = 16;

#[derive(Serialize)]
struct Packed<'a> {
    object: &'a str,
    fingerprint: u64,
    calls: Vec<(&'a str, &'a [Bytes])>,
}

#[derive(Deserialize)]
struct Unpacked<'a> {
    object: &'a str,
    fingerprint: u64,
    #[serde(borrow)]
    calls: Vec<(&'a str, Vec<&'a [u8]>)>,
}

/// One reply.
#[derive(Serialize, Deserialize)]
enum Said {
    Ready(Value),
    Pending,
    Failed(Fault),
}

/// What waits at a place in the queue.
#[derive(Debug)]
pub(super) enum Parcel {
    /// Calls of this very code.
    Calls(Vec<Call>),
    /// A wish to lead.
    Wish,
    /// Calls of other code, which only their sender can run.
    Foreign,
}

/// Packs calls for the leader.
pub(super) fn pack(seq: &str, object: &ObjectType, calls: &[&Call]) -> Result<Vec<u8>, Fault> {
    let packed = Packed {
        object: object.name,
        fingerprint: object.fingerprint,
        calls: calls
            .iter()
            .map(|call| (call.method.name, &call.args[..]))
            .collect(),
    };
    // Lengths take a few bytes each.
    let args = calls.iter().map(|call| {
        16 + call.method.name.len() + call.args.iter().map(|arg| 4 + arg.len()).sum::<usize>()
    });
    let mut bytes = Vec::with_capacity(SEQ + 32 + object.name.len() + args.sum::<usize>());
    bytes.extend_from_slice(seq.as_bytes());
    bytes.push(LAYOUT);
    codec::append(&packed, bytes).map_err(|error| Fault::Refused(Refusal::args(error)))
}

/// Splits what travels into its sequence number and the rest.
pub(super) fn numbered(bytes: &Bytes) -> Option<(&str, Bytes)> {
    let seq = std::str::from_utf8(bytes.get(..SEQ)?).ok()?;
    seq.bytes()
        .all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
        .then(|| (seq, bytes.slice(SEQ..)))
}

/// Unpacks what waits, without its number. Nothing in it is believed before it has been checked.
pub(super) fn unpack(key: &Key, object: &'static ObjectType, bytes: &Bytes) -> Parcel {
    let packed = match &bytes[..] {
        [] => return Parcel::Wish,
        [LAYOUT, packed @ ..] => packed,
        _ => return Parcel::Foreign,
    };
    let Ok(unpacked) = codec::unpack::<Unpacked<'_>>(packed) else {
        return Parcel::Foreign;
    };
    if unpacked.object != object.name
        || unpacked.fingerprint != object.fingerprint
        || unpacked.calls.is_empty()
        || unpacked.calls.len() > BATCH_CALLS
    {
        return Parcel::Foreign;
    }
    let calls = unpacked.calls.into_iter().map(|(name, args)| {
        let args = args.into_iter().map(|arg| bytes.slice_ref(arg));
        Some(Call {
            key: key.clone(),
            object,
            method: object.method(name)?,
            args: args.collect(),
        })
    });
    calls
        .collect::<Option<_>>()
        .map_or(Parcel::Foreign, Parcel::Calls)
}

/// The record of what calls have given: their number, then the replies.
pub(super) fn record<'a>(
    seq: &str,
    answers: impl Iterator<Item = &'a Answer>,
) -> Result<Bytes, Fault> {
    let said: Vec<Said> = answers
        .map(|answer| match answer {
            Ok(Poll::Ready(value)) => Said::Ready(value.clone()),
            Ok(Poll::Pending) => Said::Pending,
            Err(fault) => Said::Failed(fault.clone()),
        })
        .collect();
    let said =
        codec::pack(&said).map_err(|error| Fault::Refused(Refusal::Reply(error.to_string())))?;
    let mut bytes = BytesMut::with_capacity(SEQ + said.len());
    bytes.put_slice(seq.as_bytes());
    bytes.put_slice(&said);
    Ok(bytes.freeze())
}

/// The replies to so many calls.
pub(super) fn answers(bytes: &[u8], count: usize) -> Result<Vec<Answer>, Fault> {
    let said: Vec<Said> = codec::unpack(bytes).map_err(|error| {
        Fault::Server(format!(
            "another process gave replies that can't be read: {error}"
        ))
    })?;
    if said.len() != count {
        return Err(Fault::Server(format!(
            "another process gave {} replies to {count} calls",
            said.len()
        )));
    }
    Ok(said
        .into_iter()
        .map(|said| match said {
            Said::Ready(value) => Ok(Poll::Ready(value)),
            Said::Pending => Ok(Poll::Pending),
            Said::Failed(fault) => Err(fault),
        })
        .collect())
}

/// A fault, for the callers of what could not be run.
pub(super) fn pack_fault(fault: &Fault) -> Bytes {
    codec::pack(fault).unwrap_or_default()
}

/// The fault that another process met.
pub(super) fn unpack_fault(bytes: &[u8]) -> Fault {
    codec::unpack(bytes)
        .unwrap_or_else(|_| Fault::Server("the process that was to run the call failed".to_owned()))
}
