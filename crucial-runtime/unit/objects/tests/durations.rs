//! Every method that takes a duration, with the longest there is, none at all, and the shortest, alike on every store.

use std::task::Poll;
use std::time::Duration;

use futures_util::future::{BoxFuture, FutureExt};
use serde::{Deserialize, Serialize};
use tokio::time::timeout;

use super::on_every_store;
use super::waiting::turns;
use crate::{
    Atomic, Barrier, Condvar, Error, Grid, JoinFailure, Latch, Matrix, Mutex, Notify, Promise,
    Queue, QueueInit, Rate, RateLimiter, Reduction, Result, Runtime, RwLock, Semaphore, Topic,
    TopicInit, Vector, admin, runtime,
};

on_every_store! {
    what_is_ready_is_given_within_any_limit
    what_is_not_ready_is_waited_for_no_longer_than_asked
    the_longest_limit_waits_until_it_is_ready
    lifetimes_and_leases_have_bounds
    settings_have_bounds
    threads_run_up_to_their_first_wait
}

const NONE: Duration = Duration::ZERO;
const SHORTEST: Duration = Duration::from_nanos(1);
const LONGEST: Duration = Duration::MAX;
const SHORT: [Duration; 2] = [NONE, SHORTEST];
const ALL: [Duration; 3] = [NONE, SHORTEST, LONGEST];
const PATIENCE: Duration = Duration::from_secs(60);
/// How often each method is called: where an answer comes in time by chance, it does not come so often.
const REPEATS: usize = 25;

/// A method by name, called with a limit.
type Call = (
    &'static str,
    Box<dyn Fn(Duration) -> BoxFuture<'static, Result<()>> + Send>,
);

/// A row: clones what the call needs, so that it can be made again and again.
macro_rules! call {
    ($name:literal, |$($object:ident),*; $limit:ident| $body:expr) => {{
        $(let $object = $object.clone();)*
        let call: Call = ($name, Box::new(move |$limit| {
            $(let $object = $object.clone();)*
            async move { $body.await.map(drop) }.boxed()
        }));
        call
    }};
}

/// Opens at a count.
#[derive(Clone, Serialize, Deserialize)]
struct Gate {
    count: u32,
}

#[crate::shared(crate = crate)]
impl Gate {
    /// A change that waits.
    pub(crate) fn pass(&mut self) -> Poll<u32> {
        self.look()
    }

    /// A look that waits.
    pub(crate) fn look(&self) -> Poll<u32> {
        match self.count {
            0 => Poll::Pending,
            count => Poll::Ready(count),
        }
    }

    pub(crate) fn widen(&mut self) {
        self.count += 1;
    }
}

/// A limit of the kind that a call has kept, however it is told.
fn is_over(result: &Result<()>) -> bool {
    matches!(
        result,
        Err(Error::TimedOut { .. } | Error::RateLimited { .. })
    )
}

