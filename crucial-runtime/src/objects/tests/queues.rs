//! Queues.

use std::collections::HashSet;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::on_every_store;
use crate::{Error, Queue, QueueInit, Result, codec, runtime};

on_every_store! {
    elements_leave_in_the_order_of_coming
    a_snapshot_is_what_a_queue_could_start_from
    consumers_wait_for_elements
    producers_wait_for_room
    what_does_not_fit_goes_in_as_there_is_room
    callers_are_served_in_the_order_of_coming
    who_comes_later_does_not_push_ahead
    each_element_goes_to_one_consumer
    who_gives_up_leaves_the_line
    a_dropped_take_takes_nothing
    a_dropped_put_leaves_the_line
    a_dead_caller_gives_way
    closed_queues_are_emptied_and_say_so
    a_close_awakens_everybody
    deliveries_are_acknowledged_or_come_back
    deliveries_end_with_their_lease
    extended_leases_last
    dropped_deliveries_come_back
    a_closed_queue_waits_for_its_deliveries
    worn_elements_are_dead_letters
    callers_hear_that_the_queue_is_gone
    queues_that_make_no_sense_are_refused
    elements_of_another_type_stay
}

const LONG: Duration = Duration::from_secs(60);
const SHORT: Duration = Duration::from_millis(20);

/// Until a question is answered with yes.
async fn until<F: Future<Output = Result<bool>> + Send>(
    question: impl Fn() -> F + Send + Sync,
) -> Result<()> {
    let answered = async {
        while !question().await? {
            tokio::task::yield_now().await;
        }
        Ok(())
    };
    timeout(LONG, answered).await.unwrap()
}

fn consumer(queue: &Queue<u32>) -> JoinHandle<Result<u32>> {
    let queue = queue.clone();
    tokio::spawn(async move { queue.take_timeout(LONG).await })
}

fn producer(queue: &Queue<u32>, element: u32) -> JoinHandle<Result<()>> {
    let queue = queue.clone();
    tokio::spawn(async move { queue.put_timeout(element, LONG).await })
}

async fn consumers(queue: &Queue<u32>, count: usize) -> Result<()> {
    until(|| async { Ok(queue.waiting_to_take().await? == count) }).await
}

async fn producers(queue: &Queue<u32>, count: usize) -> Result<()> {
    until(|| async { Ok(queue.waiting_to_put().await? == count) }).await
}

async fn elements_leave_in_the_order_of_coming() -> Result<()> {
    let queue = Queue::create("queue", QueueInit::default()).await?;
    assert_eq!(queue.try_take().await?, None);
    assert_eq!(queue.peek().await?, None);
    queue.put(1).await?;
    assert!(queue.try_put(2).await?);
    queue.put_all(3..=9).await?;
    queue.put_all([]).await?;
    assert_eq!((queue.len().await?, queue.is_empty().await?), (9, false));
    assert_eq!(queue.peek().await?, Some(1));
    assert_eq!(queue.take().await?, 1);
    assert_eq!(queue.try_take().await?, Some(2));
    assert_eq!(queue.take_many(3).await?, [3, 4, 5]);
    assert!(queue.take_many(0).await?.is_empty());
    assert_eq!(queue.drain().await?, [6, 7, 8, 9]);
    assert!(queue.drain().await?.is_empty());
    assert!(queue.is_empty().await?);
    assert_eq!(queue.capacity().await?, None);
    Ok(())
}

async fn a_snapshot_is_what_a_queue_could_start_from() -> Result<()> {
    let init = QueueInit {
        capacity: Some(9),
        max_deliveries: Some(2),
        elements: vec!["a".to_owned(), "b".to_owned(), "c".to_owned()],
    };
    let queue = Queue::create("queue", init.clone()).await?;
    let delivery = queue.take_leased(LONG).await?;
    assert_eq!(queue.snapshot().await?, init);
    assert_eq!((queue.len().await?, queue.leased().await?), (2, 1));
    assert_eq!(queue.capacity().await?, Some(9));
    delivery.ack().await?;
    assert_eq!(queue.snapshot().await?.elements, ["b", "c"]);
    Ok(())
}

async fn consumers_wait_for_elements() -> Result<()> {
    let queue = Queue::create("queue", QueueInit::default()).await?;
    assert!(matches!(
        queue.take_timeout(SHORT).await,
        Err(Error::TimedOut {
            method: "take",
            waited: SHORT,
            ..
        })
    ));
    let waiting: Vec<_> = (0..20).map(|_| consumer(&queue)).collect();
    consumers(&queue, 20).await?;
    queue.put_all(0..10).await?;
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
    queue.put_all([1, 2]).await?;
    assert!(!queue.try_put(3).await?);
    assert!(matches!(
        queue.put_timeout(3, SHORT).await,
        Err(Error::TimedOut { method: "put", .. })
    ));
    let waiting = producer(&queue, 3);
    producers(&queue, 1).await?;
    assert!(!waiting.is_finished());
    assert_eq!(queue.take().await?, 1);
    waiting.await.unwrap()?;
    assert_eq!(queue.drain().await?, [2, 3]);

    // What is out on lease takes up room.
    queue.put_all([4, 5]).await?;
    let delivery = queue.take_leased(LONG).await?;
    assert!(!queue.try_put(6).await?);
    delivery.ack().await?;
    assert!(queue.try_put(6).await?);
    Ok(())
}

