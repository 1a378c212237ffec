//! Several processes at one object of a user's: who leads, what travels, and what goes wrong meanwhile.

mod company;
mod ledger;
mod limits;
mod quiet;
mod replies;
mod trouble;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Poll;
use std::time::Duration;

use crucial_tests::{Options, RedisServer};
use redis::aio::MultiplexedConnection;
use tokio::runtime::Runtime as Tokio;

use super::Description;
use super::conformance::Bench;
use crate::codec;
use crate::config::Builder;
use crate::error::Result;
use crate::object::{Call, Key, Method, Object, ObjectType, Value};

use ledger::{Ledger, RUNS};

/// Longer than any of these tests takes.
const LONG: Duration = Duration::from_secs(30);

/// As good as a process: a runtime of its own, with a connection and a session of its own, on threads of its own.
pub(super) struct Process {
    tokio: Option<Tokio>,
    bench: Bench,
}

impl Drop for Process {
    fn drop(&mut self) {
        // Its threads may be in a method that does not end.
        if let Some(tokio) = self.tokio.take() {
            tokio.shutdown_background();
        }
    }
}

impl Process {
    /// One of those settings.
    async fn of(server: &RedisServer, settings: Builder) -> Self {
        let tokio = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let builder = settings.store(server.url()).namespace("shared");
        let runtime = tokio.spawn(builder.build()).await.unwrap().unwrap();
        Self {
            tokio: Some(tokio),
            bench: Bench { runtime },
        }
    }

    /// One that leads for as long as `lease` without a sign of life, and lets methods run as long as `limit`.
    async fn with(server: &RedisServer, lease: Duration, limit: Duration) -> Self {
        Self::of(server, Builder::new().lead(lease).method_limit(limit)).await
    }

    async fn on(server: &RedisServer) -> Self {
        Self::with(server, Duration::from_secs(1), LONG).await
    }

    /// So many of them.
    async fn many(server: &RedisServer, count: usize) -> Vec<Arc<Self>> {
        let mut processes = Vec::new();
        for _ in 0..count {
            processes.push(Arc::new(Self::on(server).await));
        }
        processes
    }

    /// That of an object which is not removed when one of the processes ends.
    fn key(&self) -> Key {
        self.bench.runtime.application().key("ledger").unwrap()
    }

    async fn create(&self, ballast: usize) -> bool {
        self.try_create(ballast).await.unwrap()
    }

    async fn try_create(&self, ballast: usize) -> Result<bool> {
        let ledger = Ledger::new(ballast);
        let description = Description {
            object: Ledger::NAME.to_owned(),
            detail: Ledger::NAME.to_owned(),
        };
        let init = call::<Ledger>(
            self.key(),
            &ledger::POST,
            codec::encode_own(&ledger).unwrap(),
        );
        self.run(async move |bench| bench.store().create(init, description).await)
            .await
    }

    /// Starts a call there.
    fn call<O: Object>(
        &self,
        method: &'static Method,
        args: &impl serde::Serialize,
    ) -> tokio::task::JoinHandle<Result<Poll<Value>>> {
        let call = call::<O>(self.key(), method, codec::encode_own(args).unwrap());
        let store = self.bench.store();
        self.tokio
            .as_ref()
            .unwrap()
            .spawn(async move { store.call(call).await })
    }

    /// Does something there.
    async fn run<T: Send + 'static, F: Future<Output = T> + Send + 'static>(
        &self,
        work: impl FnOnce(Bench) -> F,
    ) -> T {
        let work = work(self.bench.clone());
        self.tokio.as_ref().unwrap().spawn(work).await.unwrap()
    }

    async fn post(&self, n: u64) -> Result<u64> {
        number(self.call::<Ledger>(&ledger::POST, &n).await.unwrap())
    }

    /// Makes it lead the next time that it calls: others have been about.
    async fn meet(&self, other: &Self) {
        for _ in 0..2 {
            other.post(0).await.unwrap();
            self.post(0).await.unwrap();
        }
    }
}

fn call<O: Object>(key: Key, method: &'static Method, args: bytes::Bytes) -> Call {
    Call {
        key,
        object: ObjectType::of::<O>(),
        method,
        args: vec![args],
    }
}

fn number(answer: Result<Poll<Value>>) -> Result<u64> {
    match answer? {
        Poll::Ready(Value::Int(number)) => Ok(u64::try_from(number).unwrap()),
        other => panic!("{other:?}"),
    }
}

/// Waits until so many calls wait for whoever leads; those that are being run are among them.
async fn until_queued(connection: &mut MultiplexedConnection, process: &Process, wanted: u64) {
    let queue = format!("crucial:{{{}}}:q", process.key());
    loop {
        let queued: u64 = redis::cmd("HLEN")
            .arg(&queue)
            .query_async(connection)
            .await
            .unwrap();
        if queued >= wanted {
            return;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// Waits until a method has begun to run.
async fn until_run(run: usize, wanted: u32) {
    while RUNS[run].load(Ordering::SeqCst) < wanted {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// How often the server has run a command.
async fn count(server: &RedisServer, command: &str) -> u64 {
    let words = format!("cmdstat_{command}:calls=");
    server.statistic("commandstats", &words).await
}

/// How many bytes the server has been sent.
async fn received(server: &RedisServer) -> u64 {
    server.statistic("stats", "total_net_input_bytes:").await
}

async fn server() -> RedisServer {
    RedisServer::start(Options::default()).await
}
