//! Connections that break under callers of a queue.

use std::collections::HashSet;

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
