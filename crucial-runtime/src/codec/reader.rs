//! Reads what the [writer](super::writer) writes. Nothing in the bytes is trusted.
//!
//! It is not `rmp_serde`'s deserializer, which knows no packed numbers, and which counts no levels of enums, of `Some` and
//! of newtypes, so that a few bytes could overflow the stack.

mod parts;

use rmp::Marker;
use serde::de::value::BorrowedStrDeserializer;
use serde::de::{self, Deserializer, Visitor};
use serde::forward_to_deserialize_any;

use self::parts::{Parts, Variant};
use super::CodecError;
use super::packed::{Pack, Packed};
use super::writer::DEEPEST;

/// Reads one value.
#[derive(Debug)]
pub(super) struct Reader<'de> {
    rest: &'de [u8],
    depth: u32,
    /// After an error: the fields and indices around it, the innermost first.
    place: Vec<String>,
}

impl de::Error for CodecError {
    fn custom<T: std::fmt::Display>(reason: T) -> Self {
        Self::new(reason)
    }
}

/// The next node.
enum Node<'de> {
    Nil,
    Bool(bool),
    Unsigned(u64),
    Signed(i64),
    F32(f32),
    F64(f64),
    Text(&'de str),
    Bytes(&'de [u8]),
    List(u32),
    Map(u32),
    Packed(Pack, &'de [u8]),
}

impl<'de> Reader<'de> {
    pub(super) const fn new(bytes: &'de [u8]) -> Self {
        Self {
            rest: bytes,
            depth: 0,
            place: Vec::new(),
        }
    }

    /// Checks that all has been read.
    pub(super) fn end(&self) -> Result<(), CodecError> {
        match self.rest.len() {
            0 => Ok(()),
            more => Err(CodecError(format!("there are {more} bytes too many"))),
        }
    }

    /// Where it went wrong.
    pub(super) fn place(&self) -> String {
        path(self.place.iter().rev().map(String::as_str))
    }

    #[inline]
    fn peek(&self) -> Result<Marker, CodecError> {
        let first = self.rest.first().ok_or_else(cut)?;
        Ok(Marker::from_u8(*first))
    }

    #[inline]
    fn take(&mut self, count: usize) -> Result<&'de [u8], CodecError> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or_else(cut)?;
        self.rest = rest;
        Ok(taken)
    }

    #[inline]
    fn array<const N: usize>(&mut self) -> Result<[u8; N], CodecError> {
        let (taken, rest) = self.rest.split_first_chunk().ok_or_else(cut)?;
        self.rest = rest;
        Ok(*taken)
    }

    /// The length behind a marker of one, two or four bytes of it.
    #[inline]
    fn length(&mut self, marker: Marker) -> Result<u32, CodecError> {
        Ok(match marker {
            Marker::Str8 | Marker::Bin8 | Marker::Ext8 => u8::from_be_bytes(self.array()?).into(),
            Marker::Str16 | Marker::Bin16 | Marker::Ext16 | Marker::Array16 | Marker::Map16 => {
                u16::from_be_bytes(self.array()?).into()
            }
            _ => u32::from_be_bytes(self.array()?),
        })
    }

    #[inline]
    fn bytes(&mut self, length: u32) -> Result<&'de [u8], CodecError> {
        self.take(usize::try_from(length).map_err(CodecError::new)?)
    }

    #[inline]
    fn text(&mut self, length: u32) -> Result<Node<'de>, CodecError> {
        let text = std::str::from_utf8(self.bytes(length)?).map_err(CodecError::new)?;
        Ok(Node::Text(text))
    }

    #[inline]
    fn packed(&mut self, length: u32) -> Result<Node<'de>, CodecError> {
        let code = i8::from_be_bytes(self.array()?);
        let bytes = self.bytes(length)?;
        let pack = Pack::of_code(code).filter(|pack| bytes.len().is_multiple_of(pack.size()));
        match pack {
            Some(pack) => Ok(Node::Packed(pack, bytes)),
            None => Err(CodecError(format!(
                "it has an extension {code} that is not known here"
            ))),
        }
    }

    fn node(&mut self) -> Result<Node<'de>, CodecError> {
        let marker = self.peek()?;
        self.rest = &self.rest[1..];
        Ok(match marker {
            Marker::Null => Node::Nil,
            Marker::True => Node::Bool(true),
            Marker::False => Node::Bool(false),
            Marker::FixPos(number) => Node::Unsigned(number.into()),
            Marker::FixNeg(number) => Node::Signed(number.into()),
            Marker::U8 => Node::Unsigned(u8::from_be_bytes(self.array()?).into()),
            Marker::U16 => Node::Unsigned(u16::from_be_bytes(self.array()?).into()),
            Marker::U32 => Node::Unsigned(u32::from_be_bytes(self.array()?).into()),
            Marker::U64 => Node::Unsigned(u64::from_be_bytes(self.array()?)),
            Marker::I8 => Node::Signed(i8::from_be_bytes(self.array()?).into()),
            Marker::I16 => Node::Signed(i16::from_be_bytes(self.array()?).into()),
            Marker::I32 => Node::Signed(i32::from_be_bytes(self.array()?).into()),
            Marker::I64 => Node::Signed(i64::from_be_bytes(self.array()?)),
            Marker::F32 => Node::F32(f32::from_be_bytes(self.array()?)),
            Marker::F64 => Node::F64(f64::from_be_bytes(self.array()?)),
            Marker::FixStr(length) => self.text(length.into())?,
            Marker::Str8 | Marker::Str16 | Marker::Str32 => {
                let length = self.length(marker)?;
                self.text(length)?
            }
            Marker::Bin8 | Marker::Bin16 | Marker::Bin32 => {
                let length = self.length(marker)?;
                Node::Bytes(self.bytes(length)?)
            }
            Marker::FixArray(length) => Node::List(length.into()),
            Marker::Array16 | Marker::Array32 => Node::List(self.length(marker)?),
            Marker::FixMap(length) => Node::Map(length.into()),
            Marker::Map16 | Marker::Map32 => Node::Map(self.length(marker)?),
            Marker::FixExt1 => self.packed(1)?,
            Marker::FixExt2 => self.packed(2)?,
            Marker::FixExt4 => self.packed(4)?,
            Marker::FixExt8 => self.packed(8)?,
            Marker::FixExt16 => self.packed(16)?,
            Marker::Ext8 | Marker::Ext16 | Marker::Ext32 => {
                let length = self.length(marker)?;
                self.packed(length)?
            }
            Marker::Reserved => return Err(CodecError::new("it is not MessagePack")),
        })
    }

    /// Reads what lies a level deeper.
    #[inline]
    fn deeper<R>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<R, CodecError>,
    ) -> Result<R, CodecError> {
        if self.depth == DEEPEST {
            return Err(CodecError(format!(
                "it is nested deeper than {DEEPEST} levels"
            )));
        }
        self.depth += 1;
        let read = read(self)?;
        self.depth -= 1;
        Ok(read)
    }

    #[inline]
    fn list<V: Visitor<'de>>(&mut self, length: u32, visitor: V) -> Result<V::Value, CodecError> {
        self.deeper(|reader| {
            let mut parts = Parts::new(reader, length);
            let value = visitor.visit_seq(&mut parts)?;
            parts.finished().map(|()| value)
        })
    }

    #[inline]
    fn map<V: Visitor<'de>>(&mut self, length: u32, visitor: V) -> Result<V::Value, CodecError> {
        self.deeper(|reader| {
            let mut parts = Parts::new(reader, length);
            let value = visitor.visit_map(&mut parts)?;
            parts.finished().map(|()| value)
        })
    }

    #[inline]
    fn wide(&mut self) -> Option<[u8; 16]> {
        let wide = self.rest.strip_prefix(&[Marker::Bin8.to_u8(), 16])?;
        let (number, rest) = wide.split_first_chunk()?;
        self.rest = rest;
        Some(*number)
    }
}

