//! What clients do with the objects of a round, as the program that does it and the test that checks it both know it.

mod dice;
mod ledger;
mod tally;
mod time;
mod workloads;

pub use dice::Dice;
pub use ledger::{Ledger, LedgerProxy};
pub use tally::{Doom, Tally, TallyProxy, doom};
pub use time::now;
pub use workloads::{CHOSEN, Workload, chosen};
