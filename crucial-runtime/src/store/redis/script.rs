//! Server scripts: sent by digest, loaded when the server does not know them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use sha1_smol::Sha1;

use super::RECORD_LIFE;
use crate::object::ServerScript;

/// A script and its digest.
#[derive(Debug)]
pub(super) struct Script {
    pub(super) text: String,
    pub(super) digest: String,
}

impl Script {
    pub(super) fn new(text: String) -> Arc<Self> {
        let digest = Sha1::from(text.as_bytes()).hexdigest();
        Arc::new(Self { text, digest })
    }
}

/// The scripts in use, put together once each.
#[derive(Debug, Default)]
pub(super) struct Scripts {
    // By the address of the source: sources are constants, one an object type.
    // By the address of the source: sources are constants, and hashing their text would cost each call microseconds.
    known: Mutex<HashMap<usize, Arc<Script>>>,
}

impl Scripts {
    /// The script that runs the methods of an object type.
    pub(super) fn of(&self, methods: ServerScript) -> Arc<Script> {
        self.get(methods.source, |source| {
            let prelude = include_str!("../../objects/prelude.lua");
            let epilogue = include_str!("../../objects/epilogue.lua")
                .replace("RECORD_LIFE_MS", &RECORD_LIFE.as_millis().to_string());
            format!("{prelude}\n{source}\n{epilogue}")
        })
    }

    /// A script that stands alone.
    pub(super) fn alone(&self, source: &'static str) -> Arc<Script> {
        self.get(source, str::to_owned)
    }

    fn get(&self, source: &'static str, text: impl FnOnce(&str) -> String) -> Arc<Script> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let script = known.entry(source.as_ptr().addr());
        Arc::clone(script.or_insert_with(|| Script::new(text(source))))
    }
}
