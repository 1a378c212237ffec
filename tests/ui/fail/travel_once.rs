//! What is set once within one process.

use std::cell::{LazyCell, OnceCell};
use std::sync::{Arc, LazyLock, OnceLock};

#[crucial::cloud_thread]
fn work(
    _: OnceLock<u8>,
    _: OnceCell<u8>,
    _: Arc<OnceLock<String>>,
    _: LazyLock<u8>,
    _: LazyCell<u8>,
    _: tokio::sync::OnceCell<u8>,
) {
}

fn main() {}
