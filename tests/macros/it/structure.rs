//! `#[crucial::shared]` on a struct.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};

use crucial::{
    Atomic, Barrier, Condvar, Error, Latch, Mutex, Notify, Promise, Queue, QueueInit, Rate,
    RateLimiter, RwLock, Semaphore, Topic, Vector,
};
use serde::{Deserialize, Serialize, Serializer};

use crate::entered;

/// A count.
#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
pub struct Count(i64);

#[crucial::shared]
impl Count {
    /// Adds.
    pub fn add(&mut self, n: i64) -> i64 {
        self.0 += n;
        self.0
    }
}

/// No default.
#[derive(Serialize, Deserialize)]
struct Strict(u8);

#[crucial::shared]
impl Strict {
    pub fn get(&self) -> u8 {
        self.0
    }
}

/// What a field of a shared struct can be.
#[crucial::shared]
pub(crate) struct State {
    /// An object of the job.
    pub count: Count,
    #[shared(key = "second", init = Count(5))]
    other: Count,
    #[shared(init = Strict(9))]
    strict: Strict,
    inner: Inner,
    #[shared(local)]
    names: BTreeMap<u8, String>,
    #[shared(local, init = 3)]
    r#type: usize,
}

#[crucial::shared]
pub(crate) struct Inner {
    init: Count,
    #[shared(local)]
    root: Option<bool>,
}

#[crucial::shared]
struct Kept {
    #[shared(persistent)]
    total: Count,
    run: Count,
}

#[crucial::shared]
struct Values {
    #[shared(local)]
    key: u8,
}

fn init() -> StateInit {
    StateInit {
        names: BTreeMap::from([(1, "one".to_owned())]),
        inner: InnerInit {
            init: Count(7),
            root: Some(false),
        },
        ..StateInit::default()
    }
}

