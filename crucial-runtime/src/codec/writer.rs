//! Writes MessagePack with named fields, refuses what the format would lose, and notes what may not come back.
//!
//! It is written over `rmp`, not around `rmp_serde`'s serializer: whether a `Some` holds nothing shows in the bytes, numbers
//! are packed, and a second serializer around each value would double what every type of a user compiles to.

mod packing;
mod parts;

use rmp::encode;
use serde::Serialize;
use serde::ser::Serializer;

use self::packing::Packing;
use self::parts::{Keys, Parts, Shape};

use super::CodecError;
use super::notes::{Kind, Notes, name_of};
use super::packed::{LEAST, Pack};

/// How deep values may be nested. Whoever reads them needs stack for every level, also on a small thread of an
/// unoptimised build.
pub(super) const DEEPEST: u32 = 220;

/// The byte of `None` and of `()`.
const NIL: u8 = 0xc0;

/// Writes one value.
#[derive(Debug)]
pub(super) struct Writer {
    pub(super) bytes: Vec<u8>,
    pub(super) notes: Notes,
    /// After an error: the names of the fields around it, the innermost first.
    pub(super) place: Vec<&'static str>,
    /// Whether types that have a text take it.
    human_readable: bool,
    depth: u32,
    packing: Packing,
}

impl Writer {
    /// For values of the user's. A type that has a text takes it: only that survives being held back in a tagged, an
    /// untagged or a flattened type.
    pub(super) const fn new(bytes: Vec<u8>, notes: Notes) -> Self {
        Self {
            bytes,
            notes,
            place: Vec::new(),
            human_readable: true,
            depth: 0,
            packing: Packing::Off,
        }
    }

    /// For values of the library's own.
    pub(super) const fn compact(bytes: Vec<u8>) -> Self {
        let mut writer = Self::new(bytes, Notes::none());
        writer.human_readable = false;
        writer
    }

    /// An integer of more than 64 bits.
    fn wide(&mut self, bytes: [u8; 16]) -> Result<(), CodecError> {
        self.plain()?;
        done(encode::write_bin(&mut self.bytes, &bytes))
    }

    #[inline]
    fn deeper(&mut self) -> Result<(), CodecError> {
        if self.depth == DEEPEST {
            return Err(CodecError(format!(
                "it is nested deeper than {DEEPEST} levels, which could not be read again; keep its parts in a `Vec` or a map and name them by their place"
            )));
        }
        self.depth += 1;
        Ok(())
    }

    /// Another level around one value.
    #[inline]
    fn nested<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), CodecError> {
        self.deeper()?;
        value.serialize(&mut *self)?;
        self.depth -= 1;
        Ok(())
    }

    #[inline]
    fn parts(
        &mut self,
        shape: Shape,
        name: u64,
        length: Option<usize>,
    ) -> Result<Parts<'_>, CodecError> {
        self.plain()?;
        self.deeper()?;
        let header = self.bytes.len();
        let written = length
            .map_or(Ok(0), u32::try_from)
            .map_err(CodecError::new)?;
        if shape == Shape::List && written >= LEAST {
            self.packing = Packing::Awaiting(written);
        } else {
            shape.header(&mut self.bytes, written)?;
        }
        Ok(Parts {
            writer: self,
            shape,
            name,
            header,
            written,
            count: 0,
            keys: length.is_none().then(Keys::default),
        })
    }

    /// The variant's name; a number of it.
    #[inline]
    fn variant(
        &mut self,
        name: &'static str,
        number: u32,
        variant: &str,
    ) -> Result<u64, CodecError> {
        self.plain()?;
        self.notes.named(name, number);
        done(encode::write_map_len(&mut self.bytes, 1))?;
        done(encode::write_str(&mut self.bytes, variant))?;
        Ok(name_of(name, number))
    }
}

#[inline]
fn done<T, E: std::fmt::Display>(written: Result<T, E>) -> Result<(), CodecError> {
    written.map(drop).map_err(CodecError::new)
}

