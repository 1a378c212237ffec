use serde::{Deserialize, Serialize};

#[derive(Default, Serialize, Deserialize)]
struct Tally(u64);

#[crucial::shared]
impl Tally {
    fn add(&mut self, n: u64) {
        self.0 += n;
    }

    pub fn new() -> Self {
        Self(0)
    }
}

fn main() {
    Tally::new().add(1);
}
