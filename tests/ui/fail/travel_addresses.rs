//! Addresses in the memory of one process; references that are written are refused for what they are.

use std::ptr::NonNull;
use std::sync::atomic::AtomicPtr;

type Text = &'static str;

#[crucial::cloud_thread]
fn work(_: *const u8, _: Vec<*mut u8>, _: NonNull<u8>, _: AtomicPtr<u8>, _: Text) {}

#[crucial::cloud_thread]
fn written(_: &'static u8, _: Vec<&mut u8>) {}

fn main() {}