/// All methods that wait, on objects that are ready whenever they are asked.
async fn ready() -> Result<Vec<Call>> {
    let latch = Latch::create("latch", 0).await?;
    let promise = Promise::create("promise", Some(1)).await?;
    let barrier = Barrier::create("barrier", 1).await?;
    let mutex = Mutex::create("mutex", 0).await?;
    let lock = RwLock::create("lock", 0).await?;
    let semaphore = Semaphore::create("semaphore", 9).await?;
    let notify = Notify::create("notify", ()).await?;
    let condvar = Condvar::create("condvar", ()).await?;
    let full = QueueInit {
        elements: vec![1; 3000],
        ..QueueInit::unbounded()
    };
    let queue = Queue::<i32>::create("queue", full).await?;
    let topic = Topic::<i32>::create("topic", TopicInit { backlog: 9 }).await?;
    let vector = Vector::create("vector", vec![0; 2]).await?;
    let matrix = Matrix::create("matrix", Grid::new(1, 2, vec![0, 0])?).await?;
    let limiter = RateLimiter::create("limiter", Rate::per_second(1_000_000)).await?;
    let gate = GateProxy::create("gate", Gate { count: 1 }).await?;
    let sum = Reduction::Sum;
    Ok(vec![
        call!("Latch::wait", |latch; limit| latch.wait().timeout(limit)),
        call!("Promise::get", |promise; limit| promise.wait().timeout(limit)),
        call!("Barrier::wait", |barrier; limit| barrier.wait().timeout(limit)),
        call!("Barrier::wait_for", |barrier; limit| async {
            let arrival = barrier.arrive().await?;
            barrier.wait_for(arrival).timeout(limit).await
        }),
        call!("Mutex::lock", |mutex; limit| async {
            mutex.lock().timeout(limit).await?.unlock().await
        }),
        call!("Mutex::with", |mutex; limit| mutex.with(|value| *value += 1).timeout(limit)),
        call!("RwLock::read", |lock; limit| async {
            lock.read().timeout(limit).await?.unlock().await
        }),
        call!("RwLock::write", |lock; limit| async {
            lock.write().timeout(limit).await?.unlock().await
        }),
        call!("Semaphore::acquire", |semaphore; limit| async {
            semaphore.acquire().timeout(limit).await?.release().await
        }),
        call!("Semaphore::acquire_many", |semaphore; limit| async {
            semaphore.acquire_many(2).timeout(limit).await?.release().await
        }),
        call!("Notify::notified", |notify; limit| async {
            notify.notify_one().await?;
            notify.notified().timeout(limit).await
        }),
        call!("Condvar::wait_while", |condvar, mutex; limit| async {
            let guard = mutex.lock().await?;
            let (guard, over) = condvar.wait_timeout_while(guard, limit, |_| false).await?;
            assert!(!over);
            guard.unlock().await
        }),
        call!("Queue::take", |queue; limit| queue.take().timeout(limit)),
        call!("Queue::recv", |queue; limit| queue.recv().timeout(limit)),
        call!("Queue::take_many", |queue; limit| queue.take_many(2).timeout(limit)),
        call!("Queue::take_leased", |queue; limit| async {
            queue.take_leased(LONGEST).timeout(limit).await?.ack().await
        }),
        call!("Queue::take_many_leased", |queue; limit| async {
            let taken = queue.take_many_leased(2, LONGEST).timeout(limit).await?;
            queue.ack_many(taken).await
        }),
        call!("Queue::put", |queue; limit| queue.put(1).timeout(limit)),
        call!("Queue::put_all", |queue; limit| async {
            let put = queue.put_many(vec![1, 2]).timeout(limit).await?;
            assert_eq!(put, 2);
            Ok::<_, Error>(())
        }),
        call!("Subscription::recv", |topic; limit| async {
            let mut subscription = topic.subscribe().await?;
            topic.publish(1).await?;
            subscription.recv().timeout(limit).await
        }),
        call!("Vector::reduce", |vector; limit| vector.reduce(1, &[1, 2], sum).timeout(limit)),
        call!("Matrix::reduce", |matrix; limit| async {
            let part = Grid::new(1, 2, vec![1, 2])?;
            matrix.reduce(1, &part, sum).timeout(limit).await
        }),
        call!("RateLimiter::acquire", |limiter; limit| limiter.acquire_many(1).timeout(limit)),
        call!("a change of a user's", |gate; limit| gate.pass().timeout(limit)),
        call!("a look of a user's", |gate; limit| gate.look().timeout(limit)),
    ])
}

async fn what_is_ready_is_given_within_any_limit() -> Result<()> {
    for (method, call) in ready().await? {
        for limit in ALL {
            for _ in 0..REPEATS {
                if let Err(error) = call(limit).await {
                    panic!("{method} within {limit:?}: {error}");
                }
            }
        }
    }
    Ok(())
}

