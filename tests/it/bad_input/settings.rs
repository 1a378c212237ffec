//! Settings that make no sense, alone or together.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::time::Duration;

use crucial::Runtime;
use crucial_tests::{Options, RedisServer, program};
use tokio::process::Command;

use super::{check, refusal};

#[tokio::test]
async fn stores_and_executors() {
    for (store, executor, parts) in [
        ("redis", "local", &["CRUCIAL_STORE", "`redis://["][..]),
        (
            "mysql://h",
            "local",
            &[
                "CRUCIAL_STORE",
                "`mysql:` is no kind of store",
                "`embedded:`",
            ],
        ),
        ("redis://", "local", &["CRUCIAL_STORE", "names no host"]),
        (
            "redis://h/one",
            "local",
            &["CRUCIAL_STORE", "`/one` is no database number"],
        ),
        (
            "redis+cluster://h",
            "local",
            &["CRUCIAL_STORE", "not supported yet"],
        ),
        (
            "embedded:",
            "threads",
            &["CRUCIAL_EXECUTOR", "\"threads\"", "`local`", "`lambda:<"],
        ),
        (
            "embedded:",
            "process",
            &["CRUCIAL_EXECUTOR", "`process`", "CRUCIAL_STORE", "`local`"],
        ),
        (
            "embedded:",
            "lambda:f",
            &["CRUCIAL_EXECUTOR", "`lambda:f`", "CRUCIAL_STORE", "`local`"],
        ),
    ] {
        check("settings", &refusal(store, executor).await, parts);
    }
}

/// What a program says whose environment has that lease, and whether it succeeds.
async fn with_lease(lease: &OsStr, store: &str) -> (bool, String) {
    let mut command = Command::from(program("tour"));
    command.env("CRUCIAL_STORE", store).kill_on_drop(true);
    let output = command.env("CRUCIAL_LEASE", lease).output().await.unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(text).unwrap())
}

#[tokio::test]
async fn leases_in_the_environment() {
    let seconds = "it takes seconds, such as 10 or 0.5";
    let range = "it takes from 50ms to 86400s";
    let text = "it takes text in UTF-8";
    for (lease, named, mend) in [
        (&b"ten"[..], "\"ten\"", seconds),
        (b"10s", "\"10s\"", seconds),
        (b"1,5", "\"1,5\"", seconds),
        (b" 10", "\" 10\"", seconds),
        (b"-1", "\"-1\"", seconds),
        (b"NaN", "\"NaN\"", seconds),
        (b"inf", "\"inf\"", seconds),
        (b"1e300", "\"1e300\"", seconds),
        (b"0", "0ns", range),
        (b"-0", "0ns", range),
        (b"0.049", "49ms", range),
        (b"86400.5", "86400.5s", range),
        (b"1e9", "1000000000s", range),
        (b"1\xff", "no text", text),
    ] {
        let (done, said) = with_lease(OsStr::from_bytes(lease), "embedded:").await;
        assert!(!done, "{named} was accepted");
        check(named, &said, &["CRUCIAL_LEASE: ", named, mend]);
    }
    let server = RedisServer::start(Options::default()).await;
    // The empty one is none.
    for lease in ["", "0.05", "2.5", "1e1", "86400"] {
        let (done, said) = with_lease(OsStr::new(lease), &server.url()).await;
        assert!(done, "{lease:?}: {said}");
    }
}

#[tokio::test]
async fn leases_of_builders() {
    const DAY: Duration = Duration::from_secs(24 * 3600);
    const SHORTEST: Duration = Duration::from_millis(50);
    const NANO: Duration = Duration::from_nanos(1);
    for (lease, accepted) in [
        (Duration::ZERO, false),
        (SHORTEST - NANO, false),
        (SHORTEST, true),
        (DAY, true),
        (DAY + NANO, false),
        (Duration::MAX, false),
    ] {
        let built = Runtime::builder().lease(lease).build().await;
        assert_eq!(built.is_ok(), accepted, "{lease:?}: {built:?}");
        if let Err(error) = built {
            let named = format!("{lease:?}");
            check(
                &named,
                &error.to_string(),
                &["CRUCIAL_LEASE", &named, "50ms", "86400s"],
            );
        }
    }
}

#[tokio::test]
async fn a_mistyped_variable_is_named_and_its_value_is_not() {
    for (name, meant) in [
        ("CRUCIAL_EXECUTER", "`CRUCIAL_EXECUTOR` meant"),
        ("crucial_store", "`CRUCIAL_STORE` meant"),
        ("CRUCIAL_TELEMETRY", "there are `CRUCIAL_STORE`, "),
    ] {
        let mut command = Command::from(program("trouble"));
        command.env(name, "redis://me:secret@host");
        let output = command.kill_on_drop(true).output().await.unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        let warnings: Vec<_> = text
            .lines()
            .filter(|line| line.starts_with("warning: "))
            .collect();
        let [warning] = warnings[..] else {
            panic!("{name}: {text}");
        };
        assert!(warning.contains(&format!("`{name}`")), "{warning}");
        assert!(warning.contains(meant), "{warning}");
        assert!(!text.contains("secret"), "{text}");
    }
}
