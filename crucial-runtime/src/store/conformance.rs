//! One suite over all stores: what works embedded works on a server.

use std::future::Future;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::{Change, Description, Store};
use crate::codec;
use crate::config::Builder;
use crate::error::{Error, Result};
use crate::object::{Call, Key, Method, Object, ObjectType, Refusal, SNAPSHOT, Value};
use crate::runtime::Runtime;
use crate::thread::{Completions, JoinFailure, Outcome, Progress, ThreadId};

/// A user's object, as `#[crucial::shared]` would write it.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Account {
    balance: i64,
    ballast: Vec<u8>,
}

static ADD: Method = Method::update("add");
static ADD_OR_PANIC: Method = Method::update("add_or_panic");
static BALANCE: Method = Method::read("balance");
static AT_LEAST: Method = Method::read("at_least");
static TAKE: Method = Method::update("take");
static LOAD: Method = Method::update("load");
static UNKNOWN: Method = Method::update("unknown");

impl Object for Account {
    const NAME: &'static str = "tests::Account";
    const METHODS: &'static [Method] = &[ADD, ADD_OR_PANIC, BALANCE, AT_LEAST, TAKE, LOAD];

    fn apply(&mut self, method: &str, args: &[Bytes]) -> Result<Poll<Value>, Refusal> {
        let [args] = args else {
            return Err(Refusal::args("one argument"));
        };
        if method == "load" {
            self.ballast = codec::decode(args)?;
            return Ok(Poll::Ready(Value::from(self.ballast.len())));
        }
        let n: i64 = codec::decode(args)?;
        Ok(match method {
            "add" => {
                self.balance += n;
                Poll::Ready(Value::Int(self.balance))
            }
            "add_or_panic" => {
                self.balance += n;
                assert!(self.balance % 7 != 0, "a multiple of seven");
                Poll::Ready(Value::Int(self.balance))
            }
            "balance" => Poll::Ready(Value::Int(self.balance)),
            "at_least" if self.balance >= n => Poll::Ready(Value::Int(self.balance)),
            "at_least" => Poll::Pending,
            "take" => {
                // What a method that waits did to the state is undone.
                self.balance -= n;
                if self.balance < 0 {
                    Poll::Pending
                } else {
                    Poll::Ready(Value::Int(self.balance))
                }
            }
            _ => return Err(Refusal::no_such_method(method)),
        })
    }
}

/// Another type, to be found under the wrong key.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Other;

impl Object for Other {
    const NAME: &'static str = "tests::Other";
    const METHODS: &'static [Method] = &[BALANCE];

    fn apply(&mut self, method: &str, _: &[Bytes]) -> Result<Poll<Value>, Refusal> {
        Err(Refusal::no_such_method(method))
    }
}

/// A store under test, with a job in it.
#[derive(Clone)]
pub(super) struct Bench {
    pub(super) runtime: Runtime,
}

impl Bench {
    pub(super) async fn on(url: &str) -> Self {
        Self {
            runtime: Builder::new().store(url).build().await.unwrap(),
        }
    }

    pub(super) fn store(&self) -> Arc<dyn Store> {
        Arc::clone(self.runtime.store())
    }

    pub(super) fn key(&self, name: &str) -> Key {
        self.runtime.namespace().key(name).unwrap()
    }

    pub(super) async fn account(&self, name: &str, balance: i64) -> Key {
        let key = self.key(name);
        assert!(self.create(&key, balance).await);
        key
    }

    async fn create(&self, key: &Key, balance: i64) -> bool {
        let state = codec::encode_state(&Account {
            balance,
            ballast: Vec::new(),
        })
        .unwrap();
        let description = Description {
            object: Account::NAME.to_owned(),
            detail: Account::NAME.to_owned(),
        };
        self.store()
            .create(call::<Account>(key, &ADD, vec![state]), description)
            .await
            .unwrap()
    }

    pub(super) async fn add(&self, key: &Key, n: i64) -> Result<i64> {
        self.number(key, &ADD, n).await
    }

    pub(super) async fn balance(&self, key: &Key) -> i64 {
        self.number(key, &BALANCE, 0).await.unwrap()
    }

    async fn number(&self, key: &Key, method: &'static Method, n: i64) -> Result<i64> {
        match self
            .store()
            .call(call::<Account>(
                key,
                method,
                vec![codec::encode(&n).unwrap()],
            ))
            .await?
        {
            Poll::Ready(Value::Int(number)) => Ok(number),
            other => panic!("{other:?}"),
        }
    }

    async fn poll(&self, key: &Key, method: &'static Method, n: i64) -> Poll<Value> {
        self.store()
            .call(call::<Account>(
                key,
                method,
                vec![codec::encode(&n).unwrap()],
            ))
            .await
            .unwrap()
    }
}

