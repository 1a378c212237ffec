use serde::{Deserialize, Serialize};

#[crucial::shared]
#[derive(Clone, Debug, Default, Serialize, Deserialize, PartialEq)]
struct State {
    count: u64,
}

fn main() {}
