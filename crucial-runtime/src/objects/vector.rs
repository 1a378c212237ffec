//! A vector of numbers that many threads compute with.

mod arithmetic;
pub(super) mod machine;
mod rounds;
#[cfg(test)]
#[path = "../../unit/objects/vector/spec.rs"]
mod spec;

use std::marker::PhantomData;
use std::ops::Range;

use bytes::Bytes;

use self::machine::VectorState;
use super::numbers::{Borrowed, Bound, Element, Norm, Numbers, numbers};
use super::proxy::proxy;
use crate::call::Call;
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
/// [`min`](Self::min), [`max`](Self::max), and the [`Reduction`](crate::Reduction)s of these names), and so does not
/// spread; in sums, products and norms it does.
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
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let model = crucial::Vector::create("model", vec![1.0, 2.0]).await?;
    /// let before = model.to_vec().await?;
    /// model.scale(2.0).await?;
    /// assert_eq!(before, [1.0, 2.0]); // a copy, which stays as it is
    /// assert_eq!(model.to_vec().await?, [2.0, 4.0]);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn to_vec(&self) -> Call<impl Future<Output = Result<Vec<T>>>> {
        Call::new(async move {
            let Numbers(numbers) = self.handle.ask(&machine::TO_VEC, ()).await?;
            Ok(numbers)
        })
    }

    /// How many numbers there are; only [`assign`](Self::assign) changes that.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let loads = crucial::Vector::create("loads", vec![0, 0, 0]).await?;
    /// assert_eq!(loads.len().await?, 3);
    /// loads.add(&vec![1; loads.len().await?]).await?;
    /// assert_eq!(loads.to_vec().await?, [1, 1, 1]);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn len(&self) -> Call<impl Future<Output = Result<usize>>> {
        Call::new(async move { self.handle.ask(&machine::LEN, ()).await })
    }

    /// Whether there are no numbers.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let samples = crucial::Vector::create("samples", Vec::<f64>::new()).await?;
    /// assert!(samples.is_empty().await?);
    /// samples.assign(&[0.5]).await?;
    /// assert!(!samples.is_empty().await?);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn is_empty(&self) -> Call<impl Future<Output = Result<bool>>> {
        Call::new(async move { Ok(self.len().await? == 0) })
    }

    /// One number, or `None` beyond the end.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let primes = crucial::Vector::create("primes", vec![2, 3, 5]).await?;
    /// assert_eq!(primes.get(2).await?, Some(5));
    /// assert_eq!(primes.get(3).await?, None);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn get(&self, index: usize) -> Call<impl Future<Output = Result<Option<T>>>> {
        Call::new(async move { self.handle.ask(&machine::GET, (index,)).await })
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
    pub fn get_range(&self, range: Range<usize>) -> Call<impl Future<Output = Result<Vec<T>>>> {
        Call::new(async move {
            let count = range.end.saturating_sub(range.start);
            let args = (range.start, count);
            let Numbers(numbers) = self.handle.ask(&machine::GET_RANGE, args).await?;
            Ok(numbers)
        })
    }

    /// Replaces one number and gives the one before.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let seats = crucial::Vector::create("seats", vec![0, 0]).await?;
    /// assert_eq!(seats.set(1, 7).await?, 0);
    /// assert_eq!(seats.set(1, 8).await?, 7);
    /// assert!(seats.set(2, 9).await.is_err()); // there are two
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Refused`](crate::Error::Refused) beyond the end.
    pub fn set(&self, index: usize, number: T) -> Call<impl Future<Output = Result<T>>> {
        Call::new(async move { self.handle.ask(&machine::SET, (index, number)).await })
    }

    /// Replaces the numbers from `start` on.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let track = crucial::Vector::create("track", vec![0.0; 4]).await?;
    /// track.set_range(1, &[1.5, 2.5]).await?;
    /// assert_eq!(track.to_vec().await?, [0.0, 1.5, 2.5, 0.0]);
    /// assert!(track.set_range(3, &[9.0, 9.0]).await.is_err());
    /// assert_eq!(track.get(3).await?, Some(0.0)); // what is refused changes nothing
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Refused`](crate::Error::Refused) where they go beyond the end.
    pub fn set_range(&self, start: usize, numbers: &[T]) -> Call<impl Future<Output = Result<()>>> {
        Call::new(async move {
            let args = (start, Borrowed(numbers));
            self.handle.ask(&machine::SET_RANGE, args).await
        })
    }

    /// Replaces all numbers, and with them the length.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let bins = crucial::Vector::create("bins", vec![1, 2, 3, 4]).await?;
    /// bins.assign(&[3, 7]).await?;
    /// assert_eq!(bins.to_vec().await?, [3, 7]);
    /// assert!(bins.add(&[1; 4]).await.is_err()); // the length of before
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Refused`](crate::Error::Refused) for another length while parties have come to a round of
    /// [`reduce`](Self::reduce).
    pub fn assign(&self, numbers: &[T]) -> Call<impl Future<Output = Result<()>>> {
        Call::new(async move {
            self.handle
                .ask(&machine::REPLACE, (Borrowed(numbers),))
                .await
        })
    }
}
