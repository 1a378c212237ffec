use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Tally(u64);

trait Sum {
    fn sum(&self) -> u64;
}

#[crucial::shared]
impl Sum for Tally {
    fn sum(&self) -> u64 {
        self.0
    }
}

fn main() {
    // The `impl` stays.
    Tally(1).sum();
}
