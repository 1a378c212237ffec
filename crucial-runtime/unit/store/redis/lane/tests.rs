//! What becomes of calls when others are failed.

use std::future::{Future as _, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use bytes::Bytes;
use crucial_tests::{Options as Settings, RedisServer};
use serde::{Deserialize, Serialize};
use url::Url;

use super::super::combine::Combining;
use super::super::fault::Fault;
use super::super::names::{self, Names};
use super::super::operation::Operation;
use super::super::{Options, RedisStore};
use super::{Kept, Lane};
use crate::codec;
use crate::object::{Call, Key, Method, Namespace, Object, ObjectType, Refusal, Value};
use crate::objects::AtomicState;
use crate::store::{Description, Store};

#[derive(Debug, Default, Serialize, Deserialize)]
struct Sum(i64);

static ADD: Method = Method::update("add");
static PEEK: Method = Method::read("peek");

impl Object for Sum {
    const NAME: &'static str = "tests::Sum";
    const METHODS: &'static [Method] = &[ADD, PEEK];

    fn apply(&mut self, _: &str, args: &[Bytes]) -> Result<Poll<Value>, Refusal> {
        self.0 += codec::decode::<i64>(&args[0])?;
        Ok(Poll::Ready(Value::Int(self.0)))
    }
}

fn add(key: &Key, n: i64) -> Call {
    Call {
        key: key.clone(),
        object: ObjectType::of::<Sum>(),
        method: &ADD,
        args: vec![codec::encode_own(&n).unwrap()],
    }
}

/// The lane of calls on the object.
fn lane(store: &RedisStore, key: &Key) -> Arc<Lane> {
    let object = store.objects.of(key);
    Arc::clone(object.lane(&Operation::Call(add(key, 0))))
}

/// What whoever sends the lane's batch holds.
fn combining(lane: &Lane) -> &tokio::sync::Mutex<Combining> {
    match &lane.kept {
        Kept::Combined(combined) => &combined.combining,
        other => panic!("{other:?}"),
    }
}

async fn create(store: &RedisStore) -> Key {
    let key = Namespace::new("tests").unwrap().key("sum").unwrap();
    let init = Call {
        args: vec![codec::encode_own(&Sum(0)).unwrap()],
        ..add(&key, 0)
    };
    let description = Description {
        object: Sum::NAME.to_owned(),
        detail: Sum::NAME.to_owned(),
    };
    assert!(store.create(init, description).await.unwrap());
    key
}

/// A call that could not be done alone is to be done together with others. It fails before, and takes with it what it
/// gave and its number: the next call is not answered with them.
///
/// On one thread, so that nothing happens between what is done here.
#[tokio::test]
async fn an_attempt_goes_with_its_call() {
    let server = RedisServer::start(Settings::default()).await;
    let url = Url::parse(&server.url()).unwrap();
    let one = RedisStore::connect(&url, Options::default()).await.unwrap();
    let other = RedisStore::connect(&url, Options::default()).await.unwrap();
    let key = create(&one).await;
    let sum = async |store: &RedisStore, n| store.call(add(&key, n)).await.unwrap();
    assert_eq!(sum(&one, 1).await, Poll::Ready(Value::Int(1)));
    assert_eq!(sum(&other, 1).await, Poll::Ready(Value::Int(2)));

    let lane = lane(&one, &key);
    let operation = Operation::Call(add(&key, 10));
    let mut overtaken = pin!(Arc::clone(&lane).run(&one.process, operation));
    poll_fn(|cx| match overtaken.as_mut().poll(cx) {
        Poll::Pending if lane.queue.has_waiting() => Poll::Ready(()),
        Poll::Pending => Poll::Pending,
        Poll::Ready(answer) => panic!("it was not overtaken: {answer:?}"),
    })
    .await;
    let fault = |words: &str| Fault::Poison(words.to_owned());
    lane.queue
        .fail(&fault("may take effect"), &fault("has none"));
    let told = overtaken.await.unwrap_err();
    assert!(
        matches!(&told, Fault::Poison(words) if words == "may take effect"),
        "{told:?}"
    );
    // What a repeat of it leaves that comes late, and is done after all.
    let last = u64::from_str_radix(&one.process.core.next_seq(), 16).unwrap() - 1;
    let field = names::record(&one.process.core.session, 0);
    let record = format!("{last:016x}{:08x}r", u32::MAX);
    server
        .command(&["HSET", &Names::of(&key).records(), &field, &record])
        .await;

    assert_eq!(sum(&one, 100).await, Poll::Ready(Value::Int(102)));
    assert_eq!(sum(&other, 1).await, Poll::Ready(Value::Int(103)));
}

#[tokio::test]
async fn a_lane_that_has_landed_is_not_failed() {
    let server = RedisServer::start(Settings::default()).await;
    let url = Url::parse(&server.url()).unwrap();
    let store = RedisStore::connect(&url, Options::default()).await.unwrap();
    let key = Namespace::new("tests").unwrap().key("sum").unwrap();
    let fault = Fault::Poison("too late".to_owned());
    lane(&store, &key).queue.fail(&fault, &fault);
    let told = store.call(add(&key, 1)).await.unwrap_err();
    assert!(
        matches!(told, crate::error::Error::NotFound { .. }),
        "{told}"
    );
}

/// One key is an object of the library and an object of a user by turns. Each engine has records of its own, and whichever
/// lane a removal goes through, the next life knows nothing of the last.
#[tokio::test]
async fn a_key_may_be_of_one_type_after_the_other() {
    let server = RedisServer::start(Settings::default()).await;
    let url = Url::parse(&server.url()).unwrap();
    let store = RedisStore::connect(&url, Options::default()).await.unwrap();
    let key = Namespace::new("tests").unwrap().key("sum").unwrap();
    let count = |method: &str, args: &[&'static [u8]]| Call {
        key: key.clone(),
        object: ObjectType::of::<AtomicState>(),
        method: ObjectType::of::<AtomicState>().method(method).unwrap(),
        args: args.iter().map(|arg| Bytes::from_static(arg)).collect(),
    };
    let description = Description {
        object: AtomicState::NAME.to_owned(),
        detail: AtomicState::NAME.to_owned(),
    };
    let one = |answer: crate::Result<Poll<Value>>| {
        assert!(matches!(answer, Ok(Poll::Ready(_))), "{answer:?}");
    };
    for _ in 0..3 {
        let init = count("set", &[b"0"]);
        assert!(store.create(init, description.clone()).await.unwrap());
        one(store.call(count("add", &[b"1", b"u64"])).await);
        one(store.call(count("get", &[])).await);
        let told = store.call(add(&key, 1)).await.unwrap_err();
        assert!(
            matches!(told, crate::error::Error::WrongType { .. }),
            "{told}"
        );
        assert!(store.destroy(&key).await.unwrap());
        assert!(!store.destroy(&key).await.unwrap());

        create(&store).await;
        let sum = async |n| store.call(add(&key, n)).await.unwrap();
        assert_eq!(sum(1).await, Poll::Ready(Value::Int(1)));
        assert_eq!(sum(1).await, Poll::Ready(Value::Int(2)));
        assert!(store.destroy(&key).await.unwrap());
        let told = store.call(add(&key, 1)).await.unwrap_err();
        assert!(
            matches!(told, crate::error::Error::NotFound { .. }),
            "{told}"
        );
    }
}

/// An object on a server of its own.
async fn sum() -> (RedisServer, Arc<RedisStore>, Key) {
    let server = RedisServer::start(Settings::default()).await;
    let url = Url::parse(&server.url()).unwrap();
    let store = RedisStore::connect(&url, Options::default()).await.unwrap();
    let key = create(&store).await;
    (server, Arc::new(store), key)
}

/// A call for any runtime.
fn call(
    store: &Arc<RedisStore>,
    key: &Key,
    n: i64,
) -> impl Future<Output = crate::Result<Poll<Value>>> + Send + 'static {
    let (store, call) = (Arc::clone(store), add(key, n));
    async move { store.call(call).await }
}

