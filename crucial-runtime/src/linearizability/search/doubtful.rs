//! Effects that there may have been, or not.

use super::Calls;
use crate::linearizability::history::Operation;
use crate::linearizability::model::Model;

/// An effect that there may have been: of a call in doubt, of one that was answered too late to tell, or of one that may
/// take effect twice the first.
pub(super) struct Doubtful<'a, M: Model> {
    pub(super) operation: &'a Operation<M::Call, M::Reply>,
    /// Whether its reply is the one that was given, if any was.
    pub(super) answered: bool,
    /// The call that certainly took effect, after this effect.
    pub(super) before: Option<usize>,
    /// An earlier one that is the same.
    pub(super) twin: Option<usize>,
}

impl<'a, M: Model> Doubtful<'a, M> {
    /// The effects that there may have been besides those that there were.
    pub(super) fn all(certain: &Calls<'a, M>, doubtful: Calls<'a, M>) -> Vec<Self> {
        let effect = |operation, answered, before| Self {
            operation,
            answered,
            before,
            twin: None,
        };
        let mut effects = Vec::new();
        for (place, operation) in certain.iter().enumerate() {
            if M::repeats(&operation.call) {
                // One that was not ready is put in order as soon as it fits, without a look at what came before it.
                let before = (!operation.changes_nothing::<M>()).then_some(place);
                effects.push(effect(*operation, false, before));
            }
        }
        for operation in doubtful {
            if M::repeats(&operation.call) {
                effects.push(effect(operation, false, None));
            }
            effects.push(effect(operation, true, None));
        }
        effects.sort_by_key(|effect| effect.operation.started);
        for place in 0..effects.len() {
            let operation = effects[place].operation;
            if effects[place].answered {
                effects[place].twin = effects[..place].iter().rposition(|other| {
                    let same = other.operation.call == operation.call;
                    other.answered && same && other.operation.end == operation.end
                });
            }
        }
        effects
    }
}
