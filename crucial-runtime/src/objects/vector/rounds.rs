//! Rounds in which parties reduce vectors to one.

use super::Vector;
use crate::call::Call;
use crate::error::Result;
use crate::objects::numbers::{Borrowed, Element, Part, Reduction, reduce};

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
    /// also renews its lease, one round trip each third of its length. On a server, the vector and what the round has
    /// gathered travel with the parts; the result is kept until the next round is whole.
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
    /// With a [limit](crate::Call::timeout):
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// use crucial::{Error, Reduction::Sum, Vector};
    ///
    /// let sums = Vector::create("sums", vec![0.0]).await?;
    /// let limit = std::time::Duration::from_millis(10);
    /// let alone = sums.reduce(2, &[1.0], Sum).timeout(limit).await;
    /// assert!(matches!(alone, Err(Error::TimedOut { .. })));
    /// let late = sums.reduce(2, &[2.0], Sum).await;
    /// assert!(matches!(late, Err(Error::BrokenRound { .. })));
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
    pub fn reduce(
        &self,
        parties: u32,
        part: &[T],
        reduction: Reduction,
    ) -> Call<impl Future<Output = Result<Vec<T>>>> {
        Call::new(async move { reduce(&self.handle, self.part(parties, part, reduction)).await })
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
