//! Jobs that end while something of them still runs and writes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crucial_tests::{Options, RedisServer};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::job_keys;
use crate::config::Builder;
use crate::error::Error;
use crate::objects::Atomic;
use crate::store::conformance::Bench;
use crate::thread::{Completions, ThreadId};

/// How long jobs live on without a sign of their drivers.
const LEASE: Duration = Duration::from_millis(400);

/// Creates objects of a user and of the library and calls them, and begins threads, until it is told that the job has
/// ended. `made` counts what it creates.
fn writer(bench: &Bench, name: &str, made: &Arc<AtomicU64>) -> JoinHandle<()> {
    let (bench, name, made) = (bench.clone(), name.to_owned(), Arc::clone(made));
    let runtime = bench.runtime.clone();
    let writes = async move {
        for n in 0_u64.. {
            let account = bench.key(&format!("{name}-account-{n}"));
            bench.try_create(&account, 1).await?;
            let counter = Atomic::<u64>::create(&format!("{name}-counter-{n}"), 0).await?;
            made.fetch_add(1, Ordering::Relaxed);
            let threads = Completions::of(bench.runtime.namespace())?;
            threads.begin(ThreadId::random(), 0, "late").await?;
            // They may have been removed by now.
            for done in [
                bench.add(&account, 1).await.map(drop),
                counter.fetch_add(1).await.map(drop),
            ] {
                match done {
                    Ok(()) | Err(Error::NotFound { .. }) => {}
                    Err(other) => return Err(other),
                }
            }
        }
        Ok::<(), Error>(())
    };
    tokio::spawn(async move {
        let told = runtime.scope(writes).await;
        let told = told.unwrap_err();
        assert!(matches!(told, Error::Ended { .. }), "{told}");
        assert!(told.to_string().contains("has ended"), "{told}");
    })
}

async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !is_so().await {
        assert!(Instant::now() < deadline, "{what}");
        tokio::task::yield_now().await;
    }
}

async fn until_made(made: &AtomicU64) {
    let before = made.load(Ordering::Relaxed);
    until("objects are made", async || {
        made.load(Ordering::Relaxed) > before + 5
    })
    .await;
}

/// Threads of this process go on when their job has ended here. Nothing of them is left, and nobody has to sweep.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn threads_of_the_driver_write_nothing_after_its_end() {
    let server = RedisServer::start(Options::default()).await;
    let driver = Bench::on(&server.url()).await;
    let made = Arc::default();
    let writers: Vec<_> = (0..4)
        .map(|n| writer(&driver, &format!("thread-{n}"), &made))
        .collect();
    until_made(&made).await;
    driver.runtime.shutdown().await.unwrap();
    for writer in writers {
        writer.await.unwrap();
    }
    assert_eq!(job_keys(&server).await, Vec::<String>::new());
    // What is not of the job goes on.
    let kept = driver.runtime.application().key("kept").unwrap();
    assert!(driver.try_create(&kept, 1).await.unwrap());
    assert_eq!(driver.add(&kept, 1).await.unwrap(), 2);
}

/// How a job ends of which other processes run threads.
#[derive(Debug, Clone, Copy)]
enum End {
    /// Its driver clears it.
    Cleared,
    /// Its driver is gone, and so is its lease.
    Killed,
    /// Nobody renews its lease.
    RunOut,
}

/// Other processes hear of the end late or never: they write on until the lease that they know of has ended, and what they
/// have written by then is swept.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn threads_elsewhere_leave_nothing_after_the_end() {
    for end in [End::Cleared, End::Killed, End::RunOut] {
        let server = RedisServer::start(Options::default()).await;
        let living = Builder::new().store(server.url()).job_lease(LEASE);
        let living = Bench::with(living).await;
        let job = crate::object::Namespace::new("haunted").unwrap();
        let mut processes = Vec::new();
        for _ in 0..3 {
            processes.push(Bench::joining(&server.url(), &job).await);
        }
        processes[0].store().renew(&job, LEASE * 100).await.unwrap();
        let prolong = async |lease| {
            for process in &processes {
                assert!(process.store().prolong(&job, lease).await.unwrap());
            }
        };
        prolong(LEASE * 100).await;
        let made = Arc::default();
        let writers: Vec<_> = (0..)
            .zip(&processes)
            .map(|(n, process)| writer(process, &format!("process-{n}"), &made))
            .collect();
        until_made(&made).await;
        prolong(LEASE * 5).await;
        match end {
            End::Cleared => processes[0].store().clear(&job, true).await.unwrap(),
            End::Killed => {
                let lease = format!("crucial:{{{job}}}:job");
                server.command(&["DEL", &lease]).await;
            }
            End::RunOut => {}
        }
        for writer in writers {
            writer.await.unwrap();
        }
        // A program that lives sweeps for as long as there is something to be swept, as does the next that connects.
        let next = Builder::new().store(server.url()).job_lease(LEASE);
        let _next = Bench::with(next).await;
        until(&format!("{end:?}: nothing is left"), async || {
            let left = job_keys(&server).await;
            let jobs = format!("{:?}", server.command(&["SMEMBERS", "crucial:jobs"]).await);
            !left.iter().any(|key| key.contains(job.as_str())) && !jobs.contains(job.as_str())
        })
        .await;
        assert!(made.load(Ordering::Relaxed) > 5);
        drop(living);
    }
}

/// A fail-over may lose the lease of a job that is alive: its threads go on when the driver has renewed it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn threads_of_a_job_whose_lease_was_lost_go_on() {
    let server = RedisServer::start(Options::default()).await;
    let driver = Bench::on(&server.url()).await;
    let job = driver.runtime.namespace().clone();
    let worker = Bench::joining(&server.url(), &job).await;
    assert!(worker.store().prolong(&job, LEASE * 100).await.unwrap());
    let lease = format!("crucial:{{{job}}}:job");
    server.command(&["DEL", &lease]).await;
    assert!(!worker.store().prolong(&job, LEASE * 100).await.unwrap());
    assert!(worker.try_create(&worker.key("between"), 1).await.unwrap());
    driver.store().renew(&job, LEASE * 1000).await.unwrap();
    assert!(worker.store().prolong(&job, LEASE * 100).await.unwrap());
    assert_eq!(worker.add(&worker.key("between"), 1).await.unwrap(), 2);
    driver.runtime.shutdown().await.unwrap();
    let told = driver.try_create(&driver.key("late"), 1).await.unwrap_err();
    assert!(matches!(told, Error::Ended { .. }), "{told}");
}
