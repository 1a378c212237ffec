//! Events as the executors send them, and as nobody should.

mod leading;

use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use crucial_tests::{Options, RedisServer};
use serde_json::Value;
use tokio::sync::Notify;

use super::event::{Hello, Packed};
use super::handler::{Failure, Worker};
use super::pack;
use crate::codec;
use crate::config::Builder;
use crate::object::Namespace;
use crate::runtime::Runtime;
use crate::thread::{
    Completions, Invocation, JoinFailure, Outcome, Progress, ThreadId, find_by_end, unix_ms,
};

static RUNS: AtomicUsize = AtomicUsize::new(0);

/// Counts how often it ran, and returns the size of what it was given.
#[crate::cloud_thread(crate = crate)]
async fn counted(bytes: Bytes) -> usize {
    RUNS.fetch_add(1, Ordering::SeqCst);
    bytes.len()
}

/// Never ends.
#[crate::cloud_thread(crate = crate)]
async fn endless() {
    std::future::pending::<()>().await;
}

static BEGUN: Notify = Notify::const_new();

/// Says that it has begun, and never ends.
#[crate::cloud_thread(crate = crate)]
async fn announced() {
    BEGUN.notify_one();
    std::future::pending::<()>().await;
}

/// A job, and a worker on the same server.
struct Stage {
    server: RedisServer,
    driver: Runtime,
    worker: Worker,
}

impl Stage {
    async fn new() -> Self {
        let server = RedisServer::start(Options::default()).await;
        let builder = Builder::new().store(server.url());
        let driver = builder.clone().build().await.unwrap();
        Self {
            server,
            driver,
            worker: Worker::new(builder),
        }
    }

    fn task(&self, thread: &str, args: &[u8]) -> Invocation {
        let entry = find_by_end(thread).unwrap();
        let bytes = Bytes::copy_from_slice(args);
        Invocation {
            id: ThreadId::random(),
            thread: entry.name().to_owned(),
            label: thread.to_owned(),
            fingerprint: entry.fingerprint(),
            args: codec::encode(&(bytes,)).unwrap(),
            job: self.driver.namespace().clone(),
            application: self.driver.application().clone(),
            store: self.driver.store().address().to_owned(),
            limits: self.driver.limits(),
            deadline_ms: unix_ms() + 60_000,
            attempt: 0,
            depth: 1,
            trace: None,
        }
    }

    async fn handle(&self, event: &Bytes) -> Result<Value, Failure> {
        let event = serde_json::from_slice(event).unwrap();
        self.worker.handle(event, unix_ms() + 60_000).await
    }

    async fn send(&self, task: &Invocation) -> Result<Value, Failure> {
        let event = pack(&self.driver, task.clone()).await.unwrap();
        self.handle(&event).await
    }

    async fn progress(&self, id: ThreadId) -> Progress {
        let threads = Completions::of(self.driver.namespace()).unwrap();
        let progress = self.driver.scope(threads.progress(&[id])).await;
        progress.unwrap().remove(0)
    }

    async fn outcome(&self, id: ThreadId) -> Outcome {
        match self.progress(id).await {
            Progress::Ended(outcome) => outcome,
            other => panic!("{other:?}"),
        }
    }
}

fn returned(value: usize) -> Outcome {
    Outcome::Returned(codec::encode(&value).unwrap())
}

#[tokio::test]
async fn an_event_that_is_delivered_twice_runs_once() {
    let stage = Stage::new().await;
    let before = RUNS.load(Ordering::SeqCst);
    // Small, and too large for an event.
    for (size, delivered) in [(3, 2), (2 << 20, 3)] {
        let task = stage.task("counted", &vec![1; size]);
        let event = pack(&stage.driver, task.clone()).await.unwrap();
        assert!(event.len() < 1_000_000);
        for _ in 0..delivered {
            assert_eq!(stage.handle(&event).await.unwrap(), Value::Null);
        }
        assert_eq!(stage.outcome(task.id).await, returned(size));
    }
    assert_eq!(RUNS.load(Ordering::SeqCst) - before, 2);
}

