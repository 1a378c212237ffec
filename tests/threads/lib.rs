//! The cloud threads of the tests, known to the tests and to the program whose processes they start.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};

use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Returns a value.
#[crucial::cloud_thread]
pub async fn double(n: u32) -> u32 {
    n * 2
}

/// Returns an error.
#[crucial::cloud_thread]
pub async fn fail(reason: String) -> Result<(), String> {
    Err(reason)
}

/// Panics.
#[crucial::cloud_thread]
pub async fn panics(message: String) {
    panic!("{message}")
}

/// Ends its process.
#[crucial::cloud_thread]
pub fn exit(code: i32) {
    std::process::exit(code)
}

/// Asks for more memory than there is.
#[crucial::cloud_thread]
pub fn gorge() -> usize {
    let mut hoard: Vec<u8> = Vec::with_capacity(1 << 62);
    hoard.push(1);
    hoard.len()
}

/// How many bytes it was given, and their sum.
#[crucial::cloud_thread]
pub fn measure(bytes: Vec<u8>) -> (usize, u64) {
    (bytes.len(), bytes.iter().map(|byte| u64::from(*byte)).sum())
}

/// Returns that many bytes.
#[crucial::cloud_thread]
pub fn produce(count: usize) -> Vec<u8> {
    vec![7; count]
}

/// Its process.
#[crucial::cloud_thread]
pub fn process() -> u32 {
    std::process::id()
}

/// Prints a line.
#[crucial::cloud_thread]
pub fn say(text: String) {
    println!("{text}");
}

/// Tells its process to whoever listens there, and ends when that connection does.
#[crucial::cloud_thread]
pub async fn meet(place: SocketAddr) -> io::Result<u32> {
    let mut stream = tokio::net::TcpStream::connect(place).await?;
    stream.write_u32(std::process::id()).await?;
    stream.read_to_end(&mut Vec::new()).await?;
    Ok(std::process::id())
}

/// The same, without ever giving its worker's other tasks a chance.
#[crucial::cloud_thread]
pub fn meet_blocking(place: SocketAddr) -> io::Result<u32> {
    let mut stream = TcpStream::connect(place)?;
    stream.write_all(&std::process::id().to_be_bytes())?;
    stream.read_to_end(&mut Vec::new())?;
    Ok(std::process::id())
}

/// Spawns a thread and joins it.
#[crucial::cloud_thread]
pub async fn delegate(n: u32) -> crucial::Result<(u32, u32)> {
    let theirs = process::spawn().await?;
    let doubled = double::spawn(n).await?;
    Ok((doubled, theirs))
}

/// Spawns a thread and leaves it alone.
#[crucial::cloud_thread]
pub async fn abandon(place: SocketAddr) {
    drop(meet::spawn(place));
}
