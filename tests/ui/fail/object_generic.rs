use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Tally<T>(T);

#[crucial::shared]
impl<T> Tally<T> {
    pub fn count(&self) -> u64 {
        1
    }
}

#[derive(Serialize, Deserialize)]
struct Other<T>(T);

#[crucial::shared]
impl Other<u8> {
    pub fn count(&self) -> u64 {
        1
    }
}

fn main() {
    Tally("").count();
}
