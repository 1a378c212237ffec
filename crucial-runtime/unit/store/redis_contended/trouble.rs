//! What goes wrong while one process runs the calls of others: slow methods, methods without end, full servers,
//! objects that go away.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use crucial_tests::RedisServer;
use redis::aio::MultiplexedConnection;

use super::ledger::{GATES, HANG, Ledger, PAUSE, RUNS, SUM};
use super::{LONG, Process, number, server, until_queued, until_run};
use crate::error::Error;

const LEASE: Duration = Duration::from_millis(400);

/// The keys that the engine keeps for the object, but for records.
async fn engine_keys(connection: &mut MultiplexedConnection) -> Vec<String> {
    let keys: Vec<String> = redis::cmd("KEYS")
        .arg("*/ledger}*")
        .query_async(connection)
        .await
        .unwrap();
    let mut keys: Vec<String> = keys
        .into_iter()
        .filter_map(|key| Some(key.rsplit_once('}')?.1.to_owned()))
        .filter(|suffix| !suffix.starts_with(":r"))
        .collect();
    keys.sort_unstable();
    keys
}

/// How many sessions the server knows to have been told that there is no object.
async fn noted_refusals(connection: &mut MultiplexedConnection) -> usize {
    let keys: Vec<String> = redis::cmd("KEYS")
        .arg("*/ledger}:r")
        .query_async(connection)
        .await
        .unwrap();
    let mut noted = 0;
    for key in keys {
        let mut records = redis::cmd("HVALS");
        let records: Vec<String> = records.arg(key).query_async(connection).await.unwrap();
        noted += records
            .iter()
            .filter(|record| record.get(24..) == Some("-"))
            .count();
    }
    noted
}

