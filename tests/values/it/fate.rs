//! What becomes of a value in a place.

use std::fmt;

/// What became of the samples of a shape in a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Each arrived, and was read, as it was sent.
    Same,
    /// One was refused before anything had changed.
    Refused(Reason),
    /// Anything else, which no value may meet.
    Other(String),
}

/// The reasons for which a value may be refused; there are no others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Reason {
    /// MessagePack has one nil, so `Some(None)` would come back as `None`.
    NestedNone,
    /// Its type does not read what it writes.
    NotReadBack,
    /// Its type reads another value than it writes.
    AnotherValue,
    /// A flattened map has an entry with the key of a field.
    SameKey,
    /// It is nested too deeply.
    TooDeep,
    /// It is compared by its bytes, which come in another order each time.
    AnyOrder,
    /// It leaves out a field, and the keys of a sorted map are compared field by field.
    FieldLeftOut,
    /// It has a map, and the keys of a sorted map have to have an order.
    NoOrder,
}

impl Reason {
    const ALL: [Self; 8] = [
        Self::NestedNone,
        Self::NotReadBack,
        Self::AnotherValue,
        Self::SameKey,
        Self::TooDeep,
        Self::AnyOrder,
        Self::FieldLeftOut,
        Self::NoOrder,
    ];

    /// How the table names it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::NestedNone => "nothing in `Some`",
            Self::NotReadBack => "not read back",
            Self::AnotherValue => "another value",
            Self::SameKey => "same key",
            Self::TooDeep => "too deep",
            Self::AnyOrder => "any order",
            Self::FieldLeftOut => "field left out",
            Self::NoOrder => "no order",
        }
    }

    /// The words by which its error is known.
    fn words(self) -> &'static str {
        match self {
            Self::NestedNone => "a `Some` that holds nothing",
            Self::NotReadBack => "could not be read again once it is written",
            Self::AnotherValue => "would come back as another value than was sent",
            Self::SameKey => "two of its entries have the same key",
            Self::TooDeep => "nested deeper than",
            Self::AnyOrder => "in another order each time",
            Self::FieldLeftOut => "is skipped, so that keys do not compare",
            Self::NoOrder => "which has no order",
        }
    }

    /// The reason that an error gives, if it is on the list.
    pub(crate) fn of(error: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|reason| error.contains(reason.words()))
    }
}

impl fmt::Display for Fate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Same => f.write_str("same"),
            Self::Refused(reason) => f.write_str(reason.word()),
            Self::Other(what) => write!(f, "other: {what}"),
        }
    }
}
