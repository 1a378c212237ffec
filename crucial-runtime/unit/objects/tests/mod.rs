//! The proxies, on every store.

mod bad_input;
mod barriers;
mod batches;
mod calls;
mod collections;
mod durations;
mod elsewhere;
mod locks;
mod merging;
mod names;
mod notifications;
mod numbers;
mod pages;
mod queues;
mod rates;
mod reduce;
mod rounds;
mod semaphores;
mod topics;
mod travel;
mod values;
mod waiting;

use std::future::Future;

use crate::config::Builder;

/// Runs one case in a runtime on one store.
pub(crate) async fn check<F: Future<Output = crate::Result<()>>>(
    builder: Builder,
    case: impl FnOnce() -> F,
) {
    let runtime = builder.build().await.unwrap();
    let entered = runtime.enter();
    case().await.unwrap();
    drop(entered);
    runtime.shutdown().await.unwrap();
}

/// Each case as a test on the embedded store and on a server of its own.
macro_rules! on_every_store {
    ($($case:ident)+) => {
        mod embedded {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                let builder = crate::config::Builder::new().store("embedded:");
                crate::objects::tests::check(builder, super::$case).await;
            })+
        }

        #[cfg(feature = "redis")]
        mod redis {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                let server = crucial_tests::RedisServer::start(crucial_tests::Options::default()).await;
                let builder = crate::config::Builder::new().store(server.url());
                crate::objects::tests::check(builder, super::$case).await;
            })+
        }
    };
}

pub(crate) use on_every_store;