fn call<O: Object>(key: &Key, method: &'static Method, args: Vec<Bytes>) -> Call {
    Call {
        key: key.clone(),
        object: ObjectType::of::<O>(),
        method,
        args,
    }
}

async fn creation_is_once(bench: Bench) {
    let key = bench.key("account");
    assert_eq!(bench.store().describe(&key).await.unwrap(), None);
    assert!(!bench.store().destroy(&key).await.unwrap());
    assert!(bench.create(&key, 5).await);
    assert!(!bench.create(&key, 6).await);
    assert_eq!(
        bench.store().describe(&key).await.unwrap().unwrap().object,
        Account::NAME
    );
    assert_eq!(bench.balance(&key).await, 5);
    assert!(bench.store().destroy(&key).await.unwrap());
    assert!(!bench.store().destroy(&key).await.unwrap());
    assert!(matches!(
        bench.add(&key, 1).await,
        Err(Error::NotFound { .. })
    ));
    assert!(bench.create(&key, 7).await, "a key can be used again");
    assert_eq!(bench.add(&key, 1).await.unwrap(), 8);
}

async fn calls_take_effect_in_order(bench: Bench) {
    let key = bench.account("account", 0).await;
    for n in 1..=20 {
        assert_eq!(bench.add(&key, 1).await.unwrap(), n);
        assert_eq!(bench.balance(&key).await, n);
    }
    let snapshot = bench
        .store()
        .call(call::<Account>(&key, &SNAPSHOT, Vec::new()))
        .await
        .unwrap();
    let Poll::Ready(Value::Bytes(state)) = snapshot else {
        panic!("{snapshot:?}")
    };
    assert_eq!(codec::decode_state::<Account>(&state).unwrap().balance, 20);
}

async fn concurrent_updates_all_count(bench: Bench) {
    let key = bench.account("account", 0).await;
    let tasks: Vec<_> = (0..64)
        .map(|_| {
            let (bench, key) = (bench.clone(), key.clone());
            tokio::spawn(async move {
                let mut seen = Vec::new();
                for _ in 0..25 {
                    seen.push(bench.add(&key, 1).await.unwrap());
                }
                assert!(seen.is_sorted(), "one caller's updates are in its order");
                seen
            })
        })
        .collect();
    let mut seen = Vec::new();
    for task in tasks {
        seen.extend(task.await.unwrap());
    }
    seen.sort_unstable();
    assert_eq!(
        seen,
        (1..=1600).collect::<Vec<_>>(),
        "every update saw a state of its own"
    );
    assert_eq!(bench.balance(&key).await, 1600);
}

async fn absent_objects_are_errors(bench: Bench) {
    let key = bench.key("nothing");
    assert!(
        matches!(bench.add(&key, 1).await, Err(Error::NotFound { key: named }) if named == key)
    );
    let read = bench
        .store()
        .call(call::<Account>(
            &key,
            &BALANCE,
            vec![codec::encode(&0i64).unwrap()],
        ))
        .await;
    assert!(matches!(read, Err(Error::NotFound { .. })));
}

async fn other_types_are_refused(bench: Bench) {
    let key = bench.account("account", 0).await;
    let runtime = bench.runtime.clone();
    let handle = crate::object::Handle::<Other>::at(key.clone());
    let opened = runtime.scope(handle.open(Other::NAME)).await;
    let text = opened.unwrap_err().to_string();
    assert!(
        text.contains("tests::Account")
            && text.contains("tests::Other")
            && text.contains(key.as_str()),
        "{text}"
    );
}

async fn panics_stay_with_their_caller(bench: Bench) {
    let key = bench.account("account", 0).await;
    let tasks: Vec<_> = (0..60)
        .map(|_| {
            let (bench, key) = (bench.clone(), key.clone());
            tokio::spawn(async move { bench.number(&key, &ADD_OR_PANIC, 1).await })
        })
        .collect();
    let (mut done, mut panicked) = (0, 0);
    for task in tasks {
        match task.await.unwrap() {
            Ok(_) => done += 1,
            Err(Error::Panicked {
                key: named,
                method,
                panic,
            }) => {
                assert_eq!((named, method.as_str()), (key.clone(), "add_or_panic"));
                assert!(
                    panic.message.contains("seven") && panic.location.contains("conformance.rs")
                );
                panicked += 1;
            }
            Err(other) => panic!("{other}"),
        }
    }
    // From six on, each call finds the state as the last good one left it.
    assert_eq!((done, panicked), (6, 54));
    assert_eq!(bench.balance(&key).await, 6);
    assert_eq!(bench.add(&key, 2).await.unwrap(), 8);
}

