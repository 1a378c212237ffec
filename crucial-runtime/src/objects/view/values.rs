//! Single values as people see them.

use serde_json::{Value as Json, json};

use super::{View, shown};
use crate::error::Result;
use crate::object::{Handle, Key, Value};
use crate::objects::atomic::machine::{self as atomic, AtomicState};
use crate::objects::atomic::stored;
use crate::objects::promise::machine::{self as promise, FAILED, KEPT, OPEN, PromiseState};

pub(super) async fn atomic(key: Key, detail: &str) -> Result<View> {
    let handle = Handle::<AtomicState>::at(key);
    let reply = handle.call(&atomic::GET, Vec::new()).await?;
    Ok(View::whole(match &reply {
        Value::Bytes(bytes) => stored::as_json(bytes, detail),
        _ => Json::Null,
    }))
}

pub(super) async fn promise(key: Key) -> Result<View> {
    let handle = Handle::<PromiseState>::at(key);
    let reply = handle.call(&promise::TRY_GET, Vec::new()).await?;
    let known = match &reply {
        Value::Bytes(known) => known.split_first(),
        Value::Nil => return Err(handle.not_found()),
        _ => None,
    };
    Ok(View::whole(match known {
        Some((&OPEN, _)) => json!("open"),
        Some((&KEPT, value)) => json!({ "complete": shown(value) }),
        Some((&FAILED, reason)) => json!({ "failed": String::from_utf8_lossy(reason) }),
        _ => return Err(handle.unexpected("the value", &reply)),
    }))
}
