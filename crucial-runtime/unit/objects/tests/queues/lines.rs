//! Callers that wait in line, to take or to put.

use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::future::{BoxFuture, FutureExt};

use super::{LONG, SHORT, consumer, consumers, producer, producers, until};
use crate::objects::tests::elsewhere::{LEASE, another};
use crate::objects::tests::on_every_store;
use crate::objects::tests::waiting::turns;
use crate::{Error, Queue, QueueInit, Result, runtime};

on_every_store! {
    consumers_wait_for_elements
    producers_wait_for_room
    what_does_not_fit_goes_in_as_there_is_room
    callers_are_served_in_the_order_of_coming
    who_comes_later_does_not_push_ahead
    who_gives_up_leaves_the_line
    a_dropped_take_takes_nothing
    a_dropped_take_of_many_takes_nothing
    a_dropped_stream_takes_nothing
    a_dropped_put_leaves_the_line
    a_dropped_put_of_many_leaves_the_line
    a_dead_caller_gives_way
}

async fn consumers_wait_for_elements() -> Result<()> {
    let queue = Queue::create("queue", QueueInit::default()).await?;
    assert!(matches!(
        queue.take().timeout(SHORT).await,
        Err(Error::TimedOut {
            method: "take",
            waited: SHORT,
            ..
        })
    ));
    let waiting: Vec<_> = (0..20).map(|_| consumer(&queue)).collect();
    consumers(&queue, 20).await?;
    queue.put_many(0..10).await?;
    for element in 10..20 {
        queue.put(element).await?;
    }
    let mut taken = Vec::new();
    for consumer in waiting {
        taken.push(consumer.await.unwrap()?);
    }
    taken.sort_unstable();
    assert_eq!(taken, (0..20).collect::<Vec<_>>());
    Ok(())
}

async fn producers_wait_for_room() -> Result<()> {
    let queue = Queue::create("queue", QueueInit::bounded(2)).await?;
    queue.put_many([1, 2]).await?;
    assert!(!queue.try_put(3).await?);
    assert!(matches!(
        queue.put(3).timeout(SHORT).await,
        Err(Error::TimedOut { method: "put", .. })
    ));
    let waiting = producer(&queue, 3);
    producers(&queue, 1).await?;
    assert!(!waiting.is_finished());
    assert_eq!(queue.take().await?, 1);
    waiting.await.unwrap()?;
    assert_eq!(queue.drain().await?, [2, 3]);

    // What is out on lease takes up room.
    queue.put_many([4, 5]).await?;
    let delivery = queue.take_leased(LONG).await?;
    assert!(!queue.try_put(6).await?);
    delivery.ack().await?;
    assert!(queue.try_put(6).await?);
    Ok(())
}

async fn what_does_not_fit_goes_in_as_there_is_room() -> Result<()> {
    let queue = Queue::create("queue", QueueInit::bounded(3)).await?;
    assert_eq!(queue.put_many(0..5).timeout(SHORT).await?, 3);
    assert_eq!(queue.drain().await?, [0, 1, 2]);
    let all = tokio::spawn({
        let queue = queue.clone();
        async move { queue.put_many(0..20).await }
    });
    let mut taken = Vec::new();
    while taken.len() < 20 {
        taken.extend(queue.take_many(2).timeout(LONG).await?);
    }
    assert_eq!(taken, (0..20).collect::<Vec<_>>());
    assert_eq!(all.await.unwrap()?, 20);
    Ok(())
}

async fn callers_are_served_in_the_order_of_coming() -> Result<()> {
    let queue = Queue::create("queue", QueueInit::bounded(3)).await?;
    let mut waiting = Vec::new();
    for already in 0..5 {
        waiting.push(consumer(&queue));
        consumers(&queue, already + 1).await?;
    }
    for (element, consumer) in waiting.into_iter().enumerate() {
        let element = u32::try_from(element).unwrap();
        queue.put(element).await?;
        assert_eq!(consumer.await.unwrap()?, element);
    }
    queue.put_many([0, 0, 0]).await?;
    let mut waiting = Vec::new();
    for already in 0..5 {
        waiting.push(producer(&queue, u32::try_from(already).unwrap()));
        producers(&queue, already + 1).await?;
    }
    for producer in waiting {
        queue.take().await?;
        producer.await.unwrap()?;
    }
    assert_eq!(queue.drain().await?, [2, 3, 4]);
    Ok(())
}

