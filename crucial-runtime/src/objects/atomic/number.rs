//! Numbers and flags, combined where they live.

use bytes::Bytes;

use super::combined::{AtomicBits, AtomicNumber, Combined, Operation};
use super::{Atomic, encode, machine};
use crate::call::Call;
use crate::error::Result;
use crate::object::Value;

impl<T: AtomicNumber> Atomic<T> {
    /// Adds to the value and gives the one before. Integers wrap around, as those of `std::sync::atomic`
    /// do (`wrapping_add`); [`checked_fetch_add`](Self::checked_fetch_add) refuses instead.
    ///
    /// ```
    /// # #[tokio::main] async fn main() -> crucial::Result<()> {
    /// # let runtime = crucial::Runtime::builder().build().await?;
    /// # let _entered = runtime.enter();
    /// let small = crucial::Atomic::create("small", 250_u8).await?;
    /// assert_eq!(small.fetch_add(10).await?, 250);
    /// assert_eq!(small.load().await?, 4);
    /// # Ok(()) }
    /// ```
    ///
    /// This and everything else that combines integers of 128 bits is done by comparison, as
    /// [`try_update`](Self::try_update) does it, and takes at least two round trips.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`](crate::Error::NotFound), [`Error::Codec`](crate::Error::Codec), and those of the store.
    pub fn fetch_add(&self, by: T) -> Call<impl Future<Output = Result<T>>> {
        Call::new(async move { self.add(by, false).await })
    }

    /// Subtracts from the value and gives the one before. Integers wrap around.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let users = crucial::Atomic::create("users", 2_u32).await?;
    /// assert_eq!(users.fetch_sub(1).await?, 2);
    /// assert_eq!(users.fetch_sub(1).await?, 1); // whoever gets the 1 was the last, and tidies up
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`fetch_add`](Self::fetch_add).
    pub fn fetch_sub(&self, by: T) -> Call<impl Future<Output = Result<T>>> {
        Call::new(async move { self.add(by, true).await })
    }

    /// Adds to the value and gives the one after. Integers wrap around.
    ///
    /// ```
    /// # #[tokio::main] async fn main() -> crucial::Result<()> {
    /// # let runtime = crucial::Runtime::builder().build().await?;
    /// # let _entered = runtime.enter();
    /// let loss = crucial::Atomic::create("loss", 0.5).await?;
    /// assert_eq!(loss.add_and_get(0.25).await?, 0.75);
    /// assert_eq!(loss.sub_and_get(1.0).await?, -0.25);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`fetch_add`](Self::fetch_add).
    pub fn add_and_get(&self, by: T) -> Call<impl Future<Output = Result<T>>> {
        Call::new(async move {
            let before = self.add(by, false).await?;
            Ok(before.plus(by))
        })
    }

    /// Subtracts from the value and gives the one after. Integers wrap around.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let left = crucial::Atomic::create("left", 1_u8).await?;
    /// assert_eq!(left.sub_and_get(1).await?, 0); // nothing is left to do
    /// assert_eq!(left.sub_and_get(1).await?, 255); // once too often
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`fetch_add`](Self::fetch_add).
    pub fn sub_and_get(&self, by: T) -> Call<impl Future<Output = Result<T>>> {
        Call::new(async move {
            let before = self.add(by, true).await?;
            Ok(before.minus(by))
        })
    }

    /// Lowers the value to `other` if it is above, and gives the one before. NaN is above everything.
    ///
    /// ```
    /// # #[tokio::main] async fn main() -> crucial::Result<()> {
    /// # let runtime = crucial::Runtime::builder().build().await?;
    /// # let _entered = runtime.enter();
    /// let best = crucial::Atomic::create("best", f64::NAN).await?;
    /// best.fetch_min(0.3).await?;
    /// best.fetch_min(0.7).await?;
    /// assert_eq!(best.load().await?, 0.3);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`fetch_add`](Self::fetch_add).
    pub fn fetch_min(&self, other: T) -> Call<impl Future<Output = Result<T>>> {
        Call::new(async move { self.combine(Operation::Min, other).await })
    }

    /// Raises the value to `other` if it is below, and gives the one before. NaN is below everything.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let peak = crucial::Atomic::create("peak", 10).await?;
    /// assert_eq!(peak.fetch_max(7).await?, 10); // stays
    /// assert_eq!(peak.fetch_max(12).await?, 10);
    /// assert_eq!(peak.load().await?, 12);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`fetch_add`](Self::fetch_add).
    pub fn fetch_max(&self, other: T) -> Call<impl Future<Output = Result<T>>> {
        Call::new(async move { self.combine(Operation::Max, other).await })
    }

    async fn add(&self, by: T, subtract: bool) -> Result<T> {
        let addend = by.addend(subtract);
        match T::KIND {
            Some(kind) => {
                let arguments = vec![addend, Bytes::from_static(kind.as_bytes())];
                let before = self.handle.call(&machine::ADD, arguments).await?;
                self.decode_reply(&before)
            }
            None if subtract => self.change(|value| Some(value.minus(by))).await,
            None => self.change(|value| Some(value.plus(by))).await,
        }
    }
}

