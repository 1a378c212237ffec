//! What the simulated server says.

use std::cell::RefCell;
use std::collections::BTreeMap;

use bytes::Bytes;

thread_local! {
    /// Errors that were parsed: there are few, and many servers give them.
    static PARSED: RefCell<BTreeMap<String, redis::Value>> = RefCell::default();
}

/// A reply, before it is put in the words of a protocol.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Reply {
    Nil,
    Status(String),
    Int(i64),
    Bulk(Bytes),
    List(Vec<Reply>),
    /// Keys and values; a list of both to scripts.
    Map(Vec<(Reply, Reply)>),
    /// Elements in no order; a list to scripts.
    Set(Vec<Reply>),
    /// The code first.
    Error(String),
    /// Text for people, of a format.
    Text(String),
}

impl Reply {
    pub(super) fn ok() -> Self {
        Self::Status("OK".to_owned())
    }

    pub(super) fn error(text: impl Into<String>) -> Self {
        Self::Error(text.into())
    }

    pub(super) fn wrong_type() -> Self {
        Self::error("WRONGTYPE Operation against a key holding the wrong kind of value")
    }

    pub(super) fn syntax() -> Self {
        Self::error("ERR syntax error")
    }

    pub(super) fn not_an_integer() -> Self {
        Self::error("ERR value is not an integer or out of range")
    }

    pub(super) fn count(count: usize) -> Self {
        Self::Int(i64::try_from(count).unwrap_or(i64::MAX))
    }

    pub(super) fn bulk_or_nil(bytes: Option<Bytes>) -> Self {
        bytes.map_or(Self::Nil, Self::Bulk)
    }

    pub(super) fn list(values: impl IntoIterator<Item = Bytes>) -> Self {
        Self::List(values.into_iter().map(Self::Bulk).collect())
    }

    /// As the client library gives it.
    pub(super) fn into_value(self) -> redis::Value {
        let all = |replies: Vec<Self>| replies.into_iter().map(Self::into_value).collect();
        match self {
            Self::Nil => redis::Value::Nil,
            Self::Status(text) if text == "OK" => redis::Value::Okay,
            Self::Status(text) => redis::Value::SimpleString(text),
            Self::Int(number) => redis::Value::Int(number),
            Self::Bulk(bytes) => redis::Value::BulkString(bytes.to_vec()),
            Self::List(replies) => redis::Value::Array(all(replies)),
            Self::Set(replies) => redis::Value::Set(all(replies)),
            Self::Map(entries) => redis::Value::Map(
                entries
                    .into_iter()
                    .map(|(key, value)| (key.into_value(), value.into_value()))
                    .collect(),
            ),
            Self::Text(text) => redis::Value::VerbatimString {
                format: redis::VerbatimFormat::Text,
                text,
            },
            Self::Error(text) => PARSED.with_borrow_mut(|parsed| {
                let parsed = parsed.entry(text).or_insert_with_key(|text| {
                    // Errors have no other constructor than the parser.
                    let line = format!("-{}\r\n", text.replace(['\r', '\n'], " "));
                    redis::parse_redis_value(line.as_bytes()).unwrap()
                });
                parsed.clone()
            }),
        }
    }
}
