//! An object as its type says it should be: the model of a recorded history.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::rc::Rc;
use std::task::Poll;

use bytes::Bytes;

use super::model::Model;
use super::text;
use crate::codec::{self, CodecError, Tree};
use crate::object::{self, Method, MethodKind, Moment, ObjectType, SNAPSHOT, Value};
use crate::store::Description;

/// One object, or none, under a key.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Machine {
    stored: Option<Stored>,
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Stored {
    object: Type,
    description: Rc<Description>,
    state: State,
    /// The call that set the time at which it is removed.
    expires: Option<u32>,
}

/// A state, and what its clock shows.
#[derive(Clone, PartialEq, Eq, Hash)]
struct State {
    bytes: Bytes,
    clock: u64,
}

impl State {
    fn of(object: &ObjectType, state: &object::State) -> Result<Self, CodecError> {
        Ok(Self {
            bytes: object.encode(state)?,
            clock: (object.clock)(state),
        })
    }

    /// That which the object starts from.
    fn first(object: &ObjectType, args: &[Bytes]) -> Option<Self> {
        let state = object.init(args).ok()?;
        Self::of(object, &state).ok()
    }
}

/// A type, which its name stands for.
#[derive(Clone, Copy)]
pub(super) struct Type(pub(super) &'static ObjectType);

impl PartialEq for Type {
    fn eq(&self, other: &Self) -> bool {
        self.0.name == other.0.name
    }
}

impl Eq for Type {}

impl Hash for Type {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.name.hash(state);
    }
}

/// What happens to an object.
#[derive(Clone, PartialEq)]
pub(super) enum Step {
    Call {
        object: Type,
        method: Method,
        args: Vec<Bytes>,
        /// What was answered, where the method leaves something to chance.
        given: Option<Value>,
        /// A state of a user's object, to tell the types of its arguments.
        specimen: Option<Bytes>,
        /// Whether the object may be removed, so that its clock may go back.
        mortal: bool,
    },
    Create {
        object: Type,
        args: Vec<Bytes>,
        description: Description,
    },
    Describe,
    Destroy,
    /// By that call, if it is to be removed at all.
    Expire(Option<u32>),
    /// The time has come that the call set, if no other has set one since.
    Vanish(u32),
}

/// What an object answers.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Reply {
    Value(Value),
    Flag(bool),
    Described(Option<Description>),
    Absent,
    WrongType,
    Refused,
}

impl Machine {
    /// Nothing under the key.
    pub(super) const NOTHING: Self = Self { stored: None };

    fn call(
        &mut self,
        object: Type,
        method: &Method,
        args: &[Bytes],
        given: Option<&Value>,
    ) -> Poll<Reply> {
        let reads = method.kind == MethodKind::Read;
        let born = match &mut self.stored {
            Some(stored) if stored.object != object => return Poll::Ready(Reply::WrongType),
            Some(stored) => {
                let (reply, state) = run(object.0, &stored.state, method, args, given);
                stored.state = state;
                return reply;
            }
            // As in every store: nothing stored reads as an empty collection.
            None if object.0.implicit || (reads && object.0.script.is_some()) => {
                match State::first(object.0, &[]) {
                    Some(state) => state,
                    None => return Poll::Ready(Reply::Refused),
                }
            }
            None => return Poll::Ready(Reply::Absent),
        };
        let (reply, state) = run(object.0, &born, method, args, given);
        if object.0.implicit {
            let name = object.0.name.to_owned();
            self.stored = Some(Stored {
                object,
                description: Rc::new(Description {
                    object: name.clone(),
                    detail: name,
                }),
                state,
                expires: None,
            });
        }
        reply
    }

    fn create(&mut self, object: Type, args: &[Bytes], description: &Description) -> Reply {
        if self.stored.is_some() {
            return Reply::Flag(false);
        }
        let Some(state) = State::first(object.0, args) else {
            return Reply::Refused;
        };
        self.stored = Some(Stored {
            object,
            description: Rc::new(description.clone()),
            state,
            expires: None,
        });
        Reply::Flag(true)
    }
}

/// When methods are run to check histories of methods that ran at other times.
const SOME_TIME: u64 = 1 << 40;

/// What the method answers in that state, and the state after it.
fn run(
    object: &ObjectType,
    before: &State,
    method: &Method,
    args: &[Bytes],
    given: Option<&Value>,
) -> (Poll<Reply>, State) {
    let refused = (Poll::Ready(Reply::Refused), before.clone());
    let Ok(mut state) = object.decode(&before.bytes) else {
        return refused;
    };
    let reply = {
        let _moment = Moment::at(SOME_TIME);
        match given {
            Some(given) => object.apply_as(&mut state, method, args, given),
            None => object.apply(&mut state, method, args),
        }
    };
    let Ok(reply) = reply else {
        return refused;
    };
    let Poll::Ready(reply) = reply else {
        return (Poll::Pending, before.clone());
    };
    let reply = Poll::Ready(Reply::Value(comparable(object, method, reply)));
    if method.kind == MethodKind::Read {
        return (reply, before.clone());
    }
    match State::of(object, &state) {
        Ok(after) => (reply, after),
        Err(_) => refused,
    }
}

