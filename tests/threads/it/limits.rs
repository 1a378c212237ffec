//! The limits of a job, which its threads have in whatever process they run.

use std::fmt::Display;
use std::time::Duration;

use crucial::emulator::{Emulator, Function};
use crucial::{Builder, Entered, Latch, List, Runtime, Semaphore};
use crucial_tests::{Options, RedisServer, program};
use crucial_tests_threads::{self as threads, Notes, NotesProxy};
use tokio::process::Command;
use tokio::time::timeout;

use crate::WORKER;
use crate::meeting::{Meeting, SOON};

/// Far less than the limits that a worker would have of itself.
const LIMIT: Duration = Duration::from_secs(20);

/// A job on a server, whose threads run in processes of the executor or as functions with an environment of their own.
struct Job {
    runtime: Runtime,
    emulator: Option<Emulator>,
    _entered: Entered,
}

impl Job {
    /// One for each executor, with those limits; the function's own are others.
    async fn on_all(
        server: &RedisServer,
        limits: impl Fn(Builder) -> Builder,
        mut check: impl AsyncFnMut(&Self),
    ) {
        let other = Function::new("other", WORKER)
            .processes(4)
            .env("CRUCIAL_STORE", server.url())
            .env("CRUCIAL_MAX_VALUE_BYTES", "20000")
            .env("CRUCIAL_WAIT_LIMIT", "7200")
            .env("CRUCIAL_THREAD_LIMIT", "7200")
            .env("CRUCIAL_METHOD_LIMIT", "7200")
            .env("CRUCIAL_LEASE", "7200");
        let address = ([127, 0, 0, 1], 0).into();
        let emulator = Emulator::start(address, [other]).await.unwrap();
        let builder = Runtime::builder().store(server.url());
        for (builder, emulator) in [
            (builder.clone().executor("process").program(WORKER), None),
            (
                builder
                    .executor("lambda:other")
                    .lambda_endpoint(emulator.url()),
                Some(emulator),
            ),
        ] {
            let runtime = limits(builder).build().await.unwrap();
            let _entered = runtime.enter();
            let job = Self {
                runtime,
                emulator,
                _entered,
            };
            check(&job).await;
            job.end().await;
        }
    }

    async fn end(self) {
        self.runtime.shutdown().await.unwrap();
        if let Some(emulator) = self.emulator {
            emulator.shutdown().await;
        }
    }
}

async fn server() -> RedisServer {
    RedisServer::start(Options::default()).await
}

/// How a thread ended, which it does soon.
async fn joined<T, E>(thread: crucial::JoinHandle<T, E>) -> Result<T, String>
where
    T: crucial::Portable,
    E: crucial::Portable + Display,
{
    let joined = timeout(LIMIT, thread).await.expect("it ends soon");
    joined.map_err(|error| error.to_string())
}

fn check(joined: Result<impl Sized, String>, parts: &[&str]) {
    let error = joined.map(drop).expect_err("it was not refused");
    for part in parts {
        assert!(error.contains(part), "{part:?} is missing in: {error}");
    }
}

#[tokio::test]
async fn threads_have_every_limit_of_their_job() {
    let server = server().await;
    let limits = |builder: Builder| {
        builder
            .max_value_bytes(1_234)
            .wait_limit(Duration::from_secs(11))
            .thread_limit(Duration::from_secs(12))
            .method_limit(Duration::from_secs(13))
            .lease(Duration::from_secs(14))
    };
    Job::on_all(&server, limits, async |_| {
        let here = threads::limits().await.unwrap();
        for part in ["1234", "11s", "12s", "13s", "14s"] {
            assert!(here.contains(part), "{part} is missing in: {here}");
        }
        assert_eq!(joined(threads::limits::spawn()).await.unwrap(), here);
        assert_eq!(joined(threads::limits_deep::spawn()).await.unwrap(), here);
    })
    .await;
}

