//! `crucial::cloud_closure!`.

use std::fmt;
use std::sync::Arc;

use crucial::{Atomic, JoinError, JoinFailure, JoinHandle, cloud_closure};
use serde::{Deserialize, Serialize};

use crate::entered;

/// An error that travels.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Large {
    at_most: u32,
}

impl fmt::Display for Large {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "over {}", self.at_most)
    }
}

#[tokio::test]
async fn closures_run_as_threads() {
    entered!();
    let double = cloud_closure!(|n: u32| async move { n * 2 });
    let threads: Vec<_> = (0..3).map(|n| double.spawn(n)).collect();
    let mut doubled = Vec::new();
    for thread in threads {
        doubled.push(thread.await.unwrap());
    }
    assert_eq!(doubled, [0, 2, 4]);

    let nothing = cloud_closure!(|| async {});
    nothing.task().name("none").spawn().await.unwrap();
}

#[tokio::test]
async fn a_closure_may_block() {
    entered!();
    let joined = cloud_closure!(|words: Vec<String>, (): ()| words.join(" "));
    let words = vec!["a".to_owned(), "b".to_owned()];
    assert_eq!(joined.spawn(words, ()).await.unwrap(), "a b");
    let sum = cloud_closure!(|a: i8, mut b: i8| -> i16 {
        b += 1;
        i16::from(a) + i16::from(b)
    });
    assert_eq!(sum.spawn(1, 2).await.unwrap(), 4);
}

#[tokio::test]
async fn errors_end_the_thread() {
    entered!();
    let half = cloud_closure!(|n: u32| async move {
        if n.is_multiple_of(2) {
            Ok(n / 2)
        } else {
            Err(format!("{n} is odd"))
        }
    });
    let half_of: u32 = half.spawn(8).await.unwrap();
    assert_eq!(half_of, 4);
    let error = half.spawn(3).await.unwrap_err();
    assert_eq!(error.failure, JoinFailure::Failed("3 is odd".to_owned()));

    let blocking = cloud_closure!(|text: String| text.parse::<u8>());
    assert_eq!(blocking.spawn("7".to_owned()).await.unwrap(), 7);
    let error = blocking.spawn("x".to_owned()).await.unwrap_err();
    assert!(matches!(error.failure, JoinFailure::Failed(_)), "{error}");
}

/// The error itself where it can travel, its text otherwise.
#[tokio::test]
async fn errors_of_closures_keep_their_types() {
    entered!();
    let third = cloud_closure!(|n: u32| async move {
        if n > 2 {
            Err(Large { at_most: 2 })
        } else {
            Ok(n)
        }
    });
    let handle: JoinHandle<u32, Large> = third.task(3).name("third").spawn();
    let error = handle.await.unwrap_err();
    assert_eq!(error.to_string(), "cloud thread `third` failed: over 2");
    assert_eq!(error.try_into_failed(), Ok(Large { at_most: 2 }));
    assert_eq!(third.spawn(1).await.unwrap(), 1);
    let blocking = cloud_closure!(|n: u32| -> Result<u32, Large> { Err(Large { at_most: n }) });
    let error: JoinError<Large> = blocking.spawn(7).await.unwrap_err();
    assert_eq!(error.failed(), Some(&Large { at_most: 7 }));
    let joins = cloud_closure!(|n: u32| async move {
        cloud_closure!(|n: u32| -> Result<u32, Large> { Err(Large { at_most: n }) })
            .spawn(n)
            .await
    });
    let inner = joins.spawn(6).await.unwrap_err().try_into_failed().unwrap();
    assert_eq!(inner.failed(), Some(&Large { at_most: 6 }));

    let borrows = cloud_closure!(|n: u32| if n > 2 { Err("large") } else { Ok(n) });
    let error: JoinError = borrows.spawn(3).await.unwrap_err();
    assert_eq!(error.failed().unwrap(), "large");
    let shares =
        cloud_closure!(|n: u32| async move { Err::<(), _>(Arc::new(Large { at_most: n })) });
    let error: JoinError = shares.spawn(3).await.unwrap_err();
    assert_eq!(error.failed().unwrap(), "over 3");
    let ours = cloud_closure!(|| async { crucial::Runtime::current().map(drop) });
    let ours: JoinHandle<()> = ours.spawn();
    ours.await.unwrap();
}

#[tokio::test]
async fn captures_are_copied() {
    entered!();
    let sum = Atomic::<u64>::create("sum", 0).await.unwrap();
    let step = 2_u64;
    let add = cloud_closure!([sum: Atomic<u64>, step: u64] |times: u64| async move {
        sum.fetch_add(step * times).await
    });
    assert_eq!(add.spawn(3).await.unwrap(), 0);
    assert_eq!(add.spawn(1).await.unwrap(), 6);
    assert_eq!(sum.load().await.unwrap(), 8);
    assert_eq!(step, 2);
}

#[tokio::test]
async fn closures_may_start_closures() {
    entered!();
    let outer = cloud_closure!(|n: u32| async move {
        let inner = cloud_closure!([n: u32] |m: u32| async move { n + m });
        inner.spawn(1).await
    });
    assert_eq!(outer.spawn(1).await.unwrap(), 2);
}

#[tokio::test]
async fn closures_of_one_macro_are_told_apart() {
    entered!();
    macro_rules! two {
        () => {
            (
                cloud_closure!(|n: u8| async move { n + 1 }),
                cloud_closure!(|n: u8| async move { n + 2 }),
            )
        };
    }
    let (first, second) = two!();
    assert_eq!(first.spawn(0).await.unwrap(), 1);
    assert_eq!(second.spawn(0).await.unwrap(), 2);
}
