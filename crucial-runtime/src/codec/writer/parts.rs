//! Lists, tuples, maps and structs as they are written.

use rmp::encode;
use serde::Serialize;
use serde::ser;

use super::packing::Packing;
use super::{NIL, Writer, done};
use crate::codec::CodecError;
use crate::codec::notes::{Kind, mixed};

/// The node that the parts make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    List,
    Tuple,
    Map,
    Struct,
}

impl Shape {
    #[inline]
    pub(super) fn header(self, bytes: &mut Vec<u8>, length: u32) -> Result<(), CodecError> {
        match self {
            Self::List | Self::Tuple => done(encode::write_array_len(bytes, length)),
            Self::Map | Self::Struct => done(encode::write_map_len(bytes, length)),
        }
    }
}

/// A list, a tuple, a map or a struct that is being written.
#[derive(Debug)]
pub(in crate::codec) struct Parts<'a> {
    pub(super) writer: &'a mut Writer,
    pub(super) shape: Shape,
    /// A number of the struct or the variant; of the field that it is in, where it has no name.
    pub(super) name: u64,
    /// Where its length stands, and which.
    pub(super) header: usize,
    pub(super) written: u32,
    pub(super) count: u32,
    /// The keys, where their number was not known: those of a flattened struct, which may collide.
    pub(super) keys: Option<Keys>,
}

/// The keys of a map.
#[derive(Debug, Default)]
pub(super) struct Keys {
    keys: Vec<Vec<u8>>,
    start: usize,
    feature: u64,
    /// The last of them, as a number.
    last: u64,
}

/// So many parts of a tuple are told apart; a long one is an array, whose parts are of one type.
const TOLD_APART: u32 = 8;

impl Parts<'_> {
    /// An element of a list, or a key of a map.
    #[inline]
    pub(super) fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), CodecError> {
        self.count += 1;
        value.serialize(&mut *self.writer)
    }

    #[inline]
    fn part<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), CodecError> {
        if self.shape != Shape::Tuple {
            return self.element(value);
        }
        self.count += 1;
        let part = mixed(self.name, self.count.min(TOLD_APART).into());
        let outer = self.writer.notes.enter(part);
        value.serialize(&mut *self.writer)?;
        self.writer.notes.leave(outer);
        Ok(())
    }

    #[inline]
    fn field<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), CodecError> {
        self.count += 1;
        done(encode::write_str(&mut self.writer.bytes, name))?;
        let field = mixed(self.name, name.as_ptr().addr() as u64);
        let outer = self.writer.notes.enter(field);
        let written = value.serialize(&mut *self.writer);
        if written.is_err() {
            self.writer.place.push(name);
        }
        self.writer.notes.leave(outer);
        written
    }

    #[inline]
    fn skipped(&mut self, name: &'static str) {
        self.writer.notes.named(name, u32::MAX - 1);
    }

    #[inline]
    pub(super) fn finish(self) -> Result<(), CodecError> {
        let Self {
            writer,
            shape,
            header,
            written,
            count,
            keys,
            ..
        } = self;
        match writer.packing {
            Packing::On(..) if count == written => {
                writer.packing = Packing::Off;
                writer.notes.kind(Kind::Packed);
            }
            // It has no elements, or not as many as it was to have.
            _ => writer.plain()?,
        }
        if count != written {
            let (mut old, mut new) = (Vec::new(), Vec::new());
            shape.header(&mut old, written)?;
            shape.header(&mut new, count)?;
            writer.bytes.splice(header..header + old.len(), new);
        }
        if let (
            Shape::Map,
            Some(Keys {
                mut keys, feature, ..
            }),
        ) = (shape, keys)
        {
            writer.notes.feature(feature << 1);
            keys.sort_unstable();
            if keys.windows(2).any(|pair| pair[0] == pair[1]) {
                return Err(CodecError::new(
                    "two of its entries have the same key, of which one would be lost; rename the field, or do not flatten the map",
                ));
            }
        }
        match (shape, count) {
            (Shape::List, 0) => writer.notes.kind(Kind::List0),
            (Shape::List, 1) => writer.notes.kind(Kind::List1),
            (Shape::List, _) => writer.notes.kind(Kind::List2),
            (Shape::Map, 0) => writer.notes.kind(Kind::Map0),
            (Shape::Map, 1) => writer.notes.kind(Kind::Map1),
            (Shape::Map, _) => writer.notes.kind(Kind::Map2),
            (Shape::Tuple, _) => writer.notes.kind(Kind::Tuple),
            (Shape::Struct, _) => {}
        }
        writer.depth -= 1;
        Ok(())
    }
}

macro_rules! parts {
    ($($trait:ident: $method:ident;)+) => {$(
        impl ser::$trait for Parts<'_> {
            type Ok = ();
            type Error = CodecError;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), CodecError> {
                self.part(value)
            }

            fn end(self) -> Result<(), CodecError> {
                self.finish()
            }
        }
    )+};
}

parts! {
    SerializeSeq: serialize_element;
    SerializeTuple: serialize_element;
    SerializeTupleStruct: serialize_field;
    SerializeTupleVariant: serialize_field;
}

macro_rules! fields {
    ($($trait:ident)+) => {$(
        impl ser::$trait for Parts<'_> {
            type Ok = ();
            type Error = CodecError;

            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                name: &'static str,
                value: &T,
            ) -> Result<(), CodecError> {
                self.field(name, value)
            }

            fn skip_field(&mut self, name: &'static str) -> Result<(), CodecError> {
                self.skipped(name);
                Ok(())
            }

            fn end(self) -> Result<(), CodecError> {
                self.finish()
            }
        }
    )+};
}

fields!(SerializeStruct SerializeStructVariant);

impl ser::SerializeMap for Parts<'_> {
    type Ok = ();
    type Error = CodecError;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), CodecError> {
        let start = self.writer.bytes.len();
        self.part(key)?;
        if let Some(keys) = &mut self.keys {
            let key = &self.writer.bytes[start..];
            keys.last = key
                .iter()
                .fold(self.name, |number, byte| mixed(number, (*byte).into()));
            keys.feature = mixed(keys.feature, keys.last);
            keys.keys.push(key.to_vec());
            keys.start = self.writer.bytes.len();
        }
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), CodecError> {
        let Some(last) = self.keys.as_ref().map(|keys| keys.last) else {
            return value.serialize(&mut *self.writer);
        };
        let outer = self.writer.notes.enter(last);
        value.serialize(&mut *self.writer)?;
        self.writer.notes.leave(outer);
        if let Some(keys) = &mut self.keys {
            // Whether there is something makes a difference to what a flattened `Option` comes back as.
            let nothing = self.writer.bytes.get(keys.start) == Some(&NIL);
            keys.feature = mixed(keys.feature, nothing.into());
        }
        Ok(())
    }

    fn end(self) -> Result<(), CodecError> {
        self.finish()
    }
}
