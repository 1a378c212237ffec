//! One kind of object, and how a client does with it what was chosen.

use std::future::Future;
use std::pin::Pin;

use crucial::{Error, Key, Result, Shared};

use crate::Dice;

/// What one client does with one object: so many calls, chosen by that seed.
pub type Work = Pin<Box<dyn Future<Output = Result<()>> + Send>>;

/// A kind of object and what is done with it.
#[derive(Debug, Clone, Copy)]
pub struct Workload {
    /// The object's name.
    pub name: &'static str,
    /// Starts a client's work.
    pub work: fn(Key, u64, u32) -> Work,
}

/// Opens the object, creating it if this client is the first, and makes the calls.
pub(super) async fn work<P: Shared, F: Future<Output = Result<()>> + Send>(
    key: Key,
    init: impl Fn() -> P::Init + Send + Sync,
    seed: u64,
    calls: u32,
    call: impl Fn(P, Dice) -> F + Send + Sync,
) -> Result<()> {
    let proxy = loop {
        match P::open_or_create_at(key.clone(), init()).await {
            // It was removed between the look and the opening.
            Err(Error::NotFound { .. }) => {}
            opened => break opened?,
        }
    };
    let mut dice = Dice::of(seed);
    for _ in 0..calls {
        let chosen = Dice::of(dice.value());
        call(proxy.clone(), chosen).await.or_else(expected)?;
    }
    Ok(())
}

/// What may come of a call that others get in the way of.
fn expected(error: Error) -> Result<()> {
    match error {
        Error::TimedOut { .. }
        | Error::BrokenBarrier { .. }
        | Error::BrokenRound { .. }
        | Error::NotFound { .. }
        | Error::Exists { .. }
        | Error::LeaseLost { .. }
        | Error::DeliveryLost { .. }
        | Error::Closed { .. }
        | Error::Lagged { .. }
        | Error::RateLimited { .. }
        | Error::PromiseFailed { .. } => Ok(()),
        Error::Panicked { method, .. } if method == "embezzle" => Ok(()),
        // More parties come than a round has, and miss it.
        Error::Refused { method, .. } if method == "reduce" => Ok(()),
        error => Err(error),
    }
}

macro_rules! workloads {
    ($(
        $name:literal: $proxy:ty = $init:expr, |$object:ident, $dice:ident| {
            $($call:expr,)+
        }
    )+) => {
        /// All of them.
        const WORKLOADS: &[Workload] = &[$(Workload {
            name: $name,
            work: |key, seed, calls| Box::pin(work::<$proxy, _>(
                key,
                || $init,
                seed,
                calls,
                |$object, mut $dice| async move {
                    let choices = [$(stringify!($call)),+].len();
                    let chosen = $dice.below(u32::try_from(choices).unwrap_or(u32::MAX));
                    let mut choice = 0..;
                    $(if choice.next() == Some(chosen) {
                        return $call.await.map(drop);
                    })+
                    Ok(())
                },
            )),
        }),+];
    };
}

pub(super) use workloads;
