//! Which runtime a task or a thread finds itself in.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, PoisonError, RwLock};

use tokio::runtime::Handle as TokioHandle;

use super::Runtime;
use crate::error::{Error, Result};

tokio::task_local! {
    pub(super) static SCOPE: Runtime;
}

/// The runtimes entered, by the tokio runtime on which their futures run, so that tasks started
/// with `tokio::spawn` find theirs as well.
/// Few: looking through them costs less than to hash an id.
static ENTERED: RwLock<Vec<(TokioHandle, Runtime)>> = RwLock::new(Vec::new());

/// The runtime of the current task.
pub(crate) fn current() -> Result<Runtime> {
    if let Ok(runtime) = SCOPE.try_with(Clone::clone) {
        return Ok(runtime);
    }
    let tokio = TokioHandle::try_current()
        .map_err(|_| Error::NoRuntime)?
        .id();
    let entered = ENTERED.read().unwrap_or_else(PoisonError::into_inner);
    let last = entered.iter().rfind(|(on, _)| on.id() == tokio);
    last.map(|(_, runtime)| runtime.clone())
        .ok_or(Error::NoRuntime)
}

/// Runs a future to its end on the current thread, which waits for it: on a thread that no tokio runtime started, in the
/// one that is entered.
#[track_caller]
pub(crate) fn block_on<F: Future>(future: F) -> Result<F::Output> {
    let Ok(tokio) = TokioHandle::try_current() else {
        return Ok(only_entered()?.block_on(future));
    };
    // tokio panics here too, but does not say what to write instead.
    let allowed = catch_unwind(AssertUnwindSafe(|| tokio.block_on(async {})));
    assert!(
        allowed.is_ok(),
        "`blocking` was called within async code, where it would block everything that shares the thread; use `.await` there"
    );
    Ok(tokio.block_on(future))
}

/// The tokio runtime on which runtimes are entered, if there is exactly one.
fn only_entered() -> Result<TokioHandle> {
    let entered = ENTERED.read().unwrap_or_else(PoisonError::into_inner);
    let (tokio, _) = entered.first().ok_or(Error::NoRuntime)?;
    if entered.iter().any(|(other, _)| other.id() != tokio.id()) {
        return Err(Error::NoRuntime);
    }
    Ok(tokio.clone())
}

/// While this lives, its runtime is the current one of the tokio runtime on which it was entered.
///
/// ```
/// # use crucial::Runtime;
/// # #[tokio::main] async fn main() -> crucial::Result<()> {
/// let (outer, inner) = (Runtime::builder().build().await?, Runtime::builder().build().await?);
/// let _outer = outer.enter();
/// let entered = inner.enter(); // the last one counts
/// assert_eq!(Runtime::current()?.namespace(), inner.namespace());
/// drop(entered);
/// assert_eq!(Runtime::current()?.namespace(), outer.namespace());
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct Entered {
    tokio: TokioHandle,
    runtime: Runtime,
}

impl Entered {
    /// Makes that runtime the current one of the tokio runtime that runs this.
    pub(super) fn new(runtime: Runtime) -> Self {
        let tokio = TokioHandle::current();
        let mut entered = ENTERED.write().unwrap_or_else(PoisonError::into_inner);
        entered.push((tokio.clone(), runtime.clone()));
        Self { tokio, runtime }
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        let mut entered = ENTERED.write().unwrap_or_else(PoisonError::into_inner);
        let own = |(tokio, runtime): &(TokioHandle, Runtime)| {
            tokio.id() == self.tokio.id() && Arc::ptr_eq(&runtime.0, &self.runtime.0)
        };
        if let Some(place) = entered.iter().rposition(own) {
            entered.remove(place);
        }
    }
}
