//! What a shared object is: state and deterministic methods, seen by the stores without the types.

use std::any::Any;
use std::fmt;
use std::task::Poll;

use bytes::Bytes;

use super::{Call, Method, Refusal, Value};
use crate::codec::{self, CodecError};
use crate::panics;
use crate::thread::Portable;

/// A state machine whose methods run one at a time, where the object lives.
///
/// `#[crucial::shared]` on an `impl` writes this for a user's type; the library writes its own by hand.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a shared object",
    label = "not a shared object",
    note = "put `#[crucial::shared]` on its `impl` block, or keep the field a plain value with `#[shared(local)]`"
)]
pub trait Object: Portable {
    /// The name that the stored object carries, so that another type is refused.
    const NAME: &'static str;
    /// Its methods.
    const METHODS: &'static [Method];
    /// How a Redis-compatible server runs the methods itself; without it they run in the client.
    const SCRIPT: Option<ServerScript> = None;
    /// Whether the first call creates the object; otherwise a call without an object is an error.
    const IMPLICIT: bool = false;
    /// Whether any method waits (returns [`Poll`]): changes are then announced.
    const WAITS: bool = true;
    /// Whether methods that wait or are refused leave the state as it was, so that there is nothing to undo.
    const CAREFUL: bool = Self::SCRIPT.is_some();
    /// Changes with the methods: processes with another number leave each other's calls alone.
    const FINGERPRINT: u64 = fingerprint(Self::METHODS);

    /// The methods whose replies are lists in no order, and how many values an element of each has.
    const UNORDERED: &'static [(&'static str, usize)] = &[];

    /// The methods that leave something to chance, so that [`apply_as`](Self::apply_as) is needed to check them.
    const CHANCE: &'static [&'static str] = &[];

    /// The arguments of the one call that does what these calls of one method do one after the other, if there is one.
    fn fold(method: &str, calls: &[&[Bytes]]) -> Option<Vec<Bytes>> {
        let _ = (method, calls);
        None
    }

    /// The reply of each of the calls, from that of the one that they were [folded](Self::fold) into.
    fn unfold(method: &str, calls: &[&[Bytes]], reply: &Value) -> Vec<Value> {
        let _ = method;
        vec![reply.clone(); calls.len()]
    }

    /// The state that `create` asks for; by default the argument is the state itself.
    ///
    /// # Errors
    ///
    /// [`Refusal`] where the arguments are no such state.
    fn init(args: &[Bytes]) -> Result<Self, Refusal> {
        let [state] = args else {
            return Err(Refusal::args("`init` takes the state alone"));
        };
        Ok(codec::decode(state)?)
    }

    /// What the announcement of that call, which gave that reply, carries to watchers; nothing by default.
    fn hint(method: &str, args: &[Bytes], reply: &Value) -> Bytes {
        let _ = (method, args, reply);
        Bytes::new()
    }

    /// What is announced after that call, which changed the object and gave that reply, to whoever waits for a
    /// change of it: by default the [hint](Self::hint). With `None` nothing that anybody waits for has happened.
    ///
    /// A hint that is not empty may name, as decimal numbers with spaces between, whom it concerns.
    fn announcement(&mut self, method: &str, args: &[Bytes], reply: &Value) -> Option<Bytes> {
        Some(Self::hint(method, args, reply))
    }

    /// A copy of the state, to go back to when a method fails: where there is none, the state is encoded for that.
    fn copy(&self) -> Option<Self> {
        None
    }

    /// The state as it is stored.
    ///
    /// # Errors
    ///
    /// [`CodecError`] where it does not encode, or could not be read again.
    fn encode(&self) -> Result<Bytes, CodecError> {
        codec::encode(self)
    }

    /// How many bytes the state takes as it is stored, or a few more.
    ///
    /// # Errors
    ///
    /// [`CodecError`] where it does not encode.
    fn size(&self) -> Result<usize, CodecError> {
        codec::size(self)
    }

    /// Runs one method. [`Poll::Pending`] asks for the call to be made again when the object has changed.
    ///
    /// # Errors
    ///
    /// [`Refusal`] where there is no such method or the arguments are not its own.
    fn apply(&mut self, method: &str, args: &[Bytes]) -> Result<Poll<Value>, Refusal>;

    /// The reply as it is compared where nobody knows when exactly the method ran: without what the time alone tells.
    #[must_use]
    fn timeless(method: &str, reply: Value) -> Value {
        let _ = method;
        reply
    }

    /// A number that no method makes smaller, as that of the next ticket; to say it makes checks of histories faster.
    fn clock(&self) -> u64 {
        0
    }

    /// What the [clock](Self::clock) showed before the method gave that reply, if the reply tells.
    #[must_use]
    fn clock_before(method: &str, reply: &Value) -> Option<u64> {
        let _ = (method, reply);
        None
    }

    /// Does what a method that leaves something to chance did, which gave that reply, and gives the same reply if
    /// the method may have given it.
    ///
    /// # Errors
    ///
    /// Those of [`apply`](Self::apply).
    fn apply_as(
        &mut self,
        method: &str,
        args: &[Bytes],
        reply: &Value,
    ) -> Result<Poll<Value>, Refusal> {
        let _ = reply;
        self.apply(method, args)
    }
}

