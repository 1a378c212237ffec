//! Cloud threads in other processes.

mod emulator;
mod lambda;
mod meeting;
mod process;
mod programs;
mod worker;

use crucial::{Builder, Entered, Runtime};
use crucial_tests::{Options, RedisServer};

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