async fn what_does_not_fit_goes_in_as_there_is_room() -> Result<()> {
    let queue = Queue::create("queue", QueueInit::bounded(3)).await?;
    assert_eq!(queue.put_all_timeout(0..5, SHORT).await?, 3);
    assert_eq!(queue.drain().await?, [0, 1, 2]);
    let all = tokio::spawn({
        let queue = queue.clone();
        async move { queue.put_all(0..20).await }
    });
    let mut taken = Vec::new();
    while taken.len() < 20 {
        taken.extend(queue.take_many_timeout(2, LONG).await?);
    }
    assert_eq!(taken, (0..20).collect::<Vec<_>>());
    all.await.unwrap()
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
    queue.put_all([0, 0, 0]).await?;
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

async fn each_element_goes_to_one_consumer() -> Result<()> {
    const PARTIES: u32 = 8;
    const EACH: u32 = 100;
    let queue = Queue::create("queue", QueueInit::bounded(5)).await?;
    let producers: Vec<_> = (0..PARTIES)
        .map(|party| {
            let queue = queue.clone();
            tokio::spawn(async move {
                for number in 0..EACH {
                    queue.put(party * EACH + number).await?;
                }
                Result::<()>::Ok(())
            })
        })
        .collect();
    let consumers: Vec<_> = (0..PARTIES)
        .map(|_| {
            let queue = queue.clone();
            tokio::spawn(async move {
                let mut taken = Vec::new();
                loop {
                    match queue.take().await {
                        Ok(element) => taken.push(element),
                        Err(Error::Closed { .. }) => return Result::Ok(taken),
                        Err(error) => return Err(error),
                    }
                }
            })
        })
        .collect();
    for producer in producers {
        producer.await.unwrap()?;
    }
    queue.close().await?;
    let mut all = Vec::new();
    for consumer in consumers {
        let taken = consumer.await.unwrap()?;
        for party in 0..PARTIES {
            let own = taken.iter().filter(|element| *element / EACH == party);
            assert!(own.is_sorted(), "a producer's elements stay in their order");
        }
        all.extend(taken);
    }
    all.sort_unstable();
    assert_eq!(all, (0..PARTIES * EACH).collect::<Vec<_>>());
    Ok(())
}

async fn who_gives_up_leaves_the_line() -> Result<()> {
    let queue = Queue::create("queue", QueueInit::bounded(1)).await?;
    assert!(queue.take_timeout(SHORT).await.is_err());
    assert!(queue.take_timeout(Duration::ZERO).await.is_err());
    queue.put(1).await?;
    assert_eq!(queue.try_take().await?, Some(1), "nobody is before it");

    queue.put(2).await?;
    assert!(queue.put_timeout(3, SHORT).await.is_err());
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
    queue.put_all(0..5).await?;
    for _ in 0..20 {
        tokio::select! {
            biased;
            taken = queue.take() => {
                // It was answered at once: put it back by hand.
                let rest = queue.drain().await?;
                queue.put_all(std::iter::once(taken?).chain(rest)).await?;
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

async fn a_dead_caller_gives_way() -> Result<()> {
    let queue = Queue::create("queue", QueueInit::bounded(1)).await?;
    let process = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let (here, there) = (runtime::current()?, queue.clone());
    process.spawn(async move { here.scope(there.take_timeout(LONG)).await.map(drop) });
    consumers(&queue, 1).await?;
    // It ends without a word: what it would do in the background is not done.
    process.shutdown_background();
    let living = consumer(&queue);
    consumers(&queue, 2).await?;
    queue.put(1).await?;
    assert_eq!(living.await.unwrap()?, 1);
    Ok(())
}

async fn closed_queues_are_emptied_and_say_so() -> Result<()> {
    let queue = Queue::create("queue", QueueInit::default()).await?;
    queue.put_all([1, 2]).await?;
    assert!(!queue.is_closed().await?);
    assert!(queue.close().await? && !queue.close().await?);
    assert!(queue.is_closed().await?);
    for refused in [
        queue.put(3).await.unwrap_err(),
        queue.try_put(3).await.unwrap_err(),
        queue.put_all([3, 4]).await.unwrap_err(),
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

async fn deliveries_are_acknowledged_or_come_back() -> Result<()> {
    let queue = Queue::create("queue", QueueInit::default()).await?;
    queue.put_all(0..4).await?;
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
    assert_eq!(queue.ack_all([second]).await?, 1);
    assert_eq!((queue.len().await?, queue.leased().await?), (2, 0));
    assert_eq!(queue.take().await?, 2);

    let other = Queue::create("other", QueueInit::default()).await?;
    let foreign = queue.take_leased(LONG).await?;
    let refused = other.ack_all([foreign]).await.unwrap_err().to_string();
    assert!(
        refused.contains("/queue`") && refused.contains("/other`"),
        "{refused}"
    );
    until(|| async { Ok(queue.len().await? == 1) }).await
}

async fn deliveries_end_with_their_lease() -> Result<()> {
    let queue = Queue::create("queue", QueueInit::default()).await?;
    queue.put_all(0..3).await?;
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
        queue.ack_all([first]).await?,
        1,
        "it was held all the while"
    );
    let second = queue.take_leased(LONG).await?;
    assert_eq!((*second, second.attempt()), (1, 2));
    second.ack().await?;

    // A consumer that is dead says nothing.
    queue.put(9).await?;
    std::mem::forget(queue.take_leased(SHORT).await?);
    let living = queue.take_leased_timeout(LONG, LONG).await?;
    assert_eq!((*living, living.attempt()), (9, 2));
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
        queue.take_leased_timeout(LONG, end).await,
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
    queue.put_all([1, 2]).await?;
    let delivery = queue.take_leased(LONG).await?;
    let waiting = tokio::spawn({
        let queue = queue.clone();
        async move { queue.take_many_timeout(9, LONG).await }
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

async fn a_closed_queue_waits_for_its_deliveries() -> Result<()> {
    let queue = Queue::create("queue", QueueInit::default()).await?;
    queue.put_all([1, 2]).await?;
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

async fn queues_that_make_no_sense_are_refused() -> Result<()> {
    let refused = [
        (QueueInit::bounded(0), "capacity 0"),
        (
            QueueInit {
                max_deliveries: Some(0),
                ..QueueInit::default()
            },
            "max_deliveries",
        ),
        (
            QueueInit {
                elements: vec![1, 2],
                ..QueueInit::bounded(1)
            },
            "more elements",
        ),
    ];
    for (init, words) in refused {
        let error = Queue::create("queue", init).await.unwrap_err();
        assert!(matches!(error, Error::Refused { .. }), "{error}");
        assert!(error.to_string().contains(words), "{error}");
        assert!(error.to_string().contains("/queue`"), "{error}");
    }
    let queue = Queue::create("queue", QueueInit::default()).await?;
    queue.put(1).await?;
    let error = queue.take_leased(Duration::ZERO).await.unwrap_err();
    assert!(error.to_string().contains("a lease of 0ns"), "{error}");
    assert_eq!(queue.len().await?, 1);
    Ok(())
}

async fn elements_of_another_type_stay() -> Result<()> {
    let texts = Queue::create("queue", QueueInit::default()).await?;
    texts.put("Grüße".to_owned()).await?;
    let error = Queue::<u8>::open("queue").await.unwrap_err();
    assert!(
        error.to_string().contains("Queue<alloc::string::String>"),
        "{error}"
    );
    // A key by itself is trusted until it is used.
    let key = codec::encode(texts.key()).unwrap();
    let lists: Queue<Vec<String>> = codec::decode(&key).unwrap();
    assert!(matches!(lists.take().await, Err(Error::Codec { .. })));
    assert!(matches!(
        lists.take_leased(LONG).await,
        Err(Error::Codec { .. })
    ));
    until(|| async { Ok(texts.len().await? == 1) }).await?;
    assert_eq!(texts.take().await?, "Grüße");
    Ok(())
}

#[tokio::test]
async fn elements_that_are_too_large_are_refused() {
    let builder = crate::config::Builder::new().max_value_bytes(100);
    super::check(builder, || async {
        let queue = Queue::create("queue", QueueInit::default()).await?;
        queue.put("x".repeat(50)).await?;
        for error in [
            queue.put("x".repeat(101)).await.unwrap_err(),
            queue
                .put_all(["x".repeat(60), "x".repeat(60)])
                .await
                .unwrap_err(),
        ] {
            assert!(matches!(error, Error::TooLarge { .. }), "{error}");
        }
        assert_eq!(queue.len().await?, 1);
        Ok(())
    })
    .await;
}

/// Connections break while callers wait: nothing is lost, nothing comes twice.
#[cfg(feature = "redis")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn broken_connections_lose_nothing() {
    const ELEMENTS: u32 = 300;
    let server = crucial_tests::RedisServer::start(crucial_tests::Options::default()).await;
    let builder = crate::config::Builder::new().store(server.url());
    super::check(builder, || async {
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
