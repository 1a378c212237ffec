//! What counts within one process, alone, shared, and as a part of something; one error each.

use std::cell::Cell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::*;

#[crucial::cloud_thread]
fn alone(_: AtomicBool, _: AtomicI8, _: AtomicI16, _: AtomicI32, _: AtomicI64, _: AtomicIsize) {}

#[crucial::cloud_thread]
fn unsigned(_: AtomicU8, _: AtomicU16, _: AtomicU32, _: AtomicU64, _: AtomicUsize, _: Cell<f64>) {}

#[crucial::cloud_thread]
fn shared(_: Arc<AtomicU64>, _: Rc<Cell<String>>) {}

#[crucial::cloud_thread]
fn nested(_: HashMap<String, (u8, Vec<AtomicU64>)>, _: [Option<Arc<AtomicBool>>; 2]) {}

fn main() {
    let _ = shared::spawn;
}
