//! What the proxies of vectors and matrices have in common, written once.

/// Gives a proxy with a `handle` the methods on all of its numbers, and those that look after its rounds. They are those of
/// the `machine` beside it.
macro_rules! numbers {
    ($proxy:ident) => {
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
