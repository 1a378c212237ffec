//! Commands of many calls in one write.

use std::future::{Future as _, poll_fn};
use std::io;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::BoxFuture;
use redis::{Pipeline, RedisResult, Value};
use tokio::sync::oneshot;

use super::wire::Wire;

tokio::task_local! {
    static GATHERED: Arc<Gathered>;
}

/// What the calls of a batch would send, until each has been asked once what it has to send.
#[derive(Default)]
struct Gathered {
    // Held for a push or to take all, never across an await.
    waiting: Mutex<Vec<Waiting>>,
}

struct Waiting {
    wire: Arc<dyn Wire>,
    commands: Pipeline,
    replies: oneshot::Sender<RedisResult<Vec<Value>>>,
}

/// Sends commands by that wire; within a batch, with those of the other calls.
pub(super) async fn send(wire: &Arc<dyn Wire>, commands: &Pipeline) -> RedisResult<Vec<Value>> {
    let Ok(gathered) = GATHERED.try_with(Arc::clone) else {
        return wire.send(commands).await;
    };
    let (sender, replies) = oneshot::channel();
    gathered.lock().push(Waiting {
        wire: Arc::clone(wire),
        commands: commands.clone(),
        replies: sender,
    });
    let gone = |_| Err(io::Error::from(io::ErrorKind::BrokenPipe).into());
    replies.await.unwrap_or_else(gone)
}

/// Makes calls whose commands travel together, as far as they are there at the same time.
pub(super) async fn together(calls: BoxFuture<'_, ()>) {
    let gathered = Arc::new(Gathered::default());
    let mut calls = pin!(GATHERED.scope(Arc::clone(&gathered), calls));
    poll_fn(|context| {
        let polled = calls.as_mut().poll(context);
        // A task of its own: what was asked for is sent though the batch be dropped.
        for (wire, waiting) in gathered.take() {
            tokio::spawn(async move { send_all(wire.as_ref(), waiting).await });
        }
        polled
    })
    .await;
}

impl Gathered {
    /// What waits, by connection: while one is replaced there may be two.
    fn take(&self) -> Vec<(Arc<dyn Wire>, Vec<Waiting>)> {
        let mut all: Vec<(Arc<dyn Wire>, Vec<Waiting>)> = Vec::new();
        for waiting in std::mem::take(&mut *self.lock()) {
            match all
                .iter_mut()
                .find(|(wire, _)| Arc::ptr_eq(wire, &waiting.wire))
            {
                Some((_, others)) => others.push(waiting),
                None => all.push((Arc::clone(&waiting.wire), vec![waiting])),
            }
        }
        all
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn send_all(wire: &dyn Wire, waiting: Vec<Waiting>) {
    let mut commands = Pipeline::with_capacity(waiting.len());
    for command in waiting.iter().flat_map(|one| one.commands.cmd_iter()) {
        commands.add_command(command.clone());
    }
    match wire.send(&commands).await {
        Ok(replies) => {
            let mut replies = replies.into_iter();
            for one in waiting {
                let own = replies.by_ref().take(one.commands.len()).collect();
                // A call that was dropped needs no reply.
                let _ = one.replies.send(Ok(own));
            }
        }
        Err(error) => {
            let kind = match error.is_timeout() {
                true => io::ErrorKind::TimedOut,
                false => io::ErrorKind::BrokenPipe,
            };
            for one in waiting {
                let error = io::Error::new(kind, error.to_string());
                let _ = one.replies.send(Err(error.into()));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;
    use futures_util::future::join_all;

    use super::*;

    /// Answers each command with the number of the write that brought it.
    #[derive(Default)]
    struct Counting {
        writes: Mutex<i64>,
    }

    #[async_trait]
    impl Wire for Counting {
        fn send<'a>(&'a self, commands: &'a Pipeline) -> BoxFuture<'a, RedisResult<Vec<Value>>> {
            let write = {
                let mut writes = self.writes.lock().unwrap();
                *writes += 1;
                *writes
            };
            let replies = vec![Value::Int(write); commands.len()];
            Box::pin(async { Ok(replies) })
        }

        async fn subscribe(&self, _: &[String]) -> RedisResult<()> {
            Ok(())
        }

        async fn unsubscribe(&self, _: &str) -> RedisResult<()> {
            Ok(())
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn calls_of_a_batch_share_a_write() {
        let (one, other): (Arc<dyn Wire>, Arc<dyn Wire>) =
            (Arc::new(Counting::default()), Arc::new(Counting::default()));
        let of = |count: usize| {
            let mut pipeline = Pipeline::new();
            for _ in 0..count {
                pipeline.add_command(redis::cmd("PING"));
            }
            pipeline
        };
        let seen = Arc::new(Mutex::new(Vec::new()));
        let calls = (0..20_usize).map(|n| {
            let (wire, commands) = (if n == 7 { &other } else { &one }, of(n % 3 + 1));
            let seen = Arc::clone(&seen);
            async move {
                for round in 1..=3 {
                    let replies = send(wire, &commands).await.unwrap();
                    assert_eq!(replies.len(), commands.len());
                    seen.lock().unwrap().push((round, replies[0].clone()));
                }
            }
        });
        together(Box::pin(async { drop(join_all(calls).await) })).await;
        // Replies come to all at once, so each round is one write; the first in any case.
        let first: Vec<_> = std::mem::take(&mut *seen.lock().unwrap())
            .into_iter()
            .filter_map(|(round, write)| (round == 1).then_some(write))
            .collect();
        assert_eq!(first, vec![Value::Int(1); 20]);
        // Outside of a batch each is a write of its own.
        let outside = Counting::default();
        let outside: Arc<dyn Wire> = Arc::new(outside);
        for write in 1..=3 {
            let replies = send(&outside, &of(1)).await.unwrap();
            assert_eq!(replies, [Value::Int(write)]);
        }
    }
}
