//! A vector of numbers that many threads compute with.

pub(super) mod machine;
#[cfg(test)]
mod spec;

use std::marker::PhantomData;
use std::ops::Range;
use std::time::Duration;

use bytes::Bytes;

use self::machine::VectorState;
use super::numbers::{Borrowed, Bound, Element, Norm, Numbers, Part, Reduction, numbers, reduce};
use super::proxy::proxy;
use crate::error::Result;
use crate::object::Handle;

/// A shared vector of `f64` or `i64`: a model, a gradient, a histogram, which threads add to and read.
///
/// The numbers are added, bounded and scaled where they live, each call at once for all of them. Whatever is combined
/// with the vector has to have its length; what hasn't is refused with both lengths, and a refusal changes nothing.
/// `f64` computes as IEEE 754 says, and sums from the first to the last. `i64` is checked: a result that does not fit
/// is refused, with the place.
///
/// Where numbers are compared, a NaN gives way to a number ([`minimum`](Self::minimum), [`maximum`](Self::maximum),
/// [`min`](Self::min), [`max`](Self::max), and the [`Reduction`]s of these names), and so does not spread; in sums, products
/// and norms it does.
///
/// Every method is one round trip while one process uses the vector. When others do as well, one that changes it is two to
/// four; one that reads stays one. On a server the changes of a process travel together, and with them the whole vector, eight
/// bytes a number: good for vectors up to a few megabytes. What is read is as of one moment.
///
/// Methods fail with [`Error::NotFound`](crate::Error::NotFound) where the vector does not exist, with
/// [`Error::Refused`](crate::Error::Refused) where shapes or results do not fit, and with the errors of the store.
///
/// ```
/// # #[tokio::main] async fn main() -> crucial::Result<()> {
/// # let runtime = crucial::Runtime::builder().build().await?;
/// # let _entered = runtime.enter();
/// use crucial::{Norm, Vector};
///
/// let gradient = Vector::create("gradient", vec![0.0; 3]).await?;
/// gradient.add(&[1.0, 2.0, 2.0]).await?;
/// gradient.add_sparse([(0, 2.0), (2, 2.0)]).await?;
/// gradient.scale(0.5).await?;
/// assert_eq!(gradient.to_vec().await?, [1.5, 1.0, 2.0]);
/// assert_eq!(gradient.dot(&[2.0, 0.0, 1.0]).await?, 5.0);
/// assert_eq!(gradient.dot_sparse([(0, 2.0), (2, 1.0)]).await?, 5.0);
/// assert_eq!(gradient.norm(Norm::Max).await?, 2.0);
///
/// let counts = Vector::create("counts", vec![0_i64; 2]).await?;
/// counts.add_all([&[1, 2], &[3, 4]]).await?;
/// assert_eq!(counts.to_vec().await?, [4, 6]);
/// let refused = counts.add(&[1, 2, 3]).await.unwrap_err();
/// assert!(refused.to_string().contains("3 numbers were given for a vector of 2"));
/// # Ok(()) }
/// ```
///
/// # All of them together: `reduce`
///
/// [`reduce`](Self::reduce) is the AllReduce of message passing: each of `n` parties brings a part and gets what all
/// parts together give, in one call each.
pub struct Vector<T> {
    handle: Handle<VectorState<T>>,
    types: PhantomData<fn() -> (T,)>,
}

proxy!(Vector<T: Element>, machine: VectorState<T>, init: Vec<T>);
numbers!(Vector, entry: (usize, T), "an index and a number");

impl<T: Element> Vector<T> {
    fn arguments(handle: &Handle<VectorState<T>>, init: Vec<T>) -> Result<Vec<Bytes>> {
        handle.state(&VectorState::of(init))
    }

    async fn read(&self) -> Result<Vec<T>> {
        self.to_vec().await
    }

