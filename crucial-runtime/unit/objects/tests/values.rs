//! Atomics.

use serde::{Deserialize, Serialize};

use super::on_every_store;
use crate::{Atomic, Error, Portable, Result};

on_every_store! {
    values_of_every_type_come_back
    integers_of_128_bits_are_exact
    combining_follows_the_standard_library
    checked_sums_fit_or_change_nothing
    nan_loses_every_comparison
    updates_of_many_tasks_all_count
    a_refused_update_changes_nothing
    absent_atomics_are_errors
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Shape {
    Point,
    Circle { radius: f32 },
}

async fn comes_back<T: Portable + Clone + PartialEq + std::fmt::Debug>(
    name: &str,
    first: T,
    second: T,
) -> Result<()> {
    let atomic = Atomic::create(name, first.clone()).await?;
    assert_eq!(atomic.load().await?, first);
    assert_eq!(atomic.swap(second.clone()).await?, first);
    assert_eq!(
        atomic
            .compare_exchange(first.clone(), first.clone())
            .await?,
        Err(second.clone())
    );
    assert_eq!(
        atomic
            .compare_exchange(second.clone(), first.clone())
            .await?,
        Ok(second.clone())
    );
    assert_eq!(atomic.snapshot().await?, first);
    atomic.store(second.clone()).await?;
    assert_eq!(atomic.load().await?, second);
    Ok(())
}

async fn values_of_every_type_come_back() -> Result<()> {
    comes_back("i8", i8::MIN, i8::MAX).await?;
    comes_back("i64", i64::MIN, i64::MAX).await?;
    comes_back("u64", 0, u64::MAX).await?;
    comes_back("i128", i128::MIN, i128::MAX).await?;
    comes_back("isize", isize::MIN, isize::MAX).await?;
    comes_back("usize", usize::MIN, usize::MAX).await?;
    comes_back("f32", f32::MIN_POSITIVE, f32::NEG_INFINITY).await?;
    comes_back("f64", -0.0, 0.1 + 0.2).await?;
    comes_back("bool", false, true).await?;
    comes_back("char", '\0', '🦀').await?;
    comes_back("string", String::new(), "Grüße\r\n\0".to_owned()).await?;
    comes_back("option", None, Some(Some(7_u8))).await?;
    for lost in [Some(None), Some(Some(()))] {
        let refused = Atomic::create("lost", lost).await.unwrap_err();
        assert!(refused.to_string().contains("an enum"), "{refused}");
        assert!(matches!(
            Atomic::<Option<Option<()>>>::open("lost").await,
            Err(Error::NotFound { .. })
        ));
    }
    comes_back("bytes", vec![0_u8, 255], (0..=255).collect()).await?;
    comes_back("shape", Shape::Point, Shape::Circle { radius: 1.5 }).await
}

async fn integers_of_128_bits_are_exact() -> Result<()> {
    let wide = Atomic::create("wide", u128::MAX - 1).await?;
    assert_eq!(wide.fetch_add(3).await?, u128::MAX - 1);
    assert_eq!(wide.fetch_sub(2).await?, 1);
    assert_eq!(wide.fetch_min(7).await?, u128::MAX);
    assert_eq!(wide.fetch_nand(5).await?, 7);
    assert_eq!(wide.load().await?, !5);
    let signed = Atomic::create("signed", i128::MIN).await?;
    assert_eq!(signed.sub_and_get(1).await?, i128::MAX);
    assert_eq!(signed.add_and_get(1).await?, i128::MIN);
    Ok(())
}

async fn combining_follows_the_standard_library() -> Result<()> {
    let count = Atomic::create("count", i64::MAX - 1).await?;
    assert_eq!(count.fetch_add(1).await?, i64::MAX - 1);
    assert_eq!(count.fetch_add(1).await?, i64::MAX);
    assert_eq!(count.fetch_sub(i64::MIN).await?, i64::MIN);
    assert_eq!(count.fetch_max(-5).await?, 0);
    assert_eq!(count.fetch_min(-5).await?, 0);
    assert_eq!(count.fetch_xor(-1).await?, -5);
    assert_eq!(count.fetch_or(8).await?, 4);
    assert_eq!(count.fetch_and(9).await?, 12);
    assert_eq!(count.load().await?, 8);

    let sum = Atomic::create("sum", 0.1_f64).await?;
    assert_eq!(sum.fetch_add(0.2).await?, 0.1);
    assert_eq!(sum.load().await?.to_bits(), (0.1_f64 + 0.2).to_bits());
    assert_eq!(sum.fetch_max(f64::NAN).await?, 0.1 + 0.2);
    assert!(!sum.load().await?.is_nan());

    let flag = Atomic::create("flag", false).await?;
    assert!(!flag.fetch_not().await?);
    assert!(flag.fetch_nand(true).await?);
    assert!(!flag.fetch_or(true).await?);
    assert!(flag.load().await?);
    Ok(())
}

async fn checked_sums_fit_or_change_nothing() -> Result<()> {
    async fn at_the_edges<T>(name: &str, least: T, most: T, one: T) -> Result<()>
    where
        T: crate::AtomicNumber + crate::AtomicBits + PartialEq + std::fmt::Debug,
    {
        let number = Atomic::create(name, most).await?;
        assert_eq!(number.checked_fetch_add(one).await?, None, "{name}");
        assert_eq!(number.checked_fetch_sub(one).await?, Some(most));
        number.checked_fetch_add(one).await?;
        assert_eq!(number.load().await?, most);
        number.store(least).await?;
        assert_eq!(number.checked_fetch_sub(one).await?, None, "{name}");
        assert_eq!(number.checked_fetch_add(one).await?, Some(least));
        assert!(number.checked_fetch_sub(one).await?.is_some());
        assert_eq!(number.load().await?, least);
        Ok(())
    }
    at_the_edges("u8", u8::MIN, u8::MAX, 1).await?;
    at_the_edges("i8", i8::MIN, i8::MAX, 1).await?;
    at_the_edges("u32", u32::MIN, u32::MAX, 1).await?;
    at_the_edges("i64", i64::MIN, i64::MAX, 1).await?;
    at_the_edges("u64", u64::MIN, u64::MAX, 1).await?;
    at_the_edges("usize", usize::MIN, usize::MAX, 1).await?;
    at_the_edges("i128", i128::MIN, i128::MAX, 1).await?;
    at_the_edges("u128", u128::MIN, u128::MAX, 1).await
}

/// Everything else is less than NaN where the least is wanted, and more where the most is.
async fn nan_loses_every_comparison() -> Result<()> {
    for other in [f64::NEG_INFINITY, -0.0, f64::INFINITY] {
        for value in [f64::NAN, -f64::NAN] {
            let number = Atomic::open_or_create("number", 0.0_f64).await?;
            number.store(value).await?;
            number.fetch_min(other).await?;
            assert_eq!(number.load().await?.to_bits(), other.to_bits());
            number.fetch_min(value).await?;
            number.fetch_max(value).await?;
            assert_eq!(number.swap(value).await?.to_bits(), other.to_bits());
            number.fetch_max(other).await?;
            assert_eq!(number.load().await?.to_bits(), other.to_bits());
            number.fetch_add(value).await?;
            assert!(number.load().await?.is_nan(), "a sum with NaN is NaN");
        }
    }
    Ok(())
}

async fn updates_of_many_tasks_all_count() -> Result<()> {
    let counts = Atomic::create("counts", (0_u32, 0_u32)).await?;
    let tasks: Vec<_> = (0..16)
        .map(|_| {
            let counts = counts.clone();
            tokio::spawn(async move {
                for _ in 0..5 {
                    counts.update_and_get(|(a, b)| (a + 1, b + 2)).await?;
                }
                Ok::<_, Error>(())
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap()?;
    }
    assert_eq!(counts.load().await?, (80, 160));
    Ok(())
}

async fn a_refused_update_changes_nothing() -> Result<()> {
    let left = Atomic::create("left", 1_u8).await?;
    assert_eq!(left.try_update(|left| left.checked_sub(1)).await?, Ok(1));
    assert_eq!(left.try_update(|left| left.checked_sub(1)).await?, Err(0));
    let taken = Atomic::create("taken", Some("x".to_owned())).await?;
    assert_eq!(taken.take().await?.as_deref(), Some("x"));
    assert_eq!(taken.take().await?, None);
    Ok(())
}

async fn absent_atomics_are_errors() -> Result<()> {
    let gone = Atomic::create("gone", 1).await?;
    assert!(gone.exists().await?);
    assert!(gone.destroy().await?);
    assert!(!gone.destroy().await?);
    assert!(!gone.exists().await?);
    assert!(matches!(gone.load().await, Err(Error::NotFound { .. })));
    assert!(matches!(gone.store(2).await, Err(Error::NotFound { .. })));
    assert!(matches!(
        gone.fetch_add(2).await,
        Err(Error::NotFound { .. })
    ));
    assert!(matches!(
        gone.update_and_get(|n| n).await,
        Err(Error::NotFound { .. })
    ));
    assert!(matches!(
        Atomic::<i32>::open("gone").await,
        Err(Error::NotFound { .. })
    ));
    assert_eq!(Atomic::open_or_create("gone", 7).await?.load().await?, 7);
    assert_eq!(Atomic::open_or_create("gone", 8).await?.load().await?, 7);
    Ok(())
}
