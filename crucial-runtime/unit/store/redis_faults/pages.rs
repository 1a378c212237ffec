//! Pages that are turned while the server becomes another.

use std::collections::HashSet;

use crucial_tests::{Detour, Options, RedisServer};

use super::failover::fail_over;
use crate::config::Builder;
use crate::{Map, Pages, Set};

const MANY: u32 = 5_000;

/// Turns all pages; after each tenth the server becomes another, so often.
async fn turned<T: Send + 'static>(
    mut pages: Pages<T>,
    others: usize,
    mut become_another: impl AsyncFnMut(),
) -> Vec<T> {
    let (mut seen, mut turned, mut was_another) = (Vec::new(), 0, 0);
    while let Some(page) = pages.next().await.unwrap() {
        seen.extend(page);
        turned += 1;
        if turned % 10 == 0 && was_another < others {
            was_another += 1;
            become_another().await;
        }
    }
    assert_eq!(was_another, others, "it was another between pages");
    seen
}

/// Everything is seen, in whole pages and in whatever order.
async fn nothing_is_missed(url: &str, others: usize, mut become_another: impl AsyncFnMut()) {
    let runtime = Builder::new().store(url).build().await.unwrap();
    let _entered = runtime.enter();
    let all: HashSet<u32> = (0..MANY).collect();
    let map = Map::create("map", all.iter().map(|n| (*n, n + 1)).collect());
    let map = map.await.unwrap();
    let set = Set::create("set", all.clone()).await.unwrap();
    let seen = turned(map.pages(100), others, &mut become_another).await;
    assert!(seen.iter().all(|(n, value)| n + 1 == *value));
    let seen: HashSet<u32> = seen.into_iter().map(|(n, _)| n).collect();
    assert_eq!(seen.len(), all.len(), "of the map");
    let seen = turned(set.pages(100), others, &mut become_another).await;
    let seen: HashSet<u32> = seen.into_iter().collect();
    assert_eq!(seen.len(), all.len(), "of the set");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_missed_when_the_server_restarts_between_pages() {
    let mut server = RedisServer::start(Options::default()).await;
    let url = server.url();
    nothing_is_missed(&url, 2, async || server.restart().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_missed_when_a_replica_takes_over_between_pages() {
    let first = RedisServer::start(Options::default()).await;
    let second = first.start_replica().await;
    let detour = Detour::to(first.port()).await;
    let mut primary = (&first, &second);
    nothing_is_missed(&detour.url(), 1, async || {
        fail_over(primary.0, primary.1).await;
        detour.lead_to(primary.1.port());
        primary = (primary.1, primary.0);
    })
    .await;
}
