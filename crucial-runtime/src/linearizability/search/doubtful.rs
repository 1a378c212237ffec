//! Effects that there may have been, or not.

use super::Calls;
use crate::linearizability::history::Operation;
use crate::linearizability::model::Model;

/// An effect that there may have been: of a call in doubt, or of one that was answered too late to tell.
pub(super) struct Doubtful<'a, M: Model> {
    pub(super) operation: &'a Operation<M::Call, M::Reply>,
    /// Whether its reply is the one that was given, if any was; not so the first effect of a call that takes two.
    pub(super) answered: bool,
    /// An earlier one that is the same.
    pub(super) twin: Option<usize>,
}

impl<'a, M: Model> Doubtful<'a, M> {
    /// The effects that those calls may have had, by the start of the calls.
    pub(super) fn all(calls: Calls<'a, M>) -> Vec<Self> {
        let mut effects: Vec<Self> = Vec::new();
        for operation in calls {
            if M::repeats(&operation.call) {
                effects.push(Self {
                    operation,
                    answered: false,
                    twin: None,
                });
            }
            let twin = effects.iter().rposition(|other| {
                let same = other.operation.call == operation.call;
                other.answered && same && other.operation.end == operation.end
            });
            effects.push(Self {
                operation,
                answered: true,
                twin,
            });
        }
        effects
    }
}
