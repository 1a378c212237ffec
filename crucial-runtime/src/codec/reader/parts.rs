//! Lists, maps and variants as they are read.

use serde::de::{self, DeserializeSeed, Deserializer, Visitor};

use super::Reader;
use crate::codec::CodecError;
use crate::codec::tree::Tree;

/// A list or a map that is being read.
pub(super) struct Parts<'a, 'de> {
    reader: &'a mut Reader<'de>,
    length: u32,
    left: u32,
    /// The bytes from the last key on.
    key: &'de [u8],
}

impl<'a, 'de> Parts<'a, 'de> {
    #[inline]
    pub(super) const fn new(reader: &'a mut Reader<'de>, length: u32) -> Self {
        Self {
            reader,
            length,
            left: length,
            key: &[],
        }
    }

    #[inline]
    pub(super) fn finished(&self) -> Result<(), CodecError> {
        match self.left {
            0 => Ok(()),
            left => Err(CodecError(format!(
                "it has {} parts, {left} too many",
                self.length
            ))),
        }
    }
}

/// A key as a part of a path.
fn step(key: &[u8]) -> String {
    let read = de::Deserialize::deserialize(&mut Reader::new(key));
    read.map_or_else(
        |_: CodecError| String::new(),
        |key: Tree| format!(".{}", key.plain()),
    )
}

impl<'de> de::SeqAccess<'de> for Parts<'_, 'de> {
    type Error = CodecError;

    #[inline]
    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, CodecError> {
        let Some(left) = self.left.checked_sub(1) else {
            return Ok(None);
        };
        let index = self.length - self.left;
        self.left = left;
        match seed.deserialize(&mut *self.reader) {
            Ok(value) => Ok(Some(value)),
            Err(error) => {
                self.reader.place.push(format!("[{index}]"));
                Err(error)
            }
        }
    }

    #[inline]
    fn size_hint(&self) -> Option<usize> {
        usize::try_from(self.left).ok()
    }
}

impl<'de> de::MapAccess<'de> for Parts<'_, 'de> {
    type Error = CodecError;

    #[inline]
    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, CodecError> {
        let Some(left) = self.left.checked_sub(1) else {
            return Ok(None);
        };
        self.left = left;
        self.key = self.reader.rest;
        seed.deserialize(&mut *self.reader).map(Some)
    }

    #[inline]
    fn next_value_seed<V: DeserializeSeed<'de>>(
        &mut self,
        seed: V,
    ) -> Result<V::Value, CodecError> {
        seed.deserialize(&mut *self.reader).inspect_err(|_| {
            self.reader.place.push(step(self.key));
        })
    }

    #[inline]
    fn size_hint(&self) -> Option<usize> {
        usize::try_from(self.left).ok()
    }
}

/// A variant with something in it.
pub(super) struct Variant<'a, 'de> {
    reader: &'a mut Reader<'de>,
    key: &'de [u8],
}

impl<'a, 'de> Variant<'a, 'de> {
    #[inline]
    pub(super) const fn new(reader: &'a mut Reader<'de>) -> Self {
        let key = reader.rest;
        Self { reader, key }
    }

    #[inline]
    fn content<R>(
        self,
        read: impl FnOnce(&mut Reader<'de>) -> Result<R, CodecError>,
    ) -> Result<R, CodecError> {
        read(self.reader).inspect_err(|_| self.reader.place.push(step(self.key)))
    }
}

impl<'de> de::EnumAccess<'de> for Variant<'_, 'de> {
    type Error = CodecError;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(
        self,
        seed: V,
    ) -> Result<(V::Value, Self), CodecError> {
        let variant = seed.deserialize(&mut *self.reader)?;
        Ok((variant, self))
    }
}

impl<'de> de::VariantAccess<'de> for Variant<'_, 'de> {
    type Error = CodecError;

    fn unit_variant(self) -> Result<(), CodecError> {
        self.content(|reader| de::Deserialize::deserialize(reader))
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(
        self,
        seed: T,
    ) -> Result<T::Value, CodecError> {
        self.content(|reader| reader.deeper(|reader| seed.deserialize(reader)))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, CodecError> {
        self.content(|reader| reader.deserialize_seq(visitor))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, CodecError> {
        self.content(|reader| reader.deserialize_any(visitor))
    }
}
