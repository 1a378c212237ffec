//! Calls that wait for a change.

use std::task::Poll;
use std::time::Duration;

use super::{AT_LEAST, Account, Bench, TAKE, call, suite};
use crate::call::Call as Limited;
use crate::codec;
use crate::error::Error;
use crate::object::Value;

suite! {
    waiting_changes_nothing_and_wakes
    waiters_are_awakened
    waits_end
    a_dropped_wait_changes_nothing
    no_call_is_given_up_on_its_way
}

async fn waiting_changes_nothing_and_wakes(bench: Bench) {
    let key = bench.account("account", 1).await;
    assert!(bench.poll(&key, &TAKE, 5).await.is_pending());
    assert_eq!(bench.balance(&key).await, 1);
    let mut watch = bench.store().watch(&key).await.unwrap();
    assert!(bench.poll(&key, &AT_LEAST, 5).await.is_pending());
    assert_eq!(bench.add(&key, 4).await.unwrap(), 5);
    watch.changed().await;
    assert_eq!(
        bench.poll(&key, &AT_LEAST, 5).await,
        Poll::Ready(Value::Int(5))
    );
    assert_eq!(bench.poll(&key, &TAKE, 5).await, Poll::Ready(Value::Int(0)));
}

async fn waiters_are_awakened(bench: Bench) {
    let key = bench.account("account", 0).await;
    let waiters: Vec<_> = (1..=20)
        .map(|n| {
            let (runtime, method) = (
                bench.runtime.clone(),
                if n % 2 == 0 { &AT_LEAST } else { &TAKE },
            );
            // Two of each kind of question: those who ask the same share one.
            let wanted = if n % 2 == 0 { 40 } else { 1 };
            let call = call::<Account>(
                &key,
                method,
                vec![codec::encode_own(&i64::from(wanted)).unwrap()],
            );
            tokio::spawn(async move { runtime.waits().wait(&runtime, call).await })
        })
        .collect();
    for _ in 0..50 {
        bench.add(&key, 1).await.unwrap();
    }
    for waiter in waiters {
        waiter.await.unwrap().unwrap();
    }
    assert_eq!(bench.balance(&key).await, 40);
}

async fn waits_end(bench: Bench) {
    let key = bench.account("account", 0).await;
    for method in [&AT_LEAST, &TAKE] {
        let call = call::<Account>(&key, method, vec![codec::encode_own(&1i64).unwrap()]);
        let waiting = bench.runtime.waits().wait(&bench.runtime, call);
        let waited = Limited::new(waiting)
            .timeout(Duration::from_millis(20))
            .await;
        assert!(matches!(waited, Err(Error::TimedOut { .. })), "{waited:?}");
    }
    // An object that goes away while somebody waits for it is an error, not a wait.
    let question = call::<Account>(&key, &AT_LEAST, vec![codec::encode_own(&1i64).unwrap()]);
    let runtime = bench.runtime.clone();
    let mut watch = bench.store().watch(&key).await.unwrap();
    let waiter = tokio::spawn(async move { runtime.waits().wait(&runtime, question).await });
    assert!(bench.store().destroy(&key).await.unwrap());
    watch.changed().await;
    assert!(matches!(waiter.await.unwrap(), Err(Error::NotFound { .. })));
}

async fn a_dropped_wait_changes_nothing(bench: Bench) {
    let key = bench.account("account", 0).await;
    for count in 0..40 {
        let call = call::<Account>(&key, &TAKE, vec![codec::encode_own(&1i64).unwrap()]);
        let moment = async {
            for _ in 0..count {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            biased;
            taken = bench.runtime.waits().wait(&bench.runtime, call) => panic!("{taken:?}"),
            () = moment => {}
        }
    }
    // Nobody is left who would take of it.
    for balance in 1..=20 {
        assert_eq!(bench.add(&key, 1).await.unwrap(), balance);
    }
    assert_eq!(bench.balance(&key).await, 20);
}

async fn no_call_is_given_up_on_its_way(bench: Bench) {
    let key = bench.account("account", 1).await;
    let take = || call::<Account>(&key, &TAKE, vec![codec::encode_own(&1i64).unwrap()]);
    let waits = bench.runtime.waits();
    let taken = Limited::new(waits.wait(&bench.runtime, take()))
        .timeout(Duration::ZERO)
        .await;
    assert_eq!(taken.unwrap(), Value::Int(0));
    let waited = Limited::new(waits.wait(&bench.runtime, take()))
        .timeout(Duration::ZERO)
        .await;
    assert!(matches!(waited, Err(Error::TimedOut { .. })), "{waited:?}");
    assert_eq!(bench.balance(&key).await, 0);
}