#[tokio::test]
async fn a_job_that_the_store_does_not_know_is_refused() {
    let stage = Stage::new().await;
    let mut task = stage.task("counted", b"");
    task.job = Namespace::random();
    task.store = "redis://elsewhere:6379".to_owned();
    let event = Packed {
        task: task.clone(),
        parcel: false,
    }
    .to_json()
    .unwrap();
    let hello = Hello {
        job: task.job.clone(),
        store: task.store.clone(),
    }
    .to_json()
    .unwrap();
    for event in [event, hello] {
        let failure = stage.handle(&event).await.unwrap_err();
        assert_eq!(failure.kind, "Crucial.Store");
        let port = format!(":{}", stage.server.port());
        for part in [
            "redis://elsewhere:6379",
            "CRUCIAL_STORE",
            task.job.as_str(),
            &port,
        ] {
            assert!(failure.message.contains(part), "{}", failure.message);
        }
    }
    let inside = Worker::new(Builder::new());
    let event = serde_json::from_slice(&stage_hello(&stage)).unwrap();
    let failure = inside.handle(event, u64::MAX).await.unwrap_err();
    assert!(failure.message.contains("embedded:"), "{}", failure.message);
}

fn stage_hello(stage: &Stage) -> Bytes {
    let hello = Hello {
        job: stage.driver.namespace().clone(),
        store: stage.driver.store().address().to_owned(),
    };
    hello.to_json().unwrap()
}

#[tokio::test]
async fn a_greeting_is_answered() {
    let stage = Stage::new().await;
    let answer = stage.handle(&stage_hello(&stage)).await.unwrap();
    assert_eq!(answer, Hello::answer());
}

#[tokio::test]
async fn what_does_not_fit_the_worker_is_the_threads_outcome() {
    let stage = Stage::new().await;
    let mut skewed = stage.task("counted", b"");
    skewed.fingerprint += 1;
    let mut garbled = stage.task("counted", b"");
    garbled.args = Bytes::from_static(&[9]);
    let lost = stage.task("counted", b"");
    for (task, parcel, reason) in [
        (skewed, false, "another signature"),
        (garbled, false, "arguments"),
        (lost, true, "not in the store"),
    ] {
        let id = task.id;
        let event = Packed { task, parcel }.to_json().unwrap();
        assert_eq!(stage.handle(&event).await.unwrap(), Value::Null);
        let Outcome::Ended(failure) = stage.outcome(id).await else {
            panic!("{reason}: it returned");
        };
        assert!(failure.to_string().contains(reason), "{failure}");
    }
    assert!(!stage.worker.retired());
}

#[tokio::test]
async fn a_thread_ends_with_its_time_or_the_functions() {
    for (thread_ms, function_ms) in [(50, 60_000), (60_000, 1_550)] {
        let stage = Stage::new().await;
        let mut task = stage.task("endless", b"");
        task.args = codec::encode(&()).unwrap();
        task.deadline_ms = unix_ms() + thread_ms;
        let packed = Packed {
            task: task.clone(),
            parcel: false,
        };
        let event = serde_json::from_slice(&packed.to_json().unwrap()).unwrap();
        stage
            .worker
            .handle(event, unix_ms() + function_ms)
            .await
            .unwrap();
        let outcome = stage.outcome(task.id).await;
        assert!(
            matches!(outcome, Outcome::Ended(JoinFailure::TimedOut(_))),
            "{outcome:?}"
        );
        assert!(
            stage.worker.retired(),
            "what was cut off may still be running"
        );
    }
}

#[tokio::test]
async fn a_thread_that_was_given_up_is_stopped() {
    let stage = Stage::new().await;
    let mut task = stage.task("announced", b"");
    task.args = codec::encode(&()).unwrap();
    let threads = Completions::of(stage.driver.namespace()).unwrap();
    let give_up = async {
        BEGUN.notified().await;
        let end = Outcome::Ended(JoinFailure::Cancelled);
        let threads = threads.complete(task.id, &end);
        stage.driver.scope(threads).await.unwrap();
    };
    let (handled, ()) = tokio::join!(stage.send(&task), give_up);
    assert_eq!(handled.unwrap(), Value::Null);
    assert_eq!(
        stage.outcome(task.id).await,
        Outcome::Ended(JoinFailure::Cancelled)
    );
    assert!(stage.worker.retired());
}
