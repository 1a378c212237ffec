//! A process of a schedule: its view of the store, and what it does there.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::{Instant, sleep, timeout};

use super::super::RedisStore;
use super::super::sim::{self, Clock, Socket};
use super::super::times::CALL_LIMIT;
use super::history::{Asked, Final, History, Outcome, Record};
use super::ledger::{self, Entry, Ledger};
use super::plan::Deed;
use crate::chance;
use crate::codec;
use crate::error::{Error, Result};
use crate::object::{Call, Key, Method, Namespace, Object, ObjectType, Value};
use crate::objects::AtomicState;
use crate::store::{Description, Store};

/// A process's view of the store.
#[derive(Clone)]
pub(super) struct Client {
    pub(super) store: Arc<RedisStore>,
    clock: Clock,
    process: usize,
    history: History,
    ledger: Key,
    counter: Key,
    /// How many entries each task has written.
    written: BTreeMap<usize, u32>,
}

impl Client {
    pub(super) async fn connect(
        socket: Socket,
        clock: Clock,
        process: usize,
        history: History,
    ) -> Self {
        let namespace = Namespace::new("model").unwrap();
        let store = loop {
            match sim::store(socket.clone()).await {
                Ok(store) => break store,
                // A process that starts in an outage is started again.
                Err(_) => sleep(Duration::from_millis(50)).await,
            }
        };
        Self {
            store: Arc::new(store),
            clock,
            process,
            history,
            ledger: namespace.key("ledger").unwrap(),
            counter: namespace.key("counter").unwrap(),
            written: BTreeMap::new(),
        }
    }

    pub(super) async fn perform(&mut self, task: usize, deed: Deed) {
        match deed {
            Deed::Append { baggage } => {
                self.append(task, &ledger::APPEND, 0, baggage).await;
            }
            Deed::AppendAfter(least) => {
                self.append(task, &ledger::APPEND_AFTER, least, 0).await;
            }
            Deed::Panic => {
                self.append(task, &ledger::APPEND_AND_PANIC, 0, 0).await;
            }
            Deed::Die => {
                self.append(task, &ledger::APPEND_AND_DIE, 0, 0).await;
            }
            Deed::Mark(mark) => {
                let call = self.ledger_call(&ledger::MARK, (0, 0), mark, 0);
                self.note(task, Asked::Mark(mark), self.wait(call)).await;
            }
            Deed::Length => {
                let call = self.ledger_call(&ledger::LENGTH, (0, 0), 0, 0);
                self.note(task, Asked::Length, self.wait(call)).await;
            }
            Deed::LengthFrom(least) => {
                let call = self.ledger_call(&ledger::LENGTH_FROM, (0, 0), least, 0);
                self.note_of(task, Asked::Length, true, self.wait(call))
                    .await;
            }
            Deed::Count => {
                let kind = Bytes::from_static(b"u64");
                let call = self.counter_call("add", vec![Bytes::from_static(b"1"), kind]);
                self.note(task, Asked::Count, self.wait(call)).await;
            }
            Deed::Counted => {
                let call = self.counter_call("get", Vec::new());
                self.note(task, Asked::Counted, self.wait(call)).await;
            }
            Deed::Create => self.create_ledger(task, chance::number() >> 16).await,
            Deed::Destroy => {
                let destroyed = async {
                    let destroyed = self.store.destroy(&self.ledger).await?;
                    Ok(Value::from(destroyed))
                };
                self.note(task, Asked::Destroy, destroyed).await;
            }
            Deed::Rest(ms) => sleep(Duration::from_millis(ms)).await,
        }
    }

    /// The place of the entry, if it is known.
    pub(super) async fn append(
        &mut self,
        task: usize,
        method: &'static Method,
        least: u32,
        baggage: u32,
    ) -> Option<u32> {
        let index = self.written.entry(task).or_default();
        *index += 1;
        let writer = u32::try_from(self.process * 10 + task).unwrap();
        let entry: Entry = (writer, *index);
        let call = self.ledger_call(method, entry, least, baggage);
        let asked = match method.name {
            "append_and_panic" => Asked::Vain(entry),
            "append_and_die" => Asked::Deadly(entry),
            _ => Asked::Append(entry),
        };
        match self.note_of(task, asked, least > 0, self.wait(call)).await {
            Outcome::Placed(_, place) => Some(place),
            _ => None,
        }
    }

    /// Makes both objects.
    pub(super) async fn create(&self, life: u64) {
        self.create_ledger(0, life).await;
        let init = Call {
            args: vec![Bytes::from_static(b"0")],
            ..self.counter_call("set", Vec::new())
        };
        let created = async {
            let created = self.store.create(init, described::<AtomicState>()).await?;
            Ok(Value::from(created))
        };
        self.note(0, Asked::CreateCounter, created).await;
    }