async fn waiting_changes_nothing_and_wakes(bench: Bench) {
    let key = bench.account("account", 1).await;
    assert!(bench.poll(&key, &TAKE, 5).await.is_pending());
    assert_eq!(bench.balance(&key).await, 1);
    let mut watch = bench.store().watch(&key).await.unwrap();
    assert!(bench.poll(&key, &AT_LEAST, 5).await.is_pending());
    assert_eq!(bench.add(&key, 4).await.unwrap(), 5);
    watch.changed().await;
    assert_eq!(
        bench.poll(&key, &AT_LEAST, 5).await,
        Poll::Ready(Value::Int(5))
    );
    assert_eq!(bench.poll(&key, &TAKE, 5).await, Poll::Ready(Value::Int(0)));
}

async fn waiters_are_awakened(bench: Bench) {
    let key = bench.account("account", 0).await;
    let waiters: Vec<_> = (1..=20)
        .map(|n| {
            let (runtime, method) = (
                bench.runtime.clone(),
                if n % 2 == 0 { &AT_LEAST } else { &TAKE },
            );
            // Two of each kind of question: those who ask the same share one.
            let wanted = if n % 2 == 0 { 40 } else { 1 };
            let call = call::<Account>(
                &key,
                method,
                vec![codec::encode(&i64::from(wanted)).unwrap()],
            );
            tokio::spawn(async move {
                runtime
                    .waits()
                    .wait(&runtime, call, Some(Duration::from_secs(60)))
                    .await
            })
        })
        .collect();
    for _ in 0..50 {
        bench.add(&key, 1).await.unwrap();
    }
    for waiter in waiters {
        waiter.await.unwrap().unwrap();
    }
    assert_eq!(bench.balance(&key).await, 40);
}

async fn waits_end(bench: Bench) {
    let key = bench.account("account", 0).await;
    for method in [&AT_LEAST, &TAKE] {
        let call = call::<Account>(&key, method, vec![codec::encode(&1i64).unwrap()]);
        let waited = bench
            .runtime
            .waits()
            .wait(&bench.runtime, call, Some(Duration::from_millis(20)))
            .await;
        assert!(matches!(waited, Err(Error::TimedOut { .. })), "{waited:?}");
    }
    // An object that goes away while somebody waits for it is an error, not a wait.
    let question = call::<Account>(&key, &AT_LEAST, vec![codec::encode(&1i64).unwrap()]);
    let runtime = bench.runtime.clone();
    let mut watch = bench.store().watch(&key).await.unwrap();
    let waiter = tokio::spawn(async move { runtime.waits().wait(&runtime, question, None).await });
    assert!(bench.store().destroy(&key).await.unwrap());
    watch.changed().await;
    assert!(matches!(waiter.await.unwrap(), Err(Error::NotFound { .. })));
}

async fn bad_calls_are_refused(bench: Bench) {
    let key = bench.account("account", 3).await;
    let unknown = bench.number(&key, &UNKNOWN, 1).await.unwrap_err();
    assert!(
        unknown.to_string().contains("no method `unknown`"),
        "{unknown}"
    );
    for args in [
        vec![],
        vec![Bytes::new()],
        vec![Bytes::from_static(
            b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
        )],
    ] {
        let refused = bench
            .store()
            .call(call::<Account>(&key, &ADD, args))
            .await
            .unwrap_err();
        assert!(matches!(refused, Error::Refused { .. }), "{refused}");
    }
    assert_eq!(bench.balance(&key).await, 3);
}

async fn large_states_pass(bench: Bench) {
    let key = bench.account("account", 0).await;
    let ballast: Vec<u8> = (0..4_000_000u32).map(|n| n.to_le_bytes()[0]).collect();
    let loaded = bench
        .store()
        .call(call::<Account>(
            &key,
            &LOAD,
            vec![codec::encode(&ballast).unwrap()],
        ))
        .await
        .unwrap();
    assert_eq!(loaded, Poll::Ready(Value::Int(4_000_000)));
    let handle = crate::object::Handle::<Account>::at(key);
    assert!(
        bench
            .runtime
            .scope(handle.snapshot())
            .await
            .unwrap()
            .ballast
            == ballast
    );
}

async fn objects_expire(bench: Bench) {
    let key = bench.account("account", 0).await;
    assert!(
        !bench
            .store()
            .expire(&bench.key("nothing"), None)
            .await
            .unwrap()
    );
    assert!(
        bench
            .store()
            .expire(&key, Some(Duration::from_secs(3600)))
            .await
            .unwrap()
    );
    assert_eq!(bench.add(&key, 1).await.unwrap(), 1);
    assert!(bench.store().expire(&key, None).await.unwrap());
    assert!(
        bench
            .store()
            .expire(&key, Some(Duration::from_millis(1)))
            .await
            .unwrap()
    );
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    while bench.store().describe(&key).await.unwrap().is_some() {
        assert!(tokio::time::Instant::now() < deadline);
        tokio::task::yield_now().await;
    }
    assert!(matches!(
        bench.add(&key, 1).await,
        Err(Error::NotFound { .. })
    ));
}