/// A tokio runtime other than that of the test, as tests have that share a runtime of ours.
fn another() -> tokio::runtime::Runtime {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(1).enable_all().build().unwrap()
}

/// Whoever drives the calls of all is dropped with its runtime: who waits behind it goes on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_runtime_that_is_shut_down_holds_nobody_up() {
    let (server, store, key) = sum().await;
    let lane = lane(&store, &key);
    let call = |n| call(&store, &key, n);
    server.pause();
    let runtime = another();
    runtime.spawn(call(1));
    until(|| !lane.queue.is_idle()).await;
    let behind = tokio::spawn(call(10));
    until(|| lane.queue.has_waiting()).await;
    runtime.shutdown_background();
    // It goes on by itself.
    until(|| !lane.queue.has_waiting()).await;
    server.resume();
    let sum = behind.await.unwrap().unwrap();
    assert!(
        [10, 11]
            .map(|sum| Poll::Ready(Value::Int(sum)))
            .contains(&sum),
        "{sum:?}"
    );
}

/// What was under way with it may have run.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_of_a_runtime_that_is_shut_down_is_in_doubt() {
    let (server, store, key) = sum().await;
    let lane = lane(&store, &key);
    let call = |n| call(&store, &key, n);
    server.pause();
    let runtime = another();
    let first = runtime.spawn(call(1));
    until(|| combining(&lane).try_lock().is_err()).await;
    let behind = tokio::spawn(call(10));
    until(|| lane.queue.has_waiting()).await;
    // The other runtime goes on with whoever waits, until it is stopped there.
    let mut again = pin!(combining(&lane).lock());
    poll_fn(|cx| {
        assert!(again.as_mut().poll(cx).is_pending());
        Poll::Ready(())
    })
    .await;
    server.resume();
    let held = again.await;
    assert_eq!(first.await.unwrap().unwrap(), Poll::Ready(Value::Int(1)));
    until(|| !lane.queue.has_waiting()).await;
    runtime.shutdown_background();
    let told = behind.await.unwrap().unwrap_err();
    assert!(
        matches!(told, crate::error::Error::InDoubt { .. }),
        "{told}"
    );
    drop(held);
    assert_eq!(call(100).await.unwrap(), Poll::Ready(Value::Int(101)));
}

