//! The executor `process`.

use std::collections::BTreeSet;
use std::time::Duration;

use crucial::{Error, JoinFailure, Runtime, admin};
use crucial_tests_threads as threads;
use futures_util::future::{join_all, try_join_all};
use tokio::time::timeout;

use crate::meeting::{Meeting, SOON};
use crate::{BY_HAND, Stage, WORKER, errors_arrive};

#[tokio::test]
async fn threads_return_what_they_return() {
    let stage = Stage::processes(4).await;
    let doubled = try_join_all((0..20).map(threads::double::spawn))
        .await
        .unwrap();
    assert_eq!(doubled, (0..20).map(|n| n * 2).collect::<Vec<_>>());
    assert_ne!(threads::process::spawn().await.unwrap(), std::process::id());
    stage.runtime.shutdown().await.unwrap();
}

#[tokio::test]
async fn threads_share_few_processes() {
    let stage = Stage::processes(3).await;
    let processes = try_join_all((0..30).map(|_| threads::process::spawn()))
        .await
        .unwrap();
    let distinct: BTreeSet<_> = processes.into_iter().collect();
    assert!((1..=3).contains(&distinct.len()), "{distinct:?}");
    stage.runtime.shutdown().await.unwrap();
}

#[tokio::test]
async fn one_process_is_enough_for_independent_threads() {
    let stage = Stage::processes(1).await;
    let processes = try_join_all((0..10).map(|_| threads::process::spawn()))
        .await
        .unwrap();
    let distinct: BTreeSet<_> = processes.into_iter().collect();
    assert_eq!(distinct.len(), 1);
    stage.runtime.shutdown().await.unwrap();
}

#[tokio::test]
async fn threads_run_at_once_in_a_process_each() {
    let stage = Stage::processes(4).await;
    let meeting = Meeting::new().await;
    let joins: Vec<_> = (0..4)
        .map(|_| threads::meet::spawn(meeting.place()))
        .collect();
    let mut guests = Vec::new();
    for _ in 0..4 {
        guests.push(meeting.guest().await);
    }
    let distinct: BTreeSet<_> = guests.iter().map(|guest| guest.process).collect();
    assert_eq!(distinct.len(), 4);
    drop(guests);
    try_join_all(joins).await.unwrap();
    stage.runtime.shutdown().await.unwrap();
}

#[tokio::test]
async fn errors_arrive_as_they_were() {
    let stage = Stage::processes(2).await;
    errors_arrive().await;
    // Lists of threads show the text, whatever the type.
    let key = stage.runtime.namespace().key("threads").unwrap();
    let threads = admin::inspect(&key).await.unwrap().unwrap();
    let text = threads.state.to_string();
    assert!(text.contains("failed: 3 is odd"), "{text}");
    stage.runtime.shutdown().await.unwrap();
}