#[tokio::test]
async fn values_and_states_are_as_large_as_their_job_allows() {
    let server = server().await;
    // Below and above what the function would allow of itself.
    for (limit, fits, too_large) in [(1_000, 900, 1_100), (200_000, 150_000, 300_000)] {
        let named = format!("over the limit of {limit}");
        Job::on_all(
            &server,
            |builder| builder.max_value_bytes(limit),
            async |_| {
                let list = List::create("list", Vec::new()).await.unwrap();
                let pushed = threads::push::spawn(list.clone(), fits);
                assert_eq!(joined(pushed).await.unwrap(), 1);
                let pushed = threads::push::spawn(list.clone(), too_large);
                check(joined(pushed).await, &["push_back", &named]);
                assert_eq!(list.len().await.unwrap(), 1);

                let notes = NotesProxy::create("notes", Notes::default()).await.unwrap();
                joined(threads::grow::spawn(notes.clone(), fits))
                    .await
                    .unwrap();
                let grown = threads::grow::spawn(notes.clone(), too_large - fits);
                check(joined(grown).await, &["grow", &named]);

                let produced = joined(threads::produce::spawn(fits)).await;
                assert_eq!(produced.unwrap().len(), fits);
                let produced = threads::produce::spawn(too_large);
                check(joined(produced).await, &["returned", &named]);

                let overloaded = joined(threads::overload::spawn(fits)).await;
                check(overloaded, &[&format!("failed: {fits} bytes of ballast")]);
                let overloaded = threads::overload::spawn(too_large);
                check(
                    joined(overloaded).await,
                    &["an error of", "ballast", &named],
                );
            },
        )
        .await;
    }
}

#[tokio::test]
async fn waits_and_threads_take_as_long_as_their_job_allows() {
    let server = server().await;
    let limits = |builder: Builder| {
        builder
            .wait_limit(Duration::from_millis(150))
            .thread_limit(Duration::from_secs(3))
    };
    Job::on_all(&server, limits, async |_| {
        let latch = Latch::create("latch", 1).await.unwrap();
        check(
            joined(threads::wait::spawn(latch)).await,
            &["`wait`", "latch", "for nothing"],
        );
        // It has time of its own; the thread that it spawns has not.
        let patient = threads::join_forever::task().timeout(SOON).spawn();
        check(joined(patient).await, &["forever` did not end within"]);
    })
    .await;
}

#[tokio::test]
async fn what_a_thread_holds_is_its_own_for_the_lease_of_its_job() {
    let server = server().await;
    let limits = |builder: Builder| builder.lease(Duration::from_millis(300));
    Job::on_all(&server, limits, async |_| {
        let permits = Semaphore::create("permits", 1).await.unwrap();
        let meeting = Meeting::new().await;
        let thread = threads::hold::spawn(permits.clone(), meeting.place());
        let guest = meeting.guest().await;
        guest.signal("STOP");
        // A lease that the worker chose would last for longer.
        let permit = permits.acquire().timeout(Duration::from_secs(8)).await;
        drop(permit.expect("the lease ends"));
        guest.kill();
        drop(thread);
    })
    .await;
}

#[tokio::test]
async fn a_worker_serves_jobs_of_different_limits() {
    let server = server().await;
    let function = Function::new("warm", WORKER)
        .processes(1)
        .env("CRUCIAL_STORE", server.url());
    let address = ([127, 0, 0, 1], 0).into();
    let emulator = Emulator::start(address, [function]).await.unwrap();
    let mut processes = Vec::new();
    for limit in [1_000, 50_000, 1_000] {
        let runtime = Runtime::builder()
            .store(server.url())
            .executor("lambda:warm")
            .lambda_endpoint(emulator.url())
            .max_value_bytes(limit)
            .build()
            .await
            .unwrap();
        let _entered = runtime.enter();
        let notes = NotesProxy::create("notes", Notes::default()).await.unwrap();
        let grown = joined(threads::grow::spawn(notes, 20_000)).await;
        assert_eq!(grown.is_ok(), limit > 20_000, "{limit}: {grown:?}");
        processes.push(joined(threads::process::spawn()).await.unwrap());
        runtime.shutdown().await.unwrap();
    }
    processes.dedup();
    assert_eq!(processes.len(), 1, "one process served all of them");
    emulator.shutdown().await;
}

