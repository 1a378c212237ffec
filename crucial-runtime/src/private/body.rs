//! The function of a cloud thread, run where the thread is.

use std::future::{Future, pending};
use std::marker::PhantomData;

use bytes::Bytes;

use crate::thread::{Portable, ReturnKind, Running, Wire, run_async, run_blocking};

/// Takes the tuple `A` and returns a `T`, which is read as a `K`.
#[derive(Debug)]
pub struct Body<A, T, K>(PhantomData<fn(A) -> (T, K)>);

impl<A, T, K> Body<A, T, K>
where
    A: Portable,
    K: ReturnKind<T, Value: Portable>,
{
    /// Runs it.
    pub fn run_async<F>(
        kind: K,
        wire: Wire,
        args: &Bytes,
        function: impl FnOnce(A) -> F + Send + 'static,
    ) -> Running
    where
        F: Future<Output = T> + Send + 'static,
    {
        run_async(kind, wire, args, function)
    }

    /// Runs it on the blocking pool.
    pub fn run_blocking(
        kind: K,
        wire: Wire,
        args: &Bytes,
        function: impl FnOnce(A) -> T + Send + 'static,
    ) -> Running {
        run_blocking(kind, wire, args, function)
    }
}

/// What [`Body`]'s functions are for types that do not travel, as
/// [`Unportable`](super::Unportable) is for signatures.
pub trait Bodiless<A, T, K>: Sized {
    #![allow(missing_docs, reason = "named as above")]

    fn run_async<F>(_: K, _: Wire, _: &Bytes, _: impl FnOnce(A) -> F) -> Running
    where
        F: Future<Output = T>,
    {
        Box::pin(pending())
    }

    fn run_blocking(_: K, _: Wire, _: &Bytes, _: impl FnOnce(A) -> T) -> Running {
        Box::pin(pending())
    }
}

impl<A, T, K> Bodiless<A, T, K> for Body<A, T, K> {}
