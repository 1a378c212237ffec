//! Methods that misbehave: they panic, never end, or make a state that can't be stored.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use tokio::time::timeout;

use super::EmbeddedStore;
use crate::codec;
use crate::error::{Error, Result};
use crate::object::{Call, Key, Method, Namespace, Object, ObjectType, Refusal, Value};
use crate::runtime::Limits;
use crate::store::{Description, Store};

const LONG: Duration = Duration::from_secs(60);

/// A user's object, of a type that can be copied or not.
#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
struct Log<const COPIED: bool> {
    lines: Vec<u64>,
    #[serde(serialize_with = "unless_broken")]
    broken: bool,
    /// Forgotten by the codec.
    #[serde(skip)]
    noted: u64,
}

fn unless_broken<S: serde::Serializer>(broken: &bool, serializer: S) -> Result<S::Ok, S::Error> {
    if *broken {
        return Err(serde::ser::Error::custom("it is broken"));
    }
    serializer.serialize_bool(*broken)
}

static PUSH: Method = Method::update("push");
static PUSH_AND: Method = Method::update("push_and");
static LINES: Method = Method::read("lines");
static NOTE: Method = Method::update("note");
static NOTED: Method = Method::read("noted");
static SPIN: Method = Method::update("spin");

/// Set at the end of the test whose method would never end.
static DONE: AtomicBool = AtomicBool::new(false);

/// However the test ends, its threads have to.
struct End;

impl Drop for End {
    fn drop(&mut self) {
        DONE.store(true, Ordering::Relaxed);
    }
}

impl<const COPIED: bool> Object for Log<COPIED> {
    const NAME: &'static str = if COPIED {
        "tests::Copied"
    } else {
        "tests::Log"
    };
    const METHODS: &'static [Method] = &[PUSH, PUSH_AND, LINES, NOTE, NOTED, SPIN];

    fn copy(&self) -> Option<Self> {
        COPIED.then(|| self.clone())
    }

    fn apply(&mut self, method: &str, args: &[Bytes]) -> Result<Poll<Value>, Refusal> {
        match method {
            "push" => self.lines.push(7),
            "push_and" => {
                self.lines.push(8);
                match &args[0][..] {
                    b"panic" => panic!("as it was told"),
                    b"wait" => return Ok(Poll::Pending),
                    b"refuse" => return Err(Refusal::args("no")),
                    b"break" => self.broken = true,
                    b"grow" => self.lines = vec![u64::MAX; 1000],
                    other => panic!("{other:?}"),
                }
            }
            "lines" => return Ok(Poll::Ready(self.lines.len().into())),
            "note" => self.noted += 1,
            "noted" => return Ok(Poll::Ready(Value::Int(self.noted.cast_signed()))),
            "spin" => {
                while !DONE.load(Ordering::Relaxed) {
                    std::hint::spin_loop();
                }
            }
            other => return Err(Refusal::no_such_method(other)),
        }
        Ok(Poll::Ready(self.lines.len().into()))
    }
}

struct Bench {
    store: Arc<EmbeddedStore>,
    key: Key,
    object: &'static ObjectType,
}

impl Bench {
    async fn new<const COPIED: bool>(limits: Limits) -> Self {
        let bench = Self {
            store: Arc::new(EmbeddedStore::new(limits)),
            key: Namespace::new("job").unwrap().key("log").unwrap(),
            object: ObjectType::of::<Log<COPIED>>(),
        };
        bench.create::<COPIED>(&bench.key).await;
        bench
    }

    async fn create<const COPIED: bool>(&self, key: &Key) {
        let state = codec::encode_own(&Log::<COPIED>::default()).unwrap();
        let description = Description {
            object: self.object.name.to_owned(),
            detail: self.object.name.to_owned(),
        };
        let init = self.call_of(key, &PUSH, vec![state]);
        assert!(self.store.create(init, description).await.unwrap());
    }

    fn call_of(&self, key: &Key, method: &'static Method, args: Vec<Bytes>) -> Call {
        Call {
            key: key.clone(),
            object: self.object,
            method,
            args,
        }
    }

    async fn call(&self, method: &'static Method, what: &'static str) -> Result<Poll<Value>> {
        let args = vec![Bytes::from_static(what.as_bytes())];
        self.store.call(self.call_of(&self.key, method, args)).await
    }

    async fn lines(&self) -> i64 {
        match self.call(&LINES, "").await {
            Ok(Poll::Ready(Value::Int(lines))) => lines,
            other => panic!("{other:?}"),
        }
    }
}

