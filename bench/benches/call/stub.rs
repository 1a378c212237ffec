//! A server that does nothing and answers at once.

use std::net::Ipv4Addr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A server that does nothing and answers at once, on a thread of its own.
pub(crate) struct Stub {
    port: u16,
}

impl Stub {
    /// Starts it; it ends with the program.
    pub(crate) async fn start() -> Self {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .expect("the loopback interface has a free port");
        let port = listener
            .local_addr()
            .expect("a bound socket has an address")
            .port();
        std::thread::spawn(move || {
            let tokio = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a tokio runtime starts");
            tokio.block_on(async {
                listener
                    .set_nonblocking(true)
                    .expect("a socket can be waited for");
                let listener = TcpListener::from_std(listener).expect("the runtime runs");
                while let Ok((client, _)) = listener.accept().await {
                    tokio::spawn(serve(client));
                }
            });
        });
        Self { port }
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }
}

async fn serve(mut client: TcpStream) {
    // Small replies must not wait for more.
    let _ = client.set_nodelay(true);
    let (mut read, mut replies) = (Vec::new(), Vec::new());
    while client
        .read_buf(&mut read)
        .await
        .is_ok_and(|count| count > 0)
    {
        let mut at = 0;
        while let Some((words, end)) = command(&read, at) {
            answer(&words, &mut replies);
            at = end;
        }
        read.drain(..at);
        if client.write_all(&replies).await.is_err() {
            return;
        }
        replies.clear();
    }
}

/// What a server of the present says to each command of this project.
fn answer(words: &[&[u8]], replies: &mut Vec<u8>) {
    match words {
        [b"HELLO", ..] => replies.extend(b"%1\r\n$5\r\nproto\r\n:3\r\n"),
        [b"INFO", ..] => replies.extend(b"$34\r\nredis_version:7.2.0\r\nrole:master\r\n\r\n"),
        [b"TIME", ..] => replies.extend(b"*2\r\n$10\r\n1700000000\r\n$1\r\n0\r\n"),
        [b"SMEMBERS", ..] => replies.extend(b"*0\r\n"),
        [b"FCALL", b"crucial", ..] => replies.extend(b"-ERR Function not found\r\n"),
        [b"FCALL", _, keys, rest @ ..] => {
            // Behind the keys and the header: name, number of arguments, arguments, ...
            let mut calls = rest.get(number(keys) + 1..).unwrap_or_default();
            let (mut count, mut results) = (0, Vec::<u8>::new());
            while let [method, arguments, others @ ..] = calls {
                count += 1;
                results.extend_from_slice(match *method {
                    b"add" => b":0\r\n",
                    b"init" => b":1\r\n",
                    _ => b"_\r\n",
                });
                calls = others.get(number(arguments)..).unwrap_or_default();
            }
            replies.extend(format!("*{count}\r\n").bytes());
            replies.extend(results);
        }
        [b"INCR" | b"SADD" | b"SREM" | b"PUBLISH" | b"UNLINK", ..] => replies.extend(b":1\r\n"),
        _ => replies.extend(b"+OK\r\n"),
    }
}

/// The words of the command at that place, an array of strings, and where it ends; `None` until all of it is there.
fn command(read: &[u8], at: usize) -> Option<(Vec<&[u8]>, usize)> {
    let (count, mut at) = line(read, at)?;
    let mut words = Vec::with_capacity(count);
    for _ in 0..count {
        let (length, start) = line(read, at)?;
        at = start + length + 2;
        words.push(&read.get(start..at)?[..length]);
    }
    Some((words, at))
}

/// The number in a line such as `*3` or `$5`, and where the next line begins.
fn line(read: &[u8], at: usize) -> Option<(usize, usize)> {
    let line = read.get(at..)?;
    let end = line.iter().position(|byte| *byte == b'\r')?;
    line.get(end + 1)?;
    Some((number(line.get(1..end)?), at + end + 2))
}

fn number(digits: &[u8]) -> usize {
    let digits = std::str::from_utf8(digits).ok();
    digits
        .and_then(|digits| digits.parse().ok())
        .unwrap_or_default()
}