    /// All numbers.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn to_vec(&self) -> Result<Vec<T>> {
        let Numbers(numbers) = self.handle.invoke(&machine::TO_VEC, ()).await?;
        Ok(numbers)
    }

    /// How many numbers there are.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn len(&self) -> Result<usize> {
        self.handle.invoke(&machine::LEN, ()).await
    }

    /// Whether there are none.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn is_empty(&self) -> Result<bool> {
        Ok(self.len().await? == 0)
    }

    /// One number, or `None` beyond the end.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn get(&self, index: usize) -> Result<Option<T>> {
        self.handle.invoke(&machine::GET, (index,)).await
    }

    /// The numbers of a range.
    ///
    /// ```
    /// # #[tokio::main] async fn main() -> crucial::Result<()> {
    /// # let runtime = crucial::Runtime::builder().build().await?;
    /// # let _entered = runtime.enter();
    /// let vector = crucial::Vector::create("vector", vec![1, 2, 3, 4]).await?;
    /// assert_eq!(vector.get_range(1..3).await?, [2, 3]);
    /// vector.set_range(2, &[7, 8]).await?;
    /// assert_eq!(vector.to_vec().await?, [1, 2, 7, 8]);
    /// assert!(vector.get_range(3..5).await.is_err());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Refused`](crate::Error::Refused) where the range goes beyond the end.
    pub async fn get_range(&self, range: Range<usize>) -> Result<Vec<T>> {
        let count = range.end.saturating_sub(range.start);
        let args = (range.start, count);
        let Numbers(numbers) = self.handle.invoke(&machine::GET_RANGE, args).await?;
        Ok(numbers)
    }

    /// Replaces one number and gives the one before.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`](crate::Error::Refused) beyond the end.
    pub async fn set(&self, index: usize, number: T) -> Result<T> {
        self.handle.invoke(&machine::SET, (index, number)).await
    }

    /// Replaces the numbers from `start` on.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`](crate::Error::Refused) where they go beyond the end.
    pub async fn set_range(&self, start: usize, numbers: &[T]) -> Result<()> {
        let args = (start, Borrowed(numbers));
        self.handle.invoke(&machine::SET_RANGE, args).await
    }

    /// Replaces all numbers, and with them the length.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`](crate::Error::Refused) for another length while parties have come to a round of
    /// [`reduce`](Self::reduce).
    pub async fn replace(&self, numbers: &[T]) -> Result<()> {
        self.handle
            .invoke(&machine::REPLACE, (Borrowed(numbers),))
            .await
    }

    /// Adds other numbers, one to each.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`](crate::Error::Refused) for another length, or where an `i64` would overflow.
    pub async fn add(&self, numbers: &[T]) -> Result<()> {
        self.axpy(T::ONE, numbers).await
    }

    /// Adds other numbers and gives what the vector is then.
    ///
    /// # Errors
    ///
    /// As [`add`](Self::add).
    pub async fn add_and_get(&self, numbers: &[T]) -> Result<Vec<T>> {
        let args = (Borrowed(numbers),);
        let Numbers(numbers) = self.handle.invoke(&machine::ADD_AND_GET, args).await?;
        Ok(numbers)
    }

    /// Adds several parts, all or none of them.
    ///
    /// # Errors
    ///
    /// As [`add`](Self::add).
    pub async fn add_all<P: AsRef<[T]>>(&self, parts: impl IntoIterator<Item = P>) -> Result<()> {
        let parts: Vec<P> = parts.into_iter().collect();
        let args = {
            let parts: Vec<_> = parts.iter().map(|part| Borrowed(part.as_ref())).collect();
            vec![self.handle.encode("the parts", &(parts,))?]
        };
        self.handle.call(&machine::ADD_ALL, args).await.map(drop)
    }

    /// Adds `factor` times other numbers: the `axpy` of linear algebra.
    ///
    /// ```
    /// # #[tokio::main] async fn main() -> crucial::Result<()> {
    /// # let runtime = crucial::Runtime::builder().build().await?;
    /// # let _entered = runtime.enter();
    /// let weights = crucial::Vector::create("weights", vec![1.0, 1.0]).await?;
    /// let (rate, gradient) = (0.5, [2.0, -4.0]);
    /// weights.axpy(-rate, &gradient).await?;
    /// assert_eq!(weights.to_vec().await?, [0.0, 3.0]);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`add`](Self::add).
    pub async fn axpy(&self, factor: T, numbers: &[T]) -> Result<()> {
        let args = (factor, Borrowed(numbers));
        self.handle.invoke(&machine::ADD_SCALED, args).await
    }

    /// Keeps the smaller of each number and the other one; a NaN gives way.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`](crate::Error::Refused) for another length.
    pub async fn minimum(&self, numbers: &[T]) -> Result<()> {
        self.bound(Bound::Min, numbers).await
    }

    /// Keeps the larger of each number and the other one; a NaN gives way.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`](crate::Error::Refused) for another length.
    pub async fn maximum(&self, numbers: &[T]) -> Result<()> {
        self.bound(Bound::Max, numbers).await
    }

    async fn bound(&self, bound: Bound, numbers: &[T]) -> Result<()> {
        let args = (bound, Borrowed(numbers));
        self.handle.invoke(&machine::BOUND, args).await
    }

    /// The sum of the products with other numbers.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`](crate::Error::Refused) for another length, or where it does not fit an `i64` (what is between may
    /// be larger).
    pub async fn dot(&self, numbers: &[T]) -> Result<T> {
        self.handle
            .invoke(&machine::DOT, (Borrowed(numbers),))
            .await
    }
}

