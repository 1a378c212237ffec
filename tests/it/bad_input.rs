//! Bad input: every error names the thing and the mend.

use std::task::Poll;
use std::time::Duration;

use crucial::__private::Signature;
use crucial::{Atomic, JoinHandle, Result, Runtime};
use crucial_tests::{Options, RedisServer};
use futures_util::future::join_all;
use serde::{Deserialize, Serialize};

use crate::old_server::OldServer;

/// The text has all of these parts.
fn check(what: &str, text: &str, parts: &[&str]) {
    for part in parts {
        assert!(
            text.contains(part),
            "{what}: {part:?} is missing in: {text}"
        );
    }
}

async fn refusal(store: &str, executor: &str) -> String {
    let built = Runtime::builder()
        .store(store)
        .executor(executor)
        .build()
        .await;
    match built {
        Ok(_) => format!("{store:?} with {executor:?} was accepted"),
        Err(error) => error.to_string(),
    }
}

#[tokio::test]
async fn settings() {
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

#[tokio::test]
async fn servers() {
    let server = RedisServer::start(Options {
        password: Some("right".to_owned()),
        users: vec!["reader on >word ~crucial:* &crucial:* +get".to_owned()],
        ..Options::default()
    })
    .await;
    let old = OldServer::start().await;
    let port = server.port();
    for (store, parts) in [
        // Port 1 is reserved: nobody listens there.
        (
            "redis://127.0.0.1:1".to_owned(),
            &["redis://127.0.0.1:1", "can't be reached", "firewall"][..],
        ),
        (
            format!("redis://127.0.0.1:{port}"),
            &["refused the log-in", "CRUCIAL_STORE"],
        ),
        (
            server.url_as("reader", "wrong"),
            &["refused the log-in", "reader:***@", "CRUCIAL_STORE"],
        ),
        (
            server.url_as("reader", "word"),
            &["refused the log-in", "INFO"],
        ),
        (old.url(), &["won't do", "6.0.16", "6.2 or later"]),
    ] {
        let text = refusal(&store, "local").await;
        check(&store, &text, parts);
        for secret in ["wrong", "word@"] {
            assert!(!text.contains(secret), "a password in: {text}");
        }
    }
}

/// An object whose methods misbehave.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
struct Fickle {
    steps: u32,
}

#[crucial::shared]
impl Fickle {
    pub fn step(&mut self) -> u32 {
        self.steps += 1;
        self.steps
    }

    pub fn stumble(&mut self) -> u32 {
        self.steps += 1;
        panic!("stumbled at {}", self.steps)
    }

    pub fn never(&self) -> Poll<()> {
        Poll::Pending
    }

    pub fn swallow(&mut self, _meal: Vec<u8>) {}
}

/// An object of the same name as another one has, and of another type.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Other {
    text: String,
}

#[crucial::shared]
impl Other {
    pub fn text(&self) -> String {
        self.text.clone()
    }
}

/// Runs the cases on both stores.
async fn on_both(cases: impl AsyncFn(String) -> Result<()>) {
    let server = RedisServer::start(Options::default()).await;
    for store in ["embedded:".to_owned(), server.url()] {
        println!("on {store}");
        cases(store).await.unwrap();
    }
}

