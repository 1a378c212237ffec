//! The server that a benchmark talks to.

use std::env;
use std::net::{SocketAddr, ToSocketAddrs};

use crucial::{Entered, Runtime};
use crucial_tests::{Options, RedisServer};
use redis::aio::MultiplexedConnection;
use redis::io::tcp::TcpSettings;
use redis::{Client, IntoConnectionInfo};

use crate::Result;

/// A store, ours and raw.
pub(crate) struct Server {
    url: String,
    /// It stops when dropped.
    _own: Option<RedisServer>,
}

impl Server {
    /// The one that `CRUCIAL_STORE` names, or one of its own.
    pub(crate) async fn start() -> Self {
        match env::var("CRUCIAL_STORE") {
            Ok(url) => Self { url, _own: None },
            Err(_) => {
                let own = RedisServer::start(Options::default()).await;
                let url = own.url();
                Self {
                    url,
                    _own: Some(own),
                }
            }
        }
    }

    /// Its address.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// A runtime with its objects there, entered.
    pub(crate) async fn runtime(&self) -> Result<(Runtime, Entered)> {
        let runtime = Runtime::builder().store(&self.url).build().await?;
        let entered = runtime.enter();
        Ok((runtime, entered))
    }

    /// A runtime that is not entered, as if of another process.
    pub(crate) async fn unentered(&self) -> Result<Runtime> {
        Ok(Runtime::builder().store(&self.url).build().await?)
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> Result<SocketAddr> {
        let url = self.url.as_str().into_connection_info()?;
        match url.addr() {
            redis::ConnectionAddr::Tcp(host, port) => (host.as_str(), *port)
                .to_socket_addrs()?
                .next()
                .ok_or_else(|| "the server has no address".into()),
            _ => Err("this benchmark takes a server that speaks plain TCP".into()),
        }
    }

    /// The same server at another address.
    pub(crate) fn behind(&self, port: u16) -> Self {
        Self {
            url: format!("redis://127.0.0.1:{port}"),
            _own: None,
        }
    }

    /// A plain redis-rs connection, set up as well as ours is.
    pub(crate) async fn connection(&self) -> Result<MultiplexedConnection> {
        // Without it small commands wait for the kernel, and the comparison would flatter us.
        let tcp = TcpSettings::default().set_nodelay(true);
        let info = self.url.as_str().into_connection_info()?;
        let client = Client::open(info.set_tcp_settings(tcp))?;
        Ok(client.get_multiplexed_async_connection().await?)
    }
}