/// FNV-1a over the names of methods and what they may do.
const fn fingerprint(methods: &[Method]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut place = 0;
    while place < methods.len() {
        let name = methods[place].name.as_bytes();
        let mut at = 0;
        while at < name.len() {
            hash = (hash ^ name[at] as u64).wrapping_mul(0x0100_0000_01b3);
            at += 1;
        }
        // No letter of a name.
        let kind = 0xf0 + methods[place].kind as u64;
        hash = (hash ^ kind).wrapping_mul(0x0100_0000_01b3);
        place += 1;
    }
    hash
}

/// The text of a server script; see `objects/prelude.lua` for what it is written against.
#[derive(Debug, Clone, Copy)]
pub struct ServerScript {
    /// The functions of the object's methods, in Lua.
    pub source: &'static str,
    /// Whether the object has a second key.
    pub index: bool,
}

/// A state, its type known to its [`ObjectType`] alone.
pub(crate) type State = Box<dyn Any + Send>;

type Fold = fn(&str, &[&[Bytes]]) -> Option<Vec<Bytes>>;
type Unfold = fn(&str, &[&[Bytes]], &Value) -> Vec<Value>;
type Announcement = fn(&mut State, &str, &[Bytes], &Value) -> Option<Bytes>;
#[cfg(feature = "test-util")]
type ApplyAs = fn(&mut State, &str, &[Bytes], &Value) -> Result<Poll<Value>, Refusal>;
type Apply = fn(&mut State, &str, &[Bytes]) -> Result<Poll<Value>, Refusal>;

/// An [`Object`] as a value: what a store needs to keep objects of a type and to run their methods.
#[cfg_attr(
    not(feature = "redis"),
    expect(dead_code, reason = "some fields are for servers")
)]
pub(crate) struct ObjectType {
    /// [`Object::NAME`].
    pub(crate) name: &'static str,
    /// [`Object::SCRIPT`].
    pub(crate) script: Option<ServerScript>,
    /// [`Object::IMPLICIT`].
    pub(crate) implicit: bool,
    /// [`Object::WAITS`].
    pub(crate) waits: bool,
    /// [`Object::FINGERPRINT`].
    pub(crate) fingerprint: u64,
    methods: &'static [Method],
    /// [`Object::UNORDERED`].
    #[cfg(feature = "test-util")]
    pub(crate) unordered: &'static [(&'static str, usize)],
    /// [`Object::CHANCE`].
    #[cfg(feature = "test-util")]
    pub(crate) chance: &'static [&'static str],
    /// [`Object::timeless`].
    #[cfg(feature = "test-util")]
    pub(crate) timeless: fn(&str, Value) -> Value,
    /// [`Object::clock`].
    #[cfg(feature = "test-util")]
    pub(crate) clock: fn(&State) -> u64,
    /// [`Object::clock_before`].
    #[cfg(feature = "test-util")]
    pub(crate) clock_before: fn(&str, &Value) -> Option<u64>,
    /// [`Object::apply_as`].
    #[cfg(feature = "test-util")]
    apply_as: ApplyAs,
    /// [`Object::fold`].
    pub(crate) fold: Fold,
    /// [`Object::unfold`].
    pub(crate) unfold: Unfold,
    /// [`Object::CAREFUL`].
    pub(crate) careful: bool,
    announcement: Announcement,
    copy: fn(&State) -> Option<State>,
    size: fn(&State) -> Result<usize, CodecError>,
    init: fn(&[Bytes]) -> Result<State, Refusal>,
    decode: fn(&[u8]) -> Result<State, CodecError>,
    encode: fn(&State) -> Result<Bytes, CodecError>,
    apply: Apply,
}

