//! Fields of a shared struct at the same time.

use std::future::Future;

use futures_util::future::{FutureExt, join};

use crate::error::Result;

/// Both results, or the first error, when both are done: nothing is left half way.
///
/// The futures are boxed: nested, as generated code nests them, they would outgrow a stack.
pub fn both<A: Send, B: Send>(
    first: impl Future<Output = Result<A>> + Send,
    second: impl Future<Output = Result<B>> + Send,
) -> impl Future<Output = Result<(A, B)>> + Send {
    let both = join(Box::pin(first), Box::pin(second));
    both.map(|(first, second)| Ok((first?, second?)))
}
