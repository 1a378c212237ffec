//! A field that no object stands for says so, and what to take instead.

use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex};

#[crucial::shared]
struct State {
    count: Arc<AtomicU64>,
    value: Mutex<u8>,
}

fn main() {}