#[tokio::test]
async fn an_end_without_a_result_names_the_thread_and_the_reason() {
    let stage = Stage::processes(2).await;
    let thread = |name: &str| format!("crucial_tests_threads::{name}");

    let panicked = threads::panics::spawn("oh no".to_owned())
        .await
        .unwrap_err();
    assert_eq!(panicked.thread, thread("panics"));
    let text = panicked.to_string();
    assert!(text.contains("oh no") && text.contains("lib.rs"), "{text}");

    let failed = threads::fail::spawn("no luck".to_owned())
        .await
        .unwrap_err();
    assert_eq!(failed.failure, JoinFailure::Failed("no luck".to_owned()));

    let exited = threads::exit::spawn(3).await.unwrap_err();
    assert_eq!(exited.thread, thread("exit"));
    let text = exited.to_string();
    assert!(matches!(exited.failure, JoinFailure::Lost(_)), "{text}");
    assert!(text.contains("exited with code 3"), "{text}");

    let gorged = threads::gorge::spawn().await.unwrap_err();
    let text = gorged.to_string();
    assert!(
        matches!(gorged.failure, JoinFailure::OutOfMemory(_)),
        "{text}"
    );

    // The processes that died have been replaced.
    assert_eq!(threads::double::spawn(4).await.unwrap(), 8);
    stage.runtime.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_killed_process_is_a_join_error_of_its_thread_alone() {
    let stage = Stage::processes(2).await;
    let meeting = Meeting::new().await;
    let doomed = threads::meet::task(meeting.place())
        .name("the doomed one")
        .spawn();
    let victim = meeting.guest().await;
    let other = threads::meet::spawn(meeting.place());
    let survivor = meeting.guest().await;
    victim.kill();
    let error = timeout(SOON, doomed)
        .await
        .expect("nothing hangs")
        .unwrap_err();
    let expected = format!(
        "cloud thread `the doomed one` is lost: its process {} died (signal 9)",
        victim.process
    );
    assert_eq!(error.to_string(), expected);
    let process = survivor.process;
    drop(survivor);
    assert_eq!(other.await.unwrap(), process);
    stage.runtime.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_queue_moves_on_when_processes_die() {
    let stage = Stage::processes(2).await;
    let ends = join_all((0..12).map(|n| threads::exit::spawn(n + 1))).await;
    for (n, end) in ends.into_iter().enumerate() {
        let text = end.unwrap_err().to_string();
        assert!(
            text.contains(&format!("exited with code {}", n + 1)),
            "{text}"
        );
    }
    stage.runtime.shutdown().await.unwrap();
}

#[tokio::test]
async fn threads_spawn_threads() {
    let stage = Stage::processes(4).await;
    let (doubled, process) = threads::delegate::spawn(21).await.unwrap();
    assert_eq!(doubled, 42);
    assert_ne!(process, std::process::id());
    stage.runtime.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_thread_that_spawns_and_returns_has_spawned() {
    let stage = Stage::processes(4).await;
    let meeting = Meeting::new().await;
    threads::abandon::spawn(meeting.place()).await.unwrap();
    drop(meeting.guest().await);
    stage.runtime.shutdown().await.unwrap();
}

#[tokio::test]
async fn large_values_travel_through_the_store() {
    let stage = Stage::processes(1).await;
    let bytes = vec![3_u8; 3 << 20];
    assert_eq!(
        threads::measure::spawn(bytes).await.unwrap(),
        (3 << 20, 9 << 20)
    );
    let produced = threads::produce::spawn(3 << 20).await.unwrap();
    assert_eq!(produced, vec![7; 3 << 20]);
    // What travelled is gone: the server keeps that it was made and taken.
    let mut connection = stage.server.connection().await;
    let keys: Vec<String> = redis::cmd("KEYS")
        .arg("*args/*")
        .query_async(&mut connection)
        .await
        .unwrap();
    for key in keys {
        let memory: Option<usize> = redis::cmd("MEMORY")
            .arg("USAGE")
            .arg(&key)
            .query_async(&mut connection)
            .await
            .unwrap();
        assert!(memory.unwrap_or_default() < 1000, "{key}: {memory:?} bytes");
    }
    stage.runtime.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_blocking_thread_that_takes_too_long_loses_its_process() {
    let stage = Stage::processes(1).await;
    let meeting = Meeting::new().await;
    let thread = threads::meet_blocking::task(meeting.place())
        .timeout(Duration::from_millis(300))
        .spawn();
    let guest = meeting.guest().await;
    let error = timeout(SOON, thread)
        .await
        .expect("nothing hangs")
        .unwrap_err();
    assert!(matches!(error.failure, JoinFailure::TimedOut(_)), "{error}");
    guest.gone().await;
    assert_eq!(threads::double::spawn(1).await.unwrap(), 2);
    stage.runtime.shutdown().await.unwrap();
}

#[tokio::test]
async fn shutting_down_ends_the_processes() {
    let stage = Stage::processes(2).await;
    let meeting = Meeting::new().await;
    let thread = threads::meet::spawn(meeting.place());
    let guest = meeting.guest().await;
    stage.runtime.shutdown().await.unwrap();
    guest.gone().await;
    let error = thread.await.unwrap_err().to_string();
    assert!(error.contains("shut down"), "{error}");
}

#[tokio::test]
async fn a_program_that_asks_for_no_work_is_an_error() {
    for (program, reasons) in [
        ("/bin/true", ["exited with code 0", "crucial::main"]),
        ("/nowhere/program", ["/nowhere/program", "can't be started"]),
    ] {
        let stage = Stage::new(|builder| builder.executor("process").program(program)).await;
        let ends = join_all((0..3).map(threads::double::spawn));
        for end in timeout(SOON, ends).await.expect("nothing hangs") {
            let error = end.unwrap_err();
            let text = error.to_string();
            assert!(
                matches!(error.failure, JoinFailure::NotStarted(_)),
                "{text}"
            );
            assert!(reasons.iter().all(|reason| text.contains(reason)), "{text}");
        }
        stage.runtime.shutdown().await.unwrap();
    }
}

#[tokio::test]
async fn a_program_without_a_worker_loop_does_not_start_itself() {
    let stage = Stage::new(|builder| builder.executor("process").program(BY_HAND)).await;
    let error = threads::double::spawn(1).await.unwrap_err();
    let text = error.to_string();
    assert!(
        matches!(error.failure, JoinFailure::NotStarted(_)),
        "{text}"
    );
    assert!(text.contains("exited with code 1"), "{text}");
    stage.runtime.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_store_inside_this_process_is_refused() {
    for executor in ["process", "lambda:any"] {
        let built = Runtime::builder()
            .executor(executor)
            .program(WORKER)
            .build()
            .await;
        let error = built.unwrap_err();
        assert!(matches!(error, Error::Config { .. }), "{error}");
        let text = error.to_string();
        assert!(
            text.contains("CRUCIAL_STORE") && text.contains(executor),
            "{text}"
        );
    }
}
