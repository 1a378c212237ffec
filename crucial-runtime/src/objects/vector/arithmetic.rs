//! What is computed with vectors where they live.

use super::{Vector, machine};
use crate::call::Call;
use crate::error::Result;
use crate::objects::numbers::{Borrowed, Bound, Element, Numbers};

/// The numbers together with others, one for one.
impl<T: Element> Vector<T> {
    /// Adds other numbers, one to each.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let stock = crucial::Vector::create("stock", vec![10, i64::MAX]).await?;
    /// stock.add(&[-3, 0]).await?;
    /// assert!(stock.add(&[1, 1]).await.is_err()); // the second would overflow
    /// assert_eq!(stock.to_vec().await?, [7, i64::MAX]);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Refused`](crate::Error::Refused) for another length, or where an `i64` would overflow.
    pub fn add(&self, numbers: &[T]) -> Call<impl Future<Output = Result<()>>> {
        Call::new(async move { self.axpy(T::ONE, numbers).await })
    }

    /// Adds other numbers and gives what the vector is then.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let votes = crucial::Vector::create("votes", vec![0, 0]).await?;
    /// votes.add(&[1, 0]).await?;
    /// assert_eq!(votes.add_and_get(&[0, 2]).await?, [1, 2]);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`add`](Self::add).
    pub fn add_and_get(&self, numbers: &[T]) -> Call<impl Future<Output = Result<Vec<T>>>> {
        Call::new(async move {
            let args = (Borrowed(numbers),);
            let Numbers(numbers) = self.handle.ask(&machine::ADD_AND_GET, args).await?;
            Ok(numbers)
        })
    }

    /// Adds several parts, all or none of them.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let totals = crucial::Vector::create("totals", vec![0, 0]).await?;
    /// totals.add_all([vec![1, 2], vec![3, 4]]).await?;
    /// assert_eq!(totals.to_vec().await?, [4, 6]);
    /// assert!(totals.add_all([vec![1, 1], vec![1]]).await.is_err());
    /// assert_eq!(totals.to_vec().await?, [4, 6]); // not even the first one was added
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`add`](Self::add).
    pub fn add_all<P: AsRef<[T]>>(
        &self,
        parts: impl IntoIterator<Item = P>,
    ) -> Call<impl Future<Output = Result<()>>> {
        Call::new(async move {
            let parts: Vec<P> = parts.into_iter().collect();
            let args = {
                let parts: Vec<_> = parts.iter().map(|part| Borrowed(part.as_ref())).collect();
                vec![self.handle.encode_own("the parts", &(parts,))?]
            };
            self.handle.call(&machine::ADD_ALL, args).await.map(drop)
        })
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
    pub fn axpy(&self, factor: T, numbers: &[T]) -> Call<impl Future<Output = Result<()>>> {
        Call::new(async move {
            let args = (factor, Borrowed(numbers));
            self.handle.ask(&machine::ADD_SCALED, args).await
        })
    }

    /// Keeps the smaller of each number and the other one; a NaN gives way.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let best = crucial::Vector::create("best", vec![f64::NAN, 3.0, 3.0]).await?;
    /// best.minimum(&[2.0, 5.0, 1.0]).await?;
    /// assert_eq!(best.to_vec().await?, [2.0, 3.0, 1.0]);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Refused`](crate::Error::Refused) for another length.
    pub fn minimum(&self, numbers: &[T]) -> Call<impl Future<Output = Result<()>>> {
        Call::new(async move { self.bound(Bound::Min, numbers).await })
    }

    /// Keeps the larger of each number and the other one; a NaN gives way.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let peaks = crucial::Vector::create("peaks", vec![0, 0]).await?;
    /// peaks.maximum(&[3, 1]).await?;
    /// peaks.maximum(&[2, 4]).await?;
    /// assert_eq!(peaks.to_vec().await?, [3, 4]);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Refused`](crate::Error::Refused) for another length.
    pub fn maximum(&self, numbers: &[T]) -> Call<impl Future<Output = Result<()>>> {
        Call::new(async move { self.bound(Bound::Max, numbers).await })
    }

    async fn bound(&self, bound: Bound, numbers: &[T]) -> Result<()> {
        let args = (bound, Borrowed(numbers));
        self.handle.ask(&machine::BOUND, args).await
    }

    /// The sum of the products with other numbers.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let weights = crucial::Vector::create("weights", vec![i64::MAX, i64::MAX, 2]).await?;
    /// assert_eq!(weights.dot(&[0, 0, 5]).await?, 10);
    /// assert_eq!(weights.dot(&[1, -1, 1]).await?, 2);
    /// assert!(weights.dot(&[1, 0, 1]).await.is_err()); // no `i64`
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Refused`](crate::Error::Refused) for another length, or where it does not fit an `i64` (what is between may
    /// be larger).
    pub fn dot(&self, numbers: &[T]) -> Call<impl Future<Output = Result<T>>> {
        Call::new(async move { self.handle.ask(&machine::DOT, (Borrowed(numbers),)).await })
    }
}
