//! The completion keys of a job: one write-once entry a thread, in one object, with one announcement channel.

use std::collections::BTreeMap;
use std::task::Poll;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::{Outcome, ThreadId};
use crate::codec;
use crate::error::Result;
use crate::object::{Handle, Method, Namespace, Object, Refusal, ServerScript, Value};

/// The largest outcome that an announcement carries; a larger one is fetched.
pub(crate) const INLINE: usize = 8 * 1024;

/// What is known of a thread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Progress {
    /// No worker has begun it.
    Waiting,
    /// A worker runs it; how often it has given a sign of life.
    Running(i64),
    /// It has ended.
    Ended(Outcome),
}

/// A thread as people see it.
#[derive(Debug)]
pub(crate) struct Seen {
    /// `None` for what is not the number of a thread.
    pub(crate) id: Option<String>,
    /// Empty where it is not known.
    pub(crate) name: String,
    /// `None` where it has ended with an outcome that is too large to be shown.
    pub(crate) state: Option<Progress>,
}

/// Where a job's threads write how they ended.
#[derive(Debug, Clone)]
pub(crate) struct Completions(Handle<Entries>);

impl Completions {
    /// Those of a job.
    pub(crate) fn of(job: &Namespace) -> Result<Self> {
        Ok(Self(Handle::at(job.key("threads")?)))
    }

    pub(crate) fn key(&self) -> &crate::object::Key {
        self.0.key()
    }

    /// Takes one try of a thread of that name; `false` where it has been taken (an event was delivered twice) or the
    /// thread has ended.
    #[cfg(any(test, feature = "lambda"))]
    pub(crate) async fn begin(&self, id: ThreadId, attempt: u32, name: &str) -> Result<bool> {
        let attempt = Bytes::from(attempt.to_string());
        let args = vec![id.to_bytes(), attempt, named(name)];
        self.flag("begin", args).await
    }

    /// A sign of life; `false` where the thread has been given up.
    #[cfg(any(test, feature = "lambda"))]
    pub(crate) async fn beat(&self, id: ThreadId) -> Result<bool> {
        self.flag("beat", vec![id.to_bytes()]).await
    }

    /// Writes how a thread ended; `false` where that was written before, which stays.
    pub(crate) async fn complete(&self, id: ThreadId, outcome: &Outcome) -> Result<bool> {
        let outcome = self.0.encode_own("the outcome", outcome)?;
        self.flag("complete", vec![id.to_bytes(), outcome]).await
    }

    /// [`complete`](Self::complete) for a thread that may not have been begun under its name.
    pub(crate) async fn complete_named(
        &self,
        id: ThreadId,
        name: &str,
        outcome: &Outcome,
    ) -> Result<bool> {
        let outcome = self.0.encode_own("the outcome", outcome)?;
        let args = vec![id.to_bytes(), outcome, named(name)];
        self.flag("complete", args).await
    }

    /// Some of the threads, at most so many: a list for people.
    pub(crate) async fn look(&self, count: usize) -> Result<Vec<Seen>> {
        let count = Bytes::from(count.to_string());
        let reply = self.0.call(method("look"), vec![count]).await?;
        let Value::List(parts) = &reply else {
            return Err(self.0.unexpected("the threads", &reply));
        };
        let (threads, _) = parts.as_chunks();
        threads
            .iter()
            .map(|[id, name, state]| match (id, name) {
                (Value::Bytes(id), Value::Bytes(name)) => Ok(Seen {
                    id: ThreadId::from_bytes(id).map(|id| id.to_string()),
                    name: String::from_utf8_lossy(name).into_owned(),
                    state: match state {
                        Value::Int(beats) => Some(Progress::Running(*beats)),
                        Value::Bytes(outcome) => {
                            Some(Progress::Ended(self.0.decode("an outcome", outcome)?))
                        }
                        _ => None,
                    },
                }),
                _ => Err(self.0.unexpected("a thread", id)),
            })
            .collect()
    }

    /// What is known of these threads.
    pub(crate) async fn progress(&self, ids: &[ThreadId]) -> Result<Vec<Progress>> {
        let args = ids.iter().map(|id| id.to_bytes()).collect();
        let reply = self.0.call(method("progress"), args).await?;
        let Value::List(entries) = &reply else {
            return Err(self.0.unexpected("the progress", &reply));
        };
        entries
            .iter()
            .map(|entry| match entry {
                Value::Nil => Ok(Progress::Waiting),
                Value::Int(beats) => Ok(Progress::Running(*beats)),
                Value::Bytes(outcome) => Ok(Progress::Ended(self.0.decode("an outcome", outcome)?)),
                Value::List(_) => Err(self.0.unexpected("an entry", entry)),
            })
            .collect()
    }

