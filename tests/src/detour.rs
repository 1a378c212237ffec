//! An address that leads to a server, and at a word to another one: what a fail-over looks like to clients.

use std::net::Ipv4Addr;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// A port of the loopback interface that leads to another one.
#[derive(Debug)]
pub struct Detour {
    port: u16,
    target: watch::Sender<u16>,
    accepting: JoinHandle<()>,
}

impl Detour {
    /// A port that leads to that one.
    ///
    /// # Panics
    ///
    /// If the loopback interface has no free port.
    pub async fn to(target: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .expect("the loopback interface has a free port");
        let port = listener
            .local_addr()
            .expect("a bound socket has an address")
            .port();
        let (sender, receiver) = watch::channel(target);
        let accepting = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(carry(client, receiver.clone()));
            }
        });
        Self {
            port,
            target: sender,
            accepting,
        }
    }

    /// Cuts all connections; new ones lead to that port.
    pub fn lead_to(&self, target: u16) {
        self.target.send_replace(target);
    }

    /// The address, as `CRUCIAL_STORE` takes it.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }
}

impl Drop for Detour {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// Carries bytes both ways until an end closes or the port leads elsewhere.
async fn carry(mut client: TcpStream, mut target: watch::Receiver<u16>) {
    let port = *target.borrow_and_update();
    let Ok(mut server) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await else {
        return;
    };
    // Small commands must not wait for more.
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    tokio::select! {
        _ = copy_bidirectional(&mut client, &mut server) => {}
        _ = target.changed() => {}
    }
}
