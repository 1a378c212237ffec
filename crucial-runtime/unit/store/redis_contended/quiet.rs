//! A process that is about to end leads no more, and nobody waits for its lease.

use std::pin::pin;
use std::time::Duration;

use futures_util::poll;
use tokio::time::timeout;

use super::ledger::{GATES, HANG, Ledger, POST};
use super::{LONG, Process, number, server, until_queued, until_run};

/// Whoever waits for one to end waits in vain.
const LEASE: Duration = Duration::from_secs(600);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_runtime_that_is_shut_down_hands_its_lease_over() {
    const HELD: u64 = 14;
    const LATER: u64 = 15;
    let server = server().await;
    let mut connection = server.connection().await;
    let mut processes = Vec::new();
    for _ in 0..3 {
        processes.push(Process::with(&server, LEASE, LONG).await);
    }
    assert!(processes[0].create(0).await);
    processes[0].meet(&processes[1]).await;
    let leading = processes[0].call::<Ledger>(&HANG, &HELD);
    until_run(14, 1).await;
    // Whoever runs this one is held until the first process is no more.
    let mut waiting = vec![processes[1].call::<Ledger>(&HANG, &LATER)];
    until_queued(&mut connection, &processes[0], 2).await;
    waiting.push(processes[2].call::<Ledger>(&POST, &10_u64));
    until_queued(&mut connection, &processes[0], 3).await;
    let ended = processes[0].run(async move |bench| {
        let mut shutdown = pin!(bench.runtime.shutdown());
        assert!(poll!(&mut shutdown).is_pending(), "it leads");
        GATES[14].open();
        shutdown.await
    });
    timeout(LONG, ended).await.unwrap().unwrap();
    number(leading.await.unwrap()).unwrap();
    drop(processes.remove(0));
    // Nothing that it may still do reaches the server: those that wait have a connection for calls and one that hears.
    while server.clients().await > 2 * processes.len() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    GATES[15].open();
    for waiting in waiting {
        let answer = timeout(LONG, waiting).await;
        number(answer.expect("it waits for the lease to end").unwrap()).unwrap();
    }
    assert_eq!(processes[0].post(0).await.unwrap(), 12);
}
