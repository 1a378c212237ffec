//! Rate limiters.

use std::time::Duration;

use tokio::time::{Instant, timeout};

use super::on_every_store;
use crate::{Error, Rate, RateLimiter, Result, codec};

on_every_store! {
    a_burst_is_given_at_once_and_no_more
    permits_come_at_their_rate
    callers_are_served_in_the_order_of_their_reservations
    what_comes_too_late_is_not_reserved
    the_last_reservation_is_given_back
    rates_that_make_no_sense_are_refused
    requests_that_make_no_sense_are_refused
    limiters_that_are_gone_say_so
}

const LONG: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

/// One permit an hour, so many at once: nothing comes while a test runs.
fn hourly(burst: u32) -> Rate {
    Rate {
        permits: 1,
        per: HOUR,
        burst,
    }
}

/// How long one permit would take.
async fn wait(limiter: &RateLimiter) -> Result<Duration> {
    match limiter.acquire_many(1).timeout(Duration::ZERO).await {
        Ok(()) => Ok(Duration::ZERO),
        Err(Error::RateLimited { wait, .. }) => Ok(wait),
        Err(error) => Err(error),
    }
}

async fn a_burst_is_given_at_once_and_no_more() -> Result<()> {
    let limiter = RateLimiter::create("limiter", hourly(5)).await?;
    assert_eq!(limiter.available().await?, 5);
    assert!(limiter.try_acquire_many(2).await?);
    assert_eq!(limiter.available().await?, 3);
    assert!(!limiter.try_acquire_many(4).await?, "all or nothing");
    limiter.acquire_many(3).await?;
    assert_eq!(limiter.available().await?, 0);
    assert!(!limiter.try_acquire_many(1).await?);
    assert_eq!(limiter.snapshot().await?, hourly(5));

    // All threads together.
    let limiter = RateLimiter::create("many", hourly(50)).await?;
    let threads: Vec<_> = (0..100)
        .map(|_| {
            let limiter = limiter.clone();
            tokio::spawn(async move { limiter.try_acquire_many(1).await })
        })
        .collect();
    let mut given = 0;
    for thread in threads {
        given += u32::from(thread.await.unwrap()?);
    }
    assert_eq!(given, 50);
    Ok(())
}

async fn permits_come_at_their_rate() -> Result<()> {
    let rate = Rate {
        permits: 1000,
        per: Duration::from_secs(1),
        burst: 1,
    };
    let limiter = RateLimiter::create("limiter", rate).await?;
    let began = Instant::now();
    for _ in 0..50 {
        limiter.acquire_many(1).await?;
    }
    // The first is there at once, and the store's time is rounded to milliseconds.
    let elapsed = began.elapsed();
    assert!(elapsed >= Duration::from_millis(48), "{elapsed:?}");
    Ok(())
}

async fn callers_are_served_in_the_order_of_their_reservations() -> Result<()> {
    let limiter = RateLimiter::create("limiter", hourly(1)).await?;
    limiter.acquire_many(1).await?;
    let mut waits = vec![wait(&limiter).await?];
    for _ in 0..2 {
        let (last, limit) = (waits[waits.len() - 1], HOUR * 24);
        let reserving = limiter.clone();
        tokio::spawn(async move { reserving.acquire_many(1).timeout(limit).await });
        let behind = async {
            loop {
                let next = wait(&limiter).await?;
                if next > last {
                    return Result::<Duration>::Ok(next);
                }
                tokio::task::yield_now().await;
            }
        };
        waits.push(timeout(LONG, behind).await.unwrap()?);
    }
    for (place, wait) in (1..).zip(&waits) {
        assert!(
            *wait <= HOUR * place && *wait > HOUR * place - LONG,
            "{waits:?}"
        );
    }
    Ok(())
}

async fn what_comes_too_late_is_not_reserved() -> Result<()> {
    let limiter = RateLimiter::create("limiter", hourly(1)).await?;
    limiter.acquire_many(1).await?;
    for _ in 0..3 {
        let refused = limiter.acquire_many(1).timeout(LONG).await.unwrap_err();
        let Error::RateLimited { wait, .. } = &refused else {
            panic!("{refused}");
        };
        assert!(*wait <= HOUR && *wait > HOUR - LONG, "{wait:?}");
        assert!(refused.to_string().contains("/limiter`"), "{refused}");
    }
    let refused = limiter.acquire_many(1).await;
    assert!(
        matches!(refused, Err(Error::RateLimited { .. })),
        "{refused:?}"
    );
    Ok(())
}

