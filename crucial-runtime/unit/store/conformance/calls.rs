//! What calls do: in order, each once, and nothing where they fail.

use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;

use super::{ADD, ADD_OR_PANIC, Account, Bench, LOAD, UNKNOWN, call, suite};
use crate::codec;
use crate::error::Error;
use crate::object::{Method, SNAPSHOT, Value};

suite! {
    calls_take_effect_in_order
    cached_reads_see_what_their_process_did
    concurrent_updates_all_count
    panics_stay_with_their_caller
    bad_calls_are_refused
    large_states_pass
    dropped_calls_do_not_jam
}

async fn calls_take_effect_in_order(bench: Bench) {
    let key = bench.account("account", 0).await;
    for n in 1..=20 {
        assert_eq!(bench.add(&key, 1).await.unwrap(), n);
        assert_eq!(bench.balance(&key).await, n);
    }
    let snapshot = bench
        .store()
        .call(call::<Account>(&key, &SNAPSHOT, Vec::new()))
        .await
        .unwrap();
    let Poll::Ready(Value::Bytes(state)) = snapshot else {
        panic!("{snapshot:?}")
    };
    assert_eq!(codec::decode::<Account>(&state).unwrap().balance, 20);
}

async fn cached_reads_see_what_their_process_did(bench: Bench) {
    static CACHED: Method = Method::cached("balance", Duration::from_secs(3600));
    let key = bench.account("account", 0).await;
    for n in 1..=20 {
        assert_eq!(bench.add(&key, 1).await.unwrap(), n);
        assert_eq!(bench.number(&key, &CACHED, 0).await.unwrap(), n);
    }
    assert!(bench.store().destroy(&key).await.unwrap());
    let gone = bench.number(&key, &CACHED, 0).await;
    assert!(matches!(gone, Err(Error::NotFound { .. })), "{gone:?}");
}

async fn concurrent_updates_all_count(bench: Bench) {
    let key = bench.account("account", 0).await;
    let tasks: Vec<_> = (0..64)
        .map(|_| {
            let (bench, key) = (bench.clone(), key.clone());
            tokio::spawn(async move {
                let mut seen = Vec::new();
                for _ in 0..25 {
                    seen.push(bench.add(&key, 1).await.unwrap());
                }
                assert!(seen.is_sorted(), "one caller's updates are in its order");
                seen
            })
        })
        .collect();
    let mut seen = Vec::new();
    for task in tasks {
        seen.extend(task.await.unwrap());
    }
    seen.sort_unstable();
    assert_eq!(
        seen,
        (1..=1600).collect::<Vec<_>>(),
        "every update saw a state of its own"
    );
    assert_eq!(bench.balance(&key).await, 1600);
}

async fn panics_stay_with_their_caller(bench: Bench) {
    let key = bench.account("account", 0).await;
    let tasks: Vec<_> = (0..60)
        .map(|_| {
            let (bench, key) = (bench.clone(), key.clone());
            tokio::spawn(async move { bench.number(&key, &ADD_OR_PANIC, 1).await })
        })
        .collect();
    let (mut done, mut panicked) = (0, 0);
    for task in tasks {
        match task.await.unwrap() {
            Ok(_) => done += 1,
            Err(Error::Panicked {
                key: named,
                method,
                panic,
            }) => {
                assert_eq!((named, method.as_str()), (key.clone(), "add_or_panic"));
                assert!(panic.message.contains("seven") && panic.location.contains("account.rs"));
                panicked += 1;
            }
            Err(other) => panic!("{other}"),
        }
    }
    // From six on, each call finds the state as the last good one left it.
    assert_eq!((done, panicked), (6, 54));
    assert_eq!(bench.balance(&key).await, 6);
    assert_eq!(bench.add(&key, 2).await.unwrap(), 8);
}

async fn bad_calls_are_refused(bench: Bench) {
    let key = bench.account("account", 3).await;
    let unknown = bench.number(&key, &UNKNOWN, 1).await.unwrap_err();
    assert!(
        unknown.to_string().contains("no method `unknown`"),
        "{unknown}"
    );
    for args in [
        vec![],
        vec![Bytes::new()],
        vec![Bytes::from_static(
            b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
        )],
    ] {
        let refused = bench
            .store()
            .call(call::<Account>(&key, &ADD, args))
            .await
            .unwrap_err();
        assert!(matches!(refused, Error::Refused { .. }), "{refused}");
    }
    assert_eq!(bench.balance(&key).await, 3);
}

async fn large_states_pass(bench: Bench) {
    let key = bench.account("account", 0).await;
    let ballast: Vec<u8> = (0..4_000_000u32).map(|n| n.to_le_bytes()[0]).collect();
    let loaded = bench
        .store()
        .call(call::<Account>(
            &key,
            &LOAD,
            vec![codec::encode_own(&ballast).unwrap()],
        ))
        .await
        .unwrap();
    assert_eq!(loaded, Poll::Ready(Value::Int(4_000_000)));
    let handle = crate::object::Handle::<Account>::at(key);
    assert!(
        bench
            .runtime
            .scope(handle.snapshot())
            .await
            .unwrap()
            .ballast
            == ballast
    );
}

async fn dropped_calls_do_not_jam(bench: Bench) {
    let key = bench.account("account", 0).await;
    for _ in 0..50 {
        let (first, second) = (bench.add(&key, 1), bench.add(&key, 1));
        // Both are sent, or queued, and given up at once.
        tokio::select! { biased; _ = first => {}, _ = second => {}, () = std::future::ready(()) => {} }
    }
    let sum = bench.add(&key, 0).await.unwrap();
    assert!((0..=100).contains(&sum), "{sum}");
    assert_eq!(
        bench.add(&key, 1).await.unwrap() - 1,
        bench.add(&key, 0).await.unwrap() - 1
    );
}
