//! The project's own envelopes, as postcard: both sides are one build, and what is the user's in them is bytes.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::CodecError;

/// Packs an envelope.
pub(crate) fn pack<T: Serialize + ?Sized>(envelope: &T) -> Result<Bytes, CodecError> {
    // To count the bytes first costs less than to move them whenever they have outgrown their place, and to fill a
    // place of known size a third of what it costs to let a vector grow into it.
    let size = postcard::serialize_with_flavor(envelope, postcard::ser_flavors::Size::default());
    let mut bytes = vec![0; size.map_err(CodecError::new)?];
    postcard::to_slice(envelope, &mut bytes).map_err(CodecError::new)?;
    Ok(Bytes::from(bytes))
}

/// Packs an envelope behind what is there already.
#[cfg(feature = "redis")]
pub(crate) fn append<T: Serialize + ?Sized>(
    envelope: &T,
    bytes: Vec<u8>,
) -> Result<Vec<u8>, CodecError> {
    postcard::to_extend(envelope, bytes).map_err(CodecError::new)
}

/// Unpacks an envelope; bytes left over are an error.
pub(crate) fn unpack<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, CodecError> {
    let (envelope, rest) = postcard::take_from_bytes(bytes).map_err(CodecError::new)?;
    if rest.is_empty() {
        Ok(envelope)
    } else {
        Err(CodecError(format!(
            "{} bytes too many for a `{}`",
            rest.len(),
            std::any::type_name::<T>()
        )))
    }
}