    /// Reads an announcement: the thread, and its outcome if it is small.
    pub(crate) fn announced(hint: &Bytes) -> Option<(ThreadId, Option<Outcome>)> {
        let id = ThreadId::from_bytes(hint.get(..16)?)?;
        let outcome = if hint.len() > 16 {
            codec::decode(&hint[16..]).ok()
        } else {
            None
        };
        Some((id, outcome))
    }

    async fn flag(&self, name: &'static str, args: Vec<Bytes>) -> Result<bool> {
        match self.0.call(method(name), args).await? {
            Value::Int(flag) => Ok(flag == 1),
            other => Err(self.0.unexpected("the reply", &other)),
        }
    }
}

/// The state: what is known of each thread, and its name.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Entries(BTreeMap<Bytes, Entry>, BTreeMap<Bytes, Bytes>);

/// As much of a name as is kept.
const LONGEST_NAME: usize = 200;

fn named(name: &str) -> Bytes {
    let end = name.floor_char_boundary(LONGEST_NAME);
    Bytes::copy_from_slice(&name.as_bytes()[..end])
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
enum Entry {
    Running { attempt: i64, beats: i64 },
    Ended(Bytes),
}

fn method(name: &str) -> &'static Method {
    // The names are this file's own; a method that is missing is caught by the first test that calls it.
    Entries::METHODS
        .iter()
        .find(|method| method.name == name)
        .unwrap_or(&Entries::METHODS[0])
}

impl Object for Entries {
    const NAME: &'static str = "Threads";
    const METHODS: &'static [Method] = &[
        Method::update("begin"),
        Method::update("beat"),
        Method::update("complete"),
        Method::read("progress"),
        Method::read("look"),
    ];
    const SCRIPT: Option<ServerScript> = Some(ServerScript {
        source: include_str!("completions.lua"),
        index: false,
    });

    const IMPLICIT: bool = true;

    fn init(_: &[Bytes]) -> Result<Self, Refusal> {
        Ok(Self::default())
    }

    fn hint(method: &str, args: &[Bytes], reply: &Value) -> Bytes {
        match (method, args, reply) {
            // An outcome that came second is not how the thread ended.
            ("complete", [id, outcome, ..], Value::Int(1)) if outcome.len() <= INLINE => {
                [&id[..], &outcome[..]].concat().into()
            }
            ("complete", [id, ..], Value::Int(1)) => id.clone(),
            _ => Bytes::new(),
        }
    }

    fn apply(&mut self, method: &str, args: &[Bytes]) -> Result<Poll<Value>, Refusal> {
        let value = match (method, args) {
            ("begin", [id, attempt, name]) => {
                let attempt = std::str::from_utf8(attempt)
                    .ok()
                    .and_then(|text| text.parse().ok());
                let attempt: i64 =
                    attempt.ok_or_else(|| Refusal::args("an attempt is a number"))?;
                let free = match self.0.get(id) {
                    None => true,
                    Some(Entry::Running { attempt: taken, .. }) => attempt > *taken,
                    Some(Entry::Ended(_)) => false,
                };
                if free {
                    self.0
                        .insert(id.clone(), Entry::Running { attempt, beats: 0 });
                    self.1.insert(id.clone(), name.clone());
                }
                free.into()
            }
            ("beat", [id]) => match self.0.get_mut(id) {
                Some(Entry::Running { beats, .. }) => {
                    *beats += 1;
                    true.into()
                }
                _ => false.into(),
            },
            ("complete", [id, outcome, name @ ..]) => {
                let first = !matches!(self.0.get(id), Some(Entry::Ended(_)));
                if first {
                    self.0.insert(id.clone(), Entry::Ended(outcome.clone()));
                    if let Some(name) = name.first() {
                        self.1.insert(id.clone(), name.clone());
                    }
                }
                first.into()
            }
            ("look", [count]) => {
                let count = std::str::from_utf8(count)
                    .ok()
                    .and_then(|text| text.parse().ok())
                    .ok_or_else(|| Refusal::args("a count is a number"))?;
                let threads = self.0.iter().take(count);
                let threads = threads.flat_map(|(id, entry)| {
                    let state = match entry {
                        Entry::Running { beats, .. } => Value::Int(*beats),
                        Entry::Ended(outcome) if outcome.len() <= INLINE => {
                            Value::Bytes(outcome.clone())
                        }
                        Entry::Ended(_) => Value::Nil,
                    };
                    let name = self.1.get(id).cloned().unwrap_or_default();
                    [Value::Bytes(id.clone()), Value::Bytes(name), state]
                });
                Value::List(threads.collect())
            }
            ("progress", ids) => Value::List(
                ids.iter()
                    .map(|id| match self.0.get(id) {
                        None => Value::Nil,
                        Some(Entry::Running { beats, .. }) => Value::Int(*beats),
                        Some(Entry::Ended(outcome)) => Value::Bytes(outcome.clone()),
                    })
                    .collect(),
            ),
            _ => return Err(Refusal::no_such_method(method)),
        };
        Ok(Poll::Ready(value))
    }
}
