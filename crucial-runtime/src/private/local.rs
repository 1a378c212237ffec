//! The fields of a shared struct that stay values.

use std::marker::PhantomData;

use crate::thread::Portable;

/// A value that travels with a shared struct.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be a local field of a shared struct",
    label = "this type can't travel with the struct",
    note = "a local field is copied to wherever the struct goes: it must own its data and implement `Clone`, `serde::Serialize`, `serde::Deserialize`, `Send` and `Sync`"
)]
pub trait Local: Clone + Portable + Sync {}

#[diagnostic::do_not_recommend]
impl<T: Clone + Portable + Sync> Local for T {}

/// How a local field of type `T` travels.
#[derive(Debug)]
pub struct Carried<T>(PhantomData<fn(T) -> T>);

impl<T: Local> Carried<T> {
    /// A copy.
    pub fn copied(value: &T) -> T {
        value.clone()
    }

    /// What is encoded.
    #[must_use]
    pub fn sent(value: &T) -> T {
        value.clone()
    }

    /// What was decoded.
    pub fn received(value: T) -> T {
        value
    }
}

/// What [`Carried`]'s functions are for types that do not travel, as
/// [`Unportable`](super::Unportable) is for signatures: nothing but what compiles.
pub trait Uncarried<T>: Sized {
    #![allow(missing_docs, reason = "named as above")]

    fn copied(_: &T) -> T {
        never()
    }

    fn sent(_: &T) {}

    fn received(_: ()) -> T {
        never()
    }
}

impl<T> Uncarried<T> for Carried<T> {}

#[expect(
    clippy::unreachable,
    reason = "a program that would run this does not compile"
)]
fn never<T>() -> T {
    unreachable!()
}
