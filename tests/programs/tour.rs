//! Two connections to the store that the environment names, and what goes from one to the other: elements that are
//! waited for, parties that meet, messages that are pushed, calls on an object of the user's.
//!
//! Prints what came of it; an error twice, as people read it and as programmers do.

mod tally;

use std::process::ExitCode;

use crucial::{Barrier, Queue, QueueInit, Result, Runtime, Shared, Topic, TopicInit};
use futures_util::future::try_join_all;

use self::tally::{Tally, TallyProxy};

/// How often each side counts.
const TIMES: u64 = 20;

async fn tour() -> Result<()> {
    let (here, there) = (Runtime::from_env().await?, Runtime::from_env().await?);
    println!("{here:?}");
    let key = |name| here.application().key(name);

    let queue = Queue::<u32>::open_or_create_at(key("queue")?, QueueInit::default());
    let queue = here.scope(queue).await?;
    let (consumer, far) = (queue.clone(), there.clone());
    let taken = tokio::spawn(async move { far.scope(consumer.take()).await });
    while !taken.is_finished() && here.scope(queue.waiting_to_take()).await? == 0 {
        tokio::task::yield_now().await;
    }
    here.scope(queue.put(7)).await?;
    let taken = taken.await.map_err(crucial::Error::other)??;

    let barrier = here
        .scope(Barrier::open_or_create_at(key("barrier")?, 2))
        .await?;
    let (one, other) = tokio::try_join!(here.scope(barrier.wait()), there.scope(barrier.wait()))?;

    let topic = Topic::open_or_create_at(key("topic")?, TopicInit::default());
    let topic = here.scope(topic).await?;
    let mut messages = there.scope(topic.subscribe()).await?;
    here.scope(topic.publish("hello".to_owned())).await?;
    let message = there.scope(messages.recv()).await?;

    let tally = TallyProxy::open_or_create_at(key("tally")?, Tally::default());
    let tally = here.scope(tally).await?;
    // One after the other on each side, both sides at once, so that they meet.
    let counted = [&here, &there].map(|side| {
        let tally = tally.clone();
        side.scope(async move {
            let mut replies = Vec::new();
            for _ in 0..TIMES {
                replies.push(tally.add().await?);
            }
            Ok::<_, crucial::Error>(replies)
        })
    });
    let mut replies = try_join_all(counted).await?.concat();
    replies.sort_unstable();
    replies.dedup();

    println!(
        "took {taken}, met {} times, heard {message}, counted {}",
        u8::from(one.is_leader()) + u8::from(other.is_leader()),
        replies.len()
    );
    there.shutdown().await?;
    here.shutdown().await
}

#[tokio::main]
async fn main() -> ExitCode {
    match tour().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}\n{error:?}");
            ExitCode::FAILURE
        }
    }
}
