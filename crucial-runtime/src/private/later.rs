//! Bounds that the compiler checks where an impl is used, not where it stands.
//!
//! A bound without parameters that does not hold is an error at the impl; one with a lifetime of its
//! own is not. So impls for a struct may assume what is said of its fields elsewhere, once, at
//! their types, and initial values have a default, or
//! can be printed, exactly where those of all fields have or can.

use std::fmt::Debug;

use crate::object::Field;

/// [`Default`].
pub trait DefaultLater<'a>: Sized {
    /// [`Default::default`].
    fn default_later() -> Self;
}

#[diagnostic::do_not_recommend]
impl<T: Default> DefaultLater<'_> for T {
    fn default_later() -> Self {
        Self::default()
    }
}

/// [`Debug`].
pub trait DebugLater<'a>: Debug {}

#[diagnostic::do_not_recommend]
impl<T: Debug> DebugLater<'_> for T {}

/// [`Field`].
pub trait FieldLater<'a>: Field {}

#[diagnostic::do_not_recommend]
impl<T: Field> FieldLater<'_> for T {}
