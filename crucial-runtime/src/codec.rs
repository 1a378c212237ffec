//! The formats, named only here: postcard for calls, replies and tasks; MessagePack with named fields for state at rest.

mod ordered;
mod shape;
mod view;

use std::io::{self, Write};

use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

pub(crate) use ordered::{decode_key, encode_key, plain_key};
pub(crate) use shape::Shape;
pub(crate) use view::{
    bytes_as_json, entries_as_json, float_as_json, state_as_json, value_as_json,
};

/// Why bytes could not be made from a value, or a value from bytes.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
#[error("{0}")]
pub struct CodecError(String);

impl CodecError {
    pub(crate) fn new(reason: impl std::fmt::Display) -> Self {
        Self(reason.to_string())
    }
}

impl serde::ser::Error for CodecError {
    fn custom<T: std::fmt::Display>(reason: T) -> Self {
        Self::new(reason)
    }
}

/// Encodes an argument, a reply or a task.
pub(crate) fn encode<T: Serialize + ?Sized>(value: &T) -> Result<Bytes, CodecError> {
    // To count the bytes first costs less than to move them whenever they have outgrown their place, and to fill a
    // place of known size a third of what it costs to let a vector grow into it.
    let size = postcard::serialize_with_flavor(value, postcard::ser_flavors::Size::default());
    let mut bytes = vec![0; size.map_err(CodecError::new)?];
    let written = postcard::to_slice(value, &mut bytes)
        .map_err(CodecError::new)?
        .len();
    // A value that is another each time it is looked at.
    bytes.truncate(written);
    Ok(Bytes::from(bytes))
}

/// Encodes a value behind what is there already.
#[cfg(feature = "redis")]
pub(crate) fn append<T: Serialize + ?Sized>(
    value: &T,
    bytes: Vec<u8>,
) -> Result<Vec<u8>, CodecError> {
    postcard::to_extend(value, bytes).map_err(CodecError::new)
}

/// Decodes an argument, a reply or a task; bytes left over are an error.
pub(crate) fn decode<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, CodecError> {
    let (value, rest) = postcard::take_from_bytes(bytes).map_err(CodecError::new)?;
    if rest.is_empty() {
        Ok(value)
    } else {
        Err(CodecError(format!(
            "{} bytes too many for a `{}`",
            rest.len(),
            std::any::type_name::<T>()
        )))
    }
}

/// Encodes the state of an object as it is stored.
pub(crate) fn encode_state<T: Serialize>(state: &T) -> Result<Bytes, CodecError> {
    let mut bytes = Vec::with_capacity(state_size(state)?);
    rmp_serde::encode::write_named(&mut bytes, state).map_err(CodecError::new)?;
    Ok(Bytes::from(bytes))
}

/// How many bytes the state of an object takes as it is stored: that it can be encoded, without the bytes.
pub(crate) fn state_size<T: Serialize>(state: &T) -> Result<usize, CodecError> {
    let mut serializer = rmp_serde::Serializer::new(Count(0)).with_struct_map();
    state.serialize(&mut serializer).map_err(CodecError::new)?;
    Ok(serializer.into_inner().0)
}

/// Counts what is written.
struct Count(usize);

impl Write for Count {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0 += bytes.len();
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Decodes the state of an object as it is stored. The error names the field and the type.
pub(crate) fn decode_state<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, CodecError> {
    rmp_serde::from_slice(bytes).map_err(|error| {
        // Where it went wrong is found by decoding once more: to keep the place costs every field something.
        let mut state = rmp_serde::Deserializer::from_read_ref(bytes);
        let placed = serde_path_to_error::deserialize::<_, T>(&mut state);
        let place = placed.err().map(|error| error.path().to_string());
        let place = match place.as_deref() {
            None | Some(".") => String::new(),
            Some(path) => format!("field `{path}`: "),
        };
        CodecError(format!(
            "{place}{error} (as a `{}`)",
            std::any::type_name::<T>()
        ))
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Serialize)]
    struct Old {
        name: String,
        parts: Vec<HashMap<String, u8>>,
        gone: bool,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct New {
        name: String,
        parts: Vec<HashMap<String, u64>>,
        #[serde(default)]
        added: Option<u8>,
    }

    #[derive(Debug, Deserialize)]
    struct Other {
        #[expect(dead_code, reason = "it never comes to be")]
        parts: Vec<HashMap<String, String>>,
    }

    #[derive(Debug, Deserialize)]
    struct Missing {
        #[expect(dead_code, reason = "it never comes to be")]
        wanted: u8,
    }

    #[test]
    fn states_evolve_and_say_which_field_does_not() {
        let parts = vec![HashMap::new(), HashMap::from([("a".to_owned(), 1)])];
        let name = "old".to_owned();
        let old = encode_state(&Old {
            name,
            parts,
            gone: true,
        })
        .unwrap();
        let new: New = decode_state(&old).unwrap();
        assert_eq!((new.name.as_str(), new.added), ("old", None));
        assert_eq!(new.parts[1]["a"], 1, "numbers may get wider");
        fn check<T: DeserializeOwned + std::fmt::Debug>(bytes: &[u8], parts: &[&str]) {
            let text = decode_state::<T>(bytes).unwrap_err().to_string();
            for part in parts.iter().chain([&std::any::type_name::<T>()]) {
                assert!(text.contains(part), "{part:?} is missing in: {text}");
            }
        }
        check::<Other>(&old, &["field `parts[1].a`", "integer `1`", "string"]);
        check::<Missing>(&old, &["missing field `wanted`"]);
        check::<u8>(&old, &["FixMap"]);
        check::<New>(&old[..9], &[]);
    }
}
