//! What an object should do: its state and its calls, one after the other.

use std::fmt::Debug;
use std::hash::Hash;
use std::task::Poll;

/// The state of an object and what each call does to it.
///
/// ```
/// use std::task::Poll;
/// use crucial::linearizability::{History, Model};
///
/// #[derive(Debug, Clone, PartialEq, Eq, Hash)]
/// struct Register(u32);
///
/// #[derive(Debug, PartialEq)]
/// enum Call {
///     Read,
///     Write(u32),
/// }
///
/// impl Model for Register {
///     type Call = Call;
///     type Reply = u32;
///
///     fn apply(&mut self, call: &Call) -> Poll<u32> {
///         if let Call::Write(value) = call {
///             self.0 = *value;
///         }
///         Poll::Ready(self.0)
///     }
/// }
///
/// let mut history = History::new();
/// history.replied("a", 0..2, Call::Write(1), 1);
/// history.replied("b", 3..4, Call::Read, 0); // which was overwritten before
/// let violation = history.check(Register(0)).unwrap_err();
/// assert!(violation.to_string().contains("Read -> 0"), "{violation}");
/// ```
pub trait Model: Clone + Eq + Hash + Debug {
    /// What may be asked. Equal calls do equal things to equal states.
    type Call: PartialEq + Debug;
    /// What may be answered.
    type Reply: PartialEq + Debug;

    /// Does one call. What it does to the state before it says [`Poll::Pending`] is thrown away.
    fn apply(&mut self, call: &Self::Call) -> Poll<Self::Reply>;

    /// Whether that call never changes anything, in whatever state. To say so makes the check faster.
    fn reads(call: &Self::Call) -> bool {
        let _ = call;
        false
    }

    /// Whether that call may take effect twice before it is answered, with what the second time gives. Nothing needs
    /// to be said of calls that take effect once.
    fn repeats(call: &Self::Call) -> bool {
        let _ = call;
        false
    }

    /// A number that no call makes smaller, as that of the next ticket or message. To give it, and
    /// [`clock_before`](Self::clock_before), makes the check faster.
    fn clock(&self) -> u64 {
        0
    }

    /// What the [`clock`](Self::clock) showed before that call gave that reply, if the reply tells.
    fn clock_before(call: &Self::Call, reply: &Self::Reply) -> Option<u64> {
        let _ = (call, reply);
        None
    }

    /// A call as people read it.
    fn show_call(call: &Self::Call) -> String {
        format!("{call:?}")
    }

    /// The reply to a call as people read it.
    fn show_reply(call: &Self::Call, reply: &Self::Reply) -> String {
        let _ = call;
        format!("{reply:?}")
    }
}