#[tokio::test]
async fn objects() {
    on_both(async |store| {
        let runtime = Runtime::builder()
            .store(store)
            .wait_limit(Duration::from_millis(50))
            .max_value_bytes(10_000)
            .build()
            .await?;
        let _entered = runtime.enter();
        let fickle = FickleProxy::create("fickle", Fickle::default()).await?;
        let counter = Atomic::<u64>::create("counter", 1).await?;
        let absent = Atomic::<u64>::create("absent", 1).await?;
        absent.destroy().await?;

        for (what, result, parts) in [
            (
                "taken",
                FickleProxy::create("fickle", Fickle::default())
                    .await
                    .map(drop),
                &["/fickle`", "exists already", "`open`"][..],
            ),
            (
                "absent",
                FickleProxy::open("nobody").await.map(drop),
                &["/nobody`", "does not exist", "`create`"],
            ),
            (
                "destroyed",
                absent.get().await.map(drop),
                &["/absent`", "does not exist", "`create`"],
            ),
            (
                "other user type",
                OtherProxy::open("fickle").await.map(drop),
                &["/fickle`", "Fickle", "Other", "another name"],
            ),
            (
                "a counter",
                OtherProxy::open("counter").await.map(drop),
                &["/counter`", "Other", "another name"],
            ),
            (
                "no counter",
                Atomic::<u64>::open("fickle").await.map(drop),
                &["/fickle`", "Fickle", "another name"],
            ),
            (
                "a name",
                Atomic::<u64>::create("two words", 0).await.map(drop),
                &["\"two words\"", "' '"],
            ),
            (
                "a panic",
                fickle.stumble().await.map(drop),
                &[
                    "`stumble`",
                    "/fickle`",
                    "panicked",
                    "stumbled at 1",
                    "bad_input.rs",
                ],
            ),
            (
                "a wait",
                fickle.never().await,
                &["`never`", "/fickle`", "50ms"],
            ),
            (
                "arguments",
                fickle.swallow(vec![0; 20_000]).await,
                &["20", "10000", "max_value_bytes"],
            ),
        ] {
            let error = result.expect_err(what);
            check(what, &error.to_string(), parts);
        }
        // None of these changed anything.
        assert_eq!(fickle.snapshot().await?, Fickle { steps: 0 });
        assert_eq!(counter.get().await?, 1);
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_reaches_its_own_caller_alone() {
    on_both(async |store| {
        let runtime = Runtime::builder().store(store).build().await?;
        let _entered = runtime.enter();
        let fickle = FickleProxy::create("fickle", Fickle::default()).await?;
        // At once, so that calls of both kinds share batches.
        let calls = (0..60).map(|n| {
            let fickle = fickle.clone();
            async move {
                match n % 3 {
                    0 => (true, fickle.stumble().await),
                    _ => (false, fickle.step().await),
                }
            }
        });
        let mut steps = Vec::new();
        for (stumbles, result) in join_all(calls).await {
            assert_eq!(stumbles, result.is_err(), "{result:?}");
            steps.extend(result);
        }
        steps.sort_unstable();
        assert!(steps.iter().copied().eq(1..=40), "{steps:?}");
        assert_eq!(fickle.snapshot().await?, Fickle { steps: 40 });
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn corrupt_states() {
    let server = RedisServer::start(Options::default()).await;
    let runtime = Runtime::builder()
        .store(server.url())
        .build()
        .await
        .unwrap();
    let _entered = runtime.enter();
    let fickle = FickleProxy::create("fickle", Fickle::default())
        .await
        .unwrap();
    let counter = Atomic::<u64>::create("counter", 1).await.unwrap();
    let mut raw = server.connection().await;
    for (key, value) in [
        (format!("crucial:{{{}}}:s", fickle.key()), &b"no"[..]),
        (
            format!("crucial:{{{}}}:s", fickle.key()),
            b"12345678 is the version, the rest no state",
        ),
        (format!("crucial:{{{}}}", counter.key()), b"seven"),
    ] {
        redis::cmd("SET")
            .arg(&key)
            .arg(value)
            .exec_async(&mut raw)
            .await
            .unwrap();
        let error = if key.ends_with(":s") {
            // A call of another process, which has no copy of its own.
            let other = Runtime::builder()
                .store(server.url())
                .build()
                .await
                .unwrap();
            other.scope(fickle.step()).await.expect_err("garbage")
        } else {
            counter.fetch_add(1).await.expect_err("garbage")
        };
        let name = if key.ends_with(":s") {
            "/fickle`"
        } else {
            "/counter`"
        };
        check(
            "corrupt",
            &error.to_string(),
            &[
                "state of object",
                name,
                "can't be read",
                "remove the object",
            ],
        );
    }
    // What Crucial did not put there.
    let key = format!("crucial:{{{}}}", counter.key());
    redis::cmd("DEL")
        .arg(&key)
        .exec_async(&mut raw)
        .await
        .unwrap();
    redis::cmd("RPUSH")
        .arg(&key)
        .arg("x")
        .exec_async(&mut raw)
        .await
        .unwrap();
    let error = counter.fetch_add(1).await.expect_err("a list");
    check(
        "another structure",
        &error.to_string(),
        &["/counter`", "remove"],
    );
}

#[crucial::cloud_thread]
async fn add(left: u32, right: u32) -> u32 {
    left + right
}

#[crucial::cloud_thread]
async fn swallow(_meal: Vec<u8>) {}

#[crucial::cloud_thread]
async fn sleeps() -> Result<()> {
    std::future::pending().await
}

/// Spawns as a caller does that was built from other code, in which the thread has fingerprint 7.
fn as_other_code_would(thread: &'static str) -> JoinHandle<u32> {
    let task = Signature::<(u32, u32), u32>::task(thread, 7, (1, 2));
    task.spawn()
}

#[tokio::test]
async fn threads() {
    on_both(async |store| {
        let runtime = Runtime::builder()
            .store(store)
            .max_value_bytes(10_000)
            .build()
            .await?;
        let _entered = runtime.enter();
        assert_eq!(add::spawn(1, 2).await?, 3);
        let path = concat!(module_path!(), "::add");
        let short = Duration::from_millis(50);
        for (what, result, parts) in [
            (
                "unknown",
                as_other_code_would("far::away").await,
                &["`far::away`", "knows no thread", path, "deploy"][..],
            ),
            (
                "fingerprint",
                as_other_code_would(path).await,
                &[path, "another signature", "0000000000000007", "deploy"],
            ),
            (
                "arguments",
                swallow::spawn(vec![0; 20_000]).await.map(|()| 0),
                &[
                    "::swallow`",
                    "20003 bytes",
                    "10000",
                    "shared object",
                    "max_value_bytes",
                ],
            ),
            (
                "time",
                sleeps::task().timeout(short).spawn().await.map(|()| 0),
                &["::sleeps`", "did not end within", "timeout"],
            ),
            (
                "a name",
                sleeps::task()
                    .name("sleepy")
                    .timeout(short)
                    .spawn()
                    .await
                    .map(|()| 0),
                &["`sleepy`"],
            ),
        ] {
            check(what, &result.expect_err(what).to_string(), parts);
        }
        Ok(())
    })
    .await;
}

#[test]
fn without_a_runtime() {
    let tokio = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    tokio.block_on(async {
        let error = Atomic::<u64>::create("n", 0).await.expect_err("no runtime");
        check(
            "objects",
            &error.to_string(),
            &["no Crucial runtime", "#[crucial::main]"],
        );
        let error = add::spawn(1, 2).await.expect_err("no runtime");
        check(
            "threads",
            &error.to_string(),
            &["::add`", "no Crucial runtime", "#[crucial::main]"],
        );
    });
}
