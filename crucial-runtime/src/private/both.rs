//! Fields of a shared struct at the same time.

use std::future::Future;

use futures_util::future::join;

use crate::error::Result;

/// Both results, or the first error, when both are done: nothing is left half way.
///
/// # Errors
///
/// The first of the two.
pub async fn both<A, B>(
    first: impl Future<Output = Result<A>> + Send,
    second: impl Future<Output = Result<B>> + Send,
) -> Result<(A, B)> {
    let (first, second) = join(first, second).await;
    Ok((first?, second?))
}
