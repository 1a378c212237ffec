//! The object of these tests, and the same as other code has it.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Condvar, Mutex};
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::codec;
use crate::object::{Method, Object, Refusal, Value};

/// A sum, and bytes that make it as large as is wanted.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
pub(super) struct Ledger {
    sum: u64,
    ballast: Bytes,
}

pub(super) static POST: Method = Method::update("post");
pub(super) static POST_OR_PANIC: Method = Method::update("post_or_panic");
pub(super) static FEED: Method = Method::update("feed");
pub(super) static ECHO: Method = Method::update("echo");
pub(super) static PAUSE: Method = Method::update("pause");
pub(super) static HANG: Method = Method::update("hang");
pub(super) static GROW: Method = Method::update("grow");
pub(super) static AUDIT: Method = Method::update("audit");
pub(super) static SUM: Method = Method::read("sum");

/// How often a method that takes its time has been run, by the number that it was given.
pub(super) static RUNS: [AtomicU32; 16] = [const { AtomicU32::new(0) }; 16];

/// What methods wait for that do not end by themselves.
#[derive(Debug, Default)]
pub(super) struct Gate {
    open: Mutex<bool>,
    opened: Condvar,
}

impl Gate {
    pub(super) const fn new() -> Self {
        Self {
            open: Mutex::new(false),
            opened: Condvar::new(),
        }
    }

    pub(super) fn open(&self) {
        *self.open.lock().unwrap() = true;
        self.opened.notify_all();
    }

    pub(super) fn close(&self) {
        *self.open.lock().unwrap() = false;
    }

    fn pass(&self) {
        let closed = self.open.lock().unwrap();
        drop(self.opened.wait_while(closed, |open| !*open).unwrap());
    }
}

/// One a test: tests share a process under some runners.
pub(super) static GATES: [Gate; 16] = [const { Gate::new() }; 16];

impl Ledger {
    pub(super) fn new(ballast: usize) -> Self {
        Self {
            sum: 0,
            ballast: Bytes::from(vec![7; ballast]),
        }
    }

    fn run(&mut self, method: &str, args: &Bytes) -> Result<Value, Refusal> {
        if method == "feed" {
            let food: Bytes = codec::decode(args)?;
            assert!(food.iter().all(|byte| *byte == food[0]), "it came whole");
            self.sum += u64::from(food[0]);
            return Ok(self.sum());
        }
        let n: u64 = codec::decode(args)?;
        let run = || usize::try_from(n).ok().map(|n| n % 16).unwrap_or_default();
        match method {
            "post" => self.sum += n,
            "post_or_panic" => {
                self.sum += n;
                assert!(!self.sum.is_multiple_of(7), "a multiple of seven");
            }
            "echo" => {
                self.sum += 1;
                let byte = u8::try_from(n % 251).unwrap_or_default();
                let size = if n < 1_000 { 50_000 } else { 100_000 };
                return Ok(Value::Bytes(Bytes::from(vec![byte; size])));
            }
            "pause" => {
                RUNS[run()].fetch_add(1, Ordering::SeqCst);
                std::thread::sleep(Duration::from_millis(n));
                self.sum += 1;
            }
            "hang" => {
                RUNS[run()].fetch_add(1, Ordering::SeqCst);
                GATES[run()].pass();
                self.sum += 1;
            }
            "grow" => {
                self.sum += 1000;
                self.ballast = Bytes::from(vec![7; usize::try_from(n).unwrap_or_default()]);
            }
            "sum" => {}
            _ => return Err(Refusal::no_such_method(method)),
        }
        Ok(self.sum())
    }

    fn sum(&self) -> Value {
        Value::Int(i64::try_from(self.sum).unwrap_or(i64::MAX))
    }
}

impl Object for Ledger {
    const NAME: &'static str = "tests::Ledger";
    const METHODS: &'static [Method] = &[POST, POST_OR_PANIC, FEED, ECHO, PAUSE, HANG, GROW, SUM];

    fn apply(&mut self, method: &str, args: &[Bytes]) -> Result<Poll<Value>, Refusal> {
        let [args] = args else {
            return Err(Refusal::args("one argument"));
        };
        self.run(method, args).map(Poll::Ready)
    }
}

/// The same object in a later version of the program, which knows one more method and lacks another.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct LaterLedger(Ledger);

impl Object for LaterLedger {
    const NAME: &'static str = Ledger::NAME;
    const METHODS: &'static [Method] = &[POST, AUDIT, SUM];

    fn apply(&mut self, method: &str, args: &[Bytes]) -> Result<Poll<Value>, Refusal> {
        let [args] = args else {
            return Err(Refusal::args("one argument"));
        };
        match method {
            "audit" => {
                self.0.sum += codec::decode::<u64>(args)?;
                Ok(Poll::Ready(self.0.sum()))
            }
            "post_or_panic" | "feed" | "echo" | "pause" | "hang" | "grow" => {
                Err(Refusal::no_such_method(method))
            }
            method => self.0.run(method, args).map(Poll::Ready),
        }
    }
}
