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

/// [`Default`] of what a field starts from.
pub trait InitDefaultLater<'a>: Field {
    /// [`Default::default`].
    fn default_later() -> Self::Init;
}

#[diagnostic::do_not_recommend]
impl<T: Field<Init: Default>> InitDefaultLater<'_> for T {
    fn default_later() -> Self::Init {
        Default::default()
    }
}

/// [`Debug`].
pub trait DebugLater<'a> {
    /// What prints the value.
    fn debug_later(value: &Self) -> &dyn Debug;
}

#[diagnostic::do_not_recommend]
impl<T: Debug> DebugLater<'_> for T {
    fn debug_later(value: &Self) -> &dyn Debug {
        value
    }
}

/// [`Debug`] of what a field starts from.
pub trait InitDebugLater<'a>: Field {
    /// What prints the value.
    fn debug_later(value: &Self::Init) -> &dyn Debug;
}

#[diagnostic::do_not_recommend]
impl<T: Field<Init: Debug>> InitDebugLater<'_> for T {
    fn debug_later(value: &Self::Init) -> &dyn Debug {
        value
    }
}

/// [`Field`].
pub trait FieldLater<'a>: Field {}

#[diagnostic::do_not_recommend]
impl<T: Field> FieldLater<'_> for T {}
