//! Topics.

use std::time::Duration;

use futures_util::{StreamExt as _, TryStreamExt as _};

use super::on_every_store;
use crate::{Error, Result, Subscription, Topic, TopicInit, codec};

on_every_store! {
    everybody_gets_everything_in_one_order
    messages_are_numbered
    whoever_falls_behind_learns_how_much_was_missed
    large_messages_are_fetched
    past_messages_can_be_received
    a_dropped_receive_loses_nothing
    closed_topics_are_received_to_the_end
    subscribers_hear_that_the_topic_is_gone
    topics_that_make_no_sense_are_refused
    messages_of_another_type_are_told_of
}

const LONG: Duration = Duration::from_secs(60);
const SHORT: Duration = Duration::from_millis(20);

fn lagged<T: std::fmt::Debug>(received: Result<T>) -> u64 {
    match received {
        Err(Error::Lagged { missed, .. }) => missed,
        other => panic!("{other:?}"),
    }
}

async fn everybody_gets_everything_in_one_order() -> Result<()> {
    const PUBLISHERS: u32 = 4;
    const EACH: u32 = 50;
    let topic = Topic::create("topic", TopicInit::default()).await?;
    topic.publish(u32::MAX).await?;
    let mut subscribers = Vec::new();
    for _ in 0..6 {
        let subscription = topic.subscribe().await?;
        subscribers.push(tokio::spawn(subscription.into_stream().try_collect()));
    }
    let publishers: Vec<_> = (0..PUBLISHERS)
        .map(|publisher| {
            let topic = topic.clone();
            tokio::spawn(async move {
                for number in 0..EACH {
                    topic.publish(publisher * EACH + number).await?;
                }
                Result::<()>::Ok(())
            })
        })
        .collect();
    for publisher in publishers {
        publisher.await.unwrap()?;
    }
    topic.close().await?;
    let mut all: Vec<Vec<u32>> = Vec::new();
    for subscriber in subscribers {
        all.push(subscriber.await.unwrap()?);
    }
    for received in &all {
        assert_eq!(received, &all[0]);
        for publisher in 0..PUBLISHERS {
            let own: Vec<_> = received.iter().filter(|n| *n / EACH == publisher).collect();
            assert!(own.is_sorted() && own.len() == EACH as usize, "{own:?}");
        }
    }
    Ok(())
}

async fn messages_are_numbered() -> Result<()> {
    let topic = Topic::create("topic", TopicInit::default()).await?;
    assert_eq!(topic.publish('a').await?, 0);
    let mut subscription = topic.subscribe().await?;
    assert_eq!((subscription.position(), topic.published().await?), (1, 1));
    assert_eq!(subscription.try_recv().await?, None);
    let late = subscription.recv().timeout(SHORT).await;
    assert!(
        matches!(late, Err(Error::TimedOut { method: "recv", .. })),
        "{late:?}"
    );
    assert_eq!(topic.publish_many(['b', 'c', 'd']).await?, 1);
    assert_eq!(topic.publish_many([]).await?, 4);
    assert_eq!(subscription.recv().await?, 'b');
    assert_eq!(subscription.try_recv().await?, Some('c'));
    assert_eq!(subscription.position(), 3);
    assert_eq!(subscription.recv().timeout(Duration::MAX).await?, 'd');
    assert_eq!(subscription.try_recv().await?, None);
    assert_eq!(topic.snapshot().await?, TopicInit { backlog: 1024 });
    Ok(())
}

