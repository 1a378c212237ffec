//! Panics that end their process (`panic = "abort"`).

use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::Output;

use crucial::emulator::{Emulator, Function};
use crucial_tests::{RedisServer, aborting_program_path, stripped};
use tokio::process::Command;
use tokio::time::timeout;

use crate::meeting::SOON;
use crate::programs::server;

/// The signal with which `abort` ends a process.
const ABORTED: i32 = 6;

/// What panics, in which words.
const PANICS: [(&str, &str); 5] = [
    ("async", "the thread said so"),
    ("blocking", "the blocking thread said so"),
    ("task", "the task said so"),
    ("calls", "the thread paid and fell"),
    ("method", "the method paid -5"),
];

fn path() -> PathBuf {
    aborting_program_path("crucial-test-abort")
}

async fn run(server: &RedisServer, variables: &[(&str, &str)], what: &str) -> Output {
    let run = Command::from(stripped(&path()))
        .arg(what)
        .env("CRUCIAL_STORE", server.url())
        .envs(variables.iter().copied())
        .kill_on_drop(true)
        .output();
    timeout(SOON, run).await.expect("nothing hangs").unwrap()
}

/// The panic is printed as `std` prints it, and found by its place.
fn check_printed(output: &Output, words: &str, what: &str) {
    let said = String::from_utf8_lossy(&output.stderr);
    for part in ["panicked at tests/threads/abort.rs:", words] {
        assert!(
            said.contains(part),
            "{what}: {part:?} is missing in: {said}"
        );
    }
}

#[tokio::test]
async fn a_panic_in_the_program_itself_is_printed_and_ends_it() {
    let server = server().await;
    for (kind, words) in PANICS.into_iter().chain([("main", "main said so")]) {
        for store in ["embedded:", &server.url()] {
            let what = format!("{kind} on {store}");
            let variables = [("CRUCIAL_EXECUTOR", "local"), ("CRUCIAL_STORE", store)];
            let output = run(&server, &variables, kind).await;
            assert_eq!(output.status.signal(), Some(ABORTED), "{what}: {output:?}");
            check_printed(&output, words, &what);
        }
    }
}

#[tokio::test]
async fn a_worker_writes_the_panic_of_its_thread_before_it_dies() {
    let server = server().await;
    let function = Function::new("abort", path()).env("CRUCIAL_STORE", server.url());
    let emulator = Emulator::start(([127, 0, 0, 1], 0).into(), [function])
        .await
        .unwrap();
    let url = emulator.url();
    let ways = [
        &[("CRUCIAL_EXECUTOR", "process")][..],
        &[
            ("CRUCIAL_EXECUTOR", "lambda:abort"),
            ("AWS_ENDPOINT_URL_LAMBDA", &url),
        ],
    ];
    for variables in ways {
        for (kind, words) in PANICS {
            let what = format!("{kind} with {variables:?}");
            let output = run(&server, variables, kind).await;
            assert!(output.status.success(), "{what}: {output:?}");
            let joined = String::from_utf8_lossy(&output.stdout);
            let end = format!("panicked: {words} (at tests/threads/abort.rs:");
            assert!(joined.contains(&end), "{what}: {joined}");
            // Calls that were under way took effect or not, each as a whole.
            let balance = joined
                .lines()
                .find_map(|line| line.strip_prefix("balance "));
            let balance: i64 = balance.expect("it is printed").parse().unwrap();
            let paid = if kind == "calls" { 100 } else { 0 };
            assert!((7..=7 + paid).contains(&balance), "{what}: {joined}");
            if variables[0].1 == "process" {
                check_printed(&output, words, &what);
            }
        }
        // The next process serves as ever.
        let output = run(&server, variables, "pay").await;
        assert_eq!(
            String::from_utf8_lossy(&output.stdout),
            "it returned\nbalance 12\n"
        );
    }
    emulator.shutdown().await;
}
