//! A panic of user code as a value: message, place and backtrace.

use std::any::Any;
use std::backtrace::{Backtrace, BacktraceStatus};
use std::cell::{Cell, RefCell};
use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, PanicHookInfo};
use std::pin::Pin;
use std::sync::Once;
use std::task::{Context, Poll};

use serde::{Deserialize, Serialize};

/// What a panic said, and where.
///
/// A panic of a cloud thread or of a method of a shared object becomes such a value, and harms nobody else: the thread's
/// handle gives it as [`JoinFailure::Panicked`](crate::JoinFailure::Panicked), the method's caller gets it as
/// [`Error::Panicked`](crate::Error::Panicked), and the state is as before the call.
///
/// # With `panic = "abort"`
///
/// In a program whose profile says so, every panic is printed and ends the process in which it happens:
///
/// * executor `local`: the whole program, as it would one with `std::thread`. Its objects are removed as those of a
///   program that was killed.
/// * executors `process` and `lambda:…`: the process that ran the thread. Before it ends, it writes the panic as the end
///   of its thread, so that joining gives [`JoinFailure::Panicked`](crate::JoinFailure::Panicked) as well. This takes
///   five seconds at the most; if the store can't be reached by then, the thread is lost
///   ([`JoinFailure::Lost`](crate::JoinFailure::Lost)). So are panics in tasks and threads that the cloud thread has
///   started itself. A thread that is called by hand ends as AWS Lambda ends it (`Runtime.ExitError`).
/// * A method of a shared object ends the process that runs it: the caller's, or that of another caller who leads at the
///   object. The state is as before the call. On a server the call may be tried by others, and end them as well; after
///   four processes it is given up with [`Error::Poison`](crate::Error::Poison).
///
/// `cargo lambda build --release` builds so unless the profile says `panic = "unwind"`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Panic {
    /// The message.
    pub message: String,
    /// File, line and column; empty if the panic did not say.
    pub location: String,
    /// The stack at the panic, where `RUST_BACKTRACE` asks for it.
    pub backtrace: Option<String>,
}

impl fmt::Display for Panic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        if !self.location.is_empty() {
            write!(f, " (at {})", self.location)?;
        }
        Ok(())
    }
}

impl fmt::Debug for Panic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)?;
        match &self.backtrace {
            Some(backtrace) => write!(f, "\n{backtrace}"),
            None => Ok(()),
        }
    }
}

thread_local! {
    static CATCHING: Cell<bool> = const { Cell::new(false) };
    static CAUGHT: RefCell<Option<Panic>> = const { RefCell::new(None) };
}

/// Whether a panic ends this process (`panic = "abort"`), once it has been printed.
pub(crate) const ABORTS: bool = cfg!(panic = "abort");

/// Runs `run`; a panic in it becomes a value and prints nothing. Where panics [abort](ABORTS), they do.
pub(crate) fn catch<T>(run: impl FnOnce() -> T) -> Result<T, Panic> {
    static HOOK: Once = Once::new();
    if ABORTS {
        return Ok(run());
    }
    HOOK.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            // While a thread is not catching, its panics are somebody else's.
            if CATCHING.try_with(Cell::get).unwrap_or(false) {
                let panic = describe(info);
                let _ = CAUGHT.try_with(|caught| caught.replace(Some(panic)));
            } else {
                before(info);
            }
        }));
    });
    let outer = CATCHING.replace(true);
    let result = std::panic::catch_unwind(AssertUnwindSafe(run));
    CATCHING.set(outer);
    result.map_err(|payload| {
        CAUGHT.take().unwrap_or_else(|| Panic {
            message: message(payload.as_ref()),
            location: String::new(),
            backtrace: None,
        })
    })
}

/// Tells of each panic of this process, after it has been printed.
#[cfg(feature = "lambda")]
pub(crate) fn tell(of: impl Fn(Panic) + Send + Sync + 'static) {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        before(info);
        of(describe(info));
    }));
}

fn describe(info: &PanicHookInfo<'_>) -> Panic {
    let backtrace = Backtrace::capture();
    Panic {
        message: message(info.payload()),
        location: info.location().map(ToString::to_string).unwrap_or_default(),
        backtrace: (backtrace.status() == BacktraceStatus::Captured).then(|| backtrace.to_string()),
    }
}

fn message(payload: &(dyn Any + Send)) -> String {
    if let Some(message) = payload.downcast_ref::<&str>() {
        (*message).to_owned()
    } else if let Some(message) = payload.downcast_ref::<String>() {
        message.clone()
    } else {
        "a value that is no text".to_owned()
    }
}

/// A future whose panics become values.
pub(crate) struct CatchPanic<F>(pub(crate) Pin<Box<F>>);

impl<F: Future> Future for CatchPanic<F> {
    type Output = Result<F::Output, Panic>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match catch(|| self.0.as_mut().poll(cx)) {
            Ok(Poll::Ready(output)) => Poll::Ready(Ok(output)),
            Ok(Poll::Pending) => Poll::Pending,
            Err(panic) => Poll::Ready(Err(panic)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_tells_its_message_and_place() {
        let panic = catch(|| panic!("no {}", 7)).unwrap_err();
        assert_eq!(panic.message, "no 7");
        assert!(panic.location.contains("panics.rs"), "{}", panic.location);
        assert_eq!(catch(|| 3).unwrap(), 3);
    }

    #[test]
    fn a_panic_inside_a_caught_panic_goes_to_the_inner_one() {
        let outer = catch(|| catch(|| panic!("inner")).unwrap_err().message);
        assert_eq!(outer.unwrap(), "inner");
    }
}
