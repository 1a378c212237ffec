//! How often a process asks that is refused: whatever refuses it, hardly more often than one that is not.

use std::time::Duration;

use crucial_tests::{Options, RedisServer, Signal, signal};
use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::config::Builder;
use crate::objects::{
    Barrier, Latch, Map, Mutex, Promise, Queue, RwLock, Semaphore, Topic, TopicInit,
};
use crate::runtime::Runtime;
use crate::store::conformance::Bench;

const LEASE: Duration = Duration::from_millis(300);
/// For how long commands are counted.
const SPAN: Duration = Duration::from_secs(2);

/// A process that holds, waits for and listens to something of everything.
struct Busy {
    runtime: Runtime,
    waiting: Vec<JoinHandle<()>>,
}

impl Busy {
    async fn on(server: &RedisServer) -> Self {
        let builder = Builder::new().store(server.url()).lease(LEASE);
        let runtime = builder.job_lease(2 * LEASE).build().await.unwrap();
        let bench = Bench {
            runtime: runtime.clone(),
        };
        let _entered = runtime.enter();
        let (held, other) = (
            Mutex::create("held", 1_u8).await.unwrap(),
            RwLock::create("other", 1_u8).await.unwrap(),
        );
        let permits = Semaphore::create("permits", 2).await.unwrap();
        let barrier = Barrier::create("barrier", 2).await.unwrap();
        let queue = Queue::<u8>::create("queue", Default::default())
            .await
            .unwrap();
        let topic = Topic::<u8>::create("topic", TopicInit::default())
            .await
            .unwrap();
        let promise = Promise::<u8>::create("promise", None).await.unwrap();
        let latch = Latch::create("latch", 1).await.unwrap();
        let account = bench.account("account", 0).await;
        let mut waiting: Vec<JoinHandle<()>> = Vec::new();
        macro_rules! waits {
            ($($wait:expr),+ $(,)?) => {
                $(waiting.push(tokio::spawn({
                    let runtime = runtime.clone();
                    async move { runtime.scope(async move { let _ = $wait.await; }).await }
                }));)+
            };
        }
        // What is held, for as long as the task lives.
        let (guard, reading) = (held.lock().await.unwrap(), other.read().await.unwrap());
        let permit = permits.acquire_many(2).await.unwrap();
        waits!(async move {
            let _held = (guard, reading, permit);
            std::future::pending::<()>().await
        });
        // What is waited for.
        let mut subscription = topic.subscribe().await.unwrap();
        waits!(
            async move { held.lock().await.map(drop) },
            async move { other.write().await.map(drop) },
            async move { permits.acquire().await.map(drop) },
            async move { barrier.wait().await },
            async move { queue.take().await },
            async move { subscription.recv().await },
            async move { promise.wait().await },
            async move { latch.wait().await },
        );
        // Updates of a user's object, one after the other, some of which fail.
        waits!(async move {
            loop {
                let _ = bench.add(&account, 1).await;
                sleep(LEASE / 3).await;
            }
        });
        Self { runtime, waiting }
    }

    async fn end(self) {
        for waiting in &self.waiting {
            waiting.abort();
        }
        for waiting in self.waiting {
            let _ = waiting.await;
        }
        self.runtime.shutdown().await.unwrap();
    }
}

/// How many commands came while that lasted, done or refused.
async fn commands(server: &RedisServer) -> u64 {
    server.command(&["CONFIG", "RESETSTAT"]).await;
    sleep(SPAN).await;
    let statistics = server.info("commandstats").await;
    let numbers = statistics.split([',', '\r', '\n']).filter_map(|part| {
        let number = part.strip_prefix("rejected_calls=");
        number.or_else(|| part.split_once(":calls=").map(|(_, number)| number))
    });
    numbers.map(|number| number.parse::<u64>().unwrap()).sum()
}