async fn who_comes_later_does_not_push_ahead() -> Result<()> {
    let queue = Queue::create("queue", QueueInit::bounded(1)).await?;
    let first = consumer(&queue);
    consumers(&queue, 1).await?;
    queue.put(1).await?;
    let hasty = queue.try_take().await?;
    assert_eq!((first.await.unwrap()?, hasty), (1, None));

    queue.put(2).await?;
    let first = producer(&queue, 3);
    producers(&queue, 1).await?;
    queue.take().await?;
    let hasty = queue.try_put(4).await?;
    first.await.unwrap()?;
    assert_eq!((queue.drain().await?, hasty), (vec![3], false));
    Ok(())
}

async fn who_gives_up_leaves_the_line() -> Result<()> {
    let queue = Queue::create("queue", QueueInit::bounded(1)).await?;
    assert!(queue.take().timeout(SHORT).await.is_err());
    assert!(queue.take().timeout(Duration::ZERO).await.is_err());
    queue.put(1).await?;
    assert_eq!(queue.try_take().await?, Some(1), "nobody is before it");

    queue.put(2).await?;
    assert!(queue.put(3).timeout(SHORT).await.is_err());
    assert_eq!(queue.take().await?, 2);
    assert!(queue.try_put(4).await?, "nobody is before it");

    // One that has been called passes the call on.
    let (first, second) = (consumer(&queue), consumer(&queue));
    queue.put(5).await?;
    assert_eq!(first.await.unwrap()? + second.await.unwrap()?, 9);
    let first = consumer(&queue);
    consumers(&queue, 1).await?;
    let second = consumer(&queue);
    consumers(&queue, 2).await?;
    first.abort();
    queue.put(6).await?;
    let first = first.await;
    match first {
        Ok(taken) => {
            assert_eq!(taken?, 6, "it was done before it was stopped");
            queue.put(7).await?;
            assert_eq!(second.await.unwrap()?, 7);
        }
        Err(_) => assert_eq!(second.await.unwrap()?, 6),
    }
    Ok(())
}

async fn a_dropped_take_takes_nothing() -> Result<()> {
    let queue = Queue::create("queue", QueueInit::default()).await?;
    queue.put_many(0..5).await?;
    for _ in 0..20 {
        tokio::select! {
            biased;
            taken = queue.take() => {
                // It was answered at once: put it back by hand.
                let rest = queue.drain().await?;
                queue.put_many(std::iter::once(taken?).chain(rest)).await?;
            }
            () = std::future::ready(()) => {}
        }
        tokio::select! {
            biased;
            taken = queue.take_leased(LONG) => taken?.release().await?,
            () = tokio::task::yield_now() => {}
        }
        until(|| async { Ok(queue.len().await? == 5) }).await?;
    }
    assert_eq!(queue.drain().await?, [0, 1, 2, 3, 4]);

    // While it waits, and when it has been called.
    let waiting = consumer(&queue);
    consumers(&queue, 1).await?;
    waiting.abort();
    consumers(&queue, 0).await?;
    queue.put(9).await?;
    assert_eq!(queue.try_take().await?, Some(9));
    Ok(())
}