#[tokio::test]
async fn fields_live_in_the_store() {
    entered!();
    let state = State::create("state", init()).await.unwrap();
    assert_eq!(state.count.add(1).await.unwrap(), 1);
    assert_eq!(state.other.add(1).await.unwrap(), 6);
    assert_eq!(state.strict.get().await.unwrap(), 9);
    assert_eq!(state.inner.init.add(1).await.unwrap(), 8);
    assert_eq!((state.r#type, state.names.len()), (3, 1));
    assert_eq!(state.inner.root, Some(false));
    let key = state.key().clone();
    assert_eq!(state.count.key(), &key.field("count").unwrap());
    assert_eq!(state.other.key(), &key.field("second").unwrap());
    assert_eq!(state.inner.init.key(), &key.field("inner.init").unwrap());

    let opened = State::open("state").await.unwrap();
    assert_eq!(opened.count, state.count);
    assert_eq!((opened.r#type, &opened.names), (3, &state.names));
    assert_eq!(opened.inner.root, Some(false));
    let values = opened.snapshot().await.unwrap();
    assert_eq!((values.count, values.other), (Count(1), Count(6)));
    assert_eq!(values.inner.init, Count(8));
    assert_eq!(values.names, state.names);
}

#[tokio::test]
async fn a_struct_travels_by_reference() {
    entered!();
    let mut state = State::create("state", init()).await.unwrap();
    state.r#type = 4;
    let json = serde_json::to_string(&state).unwrap();
    let read: State = serde_json::from_str(&json).unwrap();
    assert_eq!((read.r#type, &read.count), (4, &state.count));

    assert_eq!(bump::spawn(state.clone(), 2).await.unwrap(), 6);
    assert_eq!(state.count.add(0).await.unwrap(), 2);
    assert_eq!(format!("{state:?}"), format!("State({})", state.key()));
}

#[crucial::cloud_thread]
async fn bump(state: State, n: i64) -> crucial::Result<usize> {
    state.count.add(n).await?;
    assert_eq!(state.inner.root, Some(false), "options survive the way");
    Ok(state.r#type + state.names.len() + 1)
}

#[tokio::test]
async fn structs_are_found_by_name_and_type() {
    entered!();
    assert!(matches!(
        State::open("s").await,
        Err(Error::NotFound { .. })
    ));
    let state = State::open_or_create("s", init()).await.unwrap();
    state.count.add(1).await.unwrap();
    let again = State::open_or_create("s", init()).await.unwrap();
    assert_eq!(again.count.add(1).await.unwrap(), 2);
    let taken = State::create("s", init()).await;
    assert!(matches!(taken, Err(Error::Exists { .. })));
    let other = Values::open("s").await;
    assert!(matches!(other, Err(Error::WrongType { .. })), "{other:?}");
    let other = CountProxy::open("s").await;
    assert!(matches!(other, Err(Error::WrongType { .. })), "{other:?}");

    assert!(state.destroy().await.unwrap());
    assert!(!state.count.exists().await.unwrap());
    assert!(!state.inner.init.exists().await.unwrap());
    assert!(!state.destroy().await.unwrap());
    State::create("s", init()).await.unwrap();
}

#[tokio::test]
async fn whoever_opens_a_struct_finds_all_of_it() {
    entered!();
    let creators = (0..16).map(|_| {
        tokio::spawn(async {
            let state = State::open_or_create("s", init()).await.unwrap();
            state.inner.init.add(1).await.unwrap()
        })
    });
    let mut counts = Vec::new();
    for creator in creators.collect::<Vec<_>>() {
        counts.push(creator.await.unwrap());
    }
    counts.sort_unstable();
    assert_eq!(counts, (8..24).collect::<Vec<_>>());
}

#[tokio::test]
async fn what_a_creator_left_when_it_died_is_made_anew() {
    entered!();
    let state = State::create("s", init()).await.unwrap();
    state.inner.init.add(100).await.unwrap();
    let root: CountProxy = CountProxy::at(state.key().clone());
    root.destroy().await.unwrap();
    let state = State::create("s", init()).await.unwrap();
    assert_eq!(state.inner.init.add(0).await.unwrap(), 7);
}

#[tokio::test]
async fn a_failed_creation_leaves_nothing() {
    entered!();
    /// Can't be encoded.
    #[derive(Default, Serialize, Deserialize)]
    struct Broken(#[serde(serialize_with = "refuse")] u8);

    fn refuse<S: Serializer>(_: &u8, _: S) -> Result<S::Ok, S::Error> {
        Err(serde::ser::Error::custom("no"))
    }

    #[crucial::shared]
    impl Broken {
        pub fn get(&self) -> u8 {
            self.0
        }
    }

    #[crucial::shared]
    struct Half {
        count: Count,
        broken: Broken,
    }

    for _ in 0..2 {
        let failed = Half::create("s", HalfInit::default()).await;
        assert!(matches!(failed, Err(Error::Codec { .. })), "{failed:?}");
    }
    let missing = Half::open("s").await;
    assert!(matches!(missing, Err(Error::NotFound { .. })));
}

/// Every type of the standard library, and of the project's, that is shared as it stands.
#[crucial::shared]
struct Library {
    sum: u64,
    mean: f64,
    done: bool,
    #[shared(init = "none yet".to_owned())]
    name: String,
    best: Option<Option<u8>>,
    rows: Vec<(u8, char)>,
    queue: VecDeque<String>,
    assignment: HashMap<u32, u32>,
    names: BTreeMap<u8, String>,
    seen: HashSet<String>,
    #[shared(init = 2)]
    barrier: Barrier,
    winner: Promise<u32>,
    limit: Atomic<u8>,
    #[shared(init = QueueInit::bounded(2))]
    jobs: Queue<String>,
    news: Topic<u8>,
    #[shared(init = Rate::per_second(5))]
    requests: RateLimiter,
}

/// Types of the project that start from values of the same types.
#[crucial::shared]
struct Synchronised {
    #[shared(init = 2)]
    barrier: Barrier,
    #[shared(init = 1)]
    latch: Latch,
    #[shared(init = 3)]
    permits: Semaphore,
    number: Mutex<u32>,
    count: u32,
    text: RwLock<String>,
    name: String,
    notify: Notify,
    changed: Condvar,
    weights: Vector<f64>,
    rows: Vec<f64>,
}

#[tokio::test]
async fn fields_may_start_from_the_same() {
    entered!();
    let init = SynchronisedInit {
        text: "text".to_owned(),
        weights: vec![1.5, 2.5],
        ..SynchronisedInit::default()
    };
    assert!(format!("{init:?}").contains("latch: 1"), "{init:?}");
    let state = Synchronised::create("s", init).await.unwrap();
    let (first, second) = tokio::join!(state.barrier.wait(), state.barrier.wait());
    assert_ne!(first.unwrap().is_leader(), second.unwrap().is_leader());
    assert_eq!(state.latch.count_down().await.unwrap(), 0);
    let permit = state.permits.acquire().await.unwrap();
    assert_eq!(state.permits.available_permits().await.unwrap(), 2);
    permit.release().await.unwrap();
    let mut number = state.number.lock().await.unwrap();
    *number += 5;
    number.unlock().await.unwrap();
    assert_eq!(*state.number.lock().await.unwrap(), 5);
    assert_eq!(*state.text.read().await.unwrap(), "text");
    state.notify.notify_one().await.unwrap();
    state.notify.notified().await.unwrap();
    assert_eq!(state.changed.notify_all().await.unwrap(), 0);
    assert_eq!(state.weights.sum().await.unwrap(), 4.0);
    assert_eq!(state.count.fetch_add(1).await.unwrap(), 0);
    assert!(state.name.load().await.unwrap().is_empty());
    assert!(state.rows.is_empty().await.unwrap());
}

#[tokio::test]
async fn types_of_the_library_are_fields() {
    entered!();
    let init = LibraryInit {
        sum: 1,
        assignment: HashMap::from([(1, 2)]),
        ..LibraryInit::default()
    };
    let state = Library::create("l", init).await.unwrap();
    state.sum.fetch_add(2).await.unwrap();
    state.rows.push_back((1, 'x')).await.unwrap();
    let (first, second) = tokio::join!(state.barrier.wait(), state.barrier.wait());
    assert_ne!(first.unwrap().is_leader(), second.unwrap().is_leader());
    state.winner.complete(7).await.unwrap();
    state.jobs.put("first".to_owned()).await.unwrap();
    let mut news = state.news.subscribe().await.unwrap();
    state.news.publish(3).await.unwrap();
    assert_eq!(news.recv().await.unwrap(), 3);
    assert!(state.requests.try_acquire_many(5).await.unwrap());
    let values = state.snapshot().await.unwrap();
    let text = format!("{values:?}");
    assert!(
        text.starts_with("LibraryInit { sum: 3, mean: 0.0,"),
        "{text}"
    );
    assert_eq!((values.sum, values.name.as_str()), (3, "none yet"));
    assert_eq!(values.rows, [(1, 'x')]);
    assert_eq!(values.assignment[&1], 2);
    assert_eq!(values.best, None);
    assert_eq!(values.jobs.capacity, Some(2));
    assert_eq!(values.jobs.elements, ["first"]);
    assert_eq!(values.news.backlog, 1024);
    assert_eq!(values.requests.permits, 5);
}

#[tokio::test]
async fn persistent_fields_belong_to_the_application() {
    entered!();
    let first = Kept::create("k", KeptInit::default()).await.unwrap();
    first.total.add(1).await.unwrap();
    first.run.add(1).await.unwrap();
    assert_eq!(first.total.key().as_str(), "app/k.total");
    assert!(first.destroy().await.unwrap());

    let second = Kept::create("k", KeptInit::default()).await.unwrap();
    assert_eq!(second.total.add(0).await.unwrap(), 1);
    assert_eq!(second.run.add(0).await.unwrap(), 0);
    let opened = Kept::open("k").await.unwrap();
    assert_eq!(opened.total, second.total);
}

#[tokio::test]
async fn a_struct_may_have_values_alone() {
    entered!();
    let values = Values::create("v", ValuesInit { key: 1 }).await.unwrap();
    assert_eq!(values.key, 1);
    assert_eq!(
        Values::open("v")
            .await
            .unwrap()
            .snapshot()
            .await
            .unwrap()
            .key,
        1
    );
    assert!(values.destroy().await.unwrap());
}
