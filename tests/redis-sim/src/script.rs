//! The interpreter of server scripts: Lua 5.1 with the library that the server gives to scripts.

mod library;
mod msgpack;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use bytes::Bytes;
use mlua::{Function, Lua, LuaOptions, MultiValue, StdLib, Table, Value};

use super::command;
use super::database::Database;
use super::reply::Reply;

/// A compiled script or function of a library. Compiled once a thread, however many servers load it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Compiled(usize);

/// A function that a library registered.
#[derive(Debug, Clone)]
pub(super) struct Registered {
    pub(super) name: String,
    pub(super) flags: Vec<String>,
    pub(super) compiled: Compiled,
}

thread_local! {
    static INTERPRETER: Interpreter = Interpreter::new();
}

struct Interpreter {
    lua: Lua,
    /// What scripts see as globals, and can't change.
    globals: Table,
    /// Calls a function so that what it raises comes back as a value.
    guarded: Function,
    compiled: RefCell<Vec<Function>>,
    // Trees: comparing texts takes less than hashing them does in code that is not optimised.
    known: RefCell<BTreeMap<String, Compiled>>,
    libraries: RefCell<BTreeMap<String, Vec<Registered>>>,
}

/// Whether commands that need memory are refused: a full server refuses the first write of a script, or none of them.
struct Full(Cell<bool>);

/// Compiles a script; its errors are replies.
pub(super) fn compile(text: &str) -> Result<Compiled, Reply> {
    INTERPRETER.with(|interpreter| interpreter.compile(text))
}

/// Compiles a library, and gives the functions that it registers.
pub(super) fn load(text: &str) -> Result<Vec<Registered>, Reply> {
    INTERPRETER.with(|interpreter| interpreter.load(text))
}

/// Runs what has been compiled. `digest` is what errors call the script.
pub(super) fn run(
    compiled: Compiled,
    digest: &str,
    database: &mut Database,
    keys: &[Bytes],
    args: &[Bytes],
) -> Reply {
    INTERPRETER.with(|interpreter| interpreter.run(compiled, digest, database, keys, args))
}

impl Interpreter {
    fn new() -> Self {
        let libraries = StdLib::TABLE | StdLib::STRING | StdLib::MATH;
        let lua = Lua::new_with(libraries, LuaOptions::new().catch_rust_panics(false)).unwrap();
        let raw = lua.create_function(call).unwrap();
        let globals: Table = lua
            .load(include_str!("script/globals.lua"))
            .set_name("=globals")
            .call((raw, library::tables(&lua).unwrap()))
            .unwrap();
        let guarded = lua
            .load("local run, keys, args = ... return xpcall(function() return run(keys, args) end, function(raised) return raised end)")
            .into_function()
            .unwrap();
        Self {
            lua,
            globals,
            guarded,
            compiled: RefCell::default(),
            known: RefCell::default(),
            libraries: RefCell::default(),
        }
    }

    fn compile(&self, text: &str) -> Result<Compiled, Reply> {
        if let Some(known) = self.known.borrow().get(text) {
            return Ok(*known);
        }
        let chunk = self.lua.load(without_shebang(text));
        let function = chunk
            .set_name("@user_script")
            .set_environment(self.globals.clone())
            .into_function()
            .map_err(|error| Reply::error(format!("ERR Error compiling script: {error}")))?;
        let compiled = self.keep(function);
        self.known.borrow_mut().insert(text.to_owned(), compiled);
        Ok(compiled)
    }

    fn load(&self, text: &str) -> Result<Vec<Registered>, Reply> {
        if let Some(known) = self.libraries.borrow().get(text) {
            return Ok(known.clone());
        }
        let refuse =
            |error: mlua::Error| Reply::error(format!("ERR Error compiling function: {error}"));
        let registry = self.lua.create_table().map_err(refuse)?;
        self.globals
            .raw_set("REGISTRY", &registry)
            .map_err(refuse)?;
        let loaded = self
            .lua
            .load(without_shebang(text))
            .set_name("@user_function")
            .set_environment(self.globals.clone())
            .exec();
        self.globals
            .raw_set("REGISTRY", Value::Nil)
            .map_err(refuse)?;
        loaded.map_err(refuse)?;
        let mut functions = Vec::new();
        for entry in registry.sequence_values::<Table>() {
            let entry = entry.map_err(refuse)?;
            functions.push(Registered {
                name: entry.raw_get("function_name").map_err(refuse)?,
                flags: entry
                    .raw_get::<Option<Vec<String>>>("flags")
                    .map_err(refuse)?
                    .unwrap_or_default(),
                compiled: self.keep(entry.raw_get("callback").map_err(refuse)?),
            });
        }
        let mut libraries = self.libraries.borrow_mut();
        libraries.insert(text.to_owned(), functions.clone());
        Ok(functions)
    }

    fn keep(&self, function: Function) -> Compiled {
        let mut compiled = self.compiled.borrow_mut();
        compiled.push(function);
        Compiled(compiled.len() - 1)
    }

    fn run(
        &self,
        compiled: Compiled,
        digest: &str,
        database: &mut Database,
        keys: &[Bytes],
        args: &[Bytes],
    ) -> Reply {
        let function = self.compiled.borrow()[compiled.0].clone();
        let strings = |texts: &[Bytes]| {
            let table = self.lua.create_table_with_capacity(texts.len(), 0).unwrap();
            for (index, text) in texts.iter().enumerate() {
                table
                    .raw_set(index + 1, self.lua.create_string(text).unwrap())
                    .unwrap();
            }
            table
        };
        let (keys, args) = (strings(keys), strings(args));
        self.globals.raw_set("KEYS", &keys).unwrap();
        self.globals.raw_set("ARGV", &args).unwrap();
        // Callbacks live longer than any borrow, so the database is lent by moving it.
        self.lua.set_app_data(Full(Cell::new(database.full)));
        self.lua.set_app_data(std::mem::take(database));
        let ran = self.guarded.call::<(bool, Value)>((function, keys, args));
        *database = self.lua.remove_app_data().unwrap();
        match ran {
            Ok((true, value)) => from_lua(&value),
            Ok((false, raised)) => Reply::Error(complaint(&raised, digest)),
            Err(error) => panic!("the interpreter failed: {error}"),
        }
    }
}