async fn a_dropped_take_of_many_takes_nothing() -> Result<()> {
    /// What is taken for good.
    type Take = fn(Queue<u32>) -> BoxFuture<'static, Result<Vec<u32>>>;
    let takes: [Take; 3] = [
        |queue| async move { queue.take_many(2).await }.boxed(),
        |queue| async move { queue.take_many(2).timeout(LONG).await }.boxed(),
        |queue| {
            let leased = async move { queue.take_many_leased(2, LONG).timeout(LONG).await };
            leased.map(|taken| taken.map(|_| Vec::new())).boxed()
        },
    ];
    let queue = Queue::create("queue", QueueInit::unbounded()).await?;
    for take in takes {
        // At any moment of its way.
        for count in 0..40 {
            tokio::select! {
                biased;
                taken = take(queue.clone()) => panic!("{taken:?}"),
                () = turns(count) => {}
            }
        }
        consumers(&queue, 0).await?;
        // While it waits, and when it has been called.
        let waiting = tokio::spawn(take(queue.clone()));
        consumers(&queue, 1).await?;
        waiting.abort();
        consumers(&queue, 0).await?;
        let called = tokio::spawn(take(queue.clone()));
        consumers(&queue, 1).await?;
        queue.put_many([1, 2, 3]).await?;
        called.abort();
        // It may have been done before it was stopped.
        let taken = called.await.unwrap_or(Ok(Vec::new()))?;
        until(|| async { Ok(queue.len().await? + taken.len() == 3) }).await?;
        assert_eq!([taken, queue.drain().await?].concat(), [1, 2, 3]);
        assert_eq!(queue.leased().await?, 0);
    }
    Ok(())
}

async fn a_dropped_stream_takes_nothing() -> Result<()> {
    let queue = Queue::create("queue", QueueInit::unbounded()).await?;
    // What comes to a future that is dropped comes to the next one.
    queue.put_many(0..3).await?;
    let mut stream = Box::pin(queue.stream());
    for expected in 0..3 {
        let mut received = None;
        for count in 0.. {
            tokio::select! {
                biased;
                next = stream.next() => received = next,
                () = turns(count) => {}
            }
            if received.is_some() {
                break;
            }
        }
        assert_eq!(received.unwrap()?, expected);
    }
    // At any moment of its way, also while it waits.
    for count in 0..40 {
        let mut stream = Box::pin(queue.stream());
        tokio::select! {
            biased;
            next = stream.next() => panic!("{next:?}"),
            () = turns(count) => {}
        }
    }
    drop(stream);
    consumers(&queue, 0).await?;
    queue.put(9).await?;
    assert_eq!(queue.try_take().await?, Some(9));
    Ok(())
}

async fn a_dropped_put_leaves_the_line() -> Result<()> {
    let queue = Queue::create("queue", QueueInit::bounded(1)).await?;
    queue.put(1).await?;
    let waiting = producer(&queue, 2);
    producers(&queue, 1).await?;
    waiting.abort();
    producers(&queue, 0).await?;
    tokio::select! {
        biased;
        put = queue.put(3) => panic!("{put:?}"),
        () = tokio::task::yield_now() => {}
    }
    assert_eq!(queue.take().await?, 1);
    until(|| async { Ok(queue.waiting_to_put().await? == 0) }).await?;
    let left = queue.drain().await?;
    assert!(left.is_empty() || left == [3], "{left:?}");
    assert!(queue.try_put(4).await?);
    Ok(())
}

async fn a_dropped_put_of_many_leaves_the_line() -> Result<()> {
    let queue = Queue::create("queue", QueueInit::bounded(2)).await?;
    // At any moment of its way; it waits for room, which nobody makes.
    for count in 0..40 {
        tokio::select! {
            biased;
            put = queue.put_many(0..10) => panic!("{put:?}"),
            () = turns(count) => {}
        }
    }
    producers(&queue, 0).await?;
    assert_eq!(queue.take().await?, 0);
    assert_eq!(queue.take().await?, 1);
    queue.put_many(7..9).await?;
    assert_eq!(queue.drain().await?, [7, 8]);
    Ok(())
}

async fn a_dead_caller_gives_way() -> Result<()> {
    let queue = Queue::create("queue", QueueInit::bounded(1)).await?;
    let process = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let (here, there) = (runtime::current()?, queue.clone());
    process.spawn(async move {
        let runtime = here.scope(another(LEASE)).await;
        runtime.scope(there.take().timeout(LONG)).await.map(drop)
    });
    consumers(&queue, 1).await?;
    // It ends without a word: what it would do in the background is not done.
    process.shutdown_background();
    let living = consumer(&queue);
    consumers(&queue, 2).await?;
    queue.put(1).await?;
    assert_eq!(living.await.unwrap()?, 1);
    Ok(())
}
