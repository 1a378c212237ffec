//! AWS Lambda on this machine: functions are programs, each of their processes stands behind a Lambda
//! runtime API of its own, and the `Invoke` API has one port.
//!
//! It behaves as Lambda does where programs can tell: processes start on demand, handle one event at a
//! time and stay warm; payloads, errors and limits are Lambda's. It does not limit memory, and an
//! `Event` whose function fails is not delivered again (as with `MaximumRetryAttempts: 0`).

mod function;
mod http;
mod invoke_api;
mod output;
mod pool;
mod process;
mod request;
mod runtime_api;
mod session;

use std::future::pending;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub use function::Function;
pub(crate) use pool::Pool;
pub(crate) use request::{Casualty, Reply, Request};

/// A running emulator. It ends, and its processes with it, when it is shut down or dropped.
///
/// ```no_run
/// # async fn example() -> std::io::Result<()> {
/// use crucial::emulator::{Emulator, Function};
///
/// let functions = [Function::new("kmeans", "target/release/kmeans")];
/// let emulator = Emulator::start("127.0.0.1:9001".parse().unwrap(), functions).await?;
/// // Programs with these two variables run their threads here:
/// println!("AWS_ENDPOINT_URL_LAMBDA={} CRUCIAL_EXECUTOR=lambda:kmeans", emulator.url());
/// emulator.shutdown().await;
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct Emulator {
    address: SocketAddr,
    pools: Arc<[Pool]>,
    server: JoinHandle<()>,
}

impl Emulator {
    /// Serves the `Invoke` API of these functions at that address; port 0 takes a free one.
    ///
    /// No process is started yet.
    ///
    /// # Errors
    ///
    /// Where the address can't be listened on.
    pub async fn start(
        address: SocketAddr,
        functions: impl IntoIterator<Item = Function>,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let pools: Arc<[Pool]> = functions
            .into_iter()
            .map(|function| Pool::new(function, address))
            .collect();
        let served = Arc::clone(&pools);
        let answer = move |request| invoke_api::answer(Arc::clone(&served), request);
        let server = tokio::spawn(http::serve(listener, answer, pending::<()>()));
        Ok(Self {
            address,
            pools,
            server,
        })
    }

    /// Where the `Invoke` API is, for `AWS_ENDPOINT_URL_LAMBDA`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The processes of that function now, by their ids.
    #[must_use]
    pub fn processes(&self, function: &str) -> Vec<u32> {
        self.pool(function).map(Pool::processes).unwrap_or_default()
    }

    /// Ends all processes and waits until they are gone.
    pub async fn shutdown(&self) {
        self.server.abort();
        for pool in self.pools.iter() {
            pool.shutdown().await;
        }
    }

    pub(crate) fn pool(&self, function: &str) -> Option<&Pool> {
        self.pools.iter().find(|pool| pool.name() == function)
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        self.server.abort();
        for pool in self.pools.iter() {
            pool.close();
        }
    }
}