/// Rounds in which parties reduce their parts to one.
impl<T: Element> Vector<T> {
    /// Brings a part to the round that gathers now, and waits for what the parts of all parties give: the AllReduce of
    /// so many parties, in one call each. The vector then has the result too, until the next change.
    ///
    /// A round begins with the first party that comes and is whole with the last one of the `parties`, who all have to
    /// ask for the same number of parties and the same [`Reduction`], with parts of the vector's length. A party that
    /// calls again belongs to the next round. Parts are taken in once each, whatever happens to connections, in the
    /// order in which they arrive: so the sum of floats may differ between two runs in its last bits, but the parties
    /// of a round all get the same bits.
    ///
    /// To bring a part costs what a change does: one round trip, two to four when other processes use the vector. The
    /// last party has the result then. The others hear of it by an announcement, and take up to four round trips for all
    /// those of a process together, three from the second round on; the result travels once to each process. Each process
    /// also renews its lease, one round trip each third of its length. On a server, the vector and what the round has gathered travel with the parts; the result is kept
    /// until the next round is whole.
    ///
    /// ```
    /// # #[tokio::main] async fn main() -> crucial::Result<()> {
    /// # let runtime = crucial::Runtime::builder().build().await?;
    /// # let _entered = runtime.enter();
    /// use crucial::{Reduction, Vector};
    ///
    /// let losses = Vector::create("losses", vec![0.0; 2]).await?;
    /// let parties: Vec<_> = (0..3)
    ///     .map(|id| {
    ///         let losses = losses.clone();
    ///         tokio::spawn(async move {
    ///             let mine = [f64::from(id), 1.0];
    ///             losses.reduce(3, &mine, Reduction::Sum).await
    ///         })
    ///     })
    ///     .collect();
    /// for party in parties {
    ///     assert_eq!(party.await.unwrap()?, [3.0, 3.0]);
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Cancellation
    ///
    /// A part that has been taken in can't be taken out of a sum. A party that gives up (its time is over, or its future
    /// is dropped, even before it knows that its part arrived) breaks the round instead, as it would break a
    /// [`Barrier`](crate::Barrier): the others, and whoever comes later, get
    /// [`Error::BrokenRound`](crate::Error::BrokenRound) until somebody calls [`reset_rounds`](Self::reset_rounds). So
    /// does a process that is not heard of for the length of its [lease](crate::Builder::lease), by the store's clock (it
    /// died, or was frozen or cut off), if its parties came to this round or to the one before. So does a part that does
    /// not go with the others of its round, or whose sum does not fit an `i64`: it gets
    /// [`Error::Refused`](crate::Error::Refused) itself.
    ///
    /// # Errors
    ///
    /// [`Error::BrokenRound`](crate::Error::BrokenRound); [`Error::Refused`](crate::Error::Refused);
    /// [`Error::TimedOut`](crate::Error::TimedOut) after the runtime's [wait limit](crate::Builder::wait_limit).
    pub async fn reduce(&self, parties: u32, part: &[T], reduction: Reduction) -> Result<Vec<T>> {
        reduce(&self.handle, self.part(parties, part, reduction), None).await
    }

    /// [`reduce`](Self::reduce), at most for so long; whoever gives up breaks the round.
    ///
    /// # Errors
    ///
    /// As [`reduce`](Self::reduce).
    pub async fn reduce_timeout(
        &self,
        parties: u32,
        part: &[T],
        reduction: Reduction,
        limit: Duration,
    ) -> Result<Vec<T>> {
        let part = self.part(parties, part, reduction);
        reduce(&self.handle, part, Some(limit)).await
    }

    fn part<'a>(&self, parties: u32, part: &'a [T], reduction: Reduction) -> Part<Borrowed<'a, T>> {
        Part {
            parties,
            reduction,
            shape: (part.len(), 1),
            numbers: Borrowed(part),
        }
    }
}
