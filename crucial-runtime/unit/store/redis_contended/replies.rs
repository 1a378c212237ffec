//! Large states and large replies of calls that others run, on a server with default settings.

use std::task::Poll;

use bytes::Bytes;
use crucial_tests::{Options, RedisServer};
use futures_util::future::join_all;

use super::ledger::{ECHO, Ledger, SUM};
use super::{Process, number};
use crate::object::Value;

/// Asks for 512 replies of 100 KB: more than such a server lets wait for a connection with subscriptions.
async fn large_replies(process: &Process) {
    let echoes = (1_000..1_512_u64).map(|n| (n, process.call::<Ledger>(&ECHO, &n)));
    let echoes: Vec<_> = echoes.collect();
    for (n, echo) in echoes {
        let Poll::Ready(Value::Bytes(reply)) = echo.await.unwrap().unwrap() else {
            panic!("no bytes")
        };
        let expected = Bytes::from(vec![u8::try_from(n % 251).unwrap(); 100_000]);
        assert!(reply == expected, "the reply to echo {n}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn large_states_and_replies_come_beside_a_waiter() {
    let server = RedisServer::start(Options::default()).await;
    let processes = Process::many(&server, 3).await;
    assert!(processes[0].create(40_000_000).await);
    let mut watches = Vec::new();
    for process in &processes {
        let watch = process.run(async |bench| {
            let key = bench.runtime.application().key("ledger").unwrap();
            bench.store().watch(&key).await.unwrap()
        });
        watches.push(watch.await);
    }
    for process in &processes {
        number(process.call::<Ledger>(&SUM, &0_u64).await.unwrap()).unwrap();
    }
    processes[1].meet(&processes[0]).await;
    join_all(processes.iter().map(|process| large_replies(process))).await;
    assert_eq!(processes[0].post(0).await.unwrap(), 3 * 512);
    let ended = "client_output_buffer_limit_disconnections:";
    assert_eq!(server.statistic("stats", ended).await, 0);
}
