//! One suite over all stores: what works embedded works on a server.

mod account;
mod bench;

mod calls;
mod life;
mod threads;
mod waiting;

use std::future::Future;

use account::{ADD, ADD_OR_PANIC, AT_LEAST, Account, BALANCE, LOAD, Other, TAKE, UNKNOWN};
pub(super) use bench::Bench;
use bench::call;

/// Runs one case on one store.
async fn check<F: Future<Output = ()>>(url: &str, case: impl FnOnce(Bench) -> F) {
    let bench = Bench::on(url).await;
    case(bench.clone()).await;
    bench.runtime.shutdown().await.unwrap();
}

/// Each case as a test on the embedded store and on a server of its own.
macro_rules! suite {
    ($($case:ident)*) => {
        mod embedded {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                crate::store::conformance::check("embedded:", super::$case).await;
            })*
        }

        #[cfg(feature = "redis")]
        mod redis {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                let server = crucial_tests::RedisServer::start(crucial_tests::Options::default()).await;
                crate::store::conformance::check(&server.url(), super::$case).await;
                let left = crate::store::redis_faults::job_keys(&server).await;
                assert!(left.is_empty(), "a job leaves nothing but records: {left:?}");
            })*
        }
    };
}

use suite;