async fn what_is_not_ready_is_waited_for_no_longer_than_asked() -> Result<()> {
    let latch = Latch::create("latch", 1).await?;
    let promise = Promise::<i32>::create("promise", None).await?;
    let barrier = Barrier::create("barrier", 2).await?;
    let patient = Barrier::create("patient", 2).await?;
    let arrival = patient.arrive().await?;
    let (mutex, lock) = (
        Mutex::create("mutex", 0).await?,
        RwLock::create("lock", 0).await?,
    );
    let semaphore = Semaphore::create("semaphore", 1).await?;
    let notify = Notify::create("notify", ()).await?;
    let queue = Queue::<i32>::create("queue", QueueInit::unbounded()).await?;
    let full = Queue::create("full", QueueInit::bounded(1)).await?;
    let topic = Topic::<i32>::create("topic", TopicInit { backlog: 9 }).await?;
    let vector = Vector::create("vector", vec![0]).await?;
    let rate = Rate {
        permits: 1,
        per: Duration::from_secs(3600),
        burst: 1,
    };
    let limiter = RateLimiter::create("limiter", rate).await?;
    let gate = GateProxy::create("gate", Gate { count: 0 }).await?;
    let held = (
        mutex.lock().await?,
        lock.write().await?,
        semaphore.acquire().await?,
    );
    full.put(1).await?;
    limiter.acquire_many(1).await?;
    let calls = vec![
        call!("Latch::wait", |latch; limit| latch.wait().timeout(limit)),
        call!("Promise::get", |promise; limit| promise.wait().timeout(limit)),
        call!("Barrier::wait", |barrier; limit| async {
            barrier.reset().await?;
            barrier.wait().timeout(limit).await
        }),
        call!("Barrier::wait_for", |patient; limit| patient.wait_for(arrival).timeout(limit)),
        call!("Mutex::lock", |mutex; limit| mutex.lock().timeout(limit)),
        call!("Mutex::with", |mutex; limit| mutex.with(|value| *value += 1).timeout(limit)),
        call!("RwLock::read", |lock; limit| lock.read().timeout(limit)),
        call!("RwLock::write", |lock; limit| lock.write().timeout(limit)),
        call!("Semaphore::acquire", |semaphore; limit| semaphore.acquire().timeout(limit)),
        call!("Notify::notified", |notify; limit| notify.notified().timeout(limit)),
        call!("Queue::take", |queue; limit| queue.take().timeout(limit)),
        call!("Queue::recv", |queue; limit| queue.recv().timeout(limit)),
        call!("Queue::take_many", |queue; limit| queue.take_many(2).timeout(limit)),
        call!("Queue::take_leased", |queue; limit| queue.take_leased(LONGEST).timeout(limit)),
        call!("Queue::put", |full; limit| full.put(1).timeout(limit)),
        call!("Subscription::recv", |topic; limit| async {
            topic.subscribe().await?.recv().timeout(limit).await
        }),
        call!("Vector::reduce", |vector; limit| async {
            vector.reset_rounds().await?;
            vector.reduce(2, &[1], Reduction::Sum).timeout(limit).await
        }),
        call!("RateLimiter::acquire", |limiter; limit| limiter.acquire_many(1).timeout(limit)),
        call!("a change of a user's", |gate; limit| gate.pass().timeout(limit)),
        call!("a look of a user's", |gate; limit| gate.look().timeout(limit)),
    ];
    for (method, call) in calls {
        for limit in SHORT {
            let over = timeout(PATIENCE, call(limit)).await;
            let over = over.unwrap_or_else(|_| panic!("{method} within {limit:?} waits"));
            assert!(is_over(&over), "{method} within {limit:?}: {over:?}");
        }
    }
    assert_eq!(full.put_many(vec![2]).timeout(NONE).await?, 0);
    let free = Mutex::create("free", 0).await?;
    let condvar = Condvar::create("condvar", ()).await?;
    for limit in SHORT {
        let (guard, over) = condvar.wait_timeout(free.lock().await?, limit).await?;
        assert!(over);
        let (_, over) = condvar.wait_timeout_while(guard, limit, |_| true).await?;
        assert!(over);
    }
    // Nobody who gave up has left a place behind.
    drop(held);
    mutex.lock().timeout(PATIENCE).await?.unlock().await?;
    queue.put(1).await?;
    assert_eq!(queue.take().timeout(NONE).await?, 1);
    Ok(())
}

