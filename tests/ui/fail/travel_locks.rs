//! What locks, and what waits, within one process.

use std::cell::{RefCell, UnsafeCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::{Arc, Barrier, Condvar, Mutex, RwLock};

#[crucial::cloud_thread]
fn of_std(_: Mutex<u8>, _: RwLock<u8>, _: Condvar, _: Barrier) {}

#[crucial::cloud_thread]
fn of_tokio(
    _: tokio::sync::Mutex<u8>,
    _: tokio::sync::RwLock<u8>,
    _: tokio::sync::Notify,
    _: tokio::sync::Barrier,
    _: tokio::sync::Semaphore,
) {
}

#[crucial::cloud_thread]
fn shared(
    _: Arc<Mutex<HashMap<String, u64>>>,
    _: Arc<RwLock<Vec<u8>>>,
    _: Arc<Barrier>,
    _: Arc<tokio::sync::Mutex<u8>>,
    _: Arc<(Mutex<bool>, Condvar)>,
) {
}

#[crucial::cloud_thread]
fn of_one_thread(_: RefCell<u8>, _: Rc<RefCell<Vec<u8>>>, _: UnsafeCell<u8>) {}

fn main() {
    let _ = shared::task;
}
