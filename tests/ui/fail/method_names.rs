use crucial::Poll;
use serde::{Deserialize, Serialize};

#[derive(Default, Serialize, Deserialize)]
struct Tally(u64);

#[crucial::shared]
impl Tally {
    pub fn open(&self) {}

    pub fn destroy(&mut self) {}

    #[shared(skip)]
    pub fn key(&self) {}

    pub fn round(&self) -> Poll<()> {
        Poll::Pending
    }

    pub fn round_timeout(&self) {}
}

fn main() {}