async fn hardly_asks(server: &RedisServer, refuse: impl AsyncFn(), allow: impl AsyncFn()) {
    let busy = Busy::on(server).await;
    let calm = commands(server).await;
    refuse().await;
    let refused = commands(server).await;
    allow().await;
    assert!(
        calm > 0 && refused <= 2 * calm + 100,
        "{refused} commands, not refused {calm}"
    );
    // All goes on.
    let works = async {
        let map = Map::create("map", [(1_u8, 1_u8)].into()).await?;
        let lock = Mutex::create("new", 1_u8).await?;
        lock.lock().await?.unlock().await?;
        map.insert(1, 2).await
    };
    let works = tokio::time::timeout(Duration::from_secs(60), busy.runtime.scope(works));
    assert_eq!(works.await.unwrap().unwrap(), Some(1));
    busy.end().await;
}

async fn settings(server: &RedisServer, settings: &[&str]) {
    server
        .command(&[&["CONFIG", "SET"], settings].concat())
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_without_enough_replicas() {
    let server = RedisServer::start(Options::default()).await;
    hardly_asks(
        &server,
        async || settings(&server, &["min-replicas-to-write", "1"]).await,
        async || settings(&server, &["min-replicas-to-write", "0"]).await,
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_has_become_a_replica() {
    let server = RedisServer::start(Options::default()).await;
    hardly_asks(
        &server,
        async || drop(server.command(&["REPLICAOF", "127.0.0.1", "1"]).await),
        async || drop(server.command(&["REPLICAOF", "NO", "ONE"]).await),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_whose_memory_is_full() {
    let server = RedisServer::start(Options::default()).await;
    hardly_asks(
        &server,
        async || settings(&server, &["maxmemory", "1"]).await,
        async || settings(&server, &["maxmemory", "0"]).await,
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_can_not_save() {
    let server = RedisServer::start(Options::default()).await;
    hardly_asks(
        &server,
        async || {
            settings(&server, &["save", "3600 1000000"]).await;
            settings(&server, &["rdb-key-save-delay", "100000000"]).await;
            server.command(&["BGSAVE"]).await;
            // A process that saves and is killed counts as a disk that is full.
            signal(saving(&server).await, Signal::KILL);
            let status = "rdb_last_bgsave_status:err";
            while !server.info("persistence").await.contains(status) {
                tokio::task::yield_now().await;
            }
        },
        async || {
            settings(&server, &["rdb-key-save-delay", "0"]).await;
            settings(&server, &["save", ""]).await;
        },
    )
    .await;
}

/// The process that saves for the server.
async fn saving(server: &RedisServer) -> u32 {
    let parent = server.statistic("server", "process_id:").await;
    let is_child = |process: &std::fs::DirEntry| {
        let stat = std::fs::read_to_string(process.path().join("stat")).unwrap_or_default();
        // Behind the name, which is in brackets: the state, and the parent.
        let parents = stat
            .rsplit(") ")
            .next()
            .and_then(|rest| rest.split(' ').nth(1));
        parents == Some(&parent.to_string())
    };
    loop {
        let processes = std::fs::read_dir("/proc").unwrap().flatten();
        let found = processes.filter(is_child).find_map(|process| {
            process
                .file_name()
                .to_str()
                .and_then(|name| name.parse().ok())
        });
        if let Some(found) = found {
            return found;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_whose_rights_are_taken_away() {
    for taken in ["-@write", "-@scripting", "-@pubsub"] {
        let server = RedisServer::start(Options::default()).await;
        hardly_asks(
            &server,
            async || drop(server.command(&["ACL", "SETUSER", "default", taken]).await),
            async || {
                drop(
                    server
                        .command(&["ACL", "SETUSER", "default", "+@all"])
                        .await,
                )
            },
        )
        .await;
    }
}

/// Nobody is let in any more, and those who are in are thrown out.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_who_is_not_let_in() {
    let server = RedisServer::start(Options::default()).await;
    hardly_asks(
        &server,
        async || {
            server.command(&["ACL", "SETUSER", "default", "off"]).await;
            server.kill_clients().await;
        },
        async || drop(server.command(&["ACL", "SETUSER", "default", "on"]).await),
    )
    .await;
}