async fn the_longest_limit_waits_until_it_is_ready() -> Result<()> {
    let latch = Latch::create("latch", 1).await?;
    let mutex = Mutex::create("mutex", 0).await?;
    let queue = Queue::<i32>::create("queue", QueueInit::unbounded()).await?;
    let gate = GateProxy::create("gate", Gate { count: 0 }).await?;
    let topic = Topic::<i32>::create("topic", TopicInit { backlog: 9 }).await?;
    let mut subscription = topic.subscribe().await?;
    let guard = mutex.lock().await?;
    let wait = async {
        tokio::try_join!(
            latch.wait().timeout(LONGEST),
            mutex.with(|_| ()).timeout(LONGEST),
            queue.take().timeout(LONGEST),
            gate.pass().timeout(LONGEST),
            subscription.recv().timeout(LONGEST),
        )
    };
    let change = async {
        turns(10).await;
        latch.count_down().await?;
        guard.unlock().await?;
        queue.put(7).await?;
        gate.widen().await?;
        topic.publish(8).await
    };
    let both = async { tokio::try_join!(wait, change) };
    let ((.., taken, passed, received), _) = timeout(PATIENCE, Box::pin(both))
        .await
        .expect("all is ready")?;
    assert_eq!((taken, passed, received), (7, 1, 8));
    Ok(())
}

async fn lifetimes_and_leases_have_bounds() -> Result<()> {
    let long = Duration::from_secs(100 * 365 * 24 * 3600);
    let number = Atomic::create("number", 1).await?;
    for time in [LONGEST, Duration::from_millis(i64::MAX as u64), long] {
        assert!(number.expire(Some(time)).await?);
        assert!(admin::expire(number.key(), Some(time)).await?);
        let left = number.expires_in().await?.expect("a time was given");
        assert!(
            left > long - PATIENCE && left <= crate::object::LONGEST,
            "{left:?}"
        );
        assert_eq!(number.load().await?, 1);
    }
    assert!(number.expire(None).await?);
    assert_eq!(number.expires_in().await?, None);
    assert!(number.expire(Some(NONE)).await?);
    assert!(matches!(number.load().await, Err(Error::NotFound { .. })));
    assert!(!number.expire(Some(NONE)).await?);
    let number = Atomic::create("number", 2).await?;
    assert!(number.expire(Some(SHORTEST)).await?);
    let gone = async {
        while number.exists().await? {}
        Ok::<_, Error>(())
    };
    timeout(PATIENCE, gone)
        .await
        .expect("a millisecond is over soon")?;

    let elements = QueueInit {
        elements: vec![1, 2],
        ..QueueInit::unbounded()
    };
    let queue = Queue::create("queue", elements).await?;
    let held = queue.take_leased(LONGEST).await?;
    held.extend(LONGEST).await?;
    for lease in SHORT {
        let refused = |error: Option<Error>| matches!(error, Some(Error::Refused { .. }));
        assert!(refused(queue.take_leased(lease).await.err()));
        assert!(refused(queue.try_take_leased(lease).await.err()));
        assert!(refused(queue.take_many_leased(1, lease).await.err()));
        assert!(refused(held.extend(lease).await.err()));
    }
    assert_eq!(held.ack().await?, 1);
    for per in ALL {
        let rate = Rate {
            per,
            ..Rate::per_second(1)
        };
        let refused = RateLimiter::create("limiter", rate).await;
        assert!(matches!(refused, Err(Error::Refused { .. })), "{per:?}");
    }
    Ok(())
}

async fn settings_have_bounds() -> Result<()> {
    let store = runtime::current()?.store().address().to_owned();
    for length in ALL {
        let builder = || Runtime::builder().store(&store);
        let refused = builder().lease(length).build().await;
        assert!(matches!(refused, Err(Error::Config { .. })), "{length:?}");
        if length < Duration::from_millis(1) {
            let refused = builder().method_limit(length).build().await;
            assert!(matches!(refused, Err(Error::Config { .. })), "{length:?}");
        }
        let runtime = builder()
            .wait_limit(length)
            .thread_limit(length)
            .method_limit(LONGEST)
            .build()
            .await?;
        let used = runtime.scope(async {
            Latch::create("latch", 0).await?.wait().await?;
            let queue = Queue::create("queue", QueueInit::unbounded()).await?;
            queue.put(1).await?;
            assert_eq!(queue.take().await?, 1);
            Mutex::create("mutex", 0).await?.with(|_| ()).await?;
            let gate = GateProxy::create("gate", Gate { count: 1 }).await?;
            let both = tokio::try_join!(gate.widen(), gate.widen(), gate.widen());
            both?;
            assert_eq!(gate.pass().await?, 4);
            assert_eq!(add(1, 2).spawn().await?, 3);
            Ok::<_, Error>(())
        });
        used.await?;
        runtime.shutdown().await?;
    }
    Ok(())
}

