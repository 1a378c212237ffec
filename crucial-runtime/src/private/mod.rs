//! What generated code calls. Nothing here is for people, and anything may change in any version.

mod body;
mod both;
mod closure;
mod copied;
mod later;
mod local;
mod signature;

use std::task::Poll;

pub use crate::main_fn::{MainReturn, application, main};
pub use crate::object::{Handle, Method, Object, ObjectEntry, Refusal, Root, Value};
pub use crate::thread::{Plain, Running, ThreadEntry, ThreadReturn, Wire};
pub use body::{Bodiless, Body, ErrorText, Fallible, error_text};
pub use both::both;
pub use bytes::Bytes;
pub use closure::{
    AsResult, AsValue, ReturnKind, Returned, ReturnsResult, ReturnsValue, returned_async,
    returned_blocking, value_of,
};
pub use copied::{Copied, Uncopied};
pub use crucial_macros::cloud_closure;
pub use inventory;
pub use later::{DebugLater, DefaultLater, FieldLater, InitDebugLater, InitDefaultLater};
pub use local::{Carried, Local, Uncarried, local};
pub use serde;
pub use signature::{Signature, Unportable};

use crate::error::Result;
use crate::object::{Key, key_here};
use crate::thread::Portable;

/// What running a method gives.
pub type Applied = std::result::Result<Poll<Value>, Refusal>;

/// The key of an object of the current job.
///
/// # Errors
///
/// [`Error::Name`](crate::Error::Name) and [`Error::NoRuntime`](crate::Error::NoRuntime).
pub fn key(name: &impl AsRef<str>) -> Result<Key> {
    key_here(name.as_ref())
}

/// Compiles for types that travel.
pub const fn portable<T: Portable>() {}
