//! What a server sets against large requests and replies, as far as it tells.

use redis::{Pipeline, Value};

use super::core::Core;
use super::names::Names;

/// The settings that bound what a client may ask for and be told.
const SETTINGS: [&str; 4] = [
    "client-output-buffer-limit",
    "maxmemory-clients",
    "proto-max-bulk-len",
    "client-query-buffer-limit",
];

/// How large the object is, which limits there are, and what to do about them.
pub(super) async fn of(core: &Core, names: &Names) -> String {
    let mut questions = Pipeline::new();
    for key in [names.data().to_owned(), names.state()] {
        questions.cmd("MEMORY").arg("USAGE").arg(key);
    }
    for setting in SETTINGS {
        questions.cmd("CONFIG").arg("GET").arg(setting);
    }
    let replies = core.exchange(None, |_| questions.clone()).await;
    let replies = replies.unwrap_or_default();
    let sizes = replies.iter().filter_map(|reply| match reply {
        Value::Int(size) => Some(*size),
        _ => None,
    });
    let size = match sizes.max() {
        Some(size) => format!("the object takes {size} bytes there"),
        None => "its size is not known".to_owned(),
    };
    let limits: Vec<String> = replies.iter().filter_map(setting).collect();
    let limits = match limits.is_empty() {
        true => format!(
            "this user may not read the limits (`{}`)",
            SETTINGS.join("`, `")
        ),
        false => format!("its limits are `{}`", limits.join("`, `")),
    };
    format!("{size}, and {limits}; raise the limit, or ask for less at a time")
}

/// A setting with its value, from the reply to `CONFIG GET`.
fn setting(reply: &Value) -> Option<String> {
    let texts: Vec<String> = match reply {
        Value::Map(pairs) => pairs
            .iter()
            .flat_map(|(name, value)| [name, value])
            .map(text)
            .collect(),
        Value::Array(items) => items.iter().map(text).collect(),
        _ => return None,
    };
    let [name, value] = &texts[..] else {
        return None;
    };
    // Of the classes of clients only that of callers.
    let value = value.split(" slave").next().unwrap_or(value);
    Some(format!("{name} {value}"))
}

fn text(value: &Value) -> String {
    match value {
        Value::BulkString(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        Value::SimpleString(text) => text.clone(),
        _ => String::new(),
    }
}
