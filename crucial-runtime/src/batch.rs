//! Many calls on many objects, sent together.

use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::{BoxFuture, join_all};

use crate::error::Result;
use crate::runtime;

/// Makes many calls on many objects at the same time, sends them as one pipeline, and gives all replies.
///
/// The closure adds calls and returns what stands for their replies: a [`Slot`], or a tuple, an array or a `Vec` of
/// them.
/// The batch gives the replies in the same shape, each the `Result` of its call: one that fails stops no other.
///
/// One round trip for calls on different objects that are one round trip each, and one more where many are on the same
/// object; for what takes several, the first steps travel together, then the second ones. Calls that run at the same
/// time share the process's one connection anyway; a batch also spares the server and the network all but one packet.
///
/// Each call is atomic and takes effect once, but the batch as a whole is not atomic: calls on different objects take
/// effect in no promised order, and others may come in between. Put what must change together into one object.
/// Calls that wait for something hold up the replies of all.
///
/// A batch that is dropped has sent its calls or none: what was sent takes effect.
///
/// ```
/// # #[tokio::main] async fn main() -> crucial::Result<()> {
/// # let runtime = crucial::Runtime::builder().build().await?;
/// # let _entered = runtime.enter();
/// use crucial::{Atomic, Map};
///
/// let hits = Atomic::<u64>::create("hits", 0).await?;
/// let ages = Map::<String, u32>::create("ages", [("Ada".into(), 36)].into()).await?;
/// let (before, ada, all) = crucial::batch(|b| {
///     let before = b.add(hits.fetch_add(1));
///     let ada = b.add(ages.insert("Ada".into(), 37));
///     let all: Vec<_> = (0..3).map(|n| b.add(ages.insert(format!("guest {n}"), n))).collect();
///     (before, ada, all)
/// })
/// .await;
/// assert_eq!(before?, 0);
/// assert_eq!(ada?, Some(36));
/// for guest in all {
///     assert_eq!(guest?, None);
/// }
/// # Ok(()) }
/// ```
///
/// # Panics
///
/// If the closure returns a slot of another batch.
pub async fn batch<'a, S: Slots>(build: impl FnOnce(&mut Batch<'a>) -> S) -> S::Replies {
    let mut batch = Batch { calls: Vec::new() };
    let slots = build(&mut batch);
    let calls = Box::pin(async { drop(join_all(batch.calls).await) });
    match runtime::current() {
        Ok(runtime) => runtime.store().together(calls).await,
        // Each call says for itself that there is no runtime.
        Err(_) => calls.await,
    }
    slots.replies()
}

/// The calls of a [`batch`].
///
/// ```
/// use crucial::{Atomic, Batch, Slot};
///
/// /// A part of a batch, to be used in several.
/// fn visit<'a>(b: &mut Batch<'a>, page: &'a Atomic<u64>) -> Slot<u64> {
///     b.add(page.fetch_add(1))
/// }
///
/// # #[crucial::main] async fn main() -> crucial::Result<()> {
/// let pages = [Atomic::create("home", 5).await?, Atomic::create("about", 0).await?];
/// let [home, about] = crucial::batch(|b| [visit(b, &pages[0]), visit(b, &pages[1])]).await;
/// assert_eq!((home?, about?), (5, 0));
/// # Ok(()) }
/// ```
pub struct Batch<'a> {
    calls: Vec<BoxFuture<'a, ()>>,
}

impl<'a> Batch<'a> {
    /// Adds a call: any future of a proxy.
    ///
    /// ```
    /// # use crucial::Atomic;
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let (kept, gone) = (Atomic::create("kept", 1).await?, Atomic::create("gone", 2).await?);
    /// gone.destroy().await?;
    /// let (kept, gone) = crucial::batch(|b| (b.add(kept.load()), b.add(gone.load()))).await;
    /// assert_eq!(kept?, 1);
    /// assert!(matches!(gone, Err(crucial::Error::NotFound { .. })));
    /// # Ok(()) }
    /// ```
    pub fn add<T: Send + 'a>(
        &mut self,
        call: impl Future<Output = Result<T>> + Send + 'a,
    ) -> Slot<T> {
        let place = Arc::new(Mutex::new(None));
        let slot = Slot(Arc::clone(&place));
        self.calls.push(Box::pin(async move {
            let reply = call.await;
            *place.lock().unwrap_or_else(PoisonError::into_inner) = Some(reply);
        }));
        slot
    }
}

impl fmt::Debug for Batch<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batch")
            .field("calls", &self.calls.len())
            .finish()
    }
}

/// Where the reply of one call of a [`batch`] will be. The closure returns it; the batch gives the reply instead.
///
/// ```
/// # use crucial::{Atomic, Slot};
/// # #[crucial::main] async fn main() -> crucial::Result<()> {
/// let counters = [Atomic::create("a", 1).await?, Atomic::create("b", 2).await?];
/// let values = crucial::batch(|b| -> Vec<Slot<i32>> {
///     counters.iter().map(|counter| b.add(counter.load())).collect()
/// });
/// let values: Vec<i32> = values.await.into_iter().collect::<crucial::Result<_>>()?; // or the first error
/// assert_eq!(values, [1, 2]);
/// # Ok(()) }
/// ```
#[must_use = "return it from the closure, or an error of the call is lost"]
pub struct Slot<T>(Arc<Mutex<Option<Result<T>>>>);

impl<T> fmt::Debug for Slot<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Slot")
    }
}

/// [`Slot`]s in some shape: one, a tuple, an array or a `Vec` of them.
pub trait Slots: sealed::Sealed {
    /// Replies in the same shape.
    type Replies;

    /// The replies that have come.
    #[doc(hidden)]
    fn replies(self) -> Self::Replies;
}

mod sealed {
    /// Shapes are ours to choose.
    pub trait Sealed {}
}

impl<T> sealed::Sealed for Slot<T> {}

impl<T> Slots for Slot<T> {
    type Replies = Result<T>;

    fn replies(self) -> Result<T> {
        let reply = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        match reply {
            Some(reply) => reply,
            None => panic!("a batch was given a slot of another batch"),
        }
    }
}

impl<S: Slots> sealed::Sealed for Vec<S> {}

impl<S: Slots> Slots for Vec<S> {
    type Replies = Vec<S::Replies>;

    fn replies(self) -> Self::Replies {
        self.into_iter().map(S::replies).collect()
    }
}

impl<S: Slots, const N: usize> sealed::Sealed for [S; N] {}

impl<S: Slots, const N: usize> Slots for [S; N] {
    type Replies = [S::Replies; N];

    fn replies(self) -> Self::Replies {
        self.map(S::replies)
    }
}

macro_rules! tuples {
    ($(($($slots:ident),+);)+) => {
        $(impl<$($slots: Slots),+> sealed::Sealed for ($($slots,)+) {}

        impl<$($slots: Slots),+> Slots for ($($slots,)+) {
            type Replies = ($($slots::Replies,)+);

            #[expect(non_snake_case, reason = "values are called as their types")]
            fn replies(self) -> Self::Replies {
                let ($($slots,)+) = self;
                ($($slots.replies(),)+)
            }
        })+
    };
}

tuples! {
    (A);
    (A, B);
    (A, B, C);
    (A, B, C, D);
    (A, B, C, D, E);
    (A, B, C, D, E, F);
    (A, B, C, D, E, F, G);
    (A, B, C, D, E, F, G, H);
}
