//! Queues.

#[cfg(feature = "redis")]
mod cuts;
mod deliveries;
mod elements;
mod ends;
mod lines;

use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::{Queue, Result};

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
    tokio::spawn(async move { queue.take().timeout(LONG).await })
}

fn producer(queue: &Queue<u32>, element: u32) -> JoinHandle<Result<()>> {
    let queue = queue.clone();
    tokio::spawn(async move { queue.put(element).timeout(LONG).await })
}

async fn consumers(queue: &Queue<u32>, count: usize) -> Result<()> {
    until(|| async { Ok(queue.waiting_to_take().await? == count) }).await
}

async fn producers(queue: &Queue<u32>, count: usize) -> Result<()> {
    until(|| async { Ok(queue.waiting_to_put().await? == count) }).await
}