/// What only reads is asked again instead.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_of_a_runtime_that_is_shut_down_is_made_again() {
    let (server, store, key) = sum().await;
    let lane = lane(&store, &key);
    let peek = || {
        let call = Call {
            method: &PEEK,
            ..add(&key, 0)
        };
        let store = Arc::clone(&store);
        async move { store.call(call).await }
    };
    server.pause();
    let runtime = another();
    let first = runtime.spawn(peek());
    until(|| combining(&lane).try_lock().is_err()).await;
    let behind = tokio::spawn(peek());
    until(|| lane.queue.has_waiting()).await;
    let mut again = pin!(combining(&lane).lock());
    poll_fn(|cx| {
        assert!(again.as_mut().poll(cx).is_pending());
        Poll::Ready(())
    })
    .await;
    server.resume();
    let held = again.await;
    assert_eq!(first.await.unwrap().unwrap(), Poll::Ready(Value::Int(0)));
    until(|| !lane.queue.has_waiting()).await;
    runtime.shutdown_background();
    drop(held);
    assert_eq!(behind.await.unwrap().unwrap(), Poll::Ready(Value::Int(0)));
}

async fn until(mut is_so: impl FnMut() -> bool) {
    while !is_so() {
        tokio::task::yield_now().await;
    }
}
