//! What the proxies of vectors and matrices have in common, written once.

/// Gives a proxy with a `handle` the methods on all of its numbers, those on single ones, with entries of that type and in
/// those words, and those that look after its rounds. They are those of the `machine` beside it.
macro_rules! numbers {
    ($proxy:ident, entry: $entry:ty, $parts:literal) => {
        /// All numbers at once.
        impl<T: Element> $proxy<T> {
            /// Replaces every number by this one.
            ///
            /// ```
            /// # #[crucial::main] async fn main() -> crucial::Result<()> {
            /// let sums = crucial::Vector::create("sums", vec![3.5, 4.5]).await?;
            /// sums.fill(0.0).await?; // for the next epoch
            /// assert_eq!(sums.to_vec().await?, [0.0, 0.0]);
            /// # Ok(()) }
            /// ```
            ///
            /// # Errors
            ///
            /// Those of the store.
            pub fn fill(&self, number: T) -> $crate::Call<impl Future<Output = Result<()>>> { $crate::Call::new(async move {
                self.handle.ask(&machine::FILL, (number,)).await
            }) }

            /// Multiplies every number.
            ///
            /// ```
            /// # #[crucial::main] async fn main() -> crucial::Result<()> {
            /// let counts = crucial::Vector::create("counts", vec![1, i64::MAX]).await?;
            /// counts.scale(-1).await?;
            /// assert_eq!(counts.to_vec().await?, [-1, -i64::MAX]);
            /// assert!(counts.scale(2).await.is_err());
            /// assert_eq!(counts.to_vec().await?, [-1, -i64::MAX]); // neither was multiplied
            /// # Ok(()) }
            /// ```
            ///
            /// # Errors
            ///
            /// [`Error::Refused`](crate::Error::Refused) where an `i64` would overflow.
            pub fn scale(&self, factor: T) -> $crate::Call<impl Future<Output = Result<()>>> { $crate::Call::new(async move {
                self.handle.ask(&machine::SCALE, (factor,)).await
            }) }

            /// The sum of all numbers.
            ///
            /// ```
            /// # #[crucial::main] async fn main() -> crucial::Result<()> {
            /// let balances = crucial::Vector::create("balances", vec![i64::MAX, 1, -1]).await?;
            /// assert_eq!(balances.sum().await?, i64::MAX);
            /// balances.set(2, 0).await?;
            /// assert!(balances.sum().await.is_err()); // no `i64`
            /// # Ok(()) }
            /// ```
            ///
            /// # Errors
            ///
            /// [`Error::Refused`](crate::Error::Refused) where it does not fit an `i64` (what is between may be larger).
            pub fn sum(&self) -> $crate::Call<impl Future<Output = Result<T>>> { $crate::Call::new(async move {
                self.handle.ask(&machine::SUM, ()).await
            }) }

            /// The mean of all numbers, if there are any.
            ///
            /// ```
            /// # #[crucial::main] async fn main() -> crucial::Result<()> {
            /// let grades = crucial::Vector::create("grades", vec![1, 2]).await?;
            /// assert_eq!(grades.mean().await?, Some(1.5)); // no integer, though the grades are
            /// grades.assign(&[]).await?;
            /// assert_eq!(grades.mean().await?, None);
            /// # Ok(()) }
            /// ```
            ///
            /// # Errors
            ///
            /// Those of the store.
            pub fn mean(&self) -> $crate::Call<impl Future<Output = Result<Option<f64>>>> { $crate::Call::new(async move {
                self.handle.ask(&machine::MEAN, ()).await
            }) }

            /// The smallest number, if there are any; a NaN only where all are NaN.
            ///
            /// ```
            /// # #[crucial::main] async fn main() -> crucial::Result<()> {
            /// let losses = crucial::Vector::create("losses", vec![f64::NAN, 2.0, 1.0]).await?;
            /// assert_eq!(losses.min().await?, Some(1.0));
            /// # Ok(()) }
            /// ```
            ///
            /// # Errors
            ///
            /// Those of the store.
            pub fn min(&self) -> $crate::Call<impl Future<Output = Result<Option<T>>>> { $crate::Call::new(async move {
                self.handle.ask(&machine::EXTREME, (Bound::Min,)).await
            }) }

            /// The largest number, if there are any; a NaN only where all are NaN.
            ///
            /// ```
            /// # #[crucial::main] async fn main() -> crucial::Result<()> {
            /// use crucial::{Grid, Matrix};
            ///
            /// let scores = Matrix::create("scores", Grid::from_rows([[3, 9], [4, 1]])?).await?;
            /// assert_eq!(scores.max().await?, Some(9));
            /// scores.assign(&Grid::default()).await?;
            /// assert_eq!(scores.max().await?, None);
            /// # Ok(()) }
            /// ```
            ///
            /// # Errors
            ///
            /// Those of the store.
            pub fn max(&self) -> $crate::Call<impl Future<Output = Result<Option<T>>>> { $crate::Call::new(async move {
                self.handle.ask(&machine::EXTREME, (Bound::Max,)).await
            }) }

            /// How large the numbers are together. A NaN among them gives NaN.
            ///
            /// ```
            /// # #[crucial::main] async fn main() -> crucial::Result<()> {
            /// use crucial::{Norm, Vector};
            ///
            /// let gradient = Vector::create("gradient", vec![3.0, -4.0]).await?;
            /// assert_eq!(gradient.norm(Norm::L2).await?, 5.0);
            /// gradient.set(0, f64::NAN).await?; // it has diverged
            /// assert!(gradient.norm(Norm::Max).await?.is_nan());
            /// # Ok(()) }
            /// ```
            ///
            /// # Errors
            ///
            /// Those of the store.
            pub fn norm(&self, norm: Norm) -> $crate::Call<impl Future<Output = Result<f64>>> { $crate::Call::new(async move {
                self.handle.ask(&machine::NORM, (norm,)).await
            }) }
        }

        /// Single numbers, as many in one call as there are entries.
        impl<T: Element> $proxy<T> {
            #[doc = concat!("Adds to single numbers: ", $parts, " each.")]
            ///
            /// A place may occur several times.
            ///
            /// ```
            /// # #[crucial::main] async fn main() -> crucial::Result<()> {
            /// let counts = crucial::Vector::create("counts", vec![0; 4]).await?;
            /// counts.add_sparse([(1, 5), (3, 1), (1, 2)]).await?;
            /// assert_eq!(counts.to_vec().await?, [0, 7, 0, 1]);
            /// assert!(counts.add_sparse([(0, 1), (4, 1)]).await.is_err());
            /// assert_eq!(counts.get(0).await?, Some(0));
            /// # Ok(()) }
            /// ```
            ///
            /// # Errors
            ///
            /// [`Error::Refused`](crate::Error::Refused) for a place that is not there, or where an `i64` would overflow;
            /// nothing is added then.
            pub fn add_sparse(&self, entries: impl IntoIterator<Item = $entry>) -> $crate::Call<impl Future<Output = Result<()>>> { $crate::Call::new(async move {
                self.axpy_sparse(T::ONE, entries).await
            }) }

            #[doc = concat!("Adds `factor` times what is given to single numbers: ", $parts, " each.")]
            ///
            /// A place may occur several times.
            ///
            /// ```
            /// # #[crucial::main] async fn main() -> crucial::Result<()> {
            /// let weights = crucial::Vector::create("weights", vec![1.0; 3]).await?;
            /// let gradient = std::collections::BTreeMap::from([(0, 2.0), (2, 4.0)]);
            /// weights.axpy_sparse(-0.5, gradient).await?;
            /// assert_eq!(weights.to_vec().await?, [0.0, 1.0, -1.0]);
            /// # Ok(()) }
            /// ```
            ///
            /// # Errors
            ///
            /// As [`add_sparse`](Self::add_sparse).
            pub fn axpy_sparse(
                &self,
                factor: T,
                entries: impl IntoIterator<Item = $entry>,
            ) -> $crate::Call<impl Future<Output = Result<()>>> { $crate::Call::new(async move {
                let entries: Vec<$entry> = entries.into_iter().collect();
                self.handle
                    .ask(&machine::ADD_AT, (factor, entries))
                    .await
            }) }

            #[doc = concat!("Keeps the smaller of single numbers and what is given: ", $parts, " each.")]
            ///
            /// A place may occur several times; a NaN gives way.
            ///
            /// ```
            /// # #[crucial::main] async fn main() -> crucial::Result<()> {
            /// use crucial::{Grid, Matrix};
            ///
            /// let distances = Matrix::create("distances", Grid::filled(2, 2, f64::INFINITY)).await?;
            /// distances.minimum_sparse([(0, 1, 4.0), (1, 0, 2.5), (0, 1, 3.0)]).await?;
            /// assert_eq!(distances.get_row(0).await?, [f64::INFINITY, 3.0]);
            /// assert_eq!(distances.get_row(1).await?, [2.5, f64::INFINITY]);
            /// # Ok(()) }
            /// ```
            ///
            /// # Errors
            ///
            /// [`Error::Refused`](crate::Error::Refused) for a place that is not there; nothing is changed then.
            pub fn minimum_sparse(
                &self,
                entries: impl IntoIterator<Item = $entry>,
            ) -> $crate::Call<impl Future<Output = Result<()>>> { $crate::Call::new(async move {
                let entries: Vec<$entry> = entries.into_iter().collect();
                self.handle
                    .ask(&machine::BOUND_AT, (Bound::Min, entries))
                    .await
            }) }

            #[doc = concat!("Keeps the larger of single numbers and what is given: ", $parts, " each.")]
            ///
            /// A place may occur several times; a NaN gives way.
            ///
            /// ```
            /// # #[crucial::main] async fn main() -> crucial::Result<()> {
            /// let newest = crucial::Vector::create("newest", vec![10, 20, 30]).await?;
            /// newest.maximum_sparse([(0, 15), (1, 12)]).await?;
            /// assert_eq!(newest.to_vec().await?, [15, 20, 30]);
            /// # Ok(()) }
            /// ```
            ///
            /// # Errors
            ///
            /// As [`minimum_sparse`](Self::minimum_sparse).
            pub fn maximum_sparse(
                &self,
                entries: impl IntoIterator<Item = $entry>,
            ) -> $crate::Call<impl Future<Output = Result<()>>> { $crate::Call::new(async move {
                let entries: Vec<$entry> = entries.into_iter().collect();
                self.handle
                    .ask(&machine::BOUND_AT, (Bound::Max, entries))
                    .await
            }) }

            #[doc = concat!("The sum of the products of single numbers with what is given: ", $parts, " each.")]
            ///
            /// A place may occur several times.
            ///
            /// ```
            /// # #[crucial::main] async fn main() -> crucial::Result<()> {
            /// let weights = crucial::Vector::create("weights", vec![0.5, 1.0, 2.0]).await?;
            /// assert_eq!(weights.dot_sparse([(0, 2.0), (2, 1.0)]).await?, 3.0);
            /// assert_eq!(weights.dot_sparse([]).await?, 0.0);
            /// # Ok(()) }
            /// ```
            ///
            /// # Errors
            ///
            /// [`Error::Refused`](crate::Error::Refused) for a place that is not there, or where the sum does not fit an
            /// `i64` (what is between may be larger).
            pub fn dot_sparse(&self, entries: impl IntoIterator<Item = $entry>) -> $crate::Call<impl Future<Output = Result<T>>> { $crate::Call::new(async move {
                let entries: Vec<$entry> = entries.into_iter().collect();
                self.handle.ask(&machine::DOT_AT, (entries,)).await
            }) }
        }

        /// Rounds of `reduce`, as others see them.
        impl<T: Element> $proxy<T> {
            /// How many parties have come to the round that gathers now.
            ///
            /// ```
            /// # #[crucial::main] async fn main() -> crucial::Result<()> {
            /// use crucial::{Reduction::Sum, Vector};
            ///
            /// let sums = Vector::create("sums", vec![0]).await?;
            /// let first = sums.reduce(2, &[1], Sum);
            /// let second = async {
            ///     while sums.parties_waiting().await? < 1 {
            ///         tokio::task::yield_now().await;
            ///     }
            ///     sums.reduce(2, &[2], Sum).await
            /// };
            /// assert_eq!(tokio::try_join!(first, second)?, (vec![3], vec![3]));
            /// assert_eq!(sums.parties_waiting().await?, 0); // the round is whole; nobody has come to the next one
            /// # Ok(()) }
            /// ```
            ///
            /// # Errors
            ///
            /// Those of the store.
            pub fn parties_waiting(&self) -> $crate::Call<impl Future<Output = Result<u32>>> { $crate::Call::new(async move {
                let (came, _): (u32, bool) = self.handle.ask(&machine::ROUND_STATUS, ()).await?;
                Ok(came)
            }) }

            /// Whether rounds are broken: a party gave up, is missed, or brought a part that did not fit, and nobody has
            /// called [`reset_rounds`](Self::reset_rounds) since.
            ///
            /// ```
            /// # #[crucial::main] async fn main() -> crucial::Result<()> {
            /// use crucial::{Reduction::Max, Vector};
            ///
            /// let peaks = Vector::create("peaks", vec![0, 0]).await?;
            /// assert!(peaks.reduce(2, &[1, 2, 3], Max).await.is_err()); // its length does not fit
            /// assert!(peaks.is_round_broken().await?);
            /// # Ok(()) }
            /// ```
            ///
            /// # Errors
            ///
            /// Those of the store.
            pub fn is_round_broken(&self) -> $crate::Call<impl Future<Output = Result<bool>>> { $crate::Call::new(async move {
                let (_, broken): (u32, bool) =
                    self.handle.ask(&machine::ROUND_STATUS, ()).await?;
                Ok(broken)
            }) }

            /// Makes broken rounds whole again and begins a new one. Parties that wait get
            /// [`Error::BrokenRound`](crate::Error::BrokenRound). Where no round is broken and nobody waits, nothing
            /// happens.
            ///
            /// ```
            /// # #[crucial::main] async fn main() -> crucial::Result<()> {
            /// use crucial::{Error, Reduction::Sum, Vector};
            ///
            /// let sums = Vector::create("sums", vec![0]).await?;
            /// let first = sums.reduce(2, &[1], Sum);
            /// let reset = async {
            ///     while sums.parties_waiting().await? < 1 {
            ///         tokio::task::yield_now().await;
            ///     }
            ///     sums.reset_rounds().await
            /// };
            /// let (sent_away, reset) = tokio::join!(first, reset);
            /// assert!(matches!(sent_away, Err(Error::BrokenRound { .. })) && reset.is_ok());
            /// assert_eq!(sums.reduce(1, &[5], Sum).await?, [5]); // a new round, without the part of the first
            /// # Ok(()) }
            /// ```
            ///
            /// # Errors
            ///
            /// Those of the store.
            pub fn reset_rounds(&self) -> $crate::Call<impl Future<Output = Result<()>>> { $crate::Call::new(async move {
                self.handle.ask(&machine::RESET_ROUNDS, ()).await
            }) }
        }
    };
}

pub(in crate::objects) use numbers;
