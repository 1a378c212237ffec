//! Why a check did not succeed.

use std::path::PathBuf;

use super::report::Violation;

/// Why a check did not succeed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckError {
    /// No order of the calls explains the answers.
    #[error(transparent)]
    NotLinearizable(Violation),
    /// There are too many orders to try them all.
    #[error(
        "whether it is was not found out in {tried} steps, which got as far as this: {furthest}\nrecord fewer calls at a time, or calls whose replies tell more about the state"
    )]
    Undecided {
        /// After how many steps it was given up.
        tried: usize,
        /// The first answer that was not explained in any of them.
        furthest: Box<Violation>,
    },
    /// A recording has an object of a type that the checking program was not told about.
    #[error(
        "object `{object}` is a `{type_name}`, which is not known here; name the type with `Recording::object`"
    )]
    UnknownType {
        /// The object.
        object: String,
        /// The name of its type.
        type_name: String,
    },
    /// A file of a recording can't be written or read.
    #[error("the recording {} can't be used: {reason}", path.display())]
    Unreadable {
        /// The file or directory.
        path: PathBuf,
        /// Why.
        reason: String,
    },
}
