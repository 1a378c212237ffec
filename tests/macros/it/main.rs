//! What the attributes generate, at work on the embedded store.

#![allow(
    clippy::unwrap_used,
    reason = "a test fails where it is unwrapped, its helpers too"
)]
#![expect(
    unreachable_pub,
    reason = "proxies have the methods that are `pub`, here as everywhere"
)]

mod closure;
mod hygiene;
mod object;
mod structure;
mod thread;

/// A runtime of the test's own, entered.
macro_rules! entered {
    () => {
        let runtime = crucial::Runtime::builder().build().await.unwrap();
        let _entered = runtime.enter();
    };
}
pub(crate) use entered;
