//! Jobs whose drivers die, and what is left of them.

use std::time::Duration;

use crucial_tests::{Options, RedisServer};
use redis::Value;
use tokio::time::Instant;

use super::job_keys;
use crate::config::Builder;
use crate::job::Job;
use crate::object::Namespace;
use crate::store::conformance::Bench;

/// How long jobs live on without a sign of their drivers.
const LEASE: Duration = Duration::from_millis(400);

/// A program that connects and looks for jobs that have died.
async fn sweeper(server: &RedisServer) -> Bench {
    Bench::with(Builder::new().store(server.url()).job_lease(LEASE)).await
}

fn lease_key(job: &Namespace) -> String {
    format!("crucial:{{{job}}}:job")
}

/// A job whose lease has run out, as it does when its driver has died, with some objects.
async fn dead(server: &RedisServer, objects: usize) -> Bench {
    let dead = Bench::on(&server.url()).await;
    for n in 0..objects {
        dead.account(&format!("account-{n}"), 1).await;
    }
    let key = lease_key(dead.runtime.namespace());
    server.command(&["DEL", &key]).await;
    dead
}

async fn exists(server: &RedisServer, key: &str) -> bool {
    server.command(&["EXISTS", key]).await == Value::Int(1)
}

async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !is_so().await {
        assert!(Instant::now() < deadline, "{what}");
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_dead_driver_left_is_swept() {
    let server = RedisServer::start(Options::default()).await;
    let dead = dead(&server, 3).await;
    let living = sweeper(&server).await;
    let other = living.account("account", 1).await;
    let job = dead.runtime.namespace().to_string();
    until("nothing is left of it", async || {
        let keys = job_keys(&server).await;
        let jobs = format!("{:?}", server.command(&["SMEMBERS", "crucial:jobs"]).await);
        !keys.iter().any(|key| key.contains(&job)) && !jobs.contains(&job)
    })
    .await;
    assert!(living.store().describe(&other).await.unwrap().is_some());
}

/// A fail-over may lose the lease of a job and keep its name.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_whose_lease_was_lost_lives_on_when_it_is_renewed() {
    let server = RedisServer::start(Options::default()).await;
    let driver = dead(&server, 1).await;
    let job = driver.runtime.namespace().clone();
    let (key, dying) = (driver.key("account-0"), format!("crucial:{{{job}}}:dying"));
    for _ in 0..2 {
        server.command(&["DEL", &lease_key(&job)]).await;
        let _living = sweeper(&server).await;
        until("it is noted at the first look", async || {
            exists(&server, &dying).await
        })
        .await;
        // As the driver does a third of its lease later.
        let renewed = driver.store().renew(&job, LEASE * 1000).await;
        renewed.unwrap();
        assert!(!exists(&server, &dying).await, "the next look is a first");
        assert!(driver.store().describe(&key).await.unwrap().is_some());
    }
}

/// Whoever clears a job may be stopped at any time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_that_is_cleared_by_half_is_cleared_by_whoever_comes_next() {
    let server = RedisServer::start(Options::default()).await;
    let driver = Bench::on(&server.url()).await;
    for n in 0..700 {
        let name = format!("list-{n}");
        let list = crate::List::create(&name, vec![n]);
        driver.runtime.scope(list).await.unwrap();
    }
    let job = driver.runtime.namespace().clone();
    for forbidden in ["unlink", "srem"] {
        let rule = format!("-{forbidden}");
        server.command(&["ACL", "SETUSER", "default", &rule]).await;
        driver.store().clear(&job, false).await.unwrap_err();
        let names = format!("crucial:{{{job}}}:objects");
        let left = server.command(&["SCARD", &names]).await;
        assert_eq!(left, Value::Int(700), "without {forbidden}");
        let rule = format!("+{forbidden}");
        server.command(&["ACL", "SETUSER", "default", &rule]).await;
    }
    driver.store().clear(&job, false).await.unwrap();
    assert_eq!(job_keys(&server).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn threads_keep_the_job_of_a_dead_driver_and_bring_no_ended_one_back() {
    /// What `PTTL` says of a key that is not there.
    const GONE: i64 = -2;
    let server = RedisServer::start(Options::default()).await;
    let driver = Bench::on(&server.url()).await;
    let key = driver.account("account", 1).await;
    let namespace = driver.runtime.namespace().clone();
    let lease_key = format!("crucial:{{{namespace}}}:job");
    let worker = Bench::on(&server.url()).await;
    let lease = Duration::from_secs(2);
    let kept = Job::join(namespace.clone()).keep(worker.store(), lease);
    // The driver renews no more; its own lease is replaced by the thread's.
    drop(driver);
    let left = async || match server.command(&["PTTL", &lease_key]).await {
        redis::Value::Int(left) => left,
        other => panic!("{other:?}"),
    };
    // A whole minute is left of the driver's lease, then twice as much as the thread had left a moment ago.
    for _ in 0..3 {
        let mut before = left().await;
        loop {
            let now = left().await;
            assert!(now > 0, "the job died under its thread");
            if now > before || before > 10_000 && now <= 2000 {
                break;
            }
            before = now;
            tokio::task::yield_now().await;
        }
    }
    assert_eq!(worker.add(&key, 1).await.unwrap(), 2);
    // Nobody keeps it any longer: the next one to connect clears it.
    drop(kept);
    while left().await != GONE {
        tokio::task::yield_now().await;
    }
    let late = Job::join(namespace.clone()).keep(worker.store(), Duration::from_millis(3));
    assert!(!worker.store().prolong(&namespace, lease).await.unwrap());
    let living = sweeper(&server).await;
    while living.store().describe(&key).await.unwrap().is_some() {
        tokio::task::yield_now().await;
    }
    assert_eq!(left().await, GONE);
    drop(late);
}
