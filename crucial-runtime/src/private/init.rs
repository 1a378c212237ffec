//! Initial values of shared structs.

/// [`Default`], in a bound that the compiler checks where an impl is used, not where it stands.
///
/// A bound without parameters that does not hold is an error at the impl; one with a lifetime of its
/// own is not. So the initial values of a struct have a default exactly where those of all its fields do.
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
