//! How two values become one: what the state machine does, and what the server script must do bit for bit.

use bytes::Bytes;

use crate::codec;
use crate::objects::argument;
use crate::thread::Portable;

/// The numbers that an [`Atomic`](crate::Atomic) adds to and compares: all integers and floats.
#[diagnostic::on_unimplemented(
    message = "`Atomic<{Self}>` has no arithmetic",
    label = "this is no number",
    note = "change values of other types with `update` or `compare_exchange`"
)]
pub trait AtomicNumber: Combined {
    /// The sum; integers wrap around.
    #[doc(hidden)]
    fn plus(self, other: Self) -> Self;

    /// The difference; integers wrap around.
    #[doc(hidden)]
    fn minus(self, other: Self) -> Self;
}

/// What an [`Atomic`](crate::Atomic) combines bit by bit: all integers and `bool`.
#[diagnostic::on_unimplemented(
    message = "`Atomic<{Self}>` has no bits to combine",
    label = "this is neither an integer nor a `bool`",
    note = "change values of other types with `update` or `compare_exchange`"
)]
pub trait AtomicBits: Combined {}

/// How two values become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// The sum; integers wrap around.
    Add,
    /// The smaller.
    Min,
    /// The larger.
    Max,
    /// The bits that both have.
    And,
    /// The bits that either has.
    Or,
    /// The bits that one has.
    Xor,
    /// The bits that not both have.
    Nand,
}

impl Operation {
    pub(super) const ALL: [Self; 7] = [
        Self::Add,
        Self::Min,
        Self::Max,
        Self::And,
        Self::Or,
        Self::Xor,
        Self::Nand,
    ];

    /// Its name as an argument.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Min => "min",
            Self::Max => "max",
            Self::And => "and",
            Self::Or => "or",
            Self::Xor => "xor",
            Self::Nand => "nand",
        }
    }
}

/// Values of which two become one. It can't be named, so it can't be implemented, outside of the library.
pub trait Combined: Portable + Copy + Sync {
    /// The type's name for machine and script; `None` where values are too wide for a script.
    const KIND: Option<&'static str>;
    /// Whether values are stored as decimal text.
    const IS_TEXT: bool = true;

    /// `None` where the type has no such operation.
    fn combine(self, operation: Operation, operand: Self) -> Option<Self>;

    /// The sum or the difference; `None` where the type can't hold it, or has none.
    fn checked(self, operand: Self, subtract: bool) -> Option<Self> {
        let _ = (operand, subtract);
        None
    }

    /// What is to be added in order to add this, or to subtract it; a whole number has its sign
    /// even where the type has none.
    fn addend(self, subtract: bool) -> Bytes;

    /// Reads what [`addend`](Self::addend) wrote.
    fn of_addend(addend: &[u8]) -> Option<Self>;
}

macro_rules! integers {
    ($($integer:ty: $kind:expr;)+) => {$(
        impl AtomicNumber for $integer {
            fn plus(self, other: Self) -> Self {
                self.wrapping_add(other)
            }

            fn minus(self, other: Self) -> Self {
                self.wrapping_sub(other)
            }
        }

        impl AtomicBits for $integer {}

        impl Combined for $integer {
            const KIND: Option<&'static str> = $kind;

            fn combine(self, operation: Operation, operand: Self) -> Option<Self> {
                Some(match operation {
                    Operation::Add => self.plus(operand),
                    Operation::Min => self.min(operand),
                    Operation::Max => self.max(operand),
                    Operation::And => self & operand,
                    Operation::Or => self | operand,
                    Operation::Xor => self ^ operand,
                    Operation::Nand => !(self & operand),
                })
            }

            fn checked(self, operand: Self, subtract: bool) -> Option<Self> {
                if subtract {
                    self.checked_sub(operand)
                } else {
                    self.checked_add(operand)
                }
            }

            fn addend(self, subtract: bool) -> Bytes {
                // Of the integers that can be too large for this, none is sent.
                let number = self as i128;
                argument::number(if subtract { number.wrapping_neg() } else { number })
            }

            fn of_addend(addend: &[u8]) -> Option<Self> {
                argument::parse::<i128>(addend).ok().map(|number| number as Self)
            }
        }
    )+};
}

integers! {
    i8: Some("i8");
    i16: Some("i16");
    i32: Some("i32");
    i64: Some("i64");
    i128: None;
    isize: Some("i64");
    u8: Some("u8");
    u16: Some("u16");
    u32: Some("u32");
    u64: Some("u64");
    u128: None;
    usize: Some("u64");
}

/// Processors have many bit patterns for NaN; the results of objects have one.
macro_rules! one_nan {
    ($float:ty, $nan:literal, $result:expr) => {{
        let result: $float = $result;
        if result.is_nan() {
            <$float>::from_bits($nan)
        } else {
            result
        }
    }};
}

macro_rules! floats {
    ($($float:ty: $kind:literal, $nan:literal;)+) => {$(
        impl AtomicNumber for $float {
            fn plus(self, other: Self) -> Self {
                one_nan!($float, $nan, self + other)
            }

            fn minus(self, other: Self) -> Self {
                one_nan!($float, $nan, self - other)
            }
        }

        impl Combined for $float {
            const KIND: Option<&'static str> = Some($kind);
            const IS_TEXT: bool = false;

            fn combine(self, operation: Operation, operand: Self) -> Option<Self> {
                Some(one_nan!($float, $nan, match operation {
                    Operation::Add => self + operand,
                    // The other one, where one is no number; this one, where both are zero.
                    Operation::Min if self.is_nan() || operand < self => operand,
                    Operation::Max if self.is_nan() || operand > self => operand,
                    Operation::Min | Operation::Max => self,
                    Operation::And | Operation::Or | Operation::Xor | Operation::Nand => return None,
                }))
            }

            fn addend(self, subtract: bool) -> Bytes {
                let number = if subtract { -self } else { self };
                // Numbers always encode.
                codec::encode_own(&number).unwrap_or_default()
            }

            fn of_addend(addend: &[u8]) -> Option<Self> {
                codec::decode(addend).ok()
            }
        }
    )+};
}

floats! {
    f32: "f32", 0x7fc0_0000;
    f64: "f64", 0x7ff8_0000_0000_0000;
}

impl AtomicBits for bool {}

impl Combined for bool {
    const KIND: Option<&'static str> = Some("u1");

    fn combine(self, operation: Operation, operand: Self) -> Option<Self> {
        match operation {
            Operation::And => Some(self & operand),
            Operation::Or => Some(self | operand),
            Operation::Xor => Some(self ^ operand),
            Operation::Nand => Some(!(self & operand)),
            Operation::Add | Operation::Min | Operation::Max => None,
        }
    }

    fn addend(self, _: bool) -> Bytes {
        argument::number(u8::from(self))
    }

    fn of_addend(_: &[u8]) -> Option<Self> {
        None
    }
}