/// The reply without what is left to chance: the moment of the call, the order of what has none.
pub(super) fn comparable(object: &ObjectType, method: &Method, reply: Value) -> Value {
    let reply = (object.timeless)(method.name, reply);
    let unordered = object
        .unordered
        .iter()
        .find(|(name, _)| *name == method.name);
    match (reply, unordered) {
        (Value::List(values), Some((_, size))) => {
            let mut elements: Vec<_> = values.chunks(*size).map(<[Value]>::to_vec).collect();
            elements.sort_unstable();
            Value::List(elements.concat())
        }
        (Value::Bytes(state), _) if *method == SNAPSHOT => match codec::decode::<Tree>(&state) {
            Ok(tree) => Value::Bytes(tree.to_string().into()),
            Err(_) => Value::Bytes(state),
        },
        (reply, _) => reply,
    }
}

impl Model for Machine {
    type Call = Step;
    type Reply = Reply;

    fn apply(&mut self, step: &Step) -> Poll<Reply> {
        let exists = Reply::Flag(self.stored.is_some());
        Poll::Ready(match step {
            Step::Call {
                object,
                method,
                args,
                given,
                ..
            } => return self.call(*object, method, args, given.as_ref()),
            Step::Create {
                object,
                args,
                description,
            } => self.create(*object, args, description),
            Step::Describe => {
                let stored = self.stored.as_ref();
                Reply::Described(stored.map(|stored| Description::clone(&stored.description)))
            }
            Step::Destroy => {
                self.stored = None;
                exists
            }
            Step::Expire(by) => {
                if let Some(stored) = &mut self.stored {
                    stored.expires = *by;
                }
                exists
            }
            Step::Vanish(by) => {
                if self
                    .stored
                    .as_ref()
                    .is_some_and(|stored| stored.expires == Some(*by))
                {
                    self.stored = None;
                }
                exists
            }
        })
    }

    fn reads(step: &Step) -> bool {
        match step {
            Step::Call { method, .. } => method.kind == MethodKind::Read,
            step => *step == Step::Describe,
        }
    }

    fn clock(&self) -> u64 {
        self.stored.as_ref().map_or(0, |stored| stored.state.clock)
    }

    fn clock_before(step: &Step, reply: &Reply) -> Option<u64> {
        match (step, reply) {
            (
                Step::Call {
                    object,
                    method,
                    mortal: false,
                    ..
                },
                Reply::Value(value),
            ) => (object.0.clock_before)(method.name, value),
            _ => None,
        }
    }

    fn repeats(step: &Step) -> bool {
        // Servers record what their scripts do, whatever it is.
        matches!(step, Step::Call { method, object, .. }
            if method.kind == MethodKind::Idempotent && object.0.script.is_none())
    }

    fn show_call(step: &Step) -> String {
        match step {
            Step::Call {
                object,
                method,
                args,
                specimen,
                ..
            } => {
                let args = text::args(object.0, specimen.as_ref(), method, args);
                format!("{}({args})", method.name)
            }
            Step::Create { description, .. } => format!("create a {}", description.detail),
            Step::Describe => "exists".to_owned(),
            Step::Destroy => "destroy".to_owned(),
            Step::Expire(Some(_)) => "expire later".to_owned(),
            Step::Expire(None) => "never expire".to_owned(),
            Step::Vanish(_) => "(the time set has come)".to_owned(),
        }
    }

    fn show_reply(step: &Step, reply: &Reply) -> String {
        match (step, reply) {
            (
                Step::Call {
                    object,
                    method,
                    args,
                    specimen,
                    ..
                },
                Reply::Value(value),
            ) => text::reply(object.0, specimen.as_ref(), method, args, value),
            (_, Reply::Flag(flag)) => flag.to_string(),
            (_, Reply::Described(Some(found))) => format!("a {}", found.detail),
            (_, Reply::Described(None) | Reply::Absent) => "no such object".to_owned(),
            (_, Reply::WrongType) => "another type".to_owned(),
            (_, Reply::Refused) => "refused".to_owned(),
            (_, Reply::Value(value)) => format!("{value:?}"),
        }
    }
}

impl fmt::Debug for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.stored {
            None => f.write_str("absent"),
            Some(stored) => {
                let state = text::state(&stored.state.bytes);
                write!(f, "a {} {state}", stored.description.detail)
            }
        }
    }
}

impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&Machine::show_call(self))
    }
}
