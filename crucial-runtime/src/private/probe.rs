//! Types that mean sharing within one process, refused where generated code names them.
//!
//! Generated code probes each part of a type that travels. A method is looked up on [`Probe<T>`], then on what that
//! dereferences to, so an inherent method for `Arc<T>` stands before that for every type: the compiler decides by the
//! type, whatever it is called where it is used.

use std::cell::{Cell, LazyCell, OnceCell, RefCell, UnsafeCell};
use std::marker::PhantomData;
use std::ops::Deref;
use std::ptr::NonNull;
use std::rc::{self, Rc};
use std::sync::atomic::{
    AtomicBool, AtomicI8, AtomicI16, AtomicI32, AtomicI64, AtomicIsize, AtomicPtr, AtomicU8,
    AtomicU16, AtomicU32, AtomicU64, AtomicUsize,
};
use std::sync::{self, Arc, LazyLock, OnceLock, mpsc};

use tokio::sync as asynchronous;

use super::Local;
use crate::thread::Portable;

/// Asks whether a `T` may travel: the types that mean something of their own, alone or in an `Arc` or `Rc`.
#[derive(Debug)]
pub struct Probe<T: ?Sized>(Pointer<T>);

/// What a [`Probe`] asks next: whether a `T` points into the memory of a process.
#[derive(Debug)]
pub struct Pointer<T: ?Sized>(Other, PhantomData<*const T>);

/// What a [`Probe`] comes to at last: all other types.
#[derive(Debug)]
pub struct Other;

impl<T: ?Sized> Probe<T> {
    /// The question.
    #[expect(clippy::new_without_default, reason = "generated code calls it")]
    #[must_use]
    pub const fn new() -> Self {
        Self(Pointer(Other, PhantomData))
    }

    /// The question about a value's type, which can't be named.
    #[must_use]
    pub const fn of(_: &PhantomData<fn() -> T>) -> Self
    where
        T: Sized,
    {
        Self::new()
    }
}

impl<T: ?Sized> Deref for Probe<T> {
    type Target = Pointer<T>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<T: ?Sized> Deref for Pointer<T> {
    type Target = Other;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl Other {
    /// It may.
    #[must_use]
    pub const fn travels<N: ?Sized>(&self) -> Travels {
        Travels
    }

    /// It may.
    pub const fn returns<N>(&self, _: &PhantomData<fn() -> N>) {}
}

/// A type, or a part of one, that is not refused.
#[derive(Debug, Clone, Copy)]
pub struct Travels;

/// A type, or a part of one, that is refused.
#[derive(Debug, Clone, Copy)]
pub struct Refused;

/// A part of what was refused as a whole: nothing more is said of it.
#[derive(Debug)]
pub struct Told;

impl Travels {
    /// The question about a part.
    pub fn then<P>(self, part: P) -> P {
        part
    }

    /// The answer for both.
    pub fn and<A>(self, other: A) -> A {
        other
    }

    /// Compiles for types that travel.
    pub const fn portable<T: Portable>(self) {}

    /// Compiles for types of local fields.
    pub const fn local<T: Local>(self) {}
}

impl Refused {
    /// No question about a part.
    pub fn then<P>(self, _: P) -> Told {
        Told
    }

    /// The answer for both.
    #[must_use]
    pub fn and<A>(self, _: A) -> Self {
        self
    }

    /// Compiles, since enough is said.
    pub const fn portable<T>(self) {}

    /// Compiles, since enough is said.
    pub const fn local<T>(self) {}
}

impl Told {
    /// Compiles, since enough is said.
    #[must_use]
    pub const fn travels<N: ?Sized>(&self) -> Refused {
        Refused
    }
}

/// A trait that no type has, whose absence says what to take instead, and the types which ask for it.
macro_rules! refused {
    ($(#[doc = $doc:literal] $name:ident, $instead:literal:
        $([$($generic:ident)*] $type:ty as $inner:ty,)*)*
    ) => {$(
        #[doc = $doc]
        #[diagnostic::on_unimplemented(
            message = "`{Self}` works within one process, so it can't travel to another",
            label = $instead,
            note = "what processes share is an object of Crucial: its proxy clones, and every copy stands for the same object"
        )]
        pub trait $name<T: ?Sized> {}

        $(
            refused!(@probe Probe [$($generic)*] $type, $name<$inner>);
            refused!(@probe Probe [$($generic)*] Arc<$type>, $name<$inner>);
            refused!(@probe Probe [$($generic)*] Rc<$type>, $name<$inner>);
        )*
    )*};
    (@probe $place:ident [$($generic:ident)*] $type:ty, $name:ident<$inner:ty>) => {
        impl<$($generic),*> $place<$type> {
            /// It may not.
            pub const fn travels<N: ?Sized + $name<$inner>>(&self) -> Refused {
                Refused
            }

            /// It may not.
            pub const fn returns<N: $name<$inner>>(&self, _: &PhantomData<fn() -> N>) {}
        }
    };
}

