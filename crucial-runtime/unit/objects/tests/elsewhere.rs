//! Other processes, as objects see them: sessions that live, are dead, or are frozen.

use std::future::Future;
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::oneshot;

use crate::config::Builder;
use crate::runtime::{self, Runtime};

/// A lease that a test waits for the end of.
pub(super) const LEASE: Duration = Duration::from_millis(300);

/// The same job on the same store, as another process with leases of that length takes part in it.
pub(super) async fn another(lease: Duration) -> Runtime {
    let here = runtime::current().unwrap();
    let builder = Builder::new()
        .namespace(here.namespace().as_str())
        .lease(lease);
    let address = here.store().address();
    if address == "embedded:" {
        let (store, executor) = (Arc::clone(here.store()), Arc::clone(here.executor()));
        return builder.build_on(store, executor).await.unwrap();
    }
    // With a connection of its own: what one process does for the callers of another, it does not when it is frozen.
    builder.store(address).build().await.unwrap()
}

/// A process of which nothing runs but what it is told to: between that it is frozen.
pub(super) struct Frozen<T> {
    held: oneshot::Receiver<()>,
    thaw: mpsc::Sender<()>,
    thread: JoinHandle<T>,
}

impl<T: Send + 'static> Frozen<T> {
    /// Takes something, and does something with it once it is thawed.
    pub(super) async fn new<H, Taking, Doing>(
        take: impl FnOnce() -> Taking + Send + 'static,
        and_then: impl FnOnce(H) -> Doing + Send + 'static,
    ) -> Self
    where
        Taking: Future<Output = H>,
        Doing: Future<Output = T>,
    {
        let runtime = another(LEASE).await;
        let (taken, held) = oneshot::channel();
        let (thaw, thawed) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            let tokio = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            let _entered = tokio.block_on(async { runtime.enter() });
            let what = tokio.block_on(async { take().await });
            taken.send(()).unwrap();
            thawed.recv().unwrap();
            tokio.block_on(async { and_then(what).await })
        });
        let mut frozen = Self { held, thaw, thread };
        (&mut frozen.held).await.unwrap();
        frozen
    }

    /// Goes on.
    pub(super) async fn thaw(self) -> T {
        self.thaw.send(()).unwrap();
        let ended = tokio::task::spawn_blocking(move || self.thread.join());
        ended.await.unwrap().unwrap()
    }
}
