//! Code under strict lints stays free of warnings.

#![deny(
    missing_docs,
    missing_debug_implementations,
    unreachable_pub,
    unused_qualifications,
    rust_2018_idioms,
    unused,
    nonstandard_style,
    private_interfaces,
    single_use_lifetimes
)]
#![forbid(unsafe_code)]

use serde::{Deserialize, Serialize};

/// An object.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Tally(u64);

#[crucial::shared]
impl Tally {
    /// Adds.
    pub fn add(&mut self, n: u64) -> u64 {
        self.0 += n;
        self.0
    }
}

/// State.
#[crucial::shared]
pub struct State {
    /// A tally.
    pub tally: Tally,
    /// A number.
    #[shared(local)]
    pub k: usize,
}

/// A thread.
#[crucial::cloud_thread]
pub async fn work(state: State) -> crucial::Result<u64> {
    state.tally.add(1).await
}

/// The program.
#[crucial::main]
async fn main() -> crucial::Result<()> {
    let state = State::create("s", StateInit::default()).await?;
    assert_eq!(work::spawn(state).await?, 1);
    Ok(())
}
