//! Lists of bytes and of floating-point numbers as MessagePack extensions, lowest byte first: number by number they would
//! take up to ten times as long.

use std::marker::PhantomData;
use std::slice::Iter;

use serde::de::{self, DeserializeSeed, Deserializer, Visitor};
use serde::forward_to_deserialize_any;

use super::CodecError;

/// From how many numbers on they are packed.
pub(super) const LEAST: u32 = 16;

/// The numbers that are packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pack {
    U8,
    F32,
    F64,
}

impl Pack {
    /// The type of its extension.
    pub(super) const fn code(self) -> i8 {
        match self {
            Self::U8 => 1,
            Self::F32 => 2,
            Self::F64 => 3,
        }
    }

    pub(super) fn of_code(code: i8) -> Option<Self> {
        [Self::U8, Self::F32, Self::F64]
            .into_iter()
            .find(|pack| pack.code() == code)
    }

    /// How many bytes a number takes.
    pub(super) const fn size(self) -> usize {
        match self {
            Self::U8 => 1,
            Self::F32 => 4,
            Self::F64 => 8,
        }
    }
}

/// A packed list that is read.
pub(super) struct Packed<'de> {
    pack: Pack,
    bytes: &'de [u8],
}

impl<'de> Packed<'de> {
    pub(super) const fn new(pack: Pack, bytes: &'de [u8]) -> Self {
        Self { pack, bytes }
    }

    /// Shows a visitor the list.
    pub(super) fn visited<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CodecError> {
        match self.pack {
            Pack::U8 => numbers::<1, u8, V>(self.bytes, visitor),
            Pack::F32 => numbers::<4, f32, V>(self.bytes, visitor),
            Pack::F64 => numbers::<8, f64, V>(self.bytes, visitor),
        }
    }
}

#[inline]
fn numbers<'de, const SIZE: usize, N: Number<SIZE>, V: Visitor<'de>>(
    bytes: &[u8],
    visitor: V,
) -> Result<V::Value, CodecError> {
    let (all, _) = bytes.as_chunks();
    let mut rest = all.iter();
    let value = visitor.visit_seq(Numbers::<N, SIZE>(&mut rest, PhantomData))?;
    match rest.len() {
        0 => Ok(value),
        left => Err(CodecError(format!(
            "it has {} parts, {left} too many",
            all.len()
        ))),
    }
}

/// A number in a packed list, of so many bytes.
pub(super) trait Number<const SIZE: usize>: Copy + 'static {
    const PACK: Pack;

    fn of_bytes(bytes: [u8; SIZE]) -> Self;

    fn bytes(self) -> [u8; SIZE];

    fn visited<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CodecError>;
}

macro_rules! numbers {
    ($($number:ty, $size:literal, $pack:ident: $visit:ident;)+) => {$(
        impl Number<$size> for $number {
            const PACK: Pack = Pack::$pack;

            #[inline]
            fn of_bytes(bytes: [u8; $size]) -> Self {
                Self::from_le_bytes(bytes)
            }

            #[inline]
            fn bytes(self) -> [u8; $size] {
                self.to_le_bytes()
            }

            #[inline]
            fn visited<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CodecError> {
                visitor.$visit(self)
            }
        }
    )+};
}

numbers! {
    u8, 1, U8: visit_u8;
    f32, 4, F32: visit_f32;
    f64, 8, F64: visit_f64;
}

/// The numbers that are still to be read.
struct Numbers<'a, 'b, N, const SIZE: usize>(&'a mut Iter<'b, [u8; SIZE]>, PhantomData<N>);

impl<'de, N: Number<SIZE>, const SIZE: usize> de::SeqAccess<'de> for Numbers<'_, '_, N, SIZE> {
    type Error = CodecError;

    #[inline]
    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, CodecError> {
        match self.0.next() {
            Some(bytes) => seed
                .deserialize(One::<N, SIZE>(N::of_bytes(*bytes)))
                .map(Some),
            None => Ok(None),
        }
    }

    #[inline]
    fn size_hint(&self) -> Option<usize> {
        Some(self.0.len())
    }
}

/// One number of a packed list.
#[derive(Clone, Copy)]
struct One<N, const SIZE: usize>(N);

impl<'de, N: Number<SIZE>, const SIZE: usize> Deserializer<'de> for One<N, SIZE> {
    type Error = CodecError;

    #[inline]
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CodecError> {
        self.0.visited(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CodecError> {
        visitor.visit_some(self)
    }

    #[inline]
    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, CodecError> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map struct enum identifier ignored_any
    }
}
