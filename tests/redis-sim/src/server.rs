//! The simulated server: runs commands of its connections, one at a time.

use std::collections::BTreeMap;

use bytes::Bytes;
use sha1_smol::Sha1;

use super::command;
use super::database::{Connection, Database, Push};
use super::mutant::Mutant;
use super::reply::Reply;
use super::script::{self, Compiled, Registered};

/// A server with its memory.
#[derive(Debug, Default)]
pub struct Server {
    pub(super) database: Database,
    /// A mistake that its scripts are to have.
    pub(super) mutant: Option<&'static Mutant>,
    /// Whether it is too old to know functions.
    pub(super) without_functions: bool,
    scripts: BTreeMap<Bytes, Compiled>,
    functions: BTreeMap<Bytes, Registered>,
    libraries: Vec<String>,
    transactions: BTreeMap<Connection, Transaction>,
}

/// Commands between MULTI and EXEC.
#[derive(Debug, Default)]
struct Transaction {
    queued: Vec<Vec<Bytes>>,
    /// Whether a command was refused, so that EXEC will be.
    spoilt: bool,
}

impl Server {
    /// An empty server whose clock shows that time, in milliseconds since 1970.
    pub fn at(now_ms: u64) -> Self {
        let mut server = Self::default();
        server.database.now_ms = now_ms;
        server
    }

    /// What it answers to a command of that connection, as the client library tells it.
    pub fn answer(&mut self, from: u64, command: &[Bytes]) -> redis::Value {
        self.execute(from, command).into_value()
    }

    /// Runs a command. The messages that it sends are in [`pushes`](Self::pushes).
    pub(super) fn execute(&mut self, from: Connection, command: &[Bytes]) -> Reply {
        let Some((name, args)) = command.split_first() else {
            return Reply::error("ERR empty command");
        };
        let name = String::from_utf8_lossy(name).to_ascii_uppercase();
        match name.as_str() {
            "MULTI" => {
                if self.transactions.contains_key(&from) {
                    return Reply::error("ERR MULTI calls can not be nested");
                }
                self.transactions.insert(from, Transaction::default());
                return Reply::ok();
            }
            "EXEC" => return self.exec(from),
            "DISCARD" => {
                return match self.transactions.remove(&from) {
                    Some(_) => Reply::ok(),
                    None => Reply::error("ERR DISCARD without MULTI"),
                };
            }
            _ => {}
        }
        let refused = self.refuses(&name, args);
        if let Some(transaction) = self.transactions.get_mut(&from) {
            return match refused {
                Some(error) => {
                    transaction.spoilt = true;
                    error
                }
                None => {
                    transaction.queued.push(command.to_vec());
                    Reply::Status("QUEUED".to_owned())
                }
            };
        }
        match refused {
            Some(error) => error,
            None => self.run(from, &name, args),
        }
    }

    /// Takes the messages that have not been sent yet.
    pub(super) fn pushes(&mut self) -> Vec<Push> {
        std::mem::take(&mut self.database.pushes)
    }

    /// Forgets a connection.
    pub(super) fn disconnect(&mut self, connection: Connection) {
        self.transactions.remove(&connection);
        for listening in self.database.channels.values_mut() {
            listening.remove(&connection);
        }
    }

    /// Whether that connection has subscriptions.
    pub(super) fn listens(&self, connection: Connection) -> bool {
        let mut channels = self.database.channels.values();
        channels.any(|listening| listening.contains(&connection))
    }

    /// Forgets scripts and functions, as by a restart.
    pub(super) fn forget_scripts(&mut self) {
        self.scripts.clear();
        self.functions.clear();
        self.libraries.clear();
    }

    fn exec(&mut self, from: Connection) -> Reply {
        let Some(transaction) = self.transactions.remove(&from) else {
            return Reply::error("ERR EXEC without MULTI");
        };
        if transaction.spoilt {
            return Reply::error("EXECABORT Transaction discarded because of previous errors.");
        }
        let full = self.database.full;
        let replies = transaction.queued.iter().map(|command| {
            let name = String::from_utf8_lossy(&command[0]).to_ascii_uppercase();
            // What was accepted is run.
            self.database.full = full && name.starts_with("EVAL");
            let reply = self.run(from, &name, &command[1..]);
            self.database.full = full;
            reply
        });
        Reply::List(replies.collect())
    }

