//! The ends of channels within one process.

use std::sync::mpsc;
use tokio::sync::{broadcast, mpsc as asynchronous, oneshot, watch};

#[crucial::cloud_thread]
fn of_std(_: mpsc::Sender<u8>, _: mpsc::SyncSender<u8>, _: Vec<mpsc::Receiver<String>>) {}

#[crucial::cloud_thread]
fn of_tokio(
    _: asynchronous::Sender<u8>,
    _: asynchronous::Receiver<u8>,
    _: asynchronous::UnboundedSender<u8>,
    _: asynchronous::UnboundedReceiver<u8>,
) {
}

#[crucial::cloud_thread]
fn others(
    _: oneshot::Sender<u8>,
    _: oneshot::Receiver<u8>,
    _: broadcast::Sender<u8>,
    _: broadcast::Receiver<u8>,
    _: watch::Sender<u8>,
    _: watch::Receiver<u8>,
) {
}

fn main() {}