async fn a_job_ends_with_its_objects(bench: Bench) {
    let keys = [bench.account("a", 0).await, bench.account("b/c.d", 0).await];
    let elsewhere = bench.runtime.application().key("kept").unwrap();
    bench.store().destroy(&elsewhere).await.unwrap();
    assert!(bench.create(&elsewhere, 1).await);
    assert!(
        bench
            .store()
            .knows(bench.runtime.namespace())
            .await
            .unwrap()
    );
    bench
        .store()
        .clear(bench.runtime.namespace())
        .await
        .unwrap();
    for key in &keys {
        assert_eq!(bench.store().describe(key).await.unwrap(), None);
    }
    assert_eq!(bench.balance(&elsewhere).await, 1);
    assert!(bench.store().destroy(&elsewhere).await.unwrap());
}

async fn dropped_calls_do_not_jam(bench: Bench) {
    let key = bench.account("account", 0).await;
    for _ in 0..50 {
        let (first, second) = (bench.add(&key, 1), bench.add(&key, 1));
        // Both are sent, or queued, and given up at once.
        tokio::select! { biased; _ = first => {}, _ = second => {}, () = std::future::ready(()) => {} }
    }
    let sum = bench.add(&key, 0).await.unwrap();
    assert!((0..=100).contains(&sum), "{sum}");
    assert_eq!(
        bench.add(&key, 1).await.unwrap() - 1,
        bench.add(&key, 0).await.unwrap() - 1
    );
}

async fn threads_end_once(bench: Bench) {
    let runtime = bench.runtime.clone();
    let completions = Completions::of(runtime.namespace()).unwrap();
    let (one, two) = (ThreadId::random(), ThreadId::random());
    let small = Outcome::Returned(Bytes::from_static(b"small"));
    let large = Outcome::Returned(Bytes::from(vec![7; 20_000]));
    let failed = Outcome::Ended(JoinFailure::Cancelled);
    let mut watch = bench.store().watch(completions.key()).await.unwrap();
    runtime
        .scope(async {
            assert!(completions.begin(one, 0).await.unwrap());
            assert!(
                !completions.begin(one, 0).await.unwrap(),
                "an event that is delivered twice runs once"
            );
            assert!(
                completions.begin(one, 1).await.unwrap(),
                "a later try may run"
            );
            assert!(!completions.begin(one, 0).await.unwrap());
            assert!(completions.beat(one).await.unwrap());
            assert!(!completions.beat(two).await.unwrap());
            let progress = completions.progress(&[one, two]).await.unwrap();
            assert_eq!(progress, [Progress::Running(1), Progress::Waiting]);
            assert!(completions.complete(one, &small).await.unwrap());
            assert!(
                !completions.complete(one, &failed).await.unwrap(),
                "the first outcome stays"
            );
            assert!(!completions.beat(one).await.unwrap());
            assert!(!completions.begin(one, 2).await.unwrap());
            assert!(completions.complete(two, &large).await.unwrap());
            let progress = completions.progress(&[two, one]).await.unwrap();
            assert_eq!(
                progress,
                [
                    Progress::Ended(large.clone()),
                    Progress::Ended(small.clone())
                ]
            );
        })
        .await;
    let mut announced = Vec::new();
    while announced.len() < 2 {
        if let Change::Hint(hint) = watch.changed().await {
            announced.extend(Completions::announced(&hint));
        }
    }
    assert_eq!(
        announced,
        [(one, Some(small)), (two, None)],
        "large outcomes are fetched"
    );
}

/// Runs one case on one store.
pub(super) async fn check<F: Future<Output = ()>>(url: &str, case: impl FnOnce(Bench) -> F) {
    let bench = Bench::on(url).await;
    case(bench.clone()).await;
    bench.runtime.shutdown().await.unwrap();
}

macro_rules! suite {
    ($($case:ident)*) => {
        mod embedded {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                super::check("embedded:", super::$case).await;
            })*
        }

        #[cfg(feature = "redis")]
        mod redis {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                let server = crucial_tests::RedisServer::start(crucial_tests::Options::default()).await;
                super::check(&server.url(), super::$case).await;
                let left = super::super::redis_faults::job_keys(&server).await;
                assert!(left.is_empty(), "a job leaves nothing but records: {left:?}");
            })*
        }
    };
}

suite! {
    creation_is_once
    calls_take_effect_in_order
    concurrent_updates_all_count
    absent_objects_are_errors
    other_types_are_refused
    panics_stay_with_their_caller
    waiting_changes_nothing_and_wakes
    waiters_are_awakened
    waits_end
    bad_calls_are_refused
    large_states_pass
    objects_expire
    a_job_ends_with_its_objects
    dropped_calls_do_not_jam
    threads_end_once
}