async fn failed_calls_leave_the_state_as_it_was<const COPIED: bool>() {
    let limits = Limits {
        value_bytes: 4096,
        ..Limits::default()
    };
    let bench = Bench::new::<COPIED>(limits).await;
    let told = |call: Result<Poll<Value>>| call.unwrap_err().to_string();
    for round in 0..200 {
        for (what, expected) in [
            ("panic", "as it was told"),
            ("refuse", "no"),
            ("break", "it is broken"),
            ("grow", "over the limit of 4096"),
        ] {
            let told = told(bench.call(&PUSH_AND, what).await);
            let named = ["push_and", bench.key.as_str(), expected];
            assert!(named.iter().all(|word| told.contains(word)), "{told}");
            assert_eq!(bench.lines().await, round, "after {what}");
        }
        let waits = bench.call(&PUSH_AND, "wait").await.unwrap();
        assert!(waits.is_pending());
        assert_eq!(bench.lines().await, round);
        assert!(bench.call(&PUSH, "").await.unwrap().is_ready());
    }
    let grown = bench.call(&PUSH_AND, "grow").await.unwrap_err();
    assert!(
        matches!(grown, Error::TooLarge { size, limit: 4096, .. } if size > 9000),
        "{grown}"
    );
    assert!(
        grown.to_string().contains("Builder::max_value_bytes"),
        "{grown}"
    );
}

#[tokio::test]
async fn failed_calls_leave_what_is_copied_as_it_was() {
    failed_calls_leave_the_state_as_it_was::<true>().await;
}

#[tokio::test]
async fn failed_calls_leave_what_is_encoded_as_it_was() {
    failed_calls_leave_the_state_as_it_was::<false>().await;
}

#[tokio::test]
async fn what_the_codec_forgets_is_forgotten_at_the_first_change() {
    let bench = Bench::new::<true>(Limits::default()).await;
    assert!(bench.call(&NOTE, "").await.unwrap().is_ready());
    let noted = bench.call(&NOTED, "").await.unwrap();
    assert_eq!(noted, Poll::Ready(Value::Int(0)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_method_that_never_ends_holds_nobody_else_up() {
    let limit = Duration::from_millis(100);
    let limits = Limits {
        method: limit,
        ..Limits::default()
    };
    let bench = Arc::new(Bench::new::<true>(limits).await);
    let end = End;
    let called_once = Arc::new(tokio::sync::Barrier::new(21));
    let others: Vec<_> = (0..20)
        .map(|n| {
            let (bench, called_once) = (Arc::clone(&bench), Arc::clone(&called_once));
            tokio::spawn(async move {
                let mut first = true;
                // Calls that come before the method begins are run, those behind it are told.
                loop {
                    let called = match n % 4 {
                        0 => bench.call(&PUSH, "").await.map(drop),
                        1 => bench.call(&LINES, "").await.map(drop),
                        2 => bench.store.describe(&bench.key).await.map(drop),
                        _ => bench.store.expire(&bench.key, None).await.map(drop),
                    };
                    match called {
                        Ok(()) if first => {
                            first = false;
                            called_once.wait().await;
                        }
                        // Who yields to a thread that the method then keeps for itself does not come back.
                        Ok(()) => tokio::time::sleep(Duration::from_millis(1)).await,
                        Err(error) => return error,
                    }
                }
            })
        })
        .collect();
    called_once.wait().await;
    let spinning = tokio::spawn({
        let bench = Arc::clone(&bench);
        async move { bench.call(&SPIN, "").await }
    });
    for other in others {
        let error = timeout(LONG, other).await.unwrap().unwrap();
        assert!(matches!(error, Error::Poison { .. }), "{error}");
        let text = error.to_string();
        for word in [
            "`spin` has been running",
            "100ms",
            "method_limit",
            bench.key.as_str(),
        ] {
            assert!(text.contains(word), "{text}");
        }
    }
    // Later callers are told at once, and other objects are free.
    assert!(matches!(
        bench.call(&PUSH, "").await,
        Err(Error::Poison { .. })
    ));
    let other = Namespace::new("job").unwrap().key("other").unwrap();
    bench.create::<true>(&other).await;
    let call = bench.call_of(&other, &PUSH, vec![]);
    assert!(bench.store.call(call).await.unwrap().is_ready());

    drop(end);
    let ended = timeout(LONG, spinning).await.unwrap().unwrap().unwrap();
    assert!(ended.is_ready());
    assert!(
        bench.call(&PUSH, "").await.is_ok(),
        "it goes on where it ended"
    );
}
