//! Fixtures: each starts something that a test needs, waits until it is ready, and stops it when dropped.
//!
//! A fixture that can't start panics with the reason and the mend: a test has nothing better to do.

mod certificates;
mod detour;
mod program;
mod redis_server;
mod signals;

pub use certificates::Certificates;
pub use detour::Detour;
pub use program::{aborting_program_path, program, program_path, stripped};
pub use redis_server::{Options, RedisServer};
pub use signals::{Signal, signal};
