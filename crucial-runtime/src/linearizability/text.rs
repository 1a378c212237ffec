//! Arguments, replies and states as people read them.

use std::cell::RefCell;

use bytes::Bytes;

use crate::codec::{self, Tree, bytes_as_text};
use crate::object::{Method, ObjectType, Value};
use crate::thread::Portable;

thread_local! {
    /// Set while the dispatcher of a user's type is asked for text instead of being run: only it knows the types.
    static ASKED: RefCell<Option<Texts>> = const { RefCell::new(None) };
}

/// What the dispatcher is asked for.
#[derive(Default)]
struct Texts {
    reply: Bytes,
    args: Option<String>,
    replied: Option<String>,
}

/// Whether the caller is asked for text only, which this gives: its method, which takes an `A` and gives an `R`,
/// is not to be run.
pub(crate) fn note<A: Portable, R: Portable>(args: &[Bytes]) -> bool {
    ASKED.with_borrow_mut(|asked| {
        let Some(texts) = asked else {
            return false;
        };
        let args = args.first().and_then(|args| codec::decode::<A>(args).ok());
        texts.args = args.and_then(|args| serde_json::to_string(&args).ok());
        let reply = codec::decode::<R>(&texts.reply).ok();
        texts.replied = reply.and_then(|reply| serde_json::to_string(&reply).ok());
        true
    })
}

/// A call of a user's type and its reply, in JSON, where they can be.
fn typed(
    object: &ObjectType,
    specimen: &Bytes,
    method: &Method,
    args: &[Bytes],
    reply: &Bytes,
) -> Texts {
    let Ok(mut state) = object.decode(specimen) else {
        return Texts::default();
    };
    let asked = Texts {
        reply: reply.clone(),
        ..Texts::default()
    };
    ASKED.set(Some(asked));
    let _ = object.apply(&mut state, method, args);
    ASKED.take().unwrap_or_default()
}

/// A call's arguments; `specimen` is any state of a user's object.
pub(super) fn args(
    object: &ObjectType,
    specimen: Option<&Bytes>,
    method: &Method,
    args: &[Bytes],
) -> String {
    let texts = specimen.map(|specimen| typed(object, specimen, method, args, &Bytes::new()));
    match texts.and_then(|texts| texts.args) {
        // A tuple of arguments is a list in JSON, none of them is nothing.
        Some(text) if text == "null" => String::new(),
        Some(text) => text
            .strip_prefix('[')
            .and_then(|text| text.strip_suffix(']'))
            .unwrap_or(&text)
            .to_owned(),
        None => args
            .iter()
            .map(|arg| bytes_as_text(arg))
            .collect::<Vec<_>>()
            .join(", "),
    }
}

/// A call's reply.
pub(super) fn reply(
    object: &ObjectType,
    specimen: Option<&Bytes>,
    method: &Method,
    args: &[Bytes],
    reply: &Value,
) -> String {
    if let (Some(specimen), Value::Bytes(encoded)) = (specimen, reply)
        && let Some(text) = typed(object, specimen, method, args, encoded).replied
    {
        return text;
    }
    value(reply)
}

/// The state of an object as it is stored.
pub(super) fn state(stored: &Bytes) -> String {
    match codec::decode::<Tree>(stored) {
        Ok(tree) => tree.to_string(),
        Err(_) => bytes_as_text(stored),
    }
}

fn value(value: &Value) -> String {
    match value {
        Value::Nil => "nil".to_owned(),
        Value::Int(number) => number.to_string(),
        Value::Bytes(encoded) => bytes_as_text(encoded),
        Value::List(values) => {
            let values: Vec<_> = values.iter().map(self::value).collect();
            format!("[{}]", values.join(", "))
        }
    }
}
