//! How many permits a rate limiter gives, and how fast.

use std::time::Duration;

use super::machine::LARGEST;

/// How many permits a [`RateLimiter`](crate::RateLimiter) gives.
///
/// [`RateLimiter::create`](crate::RateLimiter::create) refuses a rate with [`Error::Refused`](crate::Error::Refused) where
/// any of the three is zero, or where `burst` times `per` is too large to be counted.
///
/// ```
/// # #[crucial::main] async fn main() -> crucial::Result<()> {
/// use crucial::{Rate, RateLimiter};
///
/// let rate = Rate { permits: 2, per: std::time::Duration::from_secs(3600), burst: 3 };
/// let mails = RateLimiter::create("mails", rate).await?;
/// assert_eq!(mails.snapshot().await?, rate);
/// assert!(mails.try_acquire_many(3).await?); // a burst, and then one each half an hour
/// assert!(!mails.try_acquire_many(1).await?);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rate {
    /// How many permits there are each [`per`](Self::per).
    pub permits: u32,
    /// How long that is, in whole milliseconds.
    pub per: Duration,
    /// How many permits may be given at once, after a time without any.
    pub burst: u32,
}

impl Rate {
    /// So many permits a second, all of them at once if need be.
    ///
    /// ```
    /// let rate = crucial::Rate::per_second(50);
    /// assert_eq!((rate.permits, rate.burst), (50, 50));
    /// ```
    #[must_use]
    pub fn per_second(permits: u32) -> Self {
        Self {
            permits,
            per: Duration::from_secs(1),
            burst: permits,
        }
    }

    /// What is wrong with it, if anything is.
    pub(super) fn fault(&self) -> Option<&'static str> {
        let per = self.per.as_millis();
        if self.permits == 0 {
            Some("with 0 permits nobody would ever get one; give at least 1")
        } else if self.burst == 0 {
            Some("with a burst of 0 nobody would ever get a permit; allow at least 1")
        } else if per == 0 {
            Some("`per` is less than a millisecond; give fewer permits a longer time")
        } else if per * u128::from(self.burst) > u128::from(LARGEST) {
            Some("`burst` times `per` is too large to be counted; make one of them smaller")
        } else {
            None
        }
    }
}
