//! What the attributes generate, at work on the embedded store.

#![expect(
    unreachable_pub,
    reason = "proxies have the methods that are `pub`, here as everywhere"
)]

mod closure;
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
