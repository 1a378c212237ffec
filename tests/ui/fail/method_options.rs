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
struct Cached(u64);

#[crucial::shared]
impl Cached {
    #[shared(read = "cached")]
    pub fn change(&mut self) {}

    #[shared(read = "cached")]
    pub fn wait(&self) -> crucial::Poll<u64> {
        crucial::Poll::Pending
    }

    #[shared(read = "stale")]
    pub fn value(&self) {}

    #[shared(max_age = "1s")]
    pub fn alone(&self) {}

    #[shared(read = "cached", max_age = "0ms")]
    pub fn zero(&self) {}

    #[shared(read = "cached", max_age = "1 hour")]
    pub fn unit(&self) {}

    #[shared(read = "cached", max_age = "99999999999999999999s")]
    pub fn long(&self) {}

    #[shared(read = "cached", max_age = 250)]
    pub fn number(&self) {}

    #[shared(read = "cached", skip)]
    pub fn skipped(&self) {}

    #[shared(read = "cached")]
    fn private(&self) {}
}

#[derive(Default, Serialize, Deserialize)]
struct Other(u64);

#[crucial::shared(name = "x", crate = "crucial")]
impl Other {
    pub fn get(&self) {}
}

fn main() {}
