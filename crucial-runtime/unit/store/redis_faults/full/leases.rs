//! What is held on lease while the server is full.

use std::time::Duration;

use super::{is_full, limit_memory, server_with_plain_user};
use crate::config::Builder;
use crate::objects::{Barrier, Mutex, MutexGuard, Semaphore};

/// What is held stays held for longer than its lease, and is given back; nothing is lent.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn leases_are_renewed_on_a_full_server() {
    const LEASE: Duration = Duration::from_secs(1);
    let server = server_with_plain_user().await;
    for url in [server.url(), server.url_as("plain", "pw")] {
        let builder = || Builder::new().store(&url).namespace("shared").lease(LEASE);
        let runtime = builder().build().await.unwrap();
        let other = builder().build().await.unwrap();
        let entered = runtime.enter();
        let lock = Mutex::<u8>::create("lock", 1).await.unwrap();
        let permits = Semaphore::create("permits", 3).await.unwrap();
        let barrier = Barrier::create("barrier", 2).await.unwrap();
        let guard = lock.lock().await.unwrap();
        let mut permit = permits.acquire_many(2).await.unwrap();
        let first = tokio::spawn({
            let barrier = barrier.clone();
            async move { barrier.wait().await }
        });
        while barrier.waiting().await.unwrap() == 0 {
            tokio::task::yield_now().await;
        }
        limit_memory(&server, "1").await;
        for error in [
            permits.acquire().await.unwrap_err(),
            barrier.wait().await.unwrap_err(),
        ] {
            assert!(is_full(&error), "{error}");
        }
        tokio::time::sleep(3 * LEASE).await;
        assert!(!MutexGuard::is_lost(&guard) && !permit.is_lost());
        permit.release_some(1).await.unwrap();
        assert_eq!(permits.available_permits().await.unwrap(), 2);
        guard.unlock().await.unwrap();
        permit.release().await.unwrap();
        assert_eq!(permits.available_permits().await.unwrap(), 3);
        assert_eq!(barrier.waiting().await.unwrap(), 1);
        limit_memory(&server, "0").await;
        // Of another process, so that its party alone is missed.
        let second = Barrier::open("barrier").await.unwrap();
        other.scope(second.wait()).await.unwrap();
        first.await.unwrap().unwrap();
        barrier.destroy().await.unwrap();
        permits.destroy().await.unwrap();
        lock.destroy().await.unwrap();
        drop(entered);
        other.shutdown().await.unwrap();
        runtime.shutdown().await.unwrap();
    }
}