/// Waits for nothing.
#[crate::cloud_thread(crate = crate)]
async fn added(a: u32, b: u32) -> u32 {
    a + b
}

/// Waits for nothing, and could not be stopped.
#[crate::cloud_thread(crate = crate)]
fn added_here(a: u32, b: u32) -> u32 {
    a + b
}

/// Waits for ever.
#[crate::cloud_thread(crate = crate)]
async fn forever() {
    std::future::pending().await
}

fn add(a: u32, b: u32) -> crate::Task<u32> {
    added::task(a, b)
}

async fn threads_run_up_to_their_first_wait() -> Result<()> {
    for limit in ALL {
        for _ in 0..REPEATS {
            let (here, there) = (added_here::task(1, 2), added::task(1, 2));
            assert_eq!(there.timeout(limit).spawn().await?, 3, "{limit:?}");
            assert_eq!(here.timeout(limit).spawn().await?, 3, "{limit:?}");
        }
        let handle = added::spawn(3, 4);
        while !handle.is_finished() {
            tokio::task::yield_now().await;
        }
        let joined = timeout(limit, handle).await;
        assert_eq!(joined.expect("it has ended")?, 7);
    }
    for limit in SHORT {
        let over = forever::task().timeout(limit).spawn().await.unwrap_err();
        assert!(matches!(over.failure, JoinFailure::TimedOut(_)), "{over}");
    }
    Ok(())
}

/// Inside the process there is one clock: that of tokio, which tests may stop and set forward.
#[tokio::test(start_paused = true)]
async fn all_times_inside_the_process_are_those_of_tokio() {
    const HOUR: Duration = Duration::from_secs(3600);
    let builder = crate::config::Builder::new().store("embedded:");
    let all = || async {
        let number = Atomic::create("number", 1).await?;
        number.expire(Some(HOUR)).await?;
        tokio::time::sleep(HOUR / 2).await;
        assert!(
            number
                .expires_in()
                .await?
                .is_some_and(|left| left <= HOUR / 2)
        );
        assert_eq!(number.load().await?, 1);
        tokio::time::sleep(HOUR / 2).await;
        assert!(matches!(number.load().await, Err(Error::NotFound { .. })));
        let left = admin::namespaces().await?;
        assert!(
            left.iter().all(|namespace| namespace.objects == 0),
            "{left:?}"
        );

        let one = QueueInit {
            elements: vec![1],
            ..QueueInit::unbounded()
        };
        let queue = Queue::create("queue", one).await?;
        let held = queue.take_leased(HOUR).await?;
        assert!(queue.try_take().await?.is_none());
        assert_eq!(queue.take().timeout(HOUR * 2).await?, 1);
        assert!(matches!(held.ack().await, Err(Error::DeliveryLost { .. })));

        let rate = Rate {
            permits: 1,
            per: HOUR,
            burst: 1,
        };
        let limiter = RateLimiter::create("limiter", rate).await?;
        limiter.acquire_many(1).await?;
        assert!(!limiter.try_acquire_many(1).await?);
        limiter.acquire_many(1).timeout(HOUR * 2).await?;
        tokio::time::sleep(HOUR).await;
        assert!(limiter.try_acquire_many(1).await?);

        let latch = Latch::create("latch", 1).await?;
        assert!(is_over(&latch.wait().timeout(HOUR * 24).await));
        let over = forever::task().timeout(HOUR * 24).spawn().await;
        assert!(matches!(
            over.unwrap_err().failure,
            JoinFailure::TimedOut(_)
        ));
        Ok(())
    };
    super::check(builder, all).await;
}
