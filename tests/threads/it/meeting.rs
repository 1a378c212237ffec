//! A place where threads say that they run, and wait until the test lets them go.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

/// Nothing in these tests takes longer.
pub(crate) const SOON: Duration = Duration::from_secs(60);

pub(crate) struct Meeting(TcpListener);

/// A thread that waits.
pub(crate) struct Guest {
    pub(crate) process: u32,
    stream: TcpStream,
}

impl Meeting {
    pub(crate) async fn new() -> Self {
        Self(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap())
    }

    pub(crate) fn place(&self) -> SocketAddr {
        self.0.local_addr().unwrap()
    }

    /// The next thread that comes.
    pub(crate) async fn guest(&self) -> Guest {
        let come = async {
            let (mut stream, _) = self.0.accept().await.unwrap();
            let process = stream.read_u32().await.unwrap();
            Guest { process, stream }
        };
        timeout(SOON, come).await.expect("a thread comes soon")
    }
}

impl Guest {
    /// Kills the thread's process.
    pub(crate) fn kill(&self) {
        self.signal("KILL");
    }

    pub(crate) fn signal(&self, signal: &str) {
        let status = std::process::Command::new("kill")
            .args(["-s", signal, &self.process.to_string()])
            .status();
        assert!(status.unwrap().success());
    }

    /// Waits until the thread's process is gone.
    pub(crate) async fn gone(mut self) {
        let mut rest = Vec::new();
        let gone = self.stream.read_to_end(&mut rest);
        // A process that was killed may also reset the connection.
        let _ = timeout(SOON, gone).await.expect("the process ends soon");
    }
}