impl ObjectType {
    /// The type of `T`.
    #[must_use]
    pub(crate) const fn of<T: Object>() -> &'static Self {
        const {
            &Self {
                name: T::NAME,
                script: T::SCRIPT,
                implicit: T::IMPLICIT,
                waits: T::WAITS,
                fingerprint: T::FINGERPRINT,
                methods: T::METHODS,
                #[cfg(feature = "test-util")]
                unordered: T::UNORDERED,
                #[cfg(feature = "test-util")]
                chance: T::CHANCE,
                #[cfg(feature = "test-util")]
                timeless: T::timeless,
                #[cfg(feature = "test-util")]
                clock: |state| state.downcast_ref::<T>().map_or(0, T::clock),
                #[cfg(feature = "test-util")]
                clock_before: T::clock_before,
                #[cfg(feature = "test-util")]
                apply_as: |state, method, args, reply| match state.downcast_mut::<T>() {
                    Some(state) => state.apply_as(method, args, reply),
                    None => Err(Refusal::args("the state is of another type")),
                },
                fold: T::fold,
                unfold: T::unfold,
                announcement: |state, method, args, reply| match state.downcast_mut::<T>() {
                    Some(state) => state.announcement(method, args, reply),
                    None => Some(Bytes::new()),
                },
                careful: T::CAREFUL,
                copy: |state| Some(Box::new(state.downcast_ref::<T>()?.copy()?)),
                size: |state| match state.downcast_ref::<T>() {
                    Some(state) => state.size(),
                    None => Err(CodecError::new("the state is of another type")),
                },
                init: |args| Ok(Box::new(T::init(args)?)),
                decode: |bytes| Ok(Box::new(codec::decode::<T>(bytes)?)),
                encode: |state| match state.downcast_ref::<T>() {
                    Some(state) => state.encode(),
                    None => Err(CodecError::new("the state is of another type")),
                },
                apply: |state, method, args| match state.downcast_mut::<T>() {
                    Some(state) => state.apply(method, args),
                    None => Err(Refusal::args("the state is of another type")),
                },
            }
        }
    }

    /// The method of that name.
    #[cfg_attr(
        not(feature = "redis"),
        expect(
            dead_code,
            reason = "calls are read back where they come from a server"
        )
    )]
    pub(crate) fn method(&self, name: &str) -> Option<&'static Method> {
        self.methods.iter().find(|method| method.name == name)
    }

    /// Makes the state that `create` asks for.
    pub(crate) fn init(&self, args: &[Bytes]) -> Result<State, Refusal> {
        caught(|| (self.init)(args))
    }

    pub(crate) fn decode(&self, bytes: &[u8]) -> Result<State, CodecError> {
        (self.decode)(bytes)
    }

    pub(crate) fn encode(&self, state: &State) -> Result<Bytes, CodecError> {
        (self.encode)(state)
    }

    /// Encodes a state that may be stored: it has at most so many bytes.
    pub(crate) fn encode_within(&self, state: &State, limit: usize) -> Result<Bytes, Refusal> {
        let bytes = caught(|| {
            self.encode(state)
                .map_err(|error| Refusal::State(error.to_string()))
        })?;
        within(bytes.len(), limit)?;
        Ok(bytes)
    }

    /// Checks that a state may be stored, without encoding it.
    pub(crate) fn check_within(&self, state: &State, limit: usize) -> Result<(), Refusal> {
        let size =
            caught(|| (self.size)(state).map_err(|error| Refusal::State(error.to_string())))?;
        within(size, limit)
    }

    /// A copy of the state, where its type has one.
    pub(crate) fn copy(&self, state: &State) -> Result<Option<State>, Refusal> {
        caught(|| Ok((self.copy)(state)))
    }

    /// What is announced after that call.
    pub(crate) fn announcement(
        &self,
        state: &mut State,
        call: &Call,
        reply: &Value,
    ) -> Option<Bytes> {
        (self.announcement)(state, call.method.name, &call.args, reply)
    }

    /// Runs one method. After [`Refusal::Panicked`] the state is undefined: restore it.
    pub(crate) fn apply(
        &self,
        state: &mut State,
        method: &Method,
        args: &[Bytes],
    ) -> Result<Poll<Value>, Refusal> {
        if *method == SNAPSHOT {
            let bytes = self
                .encode(state)
                .map_err(|error| Refusal::Reply(error.to_string()))?;
            return Ok(Poll::Ready(Value::Bytes(bytes)));
        }
        caught(|| (self.apply)(state, method.name, args))
    }

    /// Does what a method that leaves something to chance did.
    #[cfg(feature = "test-util")]
    pub(crate) fn apply_as(
        &self,
        state: &mut State,
        method: &Method,
        args: &[Bytes],
        reply: &Value,
    ) -> Result<Poll<Value>, Refusal> {
        caught(|| (self.apply_as)(state, method.name, args, reply))
    }
}

impl fmt::Debug for ObjectType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ObjectType").field(&self.name).finish()
    }
}

/// The method that every object kept as one state has: its state as stored.
pub(crate) static SNAPSHOT: Method = Method::read("@snapshot");

fn within(size: usize, limit: usize) -> Result<(), Refusal> {
    if size > limit {
        return Err(Refusal::TooLarge { size, limit });
    }
    Ok(())
}

/// One of the two places where a panic of user code is caught; the other is the worker's.
fn caught<T>(run: impl FnOnce() -> Result<T, Refusal>) -> Result<T, Refusal> {
    panics::catch(run).unwrap_or_else(|panic| Err(Refusal::Panicked(panic)))
}
