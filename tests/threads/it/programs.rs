//! Whole programs, set up by their environment alone.

use std::process::Stdio;

use crucial_tests::{Options, RedisServer, program};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::WORKER;
use crate::meeting::SOON;

pub(crate) async fn server() -> RedisServer {
    RedisServer::start(Options::default()).await
}

pub(crate) fn worker() -> Command {
    let mut command = Command::from(program("crucial-test-worker"));
    command.kill_on_drop(true);
    command
}

#[tokio::test]
async fn a_program_is_its_own_worker() {
    let server = server().await;
    for (executor, store) in [("local", "embedded:"), ("process", &server.url())] {
        let output = worker()
            .env("CRUCIAL_EXECUTOR", executor)
            .env("CRUCIAL_STORE", store)
            .env("CRUCIAL_PROCESSES", "3")
            .output();
        let output = timeout(SOON, output).await.expect("nothing hangs").unwrap();
        assert!(output.status.success(), "{output:?}");
        assert_eq!(String::from_utf8_lossy(&output.stdout), "380\n");
    }
}

#[tokio::test]
async fn a_programs_last_word_is_its_join_error() {
    let server = server().await;
    let output = worker()
        .arg("exit")
        .env("CRUCIAL_EXECUTOR", "process")
        .env("CRUCIAL_STORE", server.url())
        .output();
    let output = timeout(SOON, output).await.expect("nothing hangs").unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        said.contains("cloud thread `crucial_tests_threads::exit` is lost"),
        "{said}"
    );
    assert!(said.contains("exited with code 3"), "{said}");
}

#[tokio::test]
async fn what_a_thread_prints_is_shown_with_its_name() {
    let server = server().await;
    let output = worker()
        .arg("say")
        .env("CRUCIAL_EXECUTOR", "process")
        .env("CRUCIAL_STORE", server.url())
        .output();
    let output = timeout(SOON, output).await.expect("nothing hangs").unwrap();
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        "[a talker] hello\n"
    );
}

#[tokio::test]
async fn what_aws_needs_is_said_before_anything_is_sent() {
    let server = server().await;
    for (region, reason) in [
        (None, "no AWS region is set"),
        (Some("eu-west-1"), "there are no AWS credentials"),
    ] {
        let output = worker()
            .env("CRUCIAL_EXECUTOR", "lambda:threads")
            .env("CRUCIAL_STORE", server.url())
            // No profile of the person who runs the tests, and no question to a network that is not there.
            .env("HOME", "/nonexistent")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .envs(region.map(|region| ("AWS_REGION", region)))
            .output();
        let output = timeout(SOON, output).await.expect("nothing hangs").unwrap();
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(
            said.contains("was not started") && said.contains(reason),
            "{said}"
        );
    }
}

#[tokio::test]
async fn the_emulator_serves_other_programs() {
    let server = server().await;
    let mut emulator = Emulator::start(&server.url()).await;
    let exports = emulator.exports.clone();
    let output = worker()
        .env("CRUCIAL_STORE", server.url())
        .envs(exports.iter().map(|(name, value)| (name, value)))
        .output();
    let output = timeout(SOON, output).await.expect("nothing hangs").unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "380\n");
    let id = emulator.process.id().unwrap().to_string();
    assert!(
        std::process::Command::new("kill")
            .args(["-INT", &id])
            .status()
            .unwrap()
            .success()
    );
    let status = timeout(SOON, emulator.process.wait())
        .await
        .expect("it stops")
        .unwrap();
    assert!(status.success(), "{status}");
}

/// The program `crucial-emulator`.
pub(crate) struct Emulator {
    pub(crate) process: Child,
    pub(crate) exports: Vec<(String, String)>,
}

impl Emulator {
    pub(crate) async fn start(store: &str) -> Self {
        let mut process = Command::from(program("crucial-emulator"))
            .args(["--port", "0", "--function"])
            .arg(format!("threads={WORKER}"))
            .env("CRUCIAL_STORE", store)
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let mut exports = Vec::new();
        while exports.len() < 2 {
            let line = timeout(SOON, lines.next_line())
                .await
                .expect("it starts soon");
            let line = line.unwrap().expect("it prints two lines");
            let (name, value) = line
                .strip_prefix("export ")
                .unwrap()
                .split_once('=')
                .unwrap();
            exports.push((name.to_owned(), value.to_owned()));
        }
        // It prints nothing else, but a pipe that nobody reads would stop it.
        tokio::spawn(async move { lines.into_inner().read_to_end(&mut Vec::new()).await });
        Self { process, exports }
    }
}
