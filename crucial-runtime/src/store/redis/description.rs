//! What the server says an object is.

use super::core::Core;
use super::fault::Fault;
use super::names::{FORMAT, Names};
use super::value;
use crate::object::Value;
use crate::store::Description;

/// What is stored under the keys, if anything is.
pub(super) async fn describe(core: &Core, names: &Names) -> Result<Option<Description>, Fault> {
    let mut command = redis::cmd("HMGET");
    command.arg(names.description());
    command.arg("type").arg("detail").arg("format");
    readable(value::plain(core.ask(command).await?)?)
}

/// The type and the detail that a description has, if what it describes is of a format that this program reads.
fn readable(found: Value) -> Result<Option<Description>, Fault> {
    let format = match &found {
        Value::List(parts) => parts.get(2).cloned(),
        _ => None,
    };
    match (description(found), format) {
        (Some(_), Some(Value::Bytes(format))) if format != FORMAT.as_bytes() => {
            Err(Fault::Format(String::from_utf8_lossy(&format).into_owned()))
        }
        (Some(_), None | Some(Value::Nil)) => Err(Fault::Format("0".to_owned())),
        (description, _) => Ok(description),
    }
}

/// The type and the detail that a description has, of whatever format.
pub(super) fn description(found: Value) -> Option<Description> {
    let found = value::strings(found);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    match &found[..] {
        [object, detail, ..] => Some(Description {
            object: text(object),
            detail: text(detail),
        }),
        _ => None,
    }
}
