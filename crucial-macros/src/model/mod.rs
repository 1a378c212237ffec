//! Items, checked: what an attribute may be put on, and what it needs to know of it.

mod closure;
mod entry;
mod fingerprint;
mod object;
mod signature;
mod structure;
mod thread;

pub(crate) use closure::{Closure, Input};
pub(crate) use entry::Entry;
pub(crate) use object::{Access, Method, Object, Reply};
pub(crate) use signature::{Argument, is_named};
pub(crate) use structure::{Field, Place, ROOT, Structure};
pub(crate) use thread::{Returns, Thread};
