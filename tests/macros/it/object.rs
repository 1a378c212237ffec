//! `#[crucial::shared]` on an `impl`.

use std::time::Duration;

use crucial::{Error, Poll, Shared};
use serde::{Deserialize, Serialize};

use crate::entered;

/// A private type: its proxy may be more public than it is.
#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
struct Tally {
    parts: Vec<i64>,
    marks: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Refused {
    Negative(i64),
}

const LIMIT: usize = 3;

#[crucial::shared]
impl Tally {
    /// Adds a part and gives how many there are.
    pub fn add(&mut self, part: i64) -> usize {
        self.parts.push(part);
        self.parts.len()
    }

    pub fn try_add(&mut self, part: i64) -> Result<usize, Refused> {
        if part < 0 {
            return Err(Refused::Negative(part));
        }
        Ok(self.add(part))
    }

    pub fn sum(&self) -> i64 {
        self.parts.iter().sum()
    }

    #[shared(read = "cached")]
    pub fn count(&self) -> usize {
        self.parts.len()
    }

    #[shared(read = "cached", max_age = "2s")]
    pub fn largest(&self, least: Option<i64>) -> Option<i64> {
        self.parts.iter().copied().chain(least).max()
    }

    pub fn everything(&self) -> Self {
        self.clone()
    }

    pub fn full(&self) -> Poll<[i64; LIMIT]> {
        match self.parts.first_chunk() {
            Some(parts) => Poll::Ready(*parts),
            None => Poll::Pending,
        }
    }

    pub fn take_full(&mut self) -> Poll<Vec<i64>> {
        if self.parts.len() < LIMIT {
            return Poll::Pending;
        }
        Poll::Ready(self.parts.drain(..LIMIT).collect())
    }

    #[shared(idempotent)]
    pub fn mark(&mut self, (deep, mark): (bool, bool)) -> Option<bool> {
        self.marks |= u32::from(mark);
        mark.then_some(deep)
    }

    pub(crate) fn r#type(&self, mut r#in: String, _: u8) -> String {
        r#in.push('!');
        r#in
    }

    pub fn fail(&mut self) {
        self.parts.clear();
        panic!("no {}", self.parts.len());
    }

    #[shared(skip)]
    pub fn first(&self) -> Option<&i64> {
        self.parts.first()
    }

    #[cfg(any())]
    pub fn absent(&self, missing: Missing) -> Missing {
        missing
    }

    fn _private(&self) -> &[i64] {
        &self.parts
    }

    pub fn of(parts: &[i64]) -> Self {
        Self {
            parts: parts.to_vec(),
            marks: 0,
        }
    }
}

#[test]
fn the_type_stays_an_ordinary_type() {
    let mut tally = Tally::of(&[1, 2]);
    assert_eq!(tally.add(3), 3);
    assert_eq!(tally.first(), Some(&1));
    assert_eq!(tally.full(), Poll::Ready([1, 2, 3]));
    assert_eq!((tally.count(), tally.largest(None)), (3, Some(3)));
}

