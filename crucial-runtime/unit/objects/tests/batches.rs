//! Many calls on many objects, sent together.

use super::on_every_store;
use crate::{Atomic, Error, List, Map, Result};

on_every_store! {
    replies_come_in_the_shape_of_the_calls
    one_that_fails_stops_no_other
    calls_of_one_object_all_count
    a_batch_of_nothing_is_nothing
}

async fn replies_come_in_the_shape_of_the_calls() -> Result<()> {
    let count = Atomic::<u64>::create("count", 5).await?;
    let map = Map::<String, i32>::create("map", [].into()).await?;
    let (before, old, [first, second], sizes) = crate::batch(|b| {
        (
            b.add(count.fetch_add(2)),
            b.add(map.insert("a".to_owned(), 1)),
            [b.add(map.contains_key("b")), b.add(map.contains_key("c"))],
            (0..3)
                .map(|n| {
                    let name = format!("list-{n}");
                    b.add(async move { List::create(&name, vec![n; n]).await?.len().await })
                })
                .collect::<Vec<_>>(),
        )
    })
    .await;
    assert_eq!(before?, 5);
    assert_eq!(old?, None);
    assert!(!first? && !second?);
    assert_eq!(sizes.into_iter().collect::<Result<Vec<_>>>()?, [0, 1, 2]);
    assert_eq!(count.load().await?, 7);
    Ok(())
}

async fn one_that_fails_stops_no_other() -> Result<()> {
    let count = Atomic::<u64>::create("count", 0).await?;
    let gone = Atomic::<u64>::create("gone", 0).await?;
    gone.destroy().await?;
    let (missing, counted) =
        crate::batch(|b| (b.add(gone.fetch_add(1)), b.add(count.fetch_add(1)))).await;
    assert!(
        matches!(missing, Err(Error::NotFound { .. })),
        "{missing:?}"
    );
    assert_eq!(counted?, 0);
    assert_eq!(count.load().await?, 1);
    Ok(())
}

async fn calls_of_one_object_all_count() -> Result<()> {
    let count = Atomic::<u64>::create("count", 0).await?;
    let replies = crate::batch(|b| {
        (0..500)
            .map(|_| b.add(count.add_and_get(1)))
            .collect::<Vec<_>>()
    })
    .await;
    let mut replies = replies.into_iter().collect::<Result<Vec<_>>>()?;
    replies.sort_unstable();
    assert_eq!(replies, (1..=500).collect::<Vec<_>>());
    Ok(())
}

async fn a_batch_of_nothing_is_nothing() -> Result<()> {
    let none = crate::batch(|b| Vec::from_iter(None::<()>.map(|()| b.add(async { Ok(()) })))).await;
    assert!(none.is_empty());
    Ok(())
}