async fn whoever_falls_behind_learns_how_much_was_missed() -> Result<()> {
    let topic = Topic::create("topic", TopicInit { backlog: 4 }).await?;
    let mut slow = topic.subscribe_from(0).await?;
    let mut fresh: Subscription<u32> = topic.subscribe().await?;
    topic.publish_many(0..10).await?;
    assert_eq!(lagged(slow.recv().await), 6);
    for number in 6..10 {
        assert_eq!(slow.recv().await?, number);
    }
    assert_eq!(slow.try_recv().await?, None);
    // What came in an announcement has been received, however long ago.
    let first = fresh.try_recv().await;
    assert_eq!(lagged(first), 6);
    assert_eq!(fresh.position(), 6);
    assert_eq!(fresh.try_recv().await?, Some(6));
    topic.publish_many(10..13).await?;
    assert_eq!((fresh.recv().await?, fresh.recv().await?), (7, 8));
    Ok(())
}

async fn large_messages_are_fetched() -> Result<()> {
    let topic = Topic::<String>::create("topic", TopicInit::default()).await?;
    let mut subscription = topic.subscribe().await?;
    let receiver = tokio::spawn(async move {
        let mut lengths = Vec::new();
        for _ in 0..205 {
            lengths.push(subscription.recv().timeout(LONG).await?.len());
        }
        Result::<Vec<usize>>::Ok(lengths)
    });
    let sizes = [100, 100_000, 200, 400_000, 300];
    for size in sizes {
        topic.publish("x".repeat(size)).await?;
    }
    topic.publish_many((0..200).map(|_| "y".to_owned())).await?;
    let lengths = receiver.await.unwrap()?;
    assert_eq!(lengths[..5], sizes);
    assert!(lengths[5..].iter().all(|length| *length == 1));
    Ok(())
}

async fn past_messages_can_be_received() -> Result<()> {
    let topic = Topic::create("topic", TopicInit { backlog: 300 }).await?;
    topic.publish_many(0..1000).await?;
    let mut subscription = topic.subscribe_from(750).await?;
    for number in 750..1000 {
        assert_eq!(subscription.recv().await?, number);
    }
    // From a number that is yet to come.
    let mut later = topic.subscribe_from(1002).await?;
    assert_eq!(later.try_recv().await?, None);
    topic.publish_many(1000..1004).await?;
    assert_eq!((later.recv().await?, later.recv().await?), (1002, 1003));
    assert_eq!(subscription.recv().await?, 1000);
    Ok(())
}

async fn a_dropped_receive_loses_nothing() -> Result<()> {
    let topic = Topic::create("topic", TopicInit::default()).await?;
    let mut subscription = topic.subscribe_from(0).await?;
    let mut received = Vec::new();
    for number in 0..50 {
        topic.publish(number).await?;
        tokio::select! {
            biased;
            message = subscription.recv() => received.push(message?),
            () = tokio::task::yield_now() => {}
        }
    }
    while received.len() < 50 {
        received.push(subscription.recv().await?);
    }
    assert_eq!(received, (0..50).collect::<Vec<_>>());
    Ok(())
}

async fn closed_topics_are_received_to_the_end() -> Result<()> {
    let topic = Topic::create("topic", TopicInit::default()).await?;
    let mut subscription = topic.subscribe().await?;
    let waiting = {
        let mut subscription = topic.subscribe().await?;
        tokio::spawn(async move {
            let first: u8 = subscription.recv().timeout(LONG).await?;
            Result::<(u8, Result<u8>)>::Ok((first, subscription.recv().timeout(LONG).await))
        })
    };
    topic.publish(1).await?;
    assert!(!topic.is_closed().await?);
    assert!(topic.close().await? && !topic.close().await?);
    assert!(topic.is_closed().await?);
    let (first, end) = waiting.await.unwrap()?;
    assert_eq!(first, 1);
    assert!(matches!(end, Err(Error::Closed { .. })), "{end:?}");
    assert_eq!(subscription.recv().await?, 1);
    for _ in 0..2 {
        assert!(matches!(
            subscription.recv().await,
            Err(Error::Closed { .. })
        ));
        assert!(matches!(
            subscription.try_recv().await,
            Err(Error::Closed { .. })
        ));
    }
    for refused in [topic.publish(2).await, topic.publish_many([2, 3]).await] {
        assert!(matches!(refused, Err(Error::Closed { .. })), "{refused:?}");
    }
    assert_eq!(topic.published().await?, 1);
    Ok(())
}

