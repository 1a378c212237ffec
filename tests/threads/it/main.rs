//! Cloud threads in other processes.

mod abort;
mod emulator;
mod endings;
mod lambda;
mod limits;
mod meeting;
mod process;
mod programs;
mod worker;

use crucial::{Builder, Entered, Runtime};
use crucial_tests::{Options, RedisServer};
use crucial_tests_threads::{self as threads, NoHalf};

/// The program whose processes run the threads.
const WORKER: &str = env!("CARGO_BIN_EXE_crucial-test-worker");
/// A program that builds its runtime by hand and so runs no threads of others.
const BY_HAND: &str = env!("CARGO_BIN_EXE_crucial-test-by-hand");

/// A runtime in a test, with a server of its own.
struct Stage {
    runtime: Runtime,
    server: RedisServer,
    _entered: Entered,
}

impl Stage {
    /// A runtime on a new server, set up further by `configure`.
    async fn new(configure: impl FnOnce(Builder) -> Builder) -> Self {
        let server = RedisServer::start(Options::default()).await;
        Self::on(server, configure).await
    }

    async fn on(server: RedisServer, configure: impl FnOnce(Builder) -> Builder) -> Self {
        let builder = Runtime::builder().store(server.url()).program(WORKER);
        let runtime = configure(builder).build().await.unwrap();
        let _entered = runtime.enter();
        Self {
            runtime,
            server,
            _entered,
        }
    }

    /// A runtime with the executor `process`.
    async fn processes(count: usize) -> Self {
        Self::new(|builder| builder.executor("process").processes(count)).await
    }
}

/// Errors of a thread's own arrive as they were, those of the threads that it joins included.
pub(crate) async fn errors_arrive() {
    assert_eq!(threads::half::spawn(4).await.unwrap(), 2);
    let error = threads::half::task(3)
        .name("outer")
        .spawn()
        .await
        .unwrap_err();
    assert_eq!(error.to_string(), "cloud thread `outer` failed: 3 is odd");
    assert_eq!(error.try_into_failed(), Ok(NoHalf::Odd(3)));
    // Too large for an announcement, and fetched.
    let error = threads::overload::spawn(100_000).await.unwrap_err();
    let ballast = vec![7; 100_000];
    assert_eq!(error.failed(), Some(&NoHalf::Large { ballast }));

    let error = threads::relay::spawn(3).await.unwrap_err();
    let inner = error.try_into_failed().unwrap();
    assert_eq!(inner.thread, "inner");
    assert_eq!(inner.try_into_failed(), Ok(NoHalf::Odd(3)));
    let error = threads::retell::spawn(3).await.unwrap_err();
    let text = error.failed().unwrap();
    assert_eq!(text, "cloud thread `inner` failed: 3 is odd");
    assert_eq!(threads::relay::spawn(4).await.unwrap(), 2);
}
