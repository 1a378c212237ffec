//! Server scripts: kept as functions where the server has them, sent by digest elsewhere.
//!
//! A script is one library with one function, and both carry the digest of their text. So programs of several versions
//! use one server side by side, and none replaces what another one calls. Nobody deletes a library: it takes some
//! kilobytes, and there are as many as object types in use. Whoever upgrades often may flush them at any time, since a
//! program loads again what it misses. The same holds after a fail-over to a server that has none.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use redis::Cmd;
use sha1_smol::Sha1;

use super::times::{RECORD_LIFE, RECORD_RENEWAL};
use crate::object::ServerScript;

/// How many arguments a script has beside its keys.
const ARGUMENTS: usize = 16;
/// How many bytes a command has beside its keys and what is large in it: so its place is large enough from the start.
pub(super) const ROOM: usize = 256;

/// A script in both of its forms.
#[derive(Debug)]
pub(super) struct Script {
    /// What `EVALSHA` runs.
    text: String,
    digest: String,
    /// What `FCALL` runs: a library of one function of the same name.
    library: String,
    function: String,
}

/// In which of its forms a script is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// The server keeps it, replicates it, and runs what is constant in it once.
    Function,
    /// The server has forgotten it after a restart, and runs all of it at every call.
    Text,
}

impl Script {
    /// A script that gives a function of the call's keys and arguments.
    fn of(definition: &str) -> Arc<Self> {
        let text =
            format!("local run = (function()\n{definition}\nend)()\nreturn run(KEYS, ARGV)\n");
        let digest = Sha1::from(text.as_bytes()).hexdigest();
        let function = format!("crucial_{digest}");
        let library = format!(
            "#!lua name={function}\nlocal run = (function()\n{definition}\nend)()\nredis.register_function('{function}', run)\n"
        );
        Arc::new(Self {
            text,
            digest,
            library,
            function,
        })
    }

    /// The command that runs it on those keys; arguments follow, of which the large ones have so many bytes.
    pub(super) fn command(&self, form: Form, keys: &[String], large: usize) -> Cmd {
        let (verb, name) = match form {
            Form::Function => ("FCALL", &self.function),
            Form::Text => ("EVALSHA", &self.digest),
        };
        let bytes = keys.iter().map(String::len).sum::<usize>() + ROOM + large;
        let mut command = Cmd::with_capacity(keys.len() + ARGUMENTS, bytes);
        command.arg(verb).arg(name).arg(keys.len()).arg(keys);
        command
    }

    /// The command that makes it known to the server.
    pub(super) fn load(&self, form: Form) -> Cmd {
        let mut command = redis::cmd(match form {
            Form::Function => "FUNCTION",
            Form::Text => "SCRIPT",
        });
        command.arg("LOAD").arg(match form {
            Form::Function => &self.library,
            Form::Text => &self.text,
        });
        command
    }
}

/// The scripts in use, put together once each.
#[derive(Debug, Default)]
pub(super) struct Scripts {
    // By the address of the source: sources are constants, and hashing their text would cost each call microseconds.
    known: Mutex<HashMap<usize, Arc<Script>>>,
}

impl Scripts {
    /// The script that runs the methods of an object type.
    pub(super) fn of(&self, methods: ServerScript) -> Arc<Script> {
        self.get(methods.source, |source| {
            let prelude = include_str!("../../objects/prelude.lua");
            let epilogue = include_str!("../../objects/epilogue.lua");
            format!("{prelude}\nlocal function define()\n{source}\nend\n{epilogue}")
        })
    }

    /// A script that needs nothing but records.
    pub(super) fn alone(&self, source: &'static str) -> Arc<Script> {
        self.get(source, |source| {
            format!("return function(KEYS, ARGV)\n{source}\nend")
        })
    }

    fn get(&self, source: &'static str, definition: impl FnOnce(&str) -> String) -> Arc<Script> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let script = known.entry(source.as_ptr().addr());
        Arc::clone(script.or_insert_with(|| {
            let text = [include_str!("record.lua"), &definition(source)].concat();
            let number = |duration: Duration| duration.as_millis().to_string();
            Script::of(
                &text
                    .replace("RECORD_LIFE_MS", &number(RECORD_LIFE))
                    .replace("RECORD_RENEWAL_MS", &number(RECORD_RENEWAL)),
            )
        }))
    }
}
