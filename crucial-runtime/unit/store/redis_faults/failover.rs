//! Primaries that become replicas, and replicas that become primaries.

use std::time::Duration;

use crucial_tests::{Detour, Options, RedisServer};
use tokio::time::{Instant, sleep};

use super::{increments_are_exact, server_with_plain_user};
use crate::config::Builder;
use crate::error::Error;
use crate::objects::Atomic;
use crate::store::conformance::Bench;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_is_refused_at_connect() {
    let primary = RedisServer::start(Options::default()).await;
    let replica = primary.start_replica().await;
    let error = Builder::new()
        .store(replica.url())
        .build()
        .await
        .unwrap_err();
    assert!(matches!(error, Error::Unsupported { .. }), "{error:?}");
    let text = error.to_string();
    for part in [
        format!("read-only replica of 127.0.0.1:{}", primary.port()),
        "CRUCIAL_STORE must name the primary".to_owned(),
    ] {
        assert!(text.contains(&part), "{part:?} is missing in {text}");
    }
}

/// Makes a server the replica of one that is not there: it keeps its data and refuses to change them.
async fn demote(server: &RedisServer) {
    server.command(&["REPLICAOF", "127.0.0.1", "1"]).await;
}

async fn promote(server: &RedisServer) {
    server.command(&["REPLICAOF", "NO", "ONE"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_outlast_a_primary_that_is_demoted_and_promoted_again() {
    let server = server_with_plain_user().await;
    for url in [server.url(), server.url_as("plain", "pw")] {
        increments_are_exact(url, 15, async |_| {
            let refused = refusals(&server).await;
            demote(&server).await;
            // Back when somebody has noticed.
            while refusals(&server).await == refused {
                tokio::task::yield_now().await;
            }
            promote(&server).await;
        })
        .await;
    }
}

/// How many commands a server has refused for being a replica.
async fn refusals(server: &RedisServer) -> u64 {
    server
        .statistic("errorstats", "errorstat_READONLY:count=")
        .await
}

/// How often somebody has looked what kind of server this is: connecting asks for the time.
async fn looks(server: &RedisServer) -> u64 {
    server
        .statistic("commandstats", "cmdstat_time:calls=")
        .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn planned_fail_overs_lose_and_double_nothing() {
    let first = RedisServer::start(Options::default()).await;
    let second = first.start_replica().await;
    let detour = Detour::to(first.port()).await;
    increments_are_exact(detour.url(), 6, async |round| {
        let (old, new) = match round % 2 {
            0 => (&first, &second),
            _ => (&second, &first),
        };
        fail_over(old, new).await;
        detour.lead_to(new.port());
    })
    .await;
}

/// Hands the role of the primary over once the replica has everything, as a managed service does for an upgrade.
pub(super) async fn fail_over(primary: &RedisServer, replica: &RedisServer) {
    let deadline = Instant::now() + Duration::from_secs(20);
    // A replica that has just changed sides takes a moment to be one.
    let port = replica.port().to_string();
    let mut connection = primary.connection().await;
    loop {
        let mut command = redis::cmd("FAILOVER");
        command.arg("TO").arg("127.0.0.1").arg(&port);
        match command.exec_async(&mut connection).await {
            Ok(()) => break,
            Err(error) => assert!(Instant::now() < deadline, "{error}"),
        }
        sleep(Duration::from_millis(5)).await;
    }
    while !format!("{:?}", replica.command(&["ROLE"]).await).contains("master") {
        assert!(Instant::now() < deadline, "the replica is not promoted");
        sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_go_on_at_a_replica_that_was_promoted_when_its_primary_died() {
    let mut primary = RedisServer::start(Options::default()).await;
    let replica = primary.start_replica().await;
    let detour = Detour::to(primary.port()).await;
    let bench = Bench::on(&detour.url()).await;
    let account = bench.account("account", 1).await;
    let counter = bench.runtime.scope(Atomic::<u64>::create("counter", 1));
    let counter = counter.await.unwrap();
    assert_eq!(bench.add(&account, 1).await.unwrap(), 2);
    let add = || bench.runtime.scope(counter.fetch_add(1));
    assert_eq!(add().await.unwrap(), 1);
    let mut watch = bench.store().watch(&account).await.unwrap();
    // What a replica does not have yet is lost with its primary: here it has everything.
    primary.command(&["WAIT", "1", "0"]).await;
    primary.kill();
    promote(&replica).await;
    detour.lead_to(replica.port());

    // The functions have come with the data.
    let functions = format!("{:?}", replica.command(&["FUNCTION", "LIST"]).await);
    assert!(functions.contains("crucial_"), "{functions}");
    assert_eq!(bench.add(&account, 1).await.unwrap(), 3);
    assert_eq!(add().await.unwrap(), 2);
    // And where they have not, they are loaded.
    replica.command(&["FUNCTION", "FLUSH"]).await;
    assert_eq!(add().await.unwrap(), 3);
    // Whoever watched is told to look, and hears again.
    watch.changed().await;
    assert_eq!(bench.add(&account, 1).await.unwrap(), 4);
    watch.changed().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_waits_for_a_primary_as_the_address_leads_to_a_replica() {
    let primary = RedisServer::start(Options::default()).await;
    let replica = primary.start_replica().await;
    let detour = Detour::to(primary.port()).await;
    let bench = Bench::on(&detour.url()).await;
    let account = bench.account("account", 1).await;
    primary.command(&["WAIT", "1", "0"]).await;
    detour.lead_to(replica.port());
    let before = looks(&replica).await;
    let (mine, key) = (bench.clone(), account.clone());
    let adding = tokio::spawn(async move { mine.add(&key, 1).await });
    // It has looked at the replica and left it again, at least once.
    while looks(&replica).await < before + 2 {
        tokio::task::yield_now().await;
    }
    assert!(!adding.is_finished());
    promote(&replica).await;
    assert_eq!(adding.await.unwrap().unwrap(), 2);
}

/// What a replica did not have yet is lost, acknowledged or not. A process that has it cached must not bring it back over
/// what others did meanwhile.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_state_that_was_lost_is_not_written_over_what_came_after_it() {
    for (lost, after) in [(1, 1), (2, 2), (1, 3), (5, 5)] {
        let primary = RedisServer::start(Options::default()).await;
        let replica = primary.start_replica().await;
        let detour = Detour::to(primary.port()).await;
        let (one, other) = (
            Bench::on(&detour.url()).await,
            Bench::on(&detour.url()).await,
        );
        let account = one.account("account", 0).await;
        assert_eq!(one.add(&account, 1).await.unwrap(), 1);
        primary.command(&["WAIT", "1", "0"]).await;
        // From here on the replica hears of nothing.
        promote(&replica).await;
        for n in 1..=lost {
            assert_eq!(one.add(&account, 1000).await.unwrap(), 1 + n * 1000);
        }
        detour.lead_to(replica.port());
        for n in 1..=after {
            assert_eq!(other.add(&account, 1).await.unwrap(), 1 + n);
        }
        assert_eq!(one.add(&account, 1).await.unwrap(), 2 + after);
        assert_eq!(other.balance(&account).await, 2 + after);
    }
}
