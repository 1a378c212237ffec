use serde::{Deserialize, Serialize};

#[derive(Default, Serialize, Deserialize)]
struct Tally(u64);

#[crucial::shared]
impl Tally {
    pub fn open(&self) {}

    pub fn destroy(&mut self) {}

    #[shared(skip)]
    pub fn key(&self) {}
}

fn main() {}
