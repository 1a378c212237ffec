//! Pointers to what others hold as well, by whatever name.

use std::rc::Rc;
use std::sync::Arc as A;

type Hidden = std::sync::Arc<std::sync::atomic::AtomicU64>;
type Handle<T> = Rc<T>;

macro_rules! arc {
    ($ty:ty) => {
        A<$ty>
    };
}

#[crucial::cloud_thread]
fn named(_: std::sync::Arc<u8>, _: Rc<str>, _: std::sync::Weak<u8>, _: std::rc::Weak<u8>) {}

#[crucial::cloud_thread]
fn renamed(_: A<u8>, _: Hidden, _: Handle<u8>, _: arc!(u8)) {}

#[crucial::cloud_thread]
fn in_others(_: Box<A<u8>>, _: Result<A<u8>, u8>, _: crucial::Mutex<A<u8>>) {}

fn main() {}