/// A path of those steps, the outermost first; of a long one its beginning.
pub(super) fn path<'a>(steps: impl Iterator<Item = &'a str>) -> String {
    let mut steps = steps.fuse();
    let path: String = steps.by_ref().take(LONGEST).collect();
    let more = if steps.next().is_some() { "…" } else { "" };
    format!("{}{more}", path.trim_start_matches('.'))
}

/// How many steps of a path are shown.
const LONGEST: usize = 12;

#[cold]
fn cut() -> CodecError {
    CodecError::new("it ends too early")
}

impl<'de> Deserializer<'de> for &mut Reader<'de> {
    type Error = CodecError;

    #[inline]
    fn is_human_readable(&self) -> bool {
        true
    }

    #[inline]
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CodecError> {
        // Small numbers are the most frequent nodes; they need no call.
        if let [number @ ..0x80, rest @ ..] = self.rest {
            self.rest = rest;
            return visitor.visit_u64((*number).into());
        }
        match self.node()? {
            Node::Nil => visitor.visit_unit(),
            Node::Bool(value) => visitor.visit_bool(value),
            Node::Unsigned(number) => visitor.visit_u64(number),
            Node::Signed(number) => visitor.visit_i64(number),
            Node::F32(number) => visitor.visit_f32(number),
            Node::F64(number) => visitor.visit_f64(number),
            Node::Text(text) => visitor.visit_borrowed_str(text),
            Node::Bytes(bytes) => visitor.visit_borrowed_bytes(bytes),
            Node::List(length) => self.list(length, visitor),
            Node::Map(length) => self.map(length, visitor),
            Node::Packed(pack, bytes) => Packed::new(pack, bytes).visited(visitor),
        }
    }

    #[inline]
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CodecError> {
        if self.peek()? == Marker::Null {
            self.rest = &self.rest[1..];
            return visitor.visit_none();
        }
        self.deeper(|reader| visitor.visit_some(reader))
    }

    #[inline]
    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, CodecError> {
        self.deeper(|reader| visitor.visit_newtype_struct(reader))
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, CodecError> {
        if self.peek()? == Marker::FixArray(0) {
            self.rest = &self.rest[1..];
            return visitor.visit_unit();
        }
        self.deserialize_any(visitor)
    }

    /// Bytes are a list of numbers where a list is asked for.
    #[inline]
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CodecError> {
        match self.peek()? {
            Marker::Bin8 | Marker::Bin16 | Marker::Bin32 => match self.node()? {
                Node::Bytes(bytes) => Packed::new(Pack::U8, bytes).visited(visitor),
                _ => Err(cut()),
            },
            _ => self.deserialize_any(visitor),
        }
    }

    #[inline]
    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, CodecError> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, CodecError> {
        self.deserialize_seq(visitor)
    }

    /// A list of bytes is bytes where they are asked for.
    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CodecError> {
        match self.node()? {
            Node::Bytes(bytes) | Node::Packed(Pack::U8, bytes) => {
                visitor.visit_borrowed_bytes(bytes)
            }
            Node::Text(text) => visitor.visit_borrowed_str(text),
            Node::List(length) => self.list(length, visitor),
            _ => Err(CodecError::new("bytes were expected")),
        }
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CodecError> {
        self.deserialize_bytes(visitor)
    }

    fn deserialize_i128<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CodecError> {
        match self.wide() {
            Some(number) => visitor.visit_i128(i128::from_be_bytes(number)),
            None => self.deserialize_any(visitor),
        }
    }

    fn deserialize_u128<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CodecError> {
        match self.wide() {
            Some(number) => visitor.visit_u128(u128::from_be_bytes(number)),
            None => self.deserialize_any(visitor),
        }
    }

    #[inline]
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, CodecError> {
        match self.node()? {
            Node::Text(variant) => visitor.visit_enum(BorrowedStrDeserializer::new(variant)),
            Node::Map(1) => visitor.visit_enum(Variant::new(self)),
            _ => Err(CodecError::new("a variant was expected")),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string unit map struct identifier ignored_any
    }
}