#[tokio::test]
async fn methods_run_where_the_object_lives() {
    entered!();
    let tally = TallyProxy::create("t", Tally::of(&[5])).await.unwrap();
    assert_eq!(tally.add(-2).await.unwrap(), 2);
    assert_eq!(tally.sum().await.unwrap(), 3);
    assert_eq!(tally.try_add(4).await.unwrap(), Ok(3));
    assert_eq!(
        tally.try_add(-1).await.unwrap(),
        Err(Refused::Negative(-1)),
        "an error is the caller's value"
    );
    assert_eq!(tally.r#type("x".to_owned(), 0).await.unwrap(), "x!");
    assert_eq!(tally.mark((false, true)).await.unwrap(), Some(false));
    assert_eq!(tally.mark((true, true)).await.unwrap(), Some(true));
    let state = tally.everything().await.unwrap();
    assert_eq!(state.parts, [5, -2, 4]);
    assert_eq!(tally.snapshot().await.unwrap(), state);
}

#[tokio::test]
async fn reads_of_a_copy_see_the_own_changes() {
    entered!();
    let tally = TallyProxy::create("t", Tally::default()).await.unwrap();
    assert_eq!(tally.largest(None).await.unwrap(), None);
    for part in [4, 6] {
        let count = tally.add(part).await.unwrap();
        assert_eq!(tally.count().await.unwrap(), count);
        assert_eq!(tally.largest(Some(5)).await.unwrap(), Some(part.max(5)));
    }
    assert!(tally.destroy().await.unwrap());
    for gone in [
        tally.count().await.map(drop),
        tally.largest(None).await.map(drop),
    ] {
        assert!(matches!(gone, Err(Error::NotFound { .. })), "{gone:?}");
    }
}

#[tokio::test]
async fn callers_wait_for_what_is_not_ready() {
    entered!();
    let tally = TallyProxy::create("t", Tally::default()).await.unwrap();
    let short = tally.full().timeout(Duration::from_millis(1)).await;
    assert!(matches!(short, Err(Error::TimedOut { method: "full", .. })));
    let waiting = [tally.clone(), tally.clone()];
    let waiting = waiting.map(|tally| tokio::spawn(async move { tally.full().await.unwrap() }));
    for part in 0..3 {
        tally.add(part).await.unwrap();
    }
    for waiting in waiting {
        assert_eq!(waiting.await.unwrap(), [0, 1, 2]);
    }
    assert_eq!(tally.take_full().await.unwrap(), [0, 1, 2]);
    let short = tally.take_full().timeout(Duration::from_millis(1)).await;
    assert!(matches!(short, Err(Error::TimedOut { .. })));
}

#[tokio::test]
async fn a_panic_reaches_its_caller_and_changes_nothing() {
    entered!();
    let tally = TallyProxy::create("t", Tally::of(&[1])).await.unwrap();
    let error = tally.fail().await.unwrap_err();
    assert!(error.to_string().contains("panicked: no 0"), "{error}");
    assert_eq!(tally.sum().await.unwrap(), 1);
}

#[tokio::test]
async fn objects_are_found_by_name_and_type() {
    entered!();
    let missing = TallyProxy::open("t").await;
    assert!(matches!(missing, Err(Error::NotFound { .. })));
    let tally = TallyProxy::open_or_create("t", Tally::of(&[1]))
        .await
        .unwrap();
    let again = TallyProxy::open_or_create("t", Tally::of(&[2]))
        .await
        .unwrap();
    assert_eq!(tally, again);
    assert_eq!(again.sum().await.unwrap(), 1);
    let exists = TallyProxy::create("t", Tally::default()).await;
    assert!(matches!(exists, Err(Error::Exists { .. })));
    let other = OtherProxy::open("t").await;
    assert!(matches!(other, Err(Error::WrongType { .. })), "{other:?}");
    assert!(tally.exists().await.unwrap());
    assert!(tally.destroy().await.unwrap());
    assert!(!tally.exists().await.unwrap());
    assert!(!tally.expire(None).await.unwrap());
    let gone = tally.add(1).await;
    assert!(matches!(gone, Err(Error::NotFound { .. })));
}

/// An enum, in another module than its `impl`.
mod elsewhere {
    #[derive(Debug, Default, serde::Serialize, serde::Deserialize)]
    pub(super) enum Other {
        #[default]
        Empty,
    }
}

#[crucial::shared]
impl elsewhere::Other {
    pub fn is_empty(&self) -> bool {
        matches!(self, Self::Empty)
    }
}

async fn generic<S: Shared>(proxy: S) -> S::Init {
    let json = serde_json::to_string(&proxy).unwrap();
    assert_eq!(json, format!("\"{}\"", proxy.key()));
    let read: S = serde_json::from_str(&json).unwrap();
    read.snapshot().await.unwrap()
}

#[tokio::test]
async fn a_proxy_travels_by_reference() {
    entered!();
    let tally = TallyProxy::create("t", Tally::of(&[7])).await.unwrap();
    assert_eq!(generic(tally.clone()).await.parts, [7]);
    assert_eq!(format!("{tally:?}"), format!("TallyProxy({})", tally.key()));
    assert_eq!(TallyProxy::at(tally.key().clone()), tally);
    let other = OtherProxy::create("o", elsewhere::Other::Empty)
        .await
        .unwrap();
    assert!(other.is_empty().await.unwrap());
}

#[tokio::test]
async fn an_object_can_be_defined_where_it_is_used() {
    entered!();
    #[derive(Serialize, Deserialize)]
    struct State(u8);

    #[crucial::shared]
    impl State {
        pub fn bump(&mut self) -> u8 {
            self.0 += 1;
            self.0
        }
    }

    let state = StateProxy::create("s", State(1)).await.unwrap();
    assert_eq!(state.bump().await.unwrap(), 2);
}
