//! Queues that are closed or removed.

use std::pin::pin;

use futures_util::{StreamExt as _, TryStreamExt as _};

use super::{LONG, SHORT, consumer, consumers, producer, producers};
use crate::objects::tests::on_every_store;
use crate::{Error, Queue, QueueInit, Result};

on_every_store! {
    closed_queues_are_emptied_and_say_so
    a_close_awakens_everybody
    a_closed_queue_waits_for_its_deliveries
    receivers_go_on_to_the_end
    a_stream_goes_on_to_the_end
    callers_hear_that_the_queue_is_gone
}

async fn closed_queues_are_emptied_and_say_so() -> Result<()> {
    let queue = Queue::create("queue", QueueInit::default()).await?;
    queue.put_many([1, 2]).await?;
    assert!(!queue.is_closed().await?);
    assert!(queue.close().await? && !queue.close().await?);
    assert!(queue.is_closed().await?);
    for refused in [
        queue.put(3).await.unwrap_err(),
        queue.try_put(3).await.unwrap_err(),
        queue.put_many([3, 4]).await.unwrap_err(),
    ] {
        assert!(matches!(refused, Error::Closed { .. }), "{refused}");
        assert!(
            refused.to_string().contains("/queue` is closed"),
            "{refused}"
        );
    }
    assert_eq!(queue.take().await?, 1);
    assert_eq!(queue.try_take().await?, Some(2));
    for refused in [
        queue.take().await.unwrap_err(),
        queue.try_take().await.unwrap_err(),
        queue.take_many(2).await.unwrap_err(),
        queue.take_leased(LONG).await.unwrap_err(),
    ] {
        assert!(matches!(refused, Error::Closed { .. }), "{refused}");
    }
    assert!(queue.drain().await?.is_empty());
    Ok(())
}

async fn a_close_awakens_everybody() -> Result<()> {
    let empty = Queue::create("empty", QueueInit::default()).await?;
    let full = Queue::create("full", QueueInit::bounded(1)).await?;
    full.put(1).await?;
    let takers: Vec<_> = (0..10).map(|_| consumer(&empty)).collect();
    let putters: Vec<_> = (0..10).map(|_| producer(&full, 2)).collect();
    consumers(&empty, 10).await?;
    producers(&full, 10).await?;
    empty.close().await?;
    full.close().await?;
    for taker in takers {
        assert!(matches!(taker.await.unwrap(), Err(Error::Closed { .. })));
    }
    for putter in putters {
        assert!(matches!(putter.await.unwrap(), Err(Error::Closed { .. })));
    }
    assert_eq!(full.drain().await?, [1]);
    assert_eq!(empty.waiting_to_take().await?, 0);
    assert_eq!(full.waiting_to_put().await?, 0);
    Ok(())
}

async fn a_closed_queue_waits_for_its_deliveries() -> Result<()> {
    let queue = Queue::create("queue", QueueInit::default()).await?;
    queue.put_many([1, 2]).await?;
    let deliveries = queue.take_many_leased(2, LONG).await?;
    queue.close().await?;
    assert_eq!(queue.try_take().await?, None);
    let (first, second) = (consumer(&queue), consumer(&queue));
    consumers(&queue, 2).await?;
    for delivery in deliveries {
        if *delivery == 1 {
            delivery.release().await?;
        } else {
            delivery.ack().await?;
        }
    }
    let mut ends = [first.await.unwrap(), second.await.unwrap()];
    ends.sort_by_key(Result::is_err);
    assert!(
        matches!(ends, [Ok(1), Err(Error::Closed { .. })]),
        "{ends:?}"
    );
    Ok(())
}

async fn receivers_go_on_to_the_end() -> Result<()> {
    let queue = Queue::create("queue", QueueInit::default()).await?;
    queue.put_many([1, 2]).await?;
    assert_eq!(queue.recv().await?, Some(1));
    let delivery = queue.take_leased(LONG).await?;
    assert!(matches!(
        queue.recv().timeout(SHORT).await,
        Err(Error::TimedOut { method: "recv", .. })
    ));
    let receivers: Vec<_> = (0..2)
        .map(|_| {
            let queue = queue.clone();
            tokio::spawn(async move { queue.recv().timeout(LONG).await })
        })
        .collect();
    consumers(&queue, 2).await?;
    queue.close().await?;
    // What is out on lease may come back, and does.
    assert!(matches!(
        queue.recv().timeout(SHORT).await,
        Err(Error::TimedOut { .. })
    ));
    delivery.release().await?;
    let mut ends = Vec::new();
    for receiver in receivers {
        ends.push(receiver.await.unwrap()?);
    }
    ends.sort_unstable();
    assert_eq!(ends, [None, Some(2)]);
    assert_eq!(queue.recv().await?, None);
    assert_eq!(queue.recv().await?, None, "it stays at its end");
    Ok(())
}

async fn a_stream_goes_on_to_the_end() -> Result<()> {
    let queue = Queue::create("queue", QueueInit::default()).await?;
    let streams: Vec<_> = (0..4)
        .map(|_| tokio::spawn(queue.stream().try_collect::<Vec<u32>>()))
        .collect();
    consumers(&queue, 4).await?;
    for element in 0..20 {
        queue.put(element).await?;
    }
    queue.close().await?;
    let mut all = Vec::new();
    for stream in streams {
        let taken = stream.await.unwrap()?;
        assert!(taken.is_sorted(), "{taken:?}");
        all.extend(taken);
    }
    all.sort_unstable();
    assert_eq!(all, (0..20).collect::<Vec<_>>());

    let mut stream = pin!(queue.stream());
    assert!(queue.destroy().await?);
    let gone = stream.next().await;
    assert!(
        matches!(gone, Some(Err(Error::NotFound { .. }))),
        "{gone:?}"
    );
    assert!(stream.next().await.is_none());
    Ok(())
}

async fn callers_hear_that_the_queue_is_gone() -> Result<()> {
    let queue = Queue::create("queue", QueueInit::bounded(1)).await?;
    let taker = consumer(&queue);
    consumers(&queue, 1).await?;
    assert!(queue.destroy().await?);
    let ended = taker.await.unwrap();
    assert!(matches!(ended, Err(Error::NotFound { .. })), "{ended:?}");
    let queue = Queue::create("queue", QueueInit::bounded(1)).await?;
    queue.put(1).await?;
    let putter = producer(&queue, 2);
    producers(&queue, 1).await?;
    assert!(queue.destroy().await?);
    let ended = putter.await.unwrap();
    assert!(matches!(ended, Err(Error::NotFound { .. })), "{ended:?}");
    for gone in [
        queue.len().await.map(drop),
        queue.snapshot().await.map(drop),
        queue.put(1).await,
        queue.take().await.map(drop),
        queue.close().await.map(drop),
    ] {
        assert!(matches!(gone, Err(Error::NotFound { .. })), "{gone:?}");
    }
    Ok(())
}
