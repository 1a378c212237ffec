//! What is large: states that grow over the limit, batches that would, and what does not travel.

use crucial_tests::RedisServer;
use futures_util::future::join_all;
use redis::aio::MultiplexedConnection;

use super::ledger::{FEED, GATES, GROW, HANG, Ledger, POST, SUM};
use super::{LONG, Process, count, number, server, until_queued, until_run};
use crate::codec;
use crate::config::Builder;
use crate::error::Error;
use crate::object::Method;

/// How many bytes a state may take here.
const LIMIT: usize = 4096;
/// How many a call asks for that is to fail.
const TOO_MANY: u64 = 10_000;

async fn limited(server: &RedisServer) -> Process {
    Process::of(server, Builder::new().max_value_bytes(LIMIT)).await
}

/// Checks that an error says what is too large, by how much, and what to do.
fn check_too_large(error: &Error, after: &str, process: &Process) {
    assert!(
        matches!(error, Error::TooLarge { size, limit: LIMIT, .. } if *size > 10_000),
        "{error}"
    );
    let text = error.to_string();
    for part in [after, process.key().as_str(), "Builder::max_value_bytes"] {
        assert!(text.contains(part), "{part:?} is missing in: {text}");
    }
}

/// The state's version, and how many bytes the state has.
async fn stored(connection: &mut MultiplexedConnection, process: &Process) -> (u64, usize) {
    let stored: Vec<u8> = redis::cmd("GET")
        .arg(format!("crucial:{{{}}}:s", process.key()))
        .query_async(connection)
        .await
        .unwrap();
    let (version, state) = stored.split_first_chunk().unwrap();
    (u64::from_be_bytes(*version), state.len())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_too_large_is_not_created() {
    let server = server().await;
    let process = limited(&server).await;
    let told = process.try_create(10_000).await.unwrap_err();
    check_too_large(&told, "create", &process);
    let told = process.post(1).await;
    assert!(matches!(told, Err(Error::NotFound { .. })), "{told:?}");
    assert!(process.create(4000).await);
    assert_eq!(process.post(1).await.unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_grows_a_state_too_much_fails_by_itself_alone() {
    const HELD: u64 = 10;
    let server = server().await;
    let mut connection = server.connection().await;
    let process = limited(&server).await;
    assert!(process.create(100).await);
    let mut sum = 0;
    for round in 1..=3 {
        GATES[10].close();
        let first = process.call::<Ledger>(&HANG, &HELD);
        until_run(10, round).await;
        // They wait together, in this order, and are one batch.
        let key = process.key();
        let batch: [(&'static Method, u64); 5] = [
            (&POST, 1),
            (&GROW, TOO_MANY),
            (&POST, 10),
            (&GROW, TOO_MANY),
            (&POST, 100),
        ];
        let batch = batch.map(|(method, n)| {
            super::call::<Ledger>(key.clone(), method, codec::encode_own(&n).unwrap())
        });
        let open = async || GATES[10].open();
        let answers = process
            .run(async move |bench| {
                let store = bench.store();
                let calls = batch.map(|call| store.call(call));
                tokio::join!(join_all(calls), open()).0
            })
            .await;
        sum += 1;
        assert_eq!(number(first.await.unwrap()).unwrap(), sum);
        for (place, answer) in answers.into_iter().enumerate() {
            if place % 2 == 1 {
                check_too_large(&answer.unwrap_err(), "grow", &process);
            } else {
                sum += [1, 10, 100][place / 2];
                assert_eq!(number(answer).unwrap(), sum, "{place}");
            }
        }
        let (_, bytes) = stored(&mut connection, &process).await;
        assert!((100..200).contains(&bytes), "{bytes}");
    }
    // What is within the limit is fine, and alone in its batch nothing is different.
    let told = process.call::<Ledger>(&GROW, &TOO_MANY).await.unwrap();
    check_too_large(&told.unwrap_err(), "grow", &process);
    let grown = process.call::<Ledger>(&GROW, &4000_u64).await.unwrap();
    assert_eq!(number(grown).unwrap(), sum + 1000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_grows_a_state_too_much_fails_by_itself_in_company() {
    const HELD: u64 = 11;
    let server = server().await;
    let mut connection = server.connection().await;
    let mut processes = Vec::new();
    for _ in 0..5 {
        processes.push(limited(&server).await);
    }
    assert!(processes[0].create(100).await);
    for other in &processes[1..] {
        processes[0].meet(other).await;
    }
    let mut sum = 0;
    // What waits has no order: the call comes before the others at times, behind them, and among them.
    for round in 1..=8 {
        GATES[11].close();
        let leading = processes[0].call::<Ledger>(&HANG, &HELD);
        until_run(11, round).await;
        let post = |place: usize| processes[place].call::<Ledger>(&POST, &10_u64);
        let mut waiting = vec![post(1), post(2)];
        until_queued(&mut connection, &processes[0], 3).await;
        let grown = processes[4].call::<Ledger>(&GROW, &TOO_MANY);
        until_queued(&mut connection, &processes[0], 4).await;
        waiting.push(post(3));
        until_queued(&mut connection, &processes[0], 5).await;
        GATES[11].open();
        let mut replies = vec![number(leading.await.unwrap()).unwrap()];
        for waiting in waiting {
            replies.push(number(waiting.await.unwrap()).unwrap());
        }
        let told = grown.await.unwrap().unwrap_err();
        check_too_large(&told, "grow", &processes[4]);
        replies.sort_unstable();
        assert_eq!(replies, [1, 11, 21, 31].map(|reply| sum + reply));
        sum += 31;
        let (_, bytes) = stored(&mut connection, &processes[0]).await;
        assert!((100..200).contains(&bytes), "{bytes}");
        for process in &processes {
            let found = process.call::<Ledger>(&SUM, &0_u64).await.unwrap();
            assert_eq!(number(found).unwrap(), sum);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_than_a_batch_takes_is_run_in_several() {
    const FIRST: u64 = 12;
    const SECOND: u64 = 13;
    const BYTES: usize = 250_000;
    // What lead.rs fetches at a time.
    const FETCHED: usize = 4 * 1024 * 1024;
    let server = server().await;
    let mut connection = server.connection().await;
    let lead = LONG / 3;
    let mut processes = Vec::new();
    for _ in 0..32 {
        processes.push(Process::with(&server, lead, LONG).await);
    }
    assert!(processes[0].create(10).await);
    processes[0].meet(&processes[7]).await;
    let before = stored(&mut connection, &processes[0]).await.0;
    let feed = |place: usize| {
        let food = bytes::Bytes::from(vec![u8::try_from(place).unwrap(); BYTES]);
        (place, processes[place].call::<Ledger>(&FEED, &food))
    };
    // So much waits when the leader looks first that it counts what it fetches from then on.
    let mut held = vec![(1, processes[0].call::<Ledger>(&HANG, &FIRST))];
    until_run(12, 1).await;
    let mut fed: Vec<_> = (1..=6).map(feed).collect();
    held.push((1, processes[7].call::<Ledger>(&HANG, &SECOND)));
    until_queued(&mut connection, &processes[0], 8).await;
    GATES[12].open();
    until_run(13, 1).await;
    fed.extend((8..32).map(feed));
    until_queued(&mut connection, &processes[0], 7 + 24).await;
    let parcels: Vec<Vec<u8>> = redis::cmd("HVALS")
        .arg(format!("crucial:{{{}}}:q", processes[0].key()))
        .query_async(&mut connection)
        .await
        .unwrap();
    let waiting: usize = parcels.iter().map(Vec::len).sum();
    assert!(waiting > 6 * BYTES + FETCHED + FETCHED / 4, "{waiting}");
    GATES[13].open();

    // In order of the replies, each is what the one before it found and its own.
    let mut replies = Vec::new();
    for (own, fed) in held.into_iter().chain(fed) {
        replies.push((number(fed.await.unwrap()).unwrap(), own));
    }
    replies.sort_unstable();
    let mut sum = 0;
    for (reply, own) in replies {
        sum += u64::try_from(own).unwrap();
        assert_eq!(reply, sum, "the reply to {own}");
    }
    let after = stored(&mut connection, &processes[0]).await.0;
    // The first that was held, the second with six others, and two for the rest.
    assert!(after >= before + 4, "{} commits", after - before);
    assert_eq!(processes[31].post(0).await.unwrap(), sum);
}

/// How many bytes the server has sent.
async fn sent(server: &RedisServer) -> u64 {
    server.statistic("stats", "total_net_output_bytes:").await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_state_that_has_not_changed_does_not_travel_again() {
    const BYTES: usize = 500_000;
    const READS: u64 = 100;
    let server = server().await;
    let (writer, reader) = (Process::on(&server).await, Process::on(&server).await);
    assert!(writer.create(BYTES).await);
    let read = async || {
        let sum = reader.call::<Ledger>(&SUM, &0_u64).await.unwrap();
        number(sum).unwrap()
    };
    for changes in 0..3 {
        let before = sent(&server).await;
        assert_eq!(read().await, changes);
        let fetched = sent(&server).await - before;
        assert!(fetched > BYTES as u64, "{fetched} bytes for a new state");

        let gets = count(&server, "get").await;
        let looks = count(&server, "getrange").await;
        let before = sent(&server).await;
        for _ in 0..READS {
            assert_eq!(read().await, changes);
        }
        // Eight bytes of version each, and what the server says of itself.
        let fetched = sent(&server).await - before;
        assert!(fetched < READS * 200, "{fetched} bytes for what is known");
        assert_eq!(count(&server, "getrange").await - looks, READS);
        assert_eq!(count(&server, "get").await, gets);
        assert_eq!(writer.post(1).await.unwrap(), changes + 1);
    }
}
