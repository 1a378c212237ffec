//! The cloud threads of the tests, known to the tests and to the program whose processes they start.

use std::fmt;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};

use crucial::{JoinError, Latch, List, Semaphore};
use serde::{Deserialize, Serialize};
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

/// Why a number has no half.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum NoHalf {
    /// It is odd.
    Odd(u32),
    /// A meal too many.
    Large {
        /// What makes it large.
        ballast: Vec<u8>,
    },
}

impl fmt::Display for NoHalf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Odd(number) => write!(f, "{number} is odd"),
            Self::Large { ballast } => write!(f, "{} bytes of ballast", ballast.len()),
        }
    }
}

impl std::error::Error for NoHalf {}

/// Half of an even number.
#[crucial::cloud_thread]
pub async fn half(number: u32) -> Result<u32, NoHalf> {
    if number.is_multiple_of(2) {
        Ok(number / 2)
    } else {
        Err(NoHalf::Odd(number))
    }
}

/// Returns an error with so many bytes, and blocks.
#[crucial::cloud_thread]
pub fn overload(bytes: usize) -> Result<u32, NoHalf> {
    let ballast = vec![7; bytes];
    Err(NoHalf::Large { ballast })
}

/// Joins `half`, and returns what that gave.
#[crucial::cloud_thread]
pub async fn relay(number: u32) -> Result<u32, JoinError<NoHalf>> {
    half::task(number).name("inner").spawn().await
}

/// Joins `half`, and returns its error as text.
#[crucial::cloud_thread]
pub async fn retell(number: u32) -> crucial::Result<u32> {
    Ok(half::task(number).name("inner").spawn().await?)
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

/// The limits that the runtime has here.
#[crucial::cloud_thread]
pub async fn limits() -> crucial::Result<String> {
    let runtime = format!("{:?}", crucial::Runtime::current()?);
    let limits = runtime
        .rsplit_once("limits: Limits { ")
        .map(|(_, limits)| limits);
    let limits = limits.and_then(|limits| limits.split_once(" }"));
    Ok(limits.map_or(runtime.clone(), |(limits, _)| limits.to_owned()))
}

/// Those of a thread that a thread has spawned.
#[crucial::cloud_thread]
pub async fn limits_deep() -> crucial::Result<String> {
    Ok(limits::spawn().await?)
}

/// A shared object of this package's own.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
pub struct Notes {
    text: String,
}

#[crucial::shared]
impl Notes {
    /// Makes the text so many bytes longer.
    pub fn grow(&mut self, bytes: usize) {
        self.text.push_str(&"x".repeat(bytes));
    }
}

/// Pushes a value of so many bytes.
#[crucial::cloud_thread]
pub async fn push(list: List<String>, bytes: usize) -> crucial::Result<usize> {
    list.push_back("x".repeat(bytes)).await
}

/// Makes the state of an object so many bytes longer, by a call that is short.
#[crucial::cloud_thread]
pub async fn grow(notes: NotesProxy, bytes: usize) -> crucial::Result<()> {
    notes.grow(bytes).await
}

/// Waits for a latch.
#[crucial::cloud_thread]
pub async fn wait(latch: Latch) -> crucial::Result<()> {
    latch.wait().await
}

/// Never ends.
#[crucial::cloud_thread]
pub async fn forever() {
    std::future::pending().await
}

/// Joins a thread that never ends.
#[crucial::cloud_thread]
pub async fn join_forever() -> crucial::Result<()> {
    Ok(forever::spawn().await?)
}

/// Holds a permit at a meeting.
#[crucial::cloud_thread]
pub async fn hold(permits: Semaphore, place: SocketAddr) -> crucial::Result<()> {
    let _permit = permits.acquire().await?;
    meet(place).await.map(drop).map_err(crucial::Error::other)
}
