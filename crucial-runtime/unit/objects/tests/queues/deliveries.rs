//! Elements out on lease.

use std::time::Duration;

use super::{LONG, SHORT, consumer, consumers, until};
use crate::objects::tests::on_every_store;
use crate::{Error, Queue, QueueInit, Result};

on_every_store! {
    deliveries_are_acknowledged_or_come_back
    deliveries_end_with_their_lease
    extended_leases_last
    dropped_deliveries_come_back
    worn_elements_are_dead_letters
}

async fn deliveries_are_acknowledged_or_come_back() -> Result<()> {
    let queue = Queue::create("queue", QueueInit::default()).await?;
    queue.put_many(0..4).await?;
    let first = queue.take_leased(LONG).await?;
    let second = queue.try_take_leased(LONG).await?.unwrap();
    assert_eq!((*first, first.attempt(), first.id()), (0, 1, 0));
    assert_eq!((*second, second.attempt(), second.id()), (1, 1, 1));
    assert_eq!((queue.len().await?, queue.leased().await?), (2, 2));
    second.release().await?;
    first.release().await?;
    assert_eq!(queue.peek().await?, Some(0), "they stand where they stood");
    let [first, second] = queue.take_many_leased(2, LONG).await?.try_into().unwrap();
    assert_eq!((*first, first.attempt()), (0, 2));
    assert_eq!((*second, second.attempt()), (1, 2));
    assert_eq!(first.ack().await?, 0);
    assert_eq!(queue.ack_many([second]).await?, 1);
    assert_eq!((queue.len().await?, queue.leased().await?), (2, 0));
    assert_eq!(queue.take().await?, 2);

    let other = Queue::create("other", QueueInit::default()).await?;
    let foreign = queue.take_leased(LONG).await?;
    let refused = other.ack_many([foreign]).await.unwrap_err().to_string();
    assert!(
        refused.contains("/queue`") && refused.contains("/other`"),
        "{refused}"
    );
    until(|| async { Ok(queue.len().await? == 1) }).await
}

async fn deliveries_end_with_their_lease() -> Result<()> {
    let queue = Queue::create("queue", QueueInit::default()).await?;
    queue.put_many(0..3).await?;
    let slow = queue.take_many_leased(2, SHORT).await?;
    // It is the slow one's lease that ends, not anybody's call, that brings the elements back.
    let again = queue.take_many_leased(1, LONG).await?;
    assert_eq!(*again[0], 2);
    let first = queue.take_leased(LONG).await?;
    assert_eq!((*first, first.attempt()), (0, 2));
    let lost = slow.into_iter().map(|delivery| async {
        let error = delivery.extend(LONG).await.unwrap_err();
        assert!(matches!(error, Error::DeliveryLost { .. }), "{error}");
        delivery.ack().await
    });
    for lost in lost {
        let error = lost.await.unwrap_err();
        assert!(matches!(error, Error::DeliveryLost { .. }), "{error}");
        assert!(error.to_string().contains("extend"), "{error}");
    }
    assert_eq!(
        queue.ack_many([first]).await?,
        1,
        "it was held all the while"
    );
    let second = queue.take_leased(LONG).await?;
    assert_eq!((*second, second.attempt()), (1, 2));
    second.ack().await?;

    // A consumer that is dead says nothing.
    queue.put(9).await?;
    std::mem::forget(queue.take_leased(SHORT).await?);
    let living = queue.take_leased(LONG).timeout(LONG).await?;
    assert_eq!((*living, living.attempt()), (9, 2));
    let none = queue.take_many_leased(2, LONG).timeout(SHORT).await;
    assert!(
        matches!(
            none,
            Err(Error::TimedOut {
                method: "take_many_leased",
                waited: SHORT,
                ..
            })
        ),
        "{none:?}"
    );
    queue.put_many([5, 6, 7]).await?;
    let taken = queue.take_many_leased(2, LONG).timeout(LONG).await?;
    assert_eq!(
        taken.iter().map(|element| **element).collect::<Vec<_>>(),
        [5, 6]
    );
    assert_eq!(queue.ack_many(taken).await?, 2);
    Ok(())
}

async fn extended_leases_last() -> Result<()> {
    let queue = Queue::create("queue", QueueInit::default()).await?;
    queue.put(1).await?;
    // On a busy machine it may be lost before it is extended.
    let delivery = loop {
        let delivery = queue.take_leased(Duration::from_millis(300)).await?;
        match delivery.extend(LONG).await {
            Ok(()) => break delivery,
            Err(Error::DeliveryLost { .. }) => {}
            Err(error) => return Err(error),
        }
    };
    let end = Duration::from_millis(400);
    assert!(matches!(
        queue.take_leased(LONG).timeout(end).await,
        Err(Error::TimedOut { .. })
    ));
    assert!(matches!(
        delivery.extend(Duration::ZERO).await,
        Err(Error::Refused { .. })
    ));
    assert_eq!(delivery.ack().await?, 1);
    Ok(())
}

async fn dropped_deliveries_come_back() -> Result<()> {
    let queue = Queue::create("queue", QueueInit::default()).await?;
    queue.put_many([1, 2]).await?;
    let delivery = queue.take_leased(LONG).await?;
    let waiting = tokio::spawn({
        let queue = queue.clone();
        async move { queue.take_many(9).timeout(LONG).await }
    });
    assert_eq!(waiting.await.unwrap()?, [2]);
    let waiting = consumer(&queue);
    consumers(&queue, 1).await?;
    drop(delivery);
    assert_eq!(waiting.await.unwrap()?, 1);

    // An acknowledgement that nobody waits for is one all the same.
    queue.put(3).await?;
    let delivery = queue.take_leased(LONG).await?;
    tokio::select! {
        biased;
        acknowledged = delivery.ack() => drop(acknowledged?),
        () = tokio::task::yield_now() => {}
    }
    until(|| async { Ok(queue.leased().await? == 0) }).await?;
    assert!(queue.is_empty().await?);
    Ok(())
}

async fn worn_elements_are_dead_letters() -> Result<()> {
    let init = QueueInit {
        max_deliveries: Some(2),
        elements: vec![1, 2, 3],
        ..QueueInit::bounded(3)
    };
    let queue = Queue::create("queue", init).await?;
    for attempt in 1..=2 {
        let delivery = queue.take_leased(LONG).await?;
        assert_eq!((*delivery, delivery.attempt()), (1, attempt));
        delivery.release().await?;
    }
    assert_eq!(queue.dead_letters().await?, [1]);
    assert!(queue.try_put(4).await?, "it takes up no room any more");
    for _ in 0..2 {
        for delivery in queue.take_many_leased(3, LONG).await? {
            delivery.release().await?;
        }
    }
    assert_eq!(queue.dead_letters().await?, [1, 2, 3, 4]);
    assert_eq!(queue.drain_dead_letters().await?, [1, 2, 3, 4]);
    assert!(queue.dead_letters().await?.is_empty());

    // Of consumers that died with it.
    queue.put(5).await?;
    for _ in 0..2 {
        std::mem::forget(queue.take_leased(SHORT).await?);
    }
    until(|| async { Ok(queue.dead_letters().await? == [5]) }).await?;
    assert!(queue.is_empty().await? && queue.try_take().await?.is_none());
    Ok(())
}