async fn subscribers_hear_that_the_topic_is_gone() -> Result<()> {
    let topic = Topic::<u8>::create("topic", TopicInit::default()).await?;
    let mut subscription = topic.subscribe().await?;
    let stream = topic.subscribe().await?.into_stream();
    let waiting = tokio::spawn(async move { subscription.recv().timeout(LONG).await });
    let streaming = tokio::spawn(stream.collect::<Vec<_>>());
    topic.destroy().await?;
    let ended = waiting.await.unwrap();
    assert!(matches!(ended, Err(Error::NotFound { .. })), "{ended:?}");
    let ended = streaming.await.unwrap();
    assert!(
        matches!(ended[..], [Err(Error::NotFound { .. })]),
        "{ended:?}"
    );
    for gone in [
        topic.publish(1).await.map(drop),
        topic.published().await.map(drop),
        topic.subscribe().await.map(drop),
        topic.close().await.map(drop),
    ] {
        assert!(matches!(gone, Err(Error::NotFound { .. })), "{gone:?}");
    }
    Ok(())
}

async fn topics_that_make_no_sense_are_refused() -> Result<()> {
    let error = Topic::<u8>::create("topic", TopicInit { backlog: 0 })
        .await
        .unwrap_err();
    assert!(matches!(error, Error::Refused { .. }), "{error}");
    assert!(error.to_string().contains("backlog"), "{error}");
    Ok(())
}

async fn messages_of_another_type_are_told_of() -> Result<()> {
    let texts = Topic::create("topic", TopicInit::default()).await?;
    let error = Topic::<u8>::open("topic").await.unwrap_err();
    assert!(
        error.to_string().contains("Topic<alloc::string::String>"),
        "{error}"
    );
    let key = codec::encode_own(texts.key()).unwrap();
    let lists: Topic<Vec<String>> = codec::decode(&key).unwrap();
    let mut subscription = lists.subscribe().await?;
    texts.publish("Grüße".to_owned()).await?;
    lists.publish(vec!["a".to_owned()]).await?;
    assert!(matches!(
        subscription.recv().await,
        Err(Error::Codec { .. })
    ));
    assert_eq!(subscription.recv().await?, ["a"], "the next one fits");
    Ok(())
}

#[tokio::test]
async fn messages_that_are_too_large_are_refused() {
    let builder = crate::config::Builder::new().max_value_bytes(100);
    super::check(builder, || async {
        let topic = Topic::create("topic", TopicInit::default()).await?;
        let error = topic.publish("x".repeat(101)).await.unwrap_err();
        assert!(matches!(error, Error::TooLarge { .. }), "{error}");
        assert_eq!(topic.published().await?, 0);
        Ok(())
    })
    .await;
}

/// Connections break while messages are published: everybody gets all of them, once, in order.
#[cfg(feature = "redis")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn broken_connections_lose_nothing() {
    const MESSAGES: u32 = 300;
    let server = crucial_tests::RedisServer::start(crucial_tests::Options::default()).await;
    let builder = crate::config::Builder::new().store(server.url());
    super::check(builder, || async {
        let topic = Topic::<u32>::create("topic", TopicInit::default()).await?;
        let mut subscribers = Vec::new();
        for _ in 0..4 {
            let subscription = topic.subscribe().await?;
            subscribers.push(tokio::spawn(subscription.into_stream().try_collect()));
        }
        for number in 0..MESSAGES {
            topic.publish(number).await?;
            if number % 30 == 0 {
                server.kill_clients().await;
            }
        }
        topic.close().await?;
        for subscriber in subscribers {
            let received: Vec<u32> = subscriber.await.unwrap()?;
            assert_eq!(received, (0..MESSAGES).collect::<Vec<_>>());
        }
        Ok(())
    })
    .await;
}
