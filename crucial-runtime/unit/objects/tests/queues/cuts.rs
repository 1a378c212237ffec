//! Connections that break under callers of a queue.

use std::collections::HashSet;
use std::time::Duration;

use super::LONG;
use crate::objects::tests::check;
use crate::{Error, Queue, QueueInit, Result};

/// Connections break while callers wait: nothing is lost, nothing comes twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn broken_connections_lose_nothing() {
    const ELEMENTS: u32 = 300;
    let server = crucial_tests::RedisServer::start(crucial_tests::Options::default()).await;
    let builder = crate::config::Builder::new().store(server.url());
    check(builder, || async {
        let queue = Queue::<u32>::create("queue", QueueInit::bounded(4)).await?;
        let consumers: Vec<_> = (0..6)
            .map(|party| {
                let queue = queue.clone();
                tokio::spawn(async move {
                    let mut taken = Vec::new();
                    loop {
                        let next = if party % 2 == 0 {
                            queue.take().await
                        } else {
                            match queue.take_leased(LONG).await {
                                Ok(delivery) => delivery.ack().await,
                                Err(error) => Err(error),
                            }
                        };
                        match next {
                            Ok(element) => taken.push(element),
                            Err(Error::Closed { .. }) => return Result::Ok(taken),
                            Err(error) => return Err(error),
                        }
                    }
                })
            })
            .collect();
        let mut next = 0..ELEMENTS;
        while !next.is_empty() {
            for element in next.by_ref().take(30) {
                queue.put(element).await?;
            }
            server.kill_clients().await;
        }
        queue.close().await?;
        let mut all = Vec::new();
        for consumer in consumers {
            all.extend(consumer.await.unwrap()?);
        }
        assert_eq!(all.len(), all.iter().collect::<HashSet<_>>().len());
        all.sort_unstable();
        assert_eq!(all, (0..ELEMENTS).collect::<Vec<_>>());
        Ok(())
    })
    .await;
}

/// The server is silent for longer than a producer waits, and does then what it was asked: the producer must not be told
/// that the element was not put.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_element_on_its_way_is_not_told_as_not_put() {
    let server = crucial_tests::RedisServer::start(crucial_tests::Options::default()).await;
    let builder = crate::config::Builder::new().store(server.url());
    check(builder, || async {
        let queue = Queue::<u32>::create("queue", QueueInit::unbounded()).await?;
        queue.put(1).await?;
        let silent = server.command(&["CLIENT", "PAUSE", "7000", "ALL"]);
        silent.await;
        let limit = Duration::from_millis(1);
        let told = queue.put(2).timeout(limit).await.unwrap_err();
        assert!(matches!(told, Error::InDoubt { .. }), "{told}");
        assert!(told.to_string().contains("silent"), "{told}");
        let elements = [queue.take().await?, queue.take().await?];
        assert_eq!(elements, [1, 2]);
        Ok(())
    })
    .await;
}