impl<'a> Serializer for &'a mut Writer {
    type Ok = ();
    type Error = CodecError;
    type SerializeSeq = Parts<'a>;
    type SerializeTuple = Parts<'a>;
    type SerializeTupleStruct = Parts<'a>;
    type SerializeTupleVariant = Parts<'a>;
    type SerializeMap = Parts<'a>;
    type SerializeStruct = Parts<'a>;
    type SerializeStructVariant = Parts<'a>;

    #[inline]
    fn is_human_readable(&self) -> bool {
        self.human_readable
    }

    #[inline]
    fn serialize_bool(self, value: bool) -> Result<(), CodecError> {
        self.plain()?;
        self.notes.kind(Kind::Bool);
        done(encode::write_bool(&mut self.bytes, value))
    }

    #[inline]
    fn serialize_i8(self, value: i8) -> Result<(), CodecError> {
        self.serialize_i64(value.into())
    }

    #[inline]
    fn serialize_i16(self, value: i16) -> Result<(), CodecError> {
        self.serialize_i64(value.into())
    }

    #[inline]
    fn serialize_i32(self, value: i32) -> Result<(), CodecError> {
        self.serialize_i64(value.into())
    }

    #[inline]
    fn serialize_i64(self, value: i64) -> Result<(), CodecError> {
        self.plain()?;
        self.notes.kind(Kind::of_signed(value));
        done(encode::write_sint(&mut self.bytes, value))
    }

    #[inline]
    fn serialize_i128(self, value: i128) -> Result<(), CodecError> {
        self.notes.kind(Kind::Wide);
        match (i64::try_from(value), u64::try_from(value)) {
            (Ok(value), _) => self.serialize_i64(value),
            (_, Ok(value)) => self.serialize_u64(value),
            _ => self.wide(value.to_be_bytes()),
        }
    }

    #[inline]
    fn serialize_u8(self, value: u8) -> Result<(), CodecError> {
        if self.number(Pack::U8, value.to_le_bytes())? {
            return Ok(());
        }
        self.serialize_u64(value.into())
    }

    #[inline]
    fn serialize_u16(self, value: u16) -> Result<(), CodecError> {
        self.serialize_u64(value.into())
    }

    #[inline]
    fn serialize_u32(self, value: u32) -> Result<(), CodecError> {
        self.serialize_u64(value.into())
    }

    #[inline]
    fn serialize_u64(self, value: u64) -> Result<(), CodecError> {
        self.plain()?;
        self.notes.kind(Kind::of_unsigned(value));
        done(encode::write_uint(&mut self.bytes, value))
    }

    #[inline]
    fn serialize_u128(self, value: u128) -> Result<(), CodecError> {
        self.notes.kind(Kind::Wide);
        match u64::try_from(value) {
            Ok(value) => self.serialize_u64(value),
            Err(_) => self.wide(value.to_be_bytes()),
        }
    }

    #[inline]
    fn serialize_f32(self, value: f32) -> Result<(), CodecError> {
        if self.number(Pack::F32, value.to_le_bytes())? {
            return Ok(());
        }
        self.notes.kind(Kind::F32);
        done(encode::write_f32(&mut self.bytes, value))
    }

    #[inline]
    fn serialize_f64(self, value: f64) -> Result<(), CodecError> {
        if self.number(Pack::F64, value.to_le_bytes())? {
            return Ok(());
        }
        self.notes.kind(Kind::F64);
        done(encode::write_f64(&mut self.bytes, value))
    }

    #[inline]
    fn serialize_char(self, value: char) -> Result<(), CodecError> {
        self.plain()?;
        self.notes.kind(Kind::Char);
        done(encode::write_str(
            &mut self.bytes,
            value.encode_utf8(&mut [0; 4]),
        ))
    }

    #[inline]
    fn serialize_str(self, value: &str) -> Result<(), CodecError> {
        self.plain()?;
        self.notes.kind(Kind::Text);
        done(encode::write_str(&mut self.bytes, value))
    }

