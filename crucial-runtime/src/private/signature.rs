//! Arguments and result of a user's method or thread, as calls need them.

use std::future::{Pending, pending};
use std::marker::PhantomData;
use std::task::Poll;

use bytes::Bytes;

use super::Applied;
use crate::call::Call;
use crate::codec;
use crate::error::Result;
use crate::object::{Handle, Method, Object, Refusal, Value};
use crate::thread::{JoinFailure, JoinHandle, Portable, Task};

/// Takes the tuple `A` and gives an `R`.
#[derive(Debug)]
pub struct Signature<A, R>(PhantomData<fn(A) -> R>);

impl<A: Portable, R: Portable> Signature<A, R> {
    /// Calls a method from afar.
    pub fn call<O: Object>(
        handle: &Handle<O>,
        method: &'static Method,
        args: A,
    ) -> Call<impl Future<Output = Result<R>> + Send> {
        Call::new(handle.invoke(method, args))
    }

    /// Calls a method that waits from afar.
    pub fn wait<O: Object>(
        handle: &Handle<O>,
        method: &'static Method,
        args: A,
    ) -> Call<impl Future<Output = Result<R>> + Send> {
        Call::new(handle.invoke_waiting(method, args))
    }

    /// Runs a method where its object is.
    ///
    /// # Errors
    ///
    /// [`Refusal`] where the arguments don't decode or the reply doesn't encode.
    pub fn apply(args: &[Bytes], method: impl FnOnce(A) -> R) -> Applied {
        #[cfg(feature = "test-util")]
        if crate::linearizability::note::<A, R>(args) {
            return Ok(Poll::Pending);
        }
        reply(&method(arguments(args)?)).map(Poll::Ready)
    }

    /// Runs a method that waits where its object is.
    ///
    /// # Errors
    ///
    /// [`Refusal`] where the arguments don't decode or the reply doesn't encode.
    pub fn apply_waiting(args: &[Bytes], method: impl FnOnce(A) -> Poll<R>) -> Applied {
        #[cfg(feature = "test-util")]
        if crate::linearizability::note::<A, R>(args) {
            return Ok(Poll::Pending);
        }
        match method(arguments(args)?) {
            Poll::Ready(ready) => reply(&ready).map(Poll::Ready),
            Poll::Pending => Ok(Poll::Pending),
        }
    }

    /// A run of a thread.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "the arguments are moved into the thread"
    )]
    pub fn task<E>(thread: &'static str, fingerprint: u64, args: A) -> Task<R, E> {
        Task::new::<A, A>(thread, fingerprint, &args)
    }

    /// Starts a thread.
    pub fn spawn<E: Portable>(task: Task<R, E>) -> JoinHandle<R, E> {
        task.spawn()
    }
}

impl<C: Portable, A: Portable, R: Portable> Signature<(C, A), R> {
    /// A run of a closure that has captured something.
    pub fn task_of_closure<E>(
        thread: &'static str,
        fingerprint: u64,
        captures: &C,
        args: A,
    ) -> Task<R, E> {
        Task::new::<(C, A), _>(thread, fingerprint, &(captures, args))
    }
}

fn arguments<A: Portable>(args: &[Bytes]) -> Result<A, Refusal> {
    let [args] = args else {
        return Err(Refusal::args("one tuple was expected"));
    };
    Ok(codec::decode(args)?)
}

fn reply<R: Portable>(reply: &R) -> Result<Value, Refusal> {
    match codec::encode(reply) {
        Ok(bytes) => Ok(Value::Bytes(bytes)),
        Err(error) => Err(Refusal::Reply(error.to_string())),
    }
}

/// What [`Signature`]'s functions are for types that do not travel.
///
/// The compiler takes these where the bounds above do not hold, so that the one mistake (reported
/// where generated code asks [`Travels::portable`](super::Travels::portable), at the user's type) brings no others
/// after it. A program that would run any of them does not compile.
pub trait Unportable<A, R>: Sized {
    #![allow(missing_docs, reason = "named as above")]

    fn call<O>(_: &Handle<O>, _: &'static Method, _: A) -> Call<Pending<Result<R>>> {
        Call::new(pending())
    }

    fn wait<O>(_: &Handle<O>, _: &'static Method, _: A) -> Call<Pending<Result<R>>> {
        Call::new(pending())
    }

    fn apply(_: &[Bytes], _: impl FnOnce(A) -> R) -> Applied {
        Ok(Poll::Pending)
    }

    fn apply_waiting(_: &[Bytes], _: impl FnOnce(A) -> Poll<R>) -> Applied {
        Ok(Poll::Pending)
    }

    fn task<E>(thread: &'static str, fingerprint: u64, _: A) -> Task<R, E> {
        Task::new::<(), ()>(thread, fingerprint, &())
    }

    fn task_of_closure<E, C, B>(thread: &'static str, fingerprint: u64, _: &C, _: B) -> Task<R, E> {
        Task::new::<(), ()>(thread, fingerprint, &())
    }

    fn spawn<E>(_: Task<R, E>) -> JoinHandle<R, E> {
        JoinHandle::failed(String::new(), JoinFailure::Cancelled)
    }
}

impl<A, R> Unportable<A, R> for Signature<A, R> {}