refused! {
    /// Numbers and flags that threads of one process share.
    AtomicTravels, "take `crucial::Atomic<{T}>` instead":
    [] AtomicBool as bool,
    [] AtomicI8 as i8,
    [] AtomicI16 as i16,
    [] AtomicI32 as i32,
    [] AtomicI64 as i64,
    [] AtomicIsize as isize,
    [] AtomicU8 as u8,
    [] AtomicU16 as u16,
    [] AtomicU32 as u32,
    [] AtomicU64 as u64,
    [] AtomicUsize as usize,
    [T] Cell<T> as T,
    [T] asynchronous::watch::Sender<T> as T,
    [T] asynchronous::watch::Receiver<T> as T,

    /// Values that one thread at a time works on.
    MutexTravels, "take `crucial::Mutex<{T}>` instead, or make the value's type a shared object with `#[crucial::shared]`":
    [T] sync::Mutex<T> as T,
    [T] asynchronous::Mutex<T> as T,
    [T] RefCell<T> as T,
    [T] UnsafeCell<T> as T,

    /// Values that one thread writes, or many read.
    RwLockTravels, "take `crucial::RwLock<{T}>` instead":
    [T] sync::RwLock<T> as T,
    [T] asynchronous::RwLock<T> as T,

    /// Where threads wait for a change.
    CondvarTravels, "take `crucial::Condvar` instead, beside a `crucial::Mutex`":
    [] sync::Condvar as (),

    /// Where threads wait for a word.
    NotifyTravels, "take `crucial::Notify` instead":
    [] asynchronous::Notify as (),

    /// Where threads wait for each other.
    BarrierTravels, "take `crucial::Barrier` instead":
    [] sync::Barrier as (),
    [] asynchronous::Barrier as (),

    /// What lets so many threads in.
    SemaphoreTravels, "take `crucial::Semaphore` instead":
    [] asynchronous::Semaphore as (),

    /// The ends of a channel.
    QueueTravels, "take `crucial::Queue<{T}>` instead":
    [T] mpsc::Sender<T> as T,
    [T] mpsc::SyncSender<T> as T,
    [T] mpsc::Receiver<T> as T,
    [T] asynchronous::mpsc::Sender<T> as T,
    [T] asynchronous::mpsc::Receiver<T> as T,
    [T] asynchronous::mpsc::UnboundedSender<T> as T,
    [T] asynchronous::mpsc::UnboundedReceiver<T> as T,
    [T] asynchronous::mpsc::WeakSender<T> as T,
    [T] asynchronous::mpsc::WeakUnboundedSender<T> as T,

    /// The ends of a channel, each of whose receivers gets everything.
    TopicTravels, "take `crucial::Topic<{T}>` instead":
    [T] asynchronous::broadcast::Sender<T> as T,
    [T] asynchronous::broadcast::Receiver<T> as T,

    /// Values that are set once.
    PromiseTravels, "take `crucial::Promise<{T}>` instead":
    [T] OnceLock<T> as T,
    [T] OnceCell<T> as T,
    [T] asynchronous::OnceCell<T> as T,
    [T] asynchronous::SetOnce<T> as T,
    [T] asynchronous::oneshot::Sender<T> as T,
    [T] asynchronous::oneshot::Receiver<T> as T,
    [T F] LazyLock<T, F> as T,
    [T F] LazyCell<T, F> as T,
}

/// Pointers to what others hold as well.
#[diagnostic::on_unimplemented(
    message = "`{Self}` shares memory within one process, so it can't travel to another",
    label = "take what it holds, which arrives as a copy, or the object of Crucial that stands for it",
    note = "what processes share is an object of Crucial: its proxy clones, and every copy stands for the same object"
)]
pub trait SharingTravels {}

/// Addresses in the memory of one process.
#[diagnostic::on_unimplemented(
    message = "`{Self}` points into the memory of one process, so it can't travel to another",
    label = "take what it points to, as an owned value"
)]
pub trait AddressTravels {}

macro_rules! pointers {
    ($name:ident: $($type:ty,)*) => {$(
        impl<T: ?Sized> Pointer<$type> {
            /// It may not.
            pub const fn travels<N: ?Sized + $name>(&self) -> Refused {
                Refused
            }

            /// It may not.
            pub const fn returns<N: $name>(&self, _: &PhantomData<fn() -> N>) {}
        }
    )*};
}

pointers!(SharingTravels: Arc<T>, Rc<T>, sync::Weak<T>, rc::Weak<T>,);
pointers!(AddressTravels: *const T, *mut T, &T, &mut T, NonNull<T>,);

impl<T> Pointer<AtomicPtr<T>> {
    /// It may not.
    pub const fn travels<N: ?Sized + AddressTravels>(&self) -> Refused {
        Refused
    }

    /// It may not.
    pub const fn returns<N: AddressTravels>(&self, _: &PhantomData<fn() -> N>) {}
}
