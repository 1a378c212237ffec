//! The two sides of a `Result` that a thread's function returns, and how its error travels.

use std::fmt::Display;
use std::marker::PhantomData;
use std::rc::Rc;
use std::sync::Arc;

use crate::thread::{AsResult, Portable};

/// The two sides of a `Result`.
pub trait Fallible {
    /// The type that joining the thread gives.
    type Value;
    /// The type of error that ends the thread without a value.
    type Error;
}

impl<T, E> Fallible for Result<T, E> {
    type Value = T;
    type Error = E;
}

/// The error of a cloud thread.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be the error of a cloud thread",
    label = "its error has no text",
    note = "messages about the thread show the text of its error, so the error must implement `Display`"
)]
pub trait ErrorText {}

#[diagnostic::do_not_recommend]
impl<E: Display> ErrorText for E {}

/// Compiles for the errors of cloud threads.
pub const fn error_text<E: ErrorText>() {}

/// The type in which the process that joins the thread gets an error of type `E`.
pub trait Arrives<E> {
    /// Its type.
    type Error;
}

impl<E> Arrives<E> for AsResult<true> {
    type Error = E;
}

impl<E> Arrives<E> for AsResult<false> {
    type Error = String;
}

/// Asks whether an `E` points to what it does not own.
#[derive(Debug)]
pub struct Pointing<E>(PhantomData<E>);

/// The answer for all types but those that have one of their own, which the compiler prefers.
pub trait Owning {
    /// It does not.
    const POINTS: bool = false;
}

impl<E> Owning for Pointing<E> {}

impl<E: ?Sized> Pointing<&E> {
    /// It does. The bounds of serde can't be asked: they hold for some lifetimes.
    pub const POINTS: bool = true;
}

impl<E: ?Sized> Pointing<Arc<E>> {
    /// It does. Serde's bounds are not to be asked: they hold in builds with its feature `rc`.
    pub const POINTS: bool = true;
}

impl<E: ?Sized> Pointing<Rc<E>> {
    /// It does, as an `Arc`.
    pub const POINTS: bool = true;
}

/// Asks whether an error of type `E`, which points or not, travels as itself.
#[derive(Debug)]
pub struct Travelling<E, const POINTS: bool>(PhantomData<E>);

/// The answer for all types but those that have one of their own, which the compiler prefers.
pub trait AsText {
    /// It does not: its text does.
    const TRAVELS: bool = false;
}

impl<E, const POINTS: bool> AsText for Travelling<E, POINTS> {}

impl<E: Portable> Travelling<E, false> {
    /// It does.
    pub const TRAVELS: bool = true;
}