async fn short(server: &RedisServer, limit: Duration) -> Arc<Process> {
    Arc::new(Process::with(server, LEASE, limit).await)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lease_lasts_as_long_as_its_methods_run() {
    const MS: u64 = 3001;
    // One that a busy machine does not sleep through.
    const LEASE: Duration = Duration::from_secs(1);
    let server = server().await;
    let one = Process::with(&server, LEASE, LONG).await;
    let other = Process::with(&server, LEASE, LONG).await;
    assert!(one.create(0).await);
    one.meet(&other).await;
    let slow = one.call::<Ledger>(&PAUSE, &MS);
    until_run(usize::try_from(MS % 16).unwrap(), 1).await;
    let mut life = redis::cmd("PTTL");
    let life: i64 = life
        .arg(format!("crucial:{{{}}}:q", one.key()))
        .query_async(&mut server.connection().await)
        .await
        .unwrap();
    assert!(life > 0, "were it to die now, its call would stay: {life}");
    // Were the lease to end, this one would run first, and the slow one again.
    let next = other.post(10).await.unwrap();
    assert_eq!((number(slow.await.unwrap()).unwrap(), next), (1, 11));
    assert_eq!(
        RUNS[usize::try_from(MS % 16).unwrap()].load(Ordering::SeqCst),
        1
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_method_without_end_is_given_up_and_its_caller_told() {
    const HUNG: u64 = 2;
    let server = server().await;
    let mut processes = Vec::new();
    for _ in 0..7 {
        processes.push(short(&server, LEASE).await);
    }
    assert!(processes[0].create(0).await);
    processes[0].meet(&processes[1]).await;
    let hung = processes[0].call::<Ledger>(&HANG, &HUNG);
    until_run(2, 1).await;
    // Others that wait take over one after the other, and some are held up as the first was.
    let posts: Vec<_> = processes[1..]
        .iter()
        .map(|process| process.call::<Ledger>(&super::ledger::POST, &1_u64))
        .collect();
    let told = hung.await.unwrap().unwrap_err();
    assert!(
        matches!(&told, Error::Poison { method, .. } if method == "hang"),
        "{told}"
    );
    assert!(told.to_string().contains("without end"), "{told}");
    let mut done = 0;
    for post in posts {
        match post.await.unwrap() {
            Ok(_) => done += 1,
            Err(Error::Poison { .. }) => {}
            Err(other) => panic!("{other}"),
        }
    }
    assert!(done > 0, "those who were not held up went on");
    assert!(
        RUNS[2].load(Ordering::SeqCst) <= 4,
        "it held up four at the most"
    );
    // Whoever was held up is of use again when the method has ended after all.
    GATES[2].open();
    let fresh = short(&server, LONG).await;
    let sum = fresh.post(0).await.unwrap();
    assert!((done..=6).contains(&sum), "{sum} after {done}");
    for process in &processes {
        while let Err(error) = process.post(0).await {
            assert!(matches!(error, Error::Poison { .. }), "{error}");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn callers_beside_a_method_without_end_are_told() {
    const HUNG: u64 = 3;
    let server = server().await;
    // Alone with its object, so that nobody takes over.
    let process = short(&server, LEASE).await;
    assert!(process.create(0).await);
    let hung = process.call::<Ledger>(&HANG, &HUNG);
    until_run(3, 1).await;
    let beside = process.post(1).await.unwrap_err();
    assert!(
        matches!(&beside, Error::Poison { reason, .. } if reason.contains("`hang`")),
        "{beside}"
    );
    GATES[3].open();
    assert_eq!(number(hung.await.unwrap()).unwrap(), 1);
    while process.post(0).await.is_err() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(process.post(1).await.unwrap(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_object_that_is_removed_leaves_nobody_waiting_and_nothing_behind() {
    const HELD: u64 = 4;
    let server = server().await;
    let mut connection = server.connection().await;
    let processes = Process::many(&server, 4).await;
    for round in 1..=3 {
        GATES[4].close();
        assert!(processes[0].create(0).await);
        processes[0].meet(&processes[1]).await;
        let before = RUNS[4].load(Ordering::SeqCst);
        let leading = processes[0].call::<Ledger>(&HANG, &HELD);
        until_run(4, before + 1).await;
        let waiting: Vec<_> = processes[1..3]
            .iter()
            .map(|process| process.call::<Ledger>(&super::ledger::POST, &1_u64))
            .collect();
        until_queued(&mut connection, &processes[0], 3).await;
        let key = processes[3].key();
        let removed = processes[3]
            .run(async move |bench| bench.store().destroy(&key).await)
            .await;
        assert!(removed.unwrap());
        for waiting in waiting {
            let told = waiting.await.unwrap();
            assert!(matches!(told, Err(Error::NotFound { .. })), "{told:?}");
        }
        let left = engine_keys(&mut connection).await;
        assert!(left.is_empty(), "{left:?}");
        // What is created anew has nothing to do with what was waiting before.
        if round == 2 {
            assert!(processes[3].create(0).await);
        }
        GATES[4].open();
        let told = leading.await.unwrap();
        if round == 2 {
            assert_eq!(number(told).unwrap(), 1, "it ran on the new object");
            assert_eq!(processes[2].post(1).await.unwrap(), 2);
            let key = processes[3].key();
            let removed = processes[3]
                .run(async move |bench| bench.store().destroy(&key).await)
                .await;
            assert!(removed.unwrap());
        } else {
            assert!(matches!(told, Err(Error::NotFound { .. })), "{told:?}");
            // A copy of what any of them sent may still come, and must not run in a later life.
            assert_eq!(noted_refusals(&mut connection).await, 3);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_server_fails_calls_and_holds_up_nobody() {
    const HELD: u64 = 5;
    let server = server().await;
    let mut connection = server.connection().await;
    let processes = Process::many(&server, 4).await;
    assert!(processes[0].create(20_000).await);
    processes[0].meet(&processes[1]).await;
    let leading = processes[0].call::<Ledger>(&HANG, &HELD);
    until_run(5, 1).await;
    let waiting: Vec<_> = processes[1..3]
        .iter()
        .map(|process| process.call::<Ledger>(&super::ledger::POST, &100_u64))
        .collect();
    until_queued(&mut connection, &processes[0], 3).await;
    let mut limit = async |bytes: u32| {
        redis::cmd("CONFIG")
            .arg("SET")
            .arg("maxmemory")
            .arg(bytes)
            .exec_async(&mut connection)
            .await
            .unwrap();
    };
    limit(1).await;
    GATES[5].open();
    let late = processes[3].call::<Ledger>(&super::ledger::POST, &100_u64);
    for (place, failed) in [leading, late].into_iter().chain(waiting).enumerate() {
        let told = failed.await.unwrap().unwrap_err().to_string();
        // Those that others may have seen in the queue are not told more than their own process can know.
        let fine = told.contains("memory is full") || (place > 1 && told.contains("nobody knows"));
        assert!(fine, "{place}: {told}");
    }
    let sum = processes[1].call::<Ledger>(&SUM, &0_u64).await.unwrap();
    assert_eq!(number(sum).unwrap(), 0, "what failed had no effect");
    limit(0).await;
    for (place, process) in processes.iter().enumerate() {
        assert_eq!(
            process.post(1).await.unwrap(),
            u64::try_from(place).unwrap() + 1
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_quiesces_leads_no_more() {
    const HELD: u64 = 6;
    let server = server().await;
    let mut connection = server.connection().await;
    let processes = Process::many(&server, 3).await;
    assert!(processes[0].create(0).await);
    processes[0].meet(&processes[1]).await;
    let leading = processes[0].call::<Ledger>(&HANG, &HELD);
    until_run(6, 1).await;
    let waiting: Vec<_> = processes[1..]
        .iter()
        .map(|process| process.call::<Ledger>(&super::ledger::POST, &1_u64))
        .collect();
    until_queued(&mut connection, &processes[0], 3).await;
    let lease = format!("crucial:{{{}}}:l", processes[0].key());
    let holder = async |connection: &mut MultiplexedConnection| -> Option<String> {
        redis::cmd("HGET")
            .arg(&lease)
            .arg("lo")
            .query_async(connection)
            .await
            .unwrap()
    };
    let first = holder(&mut connection).await;
    assert!(first.is_some());
    GATES[6].open();
    processes[0]
        .run(async move |bench| bench.store().quiesce().await)
        .await;
    assert_ne!(holder(&mut connection).await, first);
    number(leading.await.unwrap()).unwrap();
    for waiting in waiting {
        number(waiting.await.unwrap()).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_dead_are_waited_for_once_and_passed_over() {
    let server = server().await;
    let mut connection = server.connection().await;
    let processes = Process::many(&server, 3).await;
    assert!(processes[0].create(0).await);
    let base = format!("crucial:{{{}}}", processes[0].key());
    let (dead, seq) = ("dddddddddddddddd", "000000000000000a");
    for wish in [false, true] {
        let now: (u64, u64) = redis::cmd("TIME")
            .query_async(&mut connection)
            .await
            .unwrap();
        // One died leading, another waiting: with a call that nobody can read, or with a wish to lead.
        let mut left = redis::pipe();
        left.cmd("HSET").arg(format!("{base}:l"));
        left.arg("t").arg(1).arg("lo").arg("eeeeeeeeeeeeeeee");
        left.arg("le").arg(now.0 * 1000 + now.1 / 1000 + 300);
        left.cmd("HSET").arg(format!("{base}:q")).arg(dead);
        left.arg(format!("{seq}{}", if wish { "" } else { "?" }));
        left.cmd("RPUSH").arg(format!("{base}:w"));
        left.arg(format!("{seq}{dead}"));
        left.exec_async(&mut connection).await.unwrap();
        let posts: Vec<_> = processes
            .iter()
            .map(|process| process.call::<Ledger>(&super::ledger::POST, &1_u64))
            .collect();
        for post in posts {
            number(post.await.unwrap()).unwrap();
        }
        // The last of them may not have been let go of yet when it has been answered.
        while engine_keys(&mut connection)
            .await
            .iter()
            .any(|key| [":q", ":w", ":z"].contains(&key.as_str()))
        {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
    assert_eq!(processes[0].post(0).await.unwrap(), 6);
}
