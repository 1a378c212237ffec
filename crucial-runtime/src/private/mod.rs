//! What generated code calls. Nothing here is for people, and anything may change in any version.

mod body;
mod both;
mod closure;
mod copied;
mod fallible;
mod later;
mod local;
mod probe;
mod proxy;
mod signature;

use std::task::Poll;

pub use crate::main_fn::{MainReturn, application, main, main_blocking};
pub use crate::object::{Handle, Method, Object, ObjectEntry, Refusal, Root, Value};
pub use crate::thread::{AsResult, AsValue, EncodedError, ReturnKind, Running, ThreadEntry, Wire};
pub use body::{Bodiless, Body};
pub use both::both;
pub use bytes::Bytes;
pub use closure::{
    Returned, ReturnsError, ReturnsPointer, ReturnsText, ReturnsValue, error_of, returned_async,
    returned_blocking, value_of,
};
pub use copied::{Copied, Uncopied};
pub use crucial_macros::cloud_closure;
pub use fallible::{
    Arrives, AsText, ErrorText, Fallible, Owning, Pointing, Travelling, error_text,
};
pub use inventory;
pub use later::{DebugLater, DefaultLater, FieldLater, InitDebugLater, InitDefaultLater};
pub use local::{Carried, Local, Uncarried};
pub use probe::{Other, Probe, Refused, Told, Travels};
pub use proxy::{create, forwards, lifecycle, open, open_or_create, proxy};
pub use serde;
pub use signature::{Signature, Unportable};

/// What running a method gives.
pub type Applied = std::result::Result<Poll<Value>, Refusal>;
