//! How a method ends the process that runs it.

use std::cell::Cell;

thread_local! {
    static STRUCK: Cell<bool> = const { Cell::new(false) };
}

/// The process that runs now is dead: nothing that it still does is seen by anybody.
pub fn strike() {
    STRUCK.set(true);
}

/// Whether the process that runs now is dead.
pub fn is_struck() -> bool {
    STRUCK.get()
}

/// The same, and the next process lives.
pub(super) fn take() -> bool {
    STRUCK.take()
}
