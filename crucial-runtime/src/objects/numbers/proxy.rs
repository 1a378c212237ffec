//! What the proxies of vectors and matrices have in common, written once.

/// Gives a proxy with a `handle` the methods on all of its numbers, those on single ones, with entries of that type and in
/// those words, and those that look after its rounds. They are those of the `machine` beside it.
macro_rules! numbers {
    ($proxy:ident, entry: $entry:ty, $parts:literal) => {
        /// All numbers at once.
        impl<T: Element> $proxy<T> {
            /// Replaces every number by this one.
            ///
            /// # Errors
            ///
            /// Those of the store.
            pub async fn fill(&self, number: T) -> Result<()> {
                self.handle.invoke(&machine::FILL, (number,)).await
            }

            /// Multiplies every number.
            ///
            /// # Errors
            ///
            /// [`Error::Refused`](crate::Error::Refused) where an `i64` would overflow.
            pub async fn scale(&self, factor: T) -> Result<()> {
                self.handle.invoke(&machine::SCALE, (factor,)).await
            }

            /// The sum of all numbers.
            ///
            /// # Errors
            ///
            /// [`Error::Refused`](crate::Error::Refused) where it does not fit an `i64` (what is between may be larger).
            pub async fn sum(&self) -> Result<T> {
                self.handle.invoke(&machine::SUM, ()).await
            }

            /// The mean of all numbers, if there are any.
            ///
            /// # Errors
            ///
            /// Those of the store.
            pub async fn mean(&self) -> Result<Option<f64>> {
                self.handle.invoke(&machine::MEAN, ()).await
            }

            /// The smallest number, if there are any; a NaN only where all are NaN.
            ///
            /// # Errors
            ///
            /// Those of the store.
            pub async fn min(&self) -> Result<Option<T>> {
                self.handle.invoke(&machine::EXTREME, (Bound::Min,)).await
            }

            /// The largest number, if there are any; a NaN only where all are NaN.
            ///
            /// # Errors
            ///
            /// Those of the store.
            pub async fn max(&self) -> Result<Option<T>> {
                self.handle.invoke(&machine::EXTREME, (Bound::Max,)).await
            }

            /// How large the numbers are together. A NaN among them gives NaN.
            ///
            /// # Errors
            ///
            /// Those of the store.
            pub async fn norm(&self, norm: Norm) -> Result<f64> {
                self.handle.invoke(&machine::NORM, (norm,)).await
            }
        }

        /// Single numbers, as many in one call as there are entries.
        impl<T: Element> $proxy<T> {
            #[doc = concat!("Adds to single numbers: ", $parts, " each.")]
            ///
            /// A place may occur several times.
            ///
            /// # Errors
            ///
            /// [`Error::Refused`](crate::Error::Refused) for a place that is not there, or where an `i64` would overflow;
            /// nothing is added then.
            pub async fn add_sparse(&self, entries: impl IntoIterator<Item = $entry>) -> Result<()> {
                self.axpy_sparse(T::ONE, entries).await
            }

            #[doc = concat!("Adds `factor` times what is given to single numbers: ", $parts, " each.")]
            ///
            /// A place may occur several times.
            ///
            /// # Errors
            ///
            /// As [`add_sparse`](Self::add_sparse).
            pub async fn axpy_sparse(
                &self,
                factor: T,
                entries: impl IntoIterator<Item = $entry>,
            ) -> Result<()> {
                let entries: Vec<$entry> = entries.into_iter().collect();
                self.handle
                    .invoke(&machine::ADD_AT, (factor, entries))
                    .await
            }

            #[doc = concat!("Keeps the smaller of single numbers and what is given: ", $parts, " each.")]
            ///
            /// A place may occur several times; a NaN gives way.
            ///
            /// # Errors
            ///
            /// [`Error::Refused`](crate::Error::Refused) for a place that is not there; nothing is changed then.
            pub async fn minimum_sparse(
                &self,
                entries: impl IntoIterator<Item = $entry>,
            ) -> Result<()> {
                let entries: Vec<$entry> = entries.into_iter().collect();
                self.handle
                    .invoke(&machine::BOUND_AT, (Bound::Min, entries))
                    .await
            }

            #[doc = concat!("Keeps the larger of single numbers and what is given: ", $parts, " each.")]
            ///
            /// A place may occur several times; a NaN gives way.
            ///
            /// # Errors
            ///
            /// As [`minimum_sparse`](Self::minimum_sparse).
            pub async fn maximum_sparse(
                &self,
                entries: impl IntoIterator<Item = $entry>,
            ) -> Result<()> {
                let entries: Vec<$entry> = entries.into_iter().collect();
                self.handle
                    .invoke(&machine::BOUND_AT, (Bound::Max, entries))
                    .await
            }

            #[doc = concat!("The sum of the products of single numbers with what is given: ", $parts, " each.")]
            ///
            /// A place may occur several times.
            ///
            /// # Errors
            ///
            /// [`Error::Refused`](crate::Error::Refused) for a place that is not there, or where the sum does not fit an
            /// `i64` (what is between may be larger).
            pub async fn dot_sparse(&self, entries: impl IntoIterator<Item = $entry>) -> Result<T> {
                let entries: Vec<$entry> = entries.into_iter().collect();
                self.handle.invoke(&machine::DOT_AT, (entries,)).await
            }
        }

        /// Rounds of `reduce`, as others see them.
        impl<T: Element> $proxy<T> {
            /// How many parties have come to the round that gathers now.
            ///
            /// # Errors
            ///
            /// Those of the store.
            pub async fn parties_waiting(&self) -> Result<u32> {
                let (came, _): (u32, bool) = self.handle.invoke(&machine::ROUND_STATUS, ()).await?;
                Ok(came)
            }

            /// Whether a party gave up since the last reset.
            ///
            /// # Errors
            ///
            /// Those of the store.
            pub async fn is_round_broken(&self) -> Result<bool> {
                let (_, broken): (u32, bool) =
                    self.handle.invoke(&machine::ROUND_STATUS, ()).await?;
                Ok(broken)
            }

            /// Makes broken rounds whole again and begins a new one. Parties that wait get
            /// [`Error::BrokenRound`](crate::Error::BrokenRound).
            ///
            /// # Errors
            ///
            /// Those of the store.
            pub async fn reset_rounds(&self) -> Result<()> {
                self.handle.invoke(&machine::RESET_ROUNDS, ()).await
            }
        }
    };
}

pub(in crate::objects) use numbers;