    async fn create_ledger(&self, task: usize, life: u64) {
        let state = codec::encode_own(&Ledger {
            life,
            ..Ledger::default()
        });
        let init = Call {
            args: vec![state.unwrap()],
            ..self.ledger_call(&ledger::APPEND, (0, 0), 0, 0)
        };
        let created = async {
            let created = self.store.create(init, described::<Ledger>()).await?;
            Ok(Value::from(created))
        };
        self.note(task, Asked::Create(life), created).await;
    }

    /// What there is at the end.
    pub(super) async fn look(&mut self) -> std::result::Result<Final, String> {
        let call = self.ledger_call(&ledger::ALL, (0, 0), 0, 0);
        let (life, log) = match self.wait(call).await {
            Ok(Value::Bytes(bytes)) => codec::decode(&bytes).unwrap(),
            Ok(other) => return Err(format!("the ledger is {other:?}")),
            Err(Error::NotFound { .. }) => (0, Vec::new()),
            Err(error) => return Err(format!("the ledger can't be read: {error}")),
        };
        let call = self.counter_call("get", Vec::new());
        let count = match self.wait(call).await {
            Ok(value) => number(&value).ok_or_else(|| format!("the counter is {value:?}"))?,
            Err(error) => return Err(format!("the counter can't be read: {error}")),
        };
        Ok(Final { life, log, count })
    }

    fn ledger_call(&self, method: &'static Method, entry: Entry, least: u32, baggage: u32) -> Call {
        let baggage = Bytes::from(vec![b'-'; usize::try_from(baggage).unwrap()]);
        Call {
            key: self.ledger.clone(),
            object: ObjectType::of::<Ledger>(),
            method,
            args: vec![codec::encode_own(&(entry, least, baggage)).unwrap()],
        }
    }

    fn counter_call(&self, method: &str, args: Vec<Bytes>) -> Call {
        let methods = AtomicState::METHODS.iter();
        Call {
            key: self.counter.clone(),
            object: ObjectType::of::<AtomicState>(),
            method: methods
                .into_iter()
                .find(|known| known.name == method)
                .unwrap(),
            args,
        }
    }

    /// Makes a call until it is ready, as waiting callers do.
    async fn wait(&self, call: Call) -> Result<Value> {
        let started = Instant::now();
        let mut watch = None;
        loop {
            if let Poll::Ready(value) = self.store.call(call.clone()).await? {
                return Ok(value);
            }
            assert!(
                started.elapsed() < CALL_LIMIT * 100,
                "nobody does what {call:?} waits for"
            );
            match &mut watch {
                None => watch = Some(self.store.watch(&call.key).await?),
                Some(watch) => {
                    let slow = Duration::from_secs(1).mul_f64(chance::factor(0.5..1.0));
                    let _ = timeout(slow, watch.changed()).await;
                }
            }
        }
    }

    async fn note(&self, task: usize, asked: Asked, call: impl Future<Output = Result<Value>>) {
        self.note_of(task, asked, false, call).await;
    }

    async fn note_of(
        &self,
        task: usize,
        asked: Asked,
        waits: bool,
        call: impl Future<Output = Result<Value>>,
    ) -> Outcome {
        let record = self.history.begin(Record {
            process: self.process,
            task,
            asked,
            waits,
            start: self.clock.now(),
            end: None,
        });
        let outcome = match call.await {
            Ok(Value::Bytes(bytes)) if asked != Asked::Counted && asked != Asked::Count => {
                let (life, place, _): ledger::Place = codec::decode(&bytes).unwrap();
                Outcome::Placed(life, place)
            }
            Ok(value) => number(&value).map_or_else(
                || Outcome::Refused(format!("a reply of another kind: {value:?}")),
                Outcome::Number,
            ),
            Err(Error::InDoubt { .. } | Error::Unanswered { .. }) => Outcome::InDoubt,
            Err(error) => Outcome::Refused(error.to_string()),
        };
        self.history.end(record, self.clock.now(), outcome.clone());
        outcome
    }
}

fn described<O: Object>() -> Description {
    Description {
        object: O::NAME.to_owned(),
        detail: O::NAME.to_owned(),
    }
}

fn number(value: &Value) -> Option<i64> {
    match value {
        Value::Int(number) => Some(*number),
        Value::Bytes(digits) => std::str::from_utf8(digits).ok()?.parse().ok(),
        Value::Nil => Some(0),
        Value::List(_) => None,
    }
}