    #[inline]
    fn serialize_bytes(self, value: &[u8]) -> Result<(), CodecError> {
        self.plain()?;
        self.notes.kind(Kind::Bytes);
        done(encode::write_bin(&mut self.bytes, value))
    }

    #[inline]
    fn serialize_none(self) -> Result<(), CodecError> {
        self.plain()?;
        self.notes.kind(Kind::None);
        done(encode::write_nil(&mut self.bytes))
    }

    #[inline]
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), CodecError> {
        self.plain()?;
        self.notes.kind(Kind::Some);
        let start = self.bytes.len();
        self.nested(value)?;
        if self.bytes.get(start) == Some(&NIL) {
            return Err(CodecError::new(
                "a `Some` that holds nothing, such as `Some(None)` or `Some(())`, would come back as `None`; say what it means with an enum",
            ));
        }
        Ok(())
    }

    #[inline]
    fn serialize_unit(self) -> Result<(), CodecError> {
        self.plain()?;
        self.notes.kind(Kind::Unit);
        done(encode::write_nil(&mut self.bytes))
    }

    #[inline]
    fn serialize_unit_struct(self, _: &'static str) -> Result<(), CodecError> {
        self.plain()?;
        self.notes.kind(Kind::UnitStruct);
        // Other than `()`, it is something within a `Some`.
        done(encode::write_array_len(&mut self.bytes, 0))
    }

    #[inline]
    fn serialize_unit_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
    ) -> Result<(), CodecError> {
        self.plain()?;
        self.notes.named(name, index);
        done(encode::write_str(&mut self.bytes, variant))
    }

    #[inline]
    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), CodecError> {
        self.notes.kind(Kind::NewtypeStruct);
        self.nested(value)
    }

    #[inline]
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), CodecError> {
        let variant = self.variant(name, index, variant)?;
        let outer = self.notes.enter(variant);
        self.nested(value)?;
        self.notes.leave(outer);
        Ok(())
    }

    #[inline]
    fn serialize_seq(self, length: Option<usize>) -> Result<Parts<'a>, CodecError> {
        self.parts(Shape::List, 0, length)
    }

    /// The standard library's lists call this: their elements are written without a call for each.
    #[inline]
    fn collect_seq<I>(self, elements: I) -> Result<(), CodecError>
    where
        I: IntoIterator,
        I::Item: Serialize,
    {
        let mut elements = elements.into_iter();
        let length = match elements.size_hint() {
            (least, Some(most)) if least == most => Some(least),
            _ => None,
        };
        let mut list = self.parts(Shape::List, 0, length)?;
        elements.try_for_each(|element| list.element(&element))?;
        list.finish()
    }

    #[inline]
    fn serialize_tuple(self, length: usize) -> Result<Parts<'a>, CodecError> {
        let field = self.notes.field();
        self.parts(Shape::Tuple, field, Some(length))
    }

    #[inline]
    fn serialize_tuple_struct(
        self,
        name: &'static str,
        length: usize,
    ) -> Result<Parts<'a>, CodecError> {
        self.notes.named(name, u32::MAX);
        self.parts(Shape::Tuple, name_of(name, u32::MAX), Some(length))
    }

    #[inline]
    fn serialize_tuple_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Parts<'a>, CodecError> {
        let variant = self.variant(name, index, variant)?;
        self.parts(Shape::Tuple, variant, Some(length))
    }

    #[inline]
    fn serialize_map(self, length: Option<usize>) -> Result<Parts<'a>, CodecError> {
        let field = self.notes.field();
        self.parts(Shape::Map, field, length)
    }

    #[inline]
    fn serialize_struct(self, name: &'static str, length: usize) -> Result<Parts<'a>, CodecError> {
        self.notes.named(name, u32::MAX);
        self.parts(Shape::Struct, name_of(name, u32::MAX), Some(length))
    }

    #[inline]
    fn serialize_struct_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Parts<'a>, CodecError> {
        let variant = self.variant(name, index, variant)?;
        self.parts(Shape::Struct, variant, Some(length))
    }
}