    /// Why a command is refused before it is run or queued.
    fn refuses(&self, name: &str, args: &[Bytes]) -> Option<Reply> {
        if let Some(command) = command::named(name) {
            if !command.takes(args.len()) {
                return Some(Reply::error(format!(
                    "ERR wrong number of arguments for '{}' command",
                    name.to_ascii_lowercase()
                )));
            }
            return (command.needs_memory && self.database.full).then(script::out_of_memory);
        }
        let known = matches!(
            name,
            "PING"
                | "INFO"
                | "SCRIPT"
                | "EVAL"
                | "EVALSHA"
                | "SUBSCRIBE"
                | "UNSUBSCRIBE"
                | "FLUSHALL"
        ) || !self.without_functions
            && matches!(name, "FUNCTION" | "FCALL" | "FCALL_RO");
        (!known).then(|| {
            Reply::error(format!(
                "ERR unknown command '{name}', with args beginning with: "
            ))
        })
    }

    fn run(&mut self, from: Connection, name: &str, args: &[Bytes]) -> Reply {
        if let Some(command) = command::named(name) {
            return command.run(&mut self.database, args);
        }
        match name {
            "PING" => Reply::Status("PONG".to_owned()),
            "INFO" => {
                let version = if self.without_functions {
                    "6.2.14"
                } else {
                    "7.0.15"
                };
                Reply::Text(format!(
                    "redis_version:{version}\r\nredis_mode:standalone\r\nrun_id:simulated\r\nmaxmemory_policy:noeviction\r\nrole:master\r\n"
                ))
            }
            "FLUSHALL" => {
                self.database.clear();
                Reply::ok()
            }
            "SUBSCRIBE" => {
                for channel in args {
                    let channels = &mut self.database.channels;
                    channels.entry(channel.clone()).or_default().insert(from);
                }
                Reply::Nil
            }
            "UNSUBSCRIBE" => {
                for channel in args {
                    if let Some(listening) = self.database.channels.get_mut(channel) {
                        listening.remove(&from);
                    }
                }
                Reply::Nil
            }
            "SCRIPT" => self.script(args),
            "EVAL" => self.eval(args),
            "EVALSHA" => self.eval_digest(args),
            "FUNCTION" => self.function(args),
            _ => self.call_function(args),
        }
    }

    fn script(&mut self, args: &[Bytes]) -> Reply {
        match args {
            [word, text] if word.eq_ignore_ascii_case(b"LOAD") => match self.add_script(text) {
                Ok(digest) => Reply::Bulk(digest),
                Err(error) => error,
            },
            [word, ..] if word.eq_ignore_ascii_case(b"FLUSH") => {
                self.scripts.clear();
                Reply::ok()
            }
            [word, digests @ ..] if word.eq_ignore_ascii_case(b"EXISTS") => Reply::List(
                digests
                    .iter()
                    .map(|digest| Reply::Int(self.scripts.contains_key(digest).into()))
                    .collect(),
            ),
            _ => Reply::error("ERR unknown subcommand or wrong number of arguments for 'script'"),
        }
    }

    /// Notes a script under the digest of the text that was sent, whatever mistake it is given.
    fn add_script(&mut self, text: &Bytes) -> Result<Bytes, Reply> {
        let digest = Bytes::from(Sha1::from(&text[..]).hexdigest());
        if !self.scripts.contains_key(&digest) {
            let compiled = script::compile(&self.mutated(text))?;
            self.scripts.insert(digest.clone(), compiled);
        }
        Ok(digest)
    }

    fn mutated(&self, text: &Bytes) -> String {
        let text = String::from_utf8_lossy(text);
        match self.mutant {
            Some(mutant) => mutant.put_into(&text),
            None => text.into_owned(),
        }
    }

    fn eval(&mut self, args: &[Bytes]) -> Reply {
        let Some((text, rest)) = args.split_first() else {
            return Reply::error("ERR wrong number of arguments for 'eval' command");
        };
        match self.add_script(text) {
            Ok(digest) => self.evaluate(&digest, rest),
            Err(error) => error,
        }
    }

