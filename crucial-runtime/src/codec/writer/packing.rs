//! Lists of numbers that are packed as they are written.

use rmp::encode;
use serde::Serializer;

use super::parts::Shape;
use super::{Writer, done};
use crate::codec::CodecError;
use crate::codec::packed::Pack;

/// A list that may be packed, or is so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Packing {
    /// There is none.
    Off,
    /// Its first element will tell; so many are to come. Nothing of it is written.
    Awaiting(u32),
    /// It is: its place, how many are to come, and where the first is.
    On(Pack, List),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct List {
    header: usize,
    length: u32,
    start: usize,
}

impl Writer {
    /// The next node is not a packed number: the list around it becomes one like any other.
    #[inline]
    pub(super) fn plain(&mut self) -> Result<(), CodecError> {
        match self.packing {
            Packing::Off => Ok(()),
            _ => self.settle(),
        }
    }

    #[cold]
    fn settle(&mut self) -> Result<(), CodecError> {
        match self.packing {
            Packing::Off => Ok(()),
            Packing::Awaiting(length) => {
                self.packing = Packing::Off;
                Shape::List.header(&mut self.bytes, length)
            }
            Packing::On(pack, list) => self.unpack(pack, list),
        }
    }

    /// Writes the numbers that are packed so far one by one.
    fn unpack(&mut self, pack: Pack, list: List) -> Result<(), CodecError> {
        self.packing = Packing::Off;
        let numbers = self.bytes.split_off(list.start);
        self.bytes.truncate(list.header);
        Shape::List.header(&mut self.bytes, list.length)?;
        match pack {
            Pack::U8 => numbers
                .iter()
                .try_for_each(|number| self.serialize_u8(*number)),
            Pack::F32 => {
                let numbers = numbers.as_chunks().0.iter();
                numbers
                    .map(|bytes| f32::from_le_bytes(*bytes))
                    .try_for_each(|number| self.serialize_f32(number))
            }
            Pack::F64 => {
                let numbers = numbers.as_chunks().0.iter();
                numbers
                    .map(|bytes| f64::from_le_bytes(*bytes))
                    .try_for_each(|number| self.serialize_f64(number))
            }
        }
    }

    /// A number: whether it is packed, as its list is.
    #[inline]
    pub(super) fn number<const SIZE: usize>(
        &mut self,
        pack: Pack,
        number: [u8; SIZE],
    ) -> Result<bool, CodecError> {
        match self.packing {
            Packing::On(packed, _) if packed == pack => {
                self.bytes.extend_from_slice(&number);
                Ok(true)
            }
            Packing::Off => Ok(false),
            Packing::Awaiting(length) => {
                self.pack(pack, length)?;
                self.bytes.extend_from_slice(&number);
                Ok(true)
            }
            Packing::On(..) => self.plain().map(|()| false),
        }
    }

    /// Begins a packed list.
    #[cold]
    fn pack(&mut self, pack: Pack, length: u32) -> Result<(), CodecError> {
        let size = u32::try_from(pack.size()).map_err(CodecError::new)?;
        let bytes = length
            .checked_mul(size)
            .ok_or_else(|| CodecError::new("it has more than 4 GB"))?;
        let header = self.bytes.len();
        done(encode::write_ext_meta(&mut self.bytes, bytes, pack.code()))?;
        let list = List {
            header,
            length,
            start: self.bytes.len(),
        };
        self.bytes
            .reserve(usize::try_from(bytes).map_err(CodecError::new)?);
        self.packing = Packing::On(pack, list);
        Ok(())
    }
}