impl<T: AtomicNumber + AtomicBits> Atomic<T> {
    /// Adds to the value and gives the one before, or leaves it alone and gives `None` where the sum is
    /// beyond the type's numbers.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let level = crucial::Atomic::create("level", 250_u8).await?;
    /// assert_eq!(level.checked_fetch_add(10).await?, None); // 260 is no `u8`
    /// assert_eq!(level.checked_fetch_add(5).await?, Some(250));
    /// assert_eq!(level.load().await?, 255);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`fetch_add`](Self::fetch_add).
    pub fn checked_fetch_add(&self, by: T) -> Call<impl Future<Output = Result<Option<T>>>> {
        Call::new(async move { self.checked("add", by, false).await })
    }

    /// Subtracts from the value and gives the one before, or leaves it alone and gives `None` where the
    /// difference is beyond the type's numbers.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let seats = crucial::Atomic::create("seats", 2_u8).await?;
    /// assert_eq!(seats.checked_fetch_sub(2).await?, Some(2));
    /// assert_eq!(seats.checked_fetch_sub(1).await?, None);
    /// assert_eq!(seats.load().await?, 0);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`fetch_add`](Self::fetch_add).
    pub fn checked_fetch_sub(&self, by: T) -> Call<impl Future<Output = Result<Option<T>>>> {
        Call::new(async move { self.checked("sub", by, true).await })
    }

    async fn checked(&self, operation: &'static str, by: T, subtract: bool) -> Result<Option<T>> {
        let Some(kind) = T::KIND else {
            let updated = self.try_update(|value| value.checked(by, subtract));
            return Ok(updated.await?.ok());
        };
        let arguments = vec![
            Bytes::from_static(operation.as_bytes()),
            encode(&self.handle, &by)?,
            Bytes::from_static(kind.as_bytes()),
        ];
        match self.handle.call(&machine::CHECKED, arguments).await? {
            Value::Nil => Ok(None),
            before => self.decode_reply(&before).map(Some),
        }
    }
}

impl<T: AtomicBits> Atomic<T> {
    /// Keeps those bits that both have (logical "and"), and gives the value before.
    ///
    /// ```
    /// # #[tokio::main] async fn main() -> crucial::Result<()> {
    /// # let runtime = crucial::Runtime::builder().build().await?;
    /// # let _entered = runtime.enter();
    /// let healthy = crucial::Atomic::create("healthy", true).await?;
    /// assert!(healthy.fetch_and(false).await?);
    /// assert!(!healthy.load().await?);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`](crate::Error::NotFound), [`Error::Codec`](crate::Error::Codec), and those of the store.
    pub fn fetch_and(&self, other: T) -> Call<impl Future<Output = Result<T>>> {
        Call::new(async move { self.combine(Operation::And, other).await })
    }

    /// Sets those bits that either has (logical "or"), and gives the value before.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let done = crucial::Atomic::create("done", 0b0001_u8).await?;
    /// assert_eq!(done.fetch_or(0b0100).await?, 0b0001);
    /// assert_eq!(done.load().await?, 0b0101); // parts 0 and 2 of the work
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`fetch_and`](Self::fetch_and).
    pub fn fetch_or(&self, other: T) -> Call<impl Future<Output = Result<T>>> {
        Call::new(async move { self.combine(Operation::Or, other).await })
    }

    /// Sets those bits that one of the two has (logical "exclusive or"), and gives the value before.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let lamps = crucial::Atomic::create("lamps", 0b0110_u8).await?;
    /// assert_eq!(lamps.fetch_xor(0b0011).await?, 0b0110);
    /// assert_eq!(lamps.load().await?, 0b0101); // the two lower ones were switched
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`fetch_and`](Self::fetch_and).
    pub fn fetch_xor(&self, other: T) -> Call<impl Future<Output = Result<T>>> {
        Call::new(async move { self.combine(Operation::Xor, other).await })
    }

    /// Sets those bits that not both have (logical "not and"), and gives the value before.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let bits = crucial::Atomic::create("bits", 0b1100_u8).await?;
    /// assert_eq!(bits.fetch_nand(0b1010).await?, 0b1100);
    /// assert_eq!(bits.load().await?, 0b1111_0111); // only one bit was in both
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`fetch_and`](Self::fetch_and).
    pub fn fetch_nand(&self, other: T) -> Call<impl Future<Output = Result<T>>> {
        Call::new(async move { self.combine(Operation::Nand, other).await })
    }
}

impl Atomic<bool> {
    /// Inverts the value and gives the one before.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let left = crucial::Atomic::create("left", true).await?;
    /// assert!(left.fetch_not().await?); // this one goes left, the next one does not
    /// assert!(!left.fetch_not().await?);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`fetch_and`](Self::fetch_and).
    pub fn fetch_not(&self) -> Call<impl Future<Output = Result<bool>>> {
        Call::new(async move { self.fetch_xor(true).await })
    }
}

impl<T: Combined> Atomic<T> {
    async fn combine(&self, operation: Operation, operand: T) -> Result<T> {
        match T::KIND {
            Some(kind) => {
                let arguments = vec![
                    Bytes::from_static(operation.name().as_bytes()),
                    encode(&self.handle, &operand)?,
                    Bytes::from_static(kind.as_bytes()),
                ];
                let before = self.handle.call(&machine::COMBINE, arguments).await?;
                self.decode_reply(&before)
            }
            None => self.change(|value| value.combine(operation, operand)).await,
        }
    }

    /// Changes the value by comparison, and gives the one before.
    async fn change(&self, change: impl FnMut(T) -> Option<T> + Send) -> Result<T> {
        match self.try_update(change).await? {
            Ok(before) | Err(before) => Ok(before),
        }
    }
}
