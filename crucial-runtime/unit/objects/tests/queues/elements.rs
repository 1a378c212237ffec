//! What goes into a queue and comes out of it.

use std::time::Duration;

use futures_util::StreamExt as _;

use super::{LONG, until};
use crate::objects::tests::{check, on_every_store};
use crate::{Error, Queue, QueueInit, Result, codec};

on_every_store! {
    elements_leave_in_the_order_of_coming
    a_snapshot_is_what_a_queue_could_start_from
    each_element_goes_to_one_consumer
    queues_that_make_no_sense_are_refused
    elements_of_another_type_stay
}

async fn elements_leave_in_the_order_of_coming() -> Result<()> {
    let queue = Queue::create("queue", QueueInit::default()).await?;
    assert_eq!(queue.try_take().await?, None);
    assert_eq!(queue.peek().await?, None);
    queue.put(1).await?;
    assert!(queue.try_put(2).await?);
    queue.put_many(3..=9).await?;
    queue.put_many([]).await?;
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
                while let Some(element) = queue.recv().await? {
                    taken.push(element);
                }
                Result::<Vec<u32>>::Ok(taken)
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
    let key = codec::encode_own(texts.key()).unwrap();
    let lists: Queue<Vec<String>> = codec::decode(&key).unwrap();
    assert!(matches!(lists.take().await, Err(Error::Codec { .. })));
    assert!(matches!(
        lists.take_leased(LONG).await,
        Err(Error::Codec { .. })
    ));
    // A stream tells of it once.
    let streamed: Vec<_> = lists.stream().collect().await;
    assert!(
        matches!(streamed[..], [Err(Error::Codec { .. })]),
        "{streamed:?}"
    );
    until(|| async { Ok(texts.len().await? == 1) }).await?;
    assert_eq!(texts.take().await?, "Grüße");
    Ok(())
}

#[tokio::test]
async fn elements_that_are_too_large_are_refused() {
    let builder = crate::config::Builder::new().max_value_bytes(100);
    check(builder, || async {
        let queue = Queue::create("queue", QueueInit::default()).await?;
        queue.put("x".repeat(50)).await?;
        for error in [
            queue.put("x".repeat(101)).await.unwrap_err(),
            queue
                .put_many(["x".repeat(60), "x".repeat(60)])
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