/// What a program with limits in its source says, and whether it succeeded.
async fn run(variables: &[(&str, &str)]) -> (bool, String) {
    run_with(&[], variables).await
}

async fn run_with(words: &[&str], variables: &[(&str, &str)]) -> (bool, String) {
    let output = Command::from(program("crucial-test-limits"))
        .args(words)
        .envs(variables.iter().copied())
        .kill_on_drop(true)
        .output();
    let output = timeout(SOON, output).await.expect("nothing hangs").unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(said).unwrap())
}

#[tokio::test]
async fn variables_come_before_the_source_and_both_reach_threads() {
    let server = server().await;
    let url = server.url();
    for executor in ["local", "process"] {
        let place = [("CRUCIAL_STORE", &url[..]), ("CRUCIAL_EXECUTOR", executor)];
        let source = [
            "wait: 20s",
            "thread: 180s",
            "method: 4s",
            "lease: 5s",
            "value_bytes: 10000",
        ];
        for (variables, expected) in [
            (&[][..], source),
            (
                &[
                    ("CRUCIAL_WAIT_LIMIT", "2.5"),
                    ("CRUCIAL_MAX_VALUE_BYTES", "77777"),
                ],
                [
                    "wait: 2.5s",
                    "thread: 180s",
                    "method: 4s",
                    "lease: 5s",
                    "value_bytes: 77777",
                ],
            ),
            (
                &[
                    ("CRUCIAL_THREAD_LIMIT", "1e2"),
                    ("CRUCIAL_METHOD_LIMIT", "0.25"),
                    ("CRUCIAL_LEASE", "9"),
                ],
                [
                    "wait: 20s",
                    "thread: 100s",
                    "method: 250ms",
                    "lease: 9s",
                    "value_bytes: 10000",
                ],
            ),
        ] {
            let what = format!("{executor}, {variables:?}");
            let (done, said) = run(&[&place[..], variables].concat()).await;
            assert!(done, "{what}: {said}");
            let lines: Vec<_> = said.lines().collect();
            assert_eq!(lines.len(), 3, "{what}: {said}");
            for line in lines {
                for part in expected {
                    assert!(line.contains(part), "{what}: {part} is missing in: {line}");
                }
            }
        }
    }
}

#[tokio::test]
async fn variables_that_are_no_limits_are_refused_by_name() {
    let seconds = "it takes seconds, such as 10 or 0.5";
    let number = "it takes a whole number from 1";
    for (variable, value, mend) in [
        ("CRUCIAL_WAIT_LIMIT", "10s", seconds),
        ("CRUCIAL_WAIT_LIMIT", "-1", seconds),
        ("CRUCIAL_THREAD_LIMIT", "ten", seconds),
        ("CRUCIAL_THREAD_LIMIT", "inf", seconds),
        ("CRUCIAL_METHOD_LIMIT", "1,5", seconds),
        ("CRUCIAL_METHOD_LIMIT", "NaN", seconds),
        ("CRUCIAL_MAX_VALUE_BYTES", "0", number),
        ("CRUCIAL_MAX_VALUE_BYTES", "64MB", number),
        ("CRUCIAL_MAX_VALUE_BYTES", "1e6", number),
        ("CRUCIAL_MAX_VALUE_BYTES", "-5", number),
    ] {
        let (done, said) = run(&[(variable, value)]).await;
        assert!(!done, "{variable}={value} was accepted: {said}");
        for part in [variable, value, mend] {
            assert!(said.contains(part), "{part:?} is missing in: {said}");
        }
    }
}

#[tokio::test]
async fn calls_on_a_builder_come_before_variables() {
    let variables = [("CRUCIAL_WAIT_LIMIT", "2"), ("CRUCIAL_THREAD_LIMIT", "7")];
    let (done, said) = run_with(&["builder"], &variables).await;
    assert!(done, "{said}");
    for part in ["wait: 33s", "thread: 7s"] {
        assert!(said.contains(part), "{part} is missing in: {said}");
    }
}
