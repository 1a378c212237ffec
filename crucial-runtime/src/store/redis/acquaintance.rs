//! Which objects have been seen by this process, so that one that is gone is told from one that never was.

use std::sync::atomic::{AtomicU8, Ordering};
use std::task::Poll;

use crate::object::Value;

const UNSEEN: u8 = 0;
const SEEN: u8 = 1;
/// It ends by itself, and nobody has lost it then.
const EXPIRES: u8 = 2;

/// What this process knows of an object's being there.
#[derive(Debug, Default)]
pub(super) struct Acquaintance(AtomicU8);

impl Acquaintance {
    /// It has given that answer.
    pub(super) fn answered(&self, answer: &Poll<Value>) {
        if self.0.load(Ordering::Relaxed) == UNSEEN && is_of_something(answer) {
            self.seen();
        }
    }

    /// It is there.
    pub(super) fn seen(&self) {
        let _ = self
            .0
            .compare_exchange(UNSEEN, SEEN, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// It has been removed here.
    pub(super) fn removed(&self) {
        self.0.store(UNSEEN, Ordering::Relaxed);
    }

    /// Its end has been set, or taken back.
    pub(super) fn expires(&self, expires: bool) {
        let state = if expires { EXPIRES } else { SEEN };
        self.0.store(state, Ordering::Relaxed);
    }

    /// Whether it has been lost, if it is not there.
    pub(super) fn is_lost(&self) -> bool {
        self.0.load(Ordering::Relaxed) == SEEN
    }
}

/// Whether only an object that is there answers so: a collection that is not there is empty to whoever reads it.
fn is_of_something(answer: &Poll<Value>) -> bool {
    fn is_something(value: &Value) -> bool {
        match value {
            Value::Nil => false,
            Value::Int(number) => *number != 0,
            Value::Bytes(bytes) => !bytes.is_empty(),
            Value::List(values) => values.iter().any(is_something),
        }
    }
    match answer {
        Poll::Ready(value) => is_something(value),
        Poll::Pending => true,
    }
}
