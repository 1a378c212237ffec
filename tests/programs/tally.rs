//! An object of the user's.

use serde::{Deserialize, Serialize};

/// A count kept by the user's own code.
#[derive(Default, Serialize, Deserialize)]
pub struct Tally {
    /// How often it was counted.
    pub count: u64,
}

#[crucial::shared]
impl Tally {
    /// Counts one more; the count before.
    pub fn add(&mut self) -> u64 {
        self.count += 1;
        self.count - 1
    }
}