fn without_shebang(text: &str) -> String {
    // The line stays, so that numbers of lines are those of the text.
    match text.split_once('\n') {
        Some((first, rest)) if first.starts_with("#!") => format!("\n{rest}"),
        _ => text.to_owned(),
    }
}

/// What a script says that was stopped by an error.
fn complaint(raised: &Value, digest: &str) -> String {
    let text = match raised {
        Value::Table(table) => table.raw_get::<mlua::LuaString>("err").map_or_else(
            |_| "ERR unknown error".to_owned(),
            |text| text.to_string_lossy(),
        ),
        Value::String(text) => format!("ERR {}", text.to_string_lossy()),
        other => format!("ERR {other:?}"),
    };
    format!("{text} script: {digest}, on @user_script.")
}

/// `redis.pcall`: runs one command.
#[expect(
    clippy::needless_pass_by_value,
    reason = "the interpreter hands them over"
)]
fn call(lua: &Lua, args: MultiValue) -> mlua::Result<Value> {
    let mut words = Vec::with_capacity(args.len());
    for arg in &args {
        words.push(match arg {
            Value::String(text) => Bytes::copy_from_slice(&text.as_bytes()),
            Value::Integer(number) => Bytes::from(number.to_string()),
            Value::Number(number) => {
                let format: Function = lua.named_registry_value("format")?;
                let text: mlua::LuaString = format.call(("%.17g", *number))?;
                Bytes::copy_from_slice(&text.as_bytes())
            }
            _ => {
                let text = "ERR Lua redis lib command arguments must be strings or integers";
                return to_lua(lua, Reply::error(text));
            }
        });
    }
    let Some((name, args)) = words.split_first() else {
        let text = "ERR Please specify at least one argument for this redis.call() call";
        return to_lua(lua, Reply::error(text));
    };
    let name = String::from_utf8_lossy(name).to_ascii_uppercase();
    let full = lua.app_data_ref::<Full>().is_some_and(|full| full.0.get());
    let reply = match command::named(&name) {
        None => Reply::error("ERR Unknown Redis command called from script"),
        Some(command) if !command.takes(args.len()) => {
            Reply::error("ERR Wrong number of args calling Redis command from script")
        }
        Some(command) if command.needs_memory && full => out_of_memory(),
        Some(command) => {
            if command::Command::writes(&name)
                && let Some(full) = lua.app_data_ref::<Full>()
            {
                full.0.set(false);
            }
            let mut database = lua
                .app_data_mut::<Database>()
                .ok_or_else(|| mlua::Error::runtime("no database"))?;
            command.run(&mut database, args)
        }
    };
    to_lua(lua, reply)
}

pub(super) fn out_of_memory() -> Reply {
    Reply::error("OOM command not allowed when used memory > 'maxmemory'.")
}

fn to_lua(lua: &Lua, reply: Reply) -> mlua::Result<Value> {
    let list = |replies: Vec<Reply>| {
        let table = lua.create_table_with_capacity(replies.len(), 0)?;
        for (index, reply) in replies.into_iter().enumerate() {
            table.raw_set(index + 1, to_lua(lua, reply)?)?;
        }
        Ok(Value::Table(table))
    };
    let tagged = |tag, text: String| {
        let table = lua.create_table_with_capacity(0, 1)?;
        table.raw_set(tag, text)?;
        Ok(Value::Table(table))
    };
    match reply {
        Reply::Nil => Ok(Value::Boolean(false)),
        Reply::Int(number) => Ok(Value::Number(number as f64)),
        Reply::Bulk(bytes) => lua.create_string(bytes).map(Value::String),
        Reply::Text(text) => lua.create_string(text).map(Value::String),
        Reply::Status(text) => tagged("ok", text),
        Reply::Error(text) => tagged("err", text),
        Reply::List(replies) | Reply::Set(replies) => list(replies),
        Reply::Map(entries) => list(
            entries
                .into_iter()
                .flat_map(|(key, value)| [key, value])
                .collect(),
        ),
    }
}

fn from_lua(value: &Value) -> Reply {
    match value {
        Value::Boolean(true) => Reply::Int(1),
        Value::Integer(number) => Reply::Int(*number),
        // Towards zero, as C does it.
        Value::Number(number) => Reply::Int(*number as i64),
        Value::String(text) => Reply::Bulk(Bytes::copy_from_slice(&text.as_bytes())),
        Value::Table(table) => {
            let text = |tag| table.raw_get::<Option<mlua::LuaString>>(tag).ok().flatten();
            if let Some(text) = text("err") {
                return Reply::Error(text.to_string_lossy());
            }
            if let Some(text) = text("ok") {
                return Reply::Status(text.to_string_lossy());
            }
            let mut replies = Vec::with_capacity(table.raw_len());
            for index in 1.. {
                match table.raw_get::<Value>(index) {
                    Ok(Value::Nil) | Err(_) => break,
                    Ok(value) => replies.push(from_lua(&value)),
                }
            }
            Reply::List(replies)
        }
        _ => Reply::Nil,
    }
}
