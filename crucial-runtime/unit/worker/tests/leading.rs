//! A worker that runs the calls of others at an object, and is to be frozen.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::runtime::Runtime as Tokio;
use tokio::sync::Notify;
use tokio::time::timeout;

use super::super::handler::Worker;
use super::super::pack;
use super::Stage;
use crate::codec;
use crate::config::Builder;
use crate::runtime::Runtime;
use crate::thread::{Progress, unix_ms};

/// Long enough that nobody waits for its end.
const LEAD: Duration = Duration::from_secs(600);
const LIMIT: Duration = Duration::from_secs(30);

/// The calls that wait to be let go.
static HELD: (Mutex<u32>, Condvar) = (Mutex::new(0), Condvar::new());
/// How many of them have begun.
static HOLDING: AtomicUsize = AtomicUsize::new(0);

/// An object whose calls take as long as the test wants.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Slow(u32);

#[crate::shared(crate = crate)]
impl Slow {
    pub(crate) fn add(&mut self, n: u32) -> u32 {
        self.0 += n;
        self.0
    }

    /// Ends when so many have been let go.
    pub(crate) fn hold(&mut self, until: u32) -> u32 {
        HOLDING.fetch_add(1, Ordering::SeqCst);
        let (let_go, changed) = &HELD;
        let let_go = let_go.lock().unwrap();
        drop(
            changed
                .wait_while(let_go, |let_go| *let_go < until)
                .unwrap(),
        );
        self.add(1)
    }
}

fn let_go(count: u32) {
    *HELD.0.lock().unwrap() = count;
    HELD.1.notify_all();
}

/// The thread asks for a call of another process, and that has been made.
static ASKED: Notify = Notify::const_new();
static CALLED: Notify = Notify::const_new();

/// Meets another process at the object twice, and makes a call that is held.
#[crate::cloud_thread(crate = crate)]
async fn lead(slow: SlowProxy) -> crate::Result<u32> {
    for _ in 0..2 {
        ASKED.notify_one();
        CALLED.notified().await;
        slow.add(0).await?;
    }
    slow.hold(1).await
}

/// The threads of a worker that is frozen when this is dropped.
struct Threads(Option<Tokio>);

impl Drop for Threads {
    fn drop(&mut self) {
        // They may be in a call that is held.
        if let Some(tokio) = self.0.take() {
            tokio.shutdown_background();
        }
    }
}

/// Waits for that.
async fn until(mut reached: impl AsyncFnMut() -> bool) {
    let reached = async {
        while !reached().await {
            tokio::task::yield_now().await;
        }
    };
    timeout(LIMIT, reached).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_worker_that_has_handled_an_event_leads_no_more() {
    let stage = Stage::new().await;
    let builder = Builder::new().store(stage.server.url()).lead(LEAD);
    let create = SlowProxy::create("slow", Slow::default());
    let slow = stage.driver.scope(create).await.unwrap();
    let mut others = Vec::new();
    for _ in 0..2 {
        let other = builder.clone().join(stage.driver.namespace().clone());
        others.push(other.build().await.unwrap());
    }
    let add = async |other: &Runtime| other.scope(slow.add(0)).await.unwrap();
    let queue = format!("crucial:{{{}}}:q", slow.key());
    let waiting = async || stage.server.command(&["HLEN", &queue]).await;

    let tokio = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(3)
        .enable_all()
        .build();
    let threads = Threads(Some(tokio.unwrap()));
    let mut task = stage.task("lead", b"");
    task.args = codec::encode(&(slow.clone(),)).unwrap();
    let id = task.id;
    let event = pack(&stage.driver, task).await.unwrap();
    let event = serde_json::from_slice(&event).unwrap();
    let handling = threads.0.as_ref().unwrap().spawn(async move {
        let worker = Worker::new(builder);
        worker.handle(event, unix_ms() + 60_000).await
    });
    for _ in 0..2 {
        ASKED.notified().await;
        add(&others[0]).await;
        CALLED.notify_one();
    }
    until(async || HOLDING.load(Ordering::SeqCst) == 1).await;
    let call = |other: usize, held: bool| {
        let (other, slow) = (others[other].clone(), slow.clone());
        let call = async move {
            match held {
                true => slow.hold(2).await,
                false => slow.add(10).await,
            }
        };
        tokio::spawn(async move { other.scope(call).await })
    };
    let held = call(0, true);
    until(async || waiting().await == redis::Value::Int(2)).await;
    // The worker's own call is answered, but it still runs the other one.
    let_go(1);
    until(async || HOLDING.load(Ordering::SeqCst) == 2).await;
    until(async || matches!(stage.progress(id).await, Progress::Ended(_))).await;
    let behind = call(1, false);
    until(async || waiting().await == redis::Value::Int(2)).await;
    for _ in 0..20 {
        stage.progress(id).await;
        assert!(!handling.is_finished(), "it was handled while it leads");
    }
    let_go(2);
    let handled = timeout(LIMIT, handling).await.unwrap().unwrap();
    assert_eq!(handled.unwrap(), Value::Null);
    drop(threads);
    for call in [held, behind] {
        let answer = timeout(LIMIT, call).await;
        answer.expect("it waits for the worker").unwrap().unwrap();
    }
    let sum = timeout(LIMIT, add(&others[0])).await;
    assert_eq!(sum.expect("somebody leads for ever"), 12);
    assert_eq!(HOLDING.load(Ordering::SeqCst), 2, "each ran once");
}
