//! Notes of the features that a value was written with: they tell whether its type has been seen to come back from them.

use std::any::TypeId;
use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::hash::{BuildHasherDefault, Hash, Hasher};

/// How many features a thread remembers: those of a few hundred types.
const REMEMBERED: usize = 1 << 14;

thread_local! {
    /// The features that values of a type have come back from.
    static PROVEN: RefCell<HashSet<u64, BuildHasherDefault<AsItIs>>> = RefCell::default();
    /// Those of them that were met last, each in a place of its own: to look there costs next to nothing.
    static RECENT: [Cell<u64>; RECENT_ONES] = const { [const { Cell::new(0) }; RECENT_ONES] };
}

const RECENT_ONES: usize = 256;

/// A kind of node of a value.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    Bool,
    /// A whole number that is not negative and fits so many bits: an untagged type may take it for one of another width.
    Bits7,
    Bits8,
    Bits15,
    Bits16,
    Bits31,
    Bits32,
    Bits63,
    Bits64,
    /// A negative one that fits so many, the sign included.
    Negative8,
    Negative16,
    Negative32,
    Negative64,
    /// One of a type of 128 bits, which serde can't hold back, however small it is.
    Wide,
    F32,
    F64,
    Char,
    Text,
    Bytes,
    None,
    Some,
    Unit,
    UnitStruct,
    NewtypeStruct,
    Tuple,
    Packed,
    /// A list of none, one, or more.
    List0,
    List1,
    List2,
    /// A map of none, one, or more.
    Map0,
    Map1,
    Map2,
}

impl Kind {
    #[inline]
    pub(super) const fn of_unsigned(value: u64) -> Self {
        match value {
            0..=0x7f => Self::Bits7,
            0x80..=0xff => Self::Bits8,
            0x100..=0x7fff => Self::Bits15,
            0x8000..=0xffff => Self::Bits16,
            0x1_0000..=0x7fff_ffff => Self::Bits31,
            0x8000_0000..=0xffff_ffff => Self::Bits32,
            0x1_0000_0000..=0x7fff_ffff_ffff_ffff => Self::Bits63,
            _ => Self::Bits64,
        }
    }

    #[inline]
    pub(super) const fn of_signed(value: i64) -> Self {
        const BYTE: i64 = i8::MIN as i64;
        const SHORT: i64 = i16::MIN as i64;
        const LONG: i64 = i32::MIN as i64;
        match value {
            0.. => Self::of_unsigned(value.cast_unsigned()),
            BYTE..0 => Self::Negative8,
            SHORT..BYTE => Self::Negative16,
            LONG..SHORT => Self::Negative32,
            _ => Self::Negative64,
        }
    }
}

/// The features of one value: which kinds of nodes, structs, variants and skipped fields it has, and where.
///
/// Where matters: the same node comes back from a field and not from a flattened or tagged one, and a value may have
/// it in both.
#[derive(Debug)]
pub(super) struct Notes {
    /// A number of the value's type; none where features do not matter.
    salt: Option<u64>,
    here: Here,
    /// The fields around the node, each once: types that have themselves in them do not get new features with each level.
    around: Vec<u64>,
    unproven: Vec<u64>,
}

/// Where the node is that is being written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Here {
    /// The field that it is in.
    field: u64,
    /// All the fields around it, as one number, and how many they are.
    around: u64,
    count: usize,
    /// The kinds that have been noted here.
    kinds: u32,
}

impl Notes {
    /// Notes about a value that is to come back as a `T`.
    pub(super) fn about<T: 'static>() -> Self {
        let mut hasher = AsItIs::default();
        TypeId::of::<T>().hash(&mut hasher);
        Self {
            salt: Some(hasher.finish()),
            ..Self::none()
        }
    }

    /// No notes.
    pub(super) const fn none() -> Self {
        Self {
            salt: None,
            here: Here {
                field: 0,
                around: 0,
                count: 0,
                kinds: 0,
            },
            around: Vec::new(),
            unproven: Vec::new(),
        }
    }

    /// Goes on within a field; [`leave`](Self::leave) takes what this gives.
    #[inline]
    pub(super) fn enter(&mut self, field: u64) -> Here {
        let outer = self.here;
        if self.salt.is_some() {
            let known = self.around.contains(&field);
            if !known {
                self.around.push(field);
            }
            self.here = Here {
                field,
                around: if known {
                    outer.around
                } else {
                    outer.around ^ field
                },
                count: self.around.len(),
                kinds: 0,
            };
        }
        outer
    }

    /// Goes on behind a field.
    #[inline]
    pub(super) fn leave(&mut self, outer: Here) {
        self.here = outer;
        self.around.truncate(outer.count);
    }

    /// The field that is being written, to tell parts of it apart.
    #[inline]
    pub(super) const fn field(&self) -> u64 {
        self.here.field
    }

    #[inline]
    pub(super) fn kind(&mut self, kind: Kind) {
        // Elements of a list are alike.
        let bit = 1 << kind as u32;
        if self.here.kinds & bit == 0 {
            self.here.kinds |= bit;
            self.feature(kind as u64 + 1);
        }
    }

    /// A struct, a variant or a field of that name, which stands in the program once.
    #[inline]
    pub(super) fn named(&mut self, name: &'static str, number: u32) {
        self.feature(name_of(name, number));
    }

    /// Anything else that values of a type may differ in.
    #[inline]
    pub(super) fn feature(&mut self, feature: u64) {
        let Some(salt) = self.salt else {
            return;
        };
        let place = mixed(self.here.around, self.here.field);
        let feature = mixed(salt, mixed(place, feature));
        let recent = |recent: &[Cell<u64>; RECENT_ONES]| {
            let recent = &recent[feature as usize % RECENT_ONES];
            let known =
                recent.get() == feature || PROVEN.with_borrow(|proven| proven.contains(&feature));
            if known {
                recent.set(feature);
            }
            known
        };
        if !RECENT.with(recent) {
            self.unproven.push(feature);
        }
    }

    /// The features that no value of the type has come back from yet.
    pub(super) fn unproven(self) -> Vec<u64> {
        self.unproven
    }
}

/// A number for a struct, a variant or a field of that name.
#[inline]
pub(super) fn name_of(name: &'static str, number: u32) -> u64 {
    mixed(name.as_ptr().addr() as u64, u64::from(number))
}

/// Notes that a value with these features has come back.
pub(super) fn proven(features: Vec<u64>) {
    PROVEN.with_borrow_mut(|proven| {
        if proven.len() > REMEMBERED {
            proven.clear();
        }
        proven.extend(features);
    });
}

/// A number made of two.
#[inline]
pub(super) const fn mixed(a: u64, b: u64) -> u64 {
    let mixed = (a.rotate_left(23) ^ b).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed ^ (mixed >> 32)
}

/// A hash of what is a hash already.
#[derive(Default)]
struct AsItIs(u64);

impl Hasher for AsItIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = mixed(self.0, u64::from(*byte));
        }
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = number;
    }
}
