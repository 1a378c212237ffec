//! What the parts of a round are made into.

use serde::{Deserialize, Serialize};

/// What the parts of a round are made into, number by number.
///
/// ```
/// # #[crucial::main] async fn main() -> crucial::Result<()> {
/// use crucial::{Reduction, Vector};
///
/// let vector = Vector::create("vector", vec![0, 0]).await?;
/// for (reduction, result) in [
///     (Reduction::Sum, [3, -3]),
///     (Reduction::Mean, [1, -1]),
///     (Reduction::Min, [1, -5]),
///     (Reduction::Max, [2, 2]),
/// ] {
///     let one = vector.reduce(2, &[1, -5], reduction);
///     let other = vector.reduce(2, &[2, 2], reduction);
///     assert_eq!(tokio::try_join!(one, other)?, (result.to_vec(), result.to_vec()));
/// }
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Reduction {
    /// Their sum.
    Sum,
    /// Their sum over the number of parties; `i64` is rounded towards zero.
    Mean,
    /// The smallest; a NaN only where all are NaN.
    Min,
    /// The largest; a NaN only where all are NaN.
    Max,
}
