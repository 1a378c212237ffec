//! Whether a value comes back from its bytes.

use std::any::type_name;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::notes::Notes;
use super::tree::Tree;
use super::writer::Writer;
use super::{CodecError, value};

/// How often the bytes of a value that is compared by them have to come out the same: two elements of a set in random
/// order do so half of the times.
const TIMES: u32 = 32;

/// How much of a value has to come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fidelity {
    /// The same value; what has no order may come back in another one.
    Same,
    /// The same bytes, whenever they are made.
    Exact,
}

/// Reads a value back from its bytes, writes it again, and compares.
#[cold]
pub(super) fn read_back<T>(written: &[u8], fidelity: Fidelity) -> Result<(), CodecError>
where
    T: Serialize + DeserializeOwned + 'static,
{
    let times = match fidelity {
        Fidelity::Same => 1,
        Fidelity::Exact => TIMES,
    };
    let mut writer = Writer::new(Vec::with_capacity(written.len()), Notes::none());
    for _ in 0..times {
        let value: T = value::decode(written).map_err(|error| {
            CodecError(format!(
                "it could not be read again once it is written: {error}; write all that is read, or let `#[serde(default)]` stand for what is not written"
            ))
        })?;
        writer.bytes.clear();
        value.serialize(&mut writer)?;
        if writer.bytes != written {
            compare::<T>(written, &writer.bytes, fidelity)?;
        }
    }
    Ok(())
}

fn compare<T>(written: &[u8], again: &[u8], fidelity: Fidelity) -> Result<(), CodecError> {
    let name = type_name::<T>();
    let [mut sent, mut came] = [value::decode::<Tree>(written)?, value::decode(again)?];
    let mut place = String::new();
    let lost = sent.differs_from(&came, &mut place) && {
        sent.sort();
        came.sort();
        sent != came
    };
    if lost {
        let field = match place.as_str() {
            "" => "it".to_owned(),
            place => format!("field `{}`", place.trim_start_matches('.')),
        };
        return Err(CodecError(format!(
            "{field} would come back as another value than was sent (as a `{name}`); its type writes something else than it reads"
        )));
    }
    match fidelity {
        Fidelity::Same => Ok(()),
        Fidelity::Exact => Err(CodecError(format!(
            "a `{name}` is compared by its bytes here, and these are in another order each time; take types that have an order, as `BTreeMap` and `BTreeSet`"
        ))),
    }
}
