//! Bounds that the compiler checks where an impl is used, not where it stands.
//!
//! A bound without parameters that does not hold is an error at the impl; one with a lifetime of its
//! own is not. So impls for a struct may assume what is said of its fields elsewhere, once, at
//! their types, and a default is there exactly where all fields have one.

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

/// [`Field`].
pub trait FieldLater<'a>: Field {}

#[diagnostic::do_not_recommend]
impl<T: Field> FieldLater<'_> for T {}
