//! What a server says to whoever comes.
//!
//! A server that refuses a connection says why and closes it. The client library has asked for something by then, and reports
//! that the connection broke. So this comes once more, and listens first.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::store::redis::entry::Greeting;

/// How long a server that refuses may take to say so.
const SOON: Duration = Duration::from_millis(500);
/// The first bytes of records of TLS: an alert, and a step of the handshake.
const RECORDS: [u8; 2] = [0x15, 0x16];
/// The beginning of a handshake of TLS 1.2. Every server that speaks TLS answers it, by a step or by an alert.
const HELLO: &[u8] = &[
    0x16, 0x03, 0x01, 0x00, 0x2f, // A handshake of 47 bytes.
    0x01, 0x00, 0x00, 0x2b, // The client's hello, of 43 bytes.
    0x03, 0x03, // The version; then 32 bytes that should be random.
    1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, //
    17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32,   //
    0x00, // No session.
    0x00, 0x04, 0xc0, 0x2f, 0xc0, 0x30, // Two cipher suites.
    0x01, 0x00, // No compression.
];

/// What the server at that place says; nothing where it keeps silent or is not there.
pub(super) async fn hear(host: &str, port: u16) -> Option<Greeting> {
    let plain = ask(host, port, b"PING\r\n").await?;
    match plain.first() {
        Some(first) if RECORDS.contains(first) => Some(Greeting::Tls),
        Some(_) => Some(Greeting::Words(
            String::from_utf8_lossy(&plain).trim().to_owned(),
        )),
        // It does not like what is no TLS, perhaps.
        None => match ask(host, port, HELLO).await?.first() {
            Some(first) if RECORDS.contains(first) => Some(Greeting::Tls),
            _ => None,
        },
    }
}

/// What comes by itself, or else in answer to a question; empty where the server closes the connection or says nothing.
async fn ask(host: &str, port: u16, question: &[u8]) -> Option<Vec<u8>> {
    let connected = timeout(SOON, TcpStream::connect((host, port))).await;
    let mut stream = connected.ok()?.ok()?;
    let mut said = vec![0; 512];
    let mut count = timeout(SOON / 4, stream.read(&mut said)).await;
    if count.is_err() {
        // It waits to be asked.
        stream.write_all(question).await.ok()?;
        count = timeout(SOON, stream.read(&mut said)).await;
    }
    let count = count.map_or(0, |read| read.unwrap_or(0));
    said.truncate(count);
    Some(said)
}

#[cfg(test)]
mod tests {
    use crucial_tests::{Options, RedisServer};
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn servers_are_told_apart() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let crowded = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let words = b"-ERR max number of clients reached\r\n";
            stream.write_all(words).await.unwrap();
        });
        let words = |words: &str| Some(Greeting::Words(words.to_owned()));
        let heard = hear("127.0.0.1", port).await;
        assert_eq!(heard, words("-ERR max number of clients reached"));
        crowded.await.unwrap();
        // Nobody listens there any more.
        assert_eq!(hear("127.0.0.1", port).await, None);
        let plain = RedisServer::start(Options::default()).await;
        assert_eq!(hear("127.0.0.1", plain.port()).await, words("+PONG"));
        let tls = RedisServer::start(Options {
            tls: true,
            ..Options::default()
        })
        .await;
        assert_eq!(hear("127.0.0.1", tls.port()).await, Some(Greeting::Tls));
    }
}
