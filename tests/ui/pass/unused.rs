//! What is generated and not used brings no warnings.

#![deny(warnings)]

use crucial::Poll;
use serde::{Deserialize, Serialize};

/// A private object.
#[derive(Default, Serialize, Deserialize)]
struct Tally(u64);

#[crucial::shared]
impl Tally {
    /// Adds.
    pub fn add(&mut self, n: u64) -> Poll<u64> {
        self.0 += n;
        Poll::Ready(self.0)
    }

    /// An old one.
    #[deprecated]
    pub fn old(&self) {}
}

#[crucial::shared]
struct State {
    tally: Tally,
    #[shared(local)]
    k: usize,
}

#[crucial::cloud_thread]
async fn only_spawned(_: State) {}

#[crucial::cloud_thread]
fn only_called(_: u8) {}

#[crucial::cloud_thread]
fn neither() {}

fn main() {
    let _ = only_spawned::spawn;
    only_called(1);
    let _ = crucial::cloud_closure!(|_: u8| ());
}