    fn eval_digest(&mut self, args: &[Bytes]) -> Reply {
        match args.split_first() {
            Some((digest, rest)) => self.evaluate(digest, rest),
            None => Reply::error("ERR wrong number of arguments for 'evalsha' command"),
        }
    }

    fn evaluate(&mut self, digest: &Bytes, rest: &[Bytes]) -> Reply {
        let (keys, args) = match keys_and_args(rest) {
            Ok(split) => split,
            Err(error) => return error,
        };
        let Some(compiled) = self.scripts.get(digest) else {
            return Reply::error("NOSCRIPT No matching script. Please use EVAL.");
        };
        let digest = String::from_utf8_lossy(digest);
        script::run(*compiled, &digest, &mut self.database, keys, args)
    }

    fn function(&mut self, args: &[Bytes]) -> Reply {
        match args {
            [word, .., text] if word.eq_ignore_ascii_case(b"LOAD") => {
                let text_as_sent = String::from_utf8_lossy(text);
                let name = text_as_sent
                    .lines()
                    .next()
                    .and_then(|line| line.split_once("name="))
                    .map(|(_, name)| name.trim().to_owned());
                let Some(name) = name else {
                    return Reply::error("ERR Missing library metadata");
                };
                if self.libraries.contains(&name) && args.len() == 2 {
                    return Reply::error(format!("ERR Library '{name}' already exists"));
                }
                match script::load(&self.mutated(text)) {
                    Ok(functions) => {
                        for function in functions {
                            let name = Bytes::from(function.name.clone());
                            self.functions.insert(name, function);
                        }
                        self.libraries.push(name.clone());
                        Reply::Bulk(name.into())
                    }
                    Err(error) => error,
                }
            }
            [word] if word.eq_ignore_ascii_case(b"FLUSH") => {
                self.functions.clear();
                self.libraries.clear();
                Reply::ok()
            }
            [word, ..] if word.eq_ignore_ascii_case(b"LIST") => {
                let libraries = self.libraries.iter().map(|name| {
                    let entry = |key: &'static str, value: String| {
                        (
                            Reply::Bulk(Bytes::from_static(key.as_bytes())),
                            Reply::Bulk(value.into()),
                        )
                    };
                    Reply::Map(vec![entry("library_name", name.clone())])
                });
                Reply::List(libraries.collect())
            }
            _ => Reply::error("ERR unknown subcommand or wrong number of arguments for 'function'"),
        }
    }

    fn call_function(&mut self, args: &[Bytes]) -> Reply {
        let Some((name, rest)) = args.split_first() else {
            return Reply::error("ERR wrong number of arguments for 'fcall' command");
        };
        let (keys, args) = match keys_and_args(rest) {
            Ok(split) => split,
            Err(error) => return error,
        };
        let Some(function) = self.functions.get(name) else {
            return Reply::error("ERR Function not found");
        };
        if self.database.full
            && !function
                .flags
                .iter()
                .any(|flag| matches!(flag.as_str(), "allow-oom" | "no-writes"))
        {
            return Reply::error(
                "OOM allow-oom flag is not set on the script, can not run it when used memory > 'maxmemory'",
            );
        }
        let full = std::mem::take(&mut self.database.full);
        let (compiled, name) = (function.compiled, function.name.clone());
        let reply = script::run(compiled, &name, &mut self.database, keys, args);
        self.database.full = full;
        reply
    }
}

/// What follows the name of a script: the number of keys, the keys, the arguments.
fn keys_and_args(rest: &[Bytes]) -> Result<(&[Bytes], &[Bytes]), Reply> {
    let Some((count, rest)) = rest.split_first() else {
        return Err(Reply::error(
            "ERR wrong number of arguments for 'eval' command",
        ));
    };
    let count = std::str::from_utf8(count)
        .ok()
        .and_then(|count| count.parse::<usize>().ok())
        .ok_or_else(Reply::not_an_integer)?;
    rest.split_at_checked(count)
        .ok_or_else(|| Reply::error("ERR Number of keys can't be greater than number of args"))
}