async fn the_last_reservation_is_given_back() -> Result<()> {
    let limiter = RateLimiter::create("limiter", hourly(1)).await?;
    limiter.acquire_many(1).await?;
    let reserve = || {
        let limiter = limiter.clone();
        tokio::spawn(async move { limiter.acquire_many(1).timeout(HOUR * 24).await })
    };
    let queue = |hours: u32| {
        let limiter = &limiter;
        async move {
            let reached = async {
                loop {
                    let wait = wait(limiter).await?;
                    if wait <= HOUR * hours && wait > HOUR * hours - LONG {
                        return Result::<()>::Ok(());
                    }
                    tokio::task::yield_now().await;
                }
            };
            timeout(LONG, reached).await.unwrap()
        }
    };
    queue(1).await?;
    let first = reserve();
    queue(2).await?;
    let second = reserve();
    queue(3).await?;
    second.abort();
    queue(2).await?;
    let second = reserve();
    queue(3).await?;
    // Not the last one: whoever is behind it has been told its time.
    first.abort();
    assert!(first.await.is_err());
    queue(3).await?;
    second.abort();
    queue(2).await?;

    // Dropped while its request is on its way.
    for _ in 0..10 {
        tokio::select! {
            biased;
            reserved = limiter.acquire_many(1).timeout(HOUR * 24) => panic!("{reserved:?}"),
            () = tokio::task::yield_now() => {}
        }
        queue(2).await?;
    }
    Ok(())
}

async fn rates_that_make_no_sense_are_refused() -> Result<()> {
    let rate = Rate::per_second(10);
    let refused = [
        (Rate { permits: 0, ..rate }, "0 permits"),
        (Rate { burst: 0, ..rate }, "burst of 0"),
        (
            Rate {
                per: Duration::ZERO,
                ..rate
            },
            "`per`",
        ),
        (
            Rate {
                per: Duration::from_micros(999),
                ..rate
            },
            "`per`",
        ),
        (
            Rate {
                per: Duration::MAX,
                ..rate
            },
            "too large",
        ),
        (
            Rate {
                per: HOUR,
                burst: u32::MAX,
                ..rate
            },
            "too large",
        ),
    ];
    for (rate, words) in refused {
        let error = RateLimiter::create("limiter", rate).await.unwrap_err();
        assert!(matches!(error, Error::Refused { .. }), "{error}");
        assert!(error.to_string().contains(words), "{error}");
        assert!(error.to_string().contains("/limiter`"), "{error}");
    }
    let most = Rate {
        permits: u32::MAX,
        per: Duration::from_secs(1),
        burst: u32::MAX,
    };
    let limiter = RateLimiter::create("limiter", most).await?;
    assert_eq!(limiter.available().await?, u32::MAX);
    assert!(limiter.try_acquire_many(u32::MAX).await?);
    Ok(())
}

async fn requests_that_make_no_sense_are_refused() -> Result<()> {
    let limiter = RateLimiter::create("limiter", hourly(2)).await?;
    for (permits, words) in [(0, "0 permits"), (3, "only 2 do")] {
        for error in [
            limiter.try_acquire_many(permits).await.unwrap_err(),
            limiter.acquire_many(permits).await.unwrap_err(),
        ] {
            assert!(matches!(error, Error::Refused { .. }), "{error}");
            assert!(error.to_string().contains(words), "{error}");
        }
    }
    assert_eq!(limiter.available().await?, 2);
    let key = codec::encode_own(
        crate::Queue::<u8>::create("queue", Default::default())
            .await?
            .key(),
    );
    let queue: RateLimiter = codec::decode(&key.unwrap()).unwrap();
    let error = queue.try_acquire_many(1).await.unwrap_err();
    assert!(matches!(error, Error::WrongType { .. }), "{error}");
    Ok(())
}

async fn limiters_that_are_gone_say_so() -> Result<()> {
    let limiter = RateLimiter::create("limiter", hourly(2)).await?;
    limiter.destroy().await?;
    for gone in [
        limiter.available().await.map(drop),
        limiter.try_acquire_many(1).await.map(drop),
        limiter.acquire_many(1).await,
    ] {
        assert!(matches!(gone, Err(Error::NotFound { .. })), "{gone:?}");
    }
    Ok(())
}
