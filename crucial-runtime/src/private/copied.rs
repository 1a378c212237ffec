//! A copy of a state, where its type has one.

use std::marker::PhantomData;

/// Copies a `T`.
#[derive(Debug)]
pub struct Copied<T>(PhantomData<fn() -> T>);

impl<T: Clone> Copied<T> {
    /// The copy.
    pub fn of(state: &T) -> Option<T> {
        Some(state.clone())
    }
}

/// What [`Copied`]'s function is for types that are not `Clone`: the compiler takes it where the bound above does not hold.
pub trait Uncopied<T>: Sized {
    #![allow(missing_docs, reason = "named as above")]

    fn of(_: &T) -> Option<T> {
        None
    }
}

impl<T> Uncopied<T> for Copied<T> {}
