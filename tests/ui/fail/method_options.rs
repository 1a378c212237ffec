use serde::{Deserialize, Serialize};

#[derive(Default, Serialize, Deserialize)]
struct Tally(u64);

#[crucial::shared]
impl Tally {
    #[shared(idempotent)]
    pub fn read(&self) {}

    #[shared(idempotent, idempotent)]
    pub fn twice(&mut self) {}

    #[shared(idempotent, skip)]
    pub fn both(&mut self) {}

    #[shared(skip)]
    fn private(&self) {}

    #[shared(skip)]
    pub fn associated() {}

    #[shared(skip)]
    pub const ONE: u64 = 1;

    #[shared(persistent)]
    pub fn unknown(&self) {}

    #[shared]
    pub fn empty(&self) {}
}

#[derive(Default, Serialize, Deserialize)]
struct Other(u64);

#[crucial::shared(name = "x", crate = "crucial")]
impl Other {
    pub fn get(&self) {}
}

fn main() {}
