//! A server that is too old, which no package installs any more: it answers what the first look at it needs.

use std::net::Ipv4Addr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A server that says that it is Redis 6.0.16.
pub(crate) struct OldServer {
    port: u16,
    accepting: JoinHandle<()>,
}

impl OldServer {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let accepting = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(answer(client));
            }
        });
        Self { port, accepting }
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }
}

impl Drop for OldServer {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// Answers each command by its name.
async fn answer(mut client: TcpStream) {
    let info = "redis_version:6.0.16\r\nredis_mode:standalone\r\n";
    let info = format!("${}\r\n{info}\r\n", info.len());
    let mut read = Vec::new();
    while client
        .read_buf(&mut read)
        .await
        .is_ok_and(|count| count > 0)
    {
        while let Some((name, length)) = command(&read) {
            let reply = match name.as_str() {
                "HELLO" => "%2\r\n$6\r\nserver\r\n$5\r\nredis\r\n$5\r\nproto\r\n:3\r\n",
                "INFO" => &info,
                "TIME" => "*2\r\n$10\r\n1700000000\r\n$1\r\n0\r\n",
                _ => "+OK\r\n",
            };
            if client.write_all(reply.as_bytes()).await.is_err() {
                return;
            }
            read.drain(..length);
        }
    }
}

/// The name of the first command, an array of strings, and its length in bytes; `None` until all of it is there.
fn command(read: &[u8]) -> Option<(String, usize)> {
    let (count, mut at) = number(read, 0)?;
    let mut name = None;
    for _ in 0..count {
        let (length, start) = number(read, at)?;
        at = start + length + 2;
        let text = &read.get(start..at)?[..length];
        name.get_or_insert_with(|| String::from_utf8_lossy(text).to_uppercase());
    }
    Some((name?, at))
}

/// The number in a line such as `*3` or `$5`, and where the next line begins.
fn number(read: &[u8], at: usize) -> Option<(usize, usize)> {
    let line = read.get(at..)?;
    let end = line.windows(2).position(|window| window == b"\r\n")?;
    let number = std::str::from_utf8(line.get(1..end)?).ok()?;
    Some((number.parse().ok()?, at + end + 2))
}
