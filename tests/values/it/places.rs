//! The places that a value may be in: how it is put there, how it is read, and what else is there to be seen.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::{Debug, Display};
use std::hash::Hash;
use std::pin::Pin;

use crucial::{
    Atomic, List, Map, Mutex, Portable, Promise, Queue, QueueInit, Runtime, Set, SortedMap, Topic,
    TopicInit,
};

use crate::fate::{Fate, Reason};
use crate::stage::Stage;

/// Where a value is put.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Place {
    Argument,
    ThreadResult,
    MethodArgument,
    MethodReply,
    State,
    MapValue,
    MapKey,
    SortedKey,
    Atomic,
    Operand,
    SortedValue,
    List,
    Set,
    Queue,
    Topic,
    Promise,
    Mutex,
    Field,
    Alike,
}

impl Place {
    /// The places that every shape is tried in.
    pub(crate) const FIRST: [Self; 8] = [
        Self::Argument,
        Self::ThreadResult,
        Self::MethodArgument,
        Self::MethodReply,
        Self::State,
        Self::MapValue,
        Self::MapKey,
        Self::SortedKey,
    ];
    /// The places that encode as values of maps do, in which some shapes are tried.
    pub(crate) const FURTHER: [Self; 11] = [
        Self::Atomic,
        Self::Operand,
        Self::SortedValue,
        Self::List,
        Self::Set,
        Self::Queue,
        Self::Topic,
        Self::Promise,
        Self::Mutex,
        Self::Field,
        Self::Alike,
    ];

    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Argument => "argument of a thread",
            Self::ThreadResult => "result of a thread",
            Self::MethodArgument => "argument of a method",
            Self::MethodReply => "reply of a method",
            Self::State => "state of an object",
            Self::Atomic => "`Atomic`",
            Self::Operand => "operand of `compare_exchange`",
            Self::MapValue => "value of a `Map`",
            Self::MapKey => "key of a `Map`",
            Self::SortedKey => "key of a `SortedMap`",
            Self::SortedValue => "value of a `SortedMap`",
            Self::List => "`List`",
            Self::Set => "`Set`",
            Self::Queue => "`Queue`",
            Self::Topic => "`Topic`",
            Self::Promise => "`Promise`",
            Self::Mutex => "`Mutex`",
            Self::Field => "fields of a shared struct",
            Self::Alike => "all places keep the same bytes",
        }
    }
}

/// The samples of a shape, and when two of its values are the same.
pub(crate) struct Samples<V> {
    pub(crate) samples: Vec<V>,
    pub(crate) same: fn(&V, &V) -> bool,
}

/// Where a cell of the table is tried: a store, and a name for what it makes there.
pub(crate) struct At<'a> {
    pub(crate) stage: &'a Stage,
    pub(crate) stranger: &'a Runtime,
    pub(crate) name: String,
}

impl At<'_> {
    /// A name for the object of a sample.
    pub(crate) fn object(&self, which: usize) -> String {
        format!("{}s{which}e", self.name)
    }
}

/// What came of a value where it went.
pub(crate) enum Arrived<V> {
    /// It is stored, to be read from there.
    Stored,
    /// Whoever took it says whether it is the one that was sent.
    Same(bool),
    /// It came back.
    As(V),
}

/// Sends each sample and reads it again; after a refusal what can be seen must be what it was before.
///
/// `read` gives the value as often as there are ways to read it.
pub(crate) async fn judge<V: Clone + Debug, E: Display>(
    at: &At<'_>,
    samples: &Samples<V>,
    send: impl AsyncFn(usize, V) -> Result<Arrived<V>, E>,
    read: impl AsyncFn(usize) -> Result<Vec<V>, E>,
    look: impl AsyncFn() -> String,
) -> Fate {
    let samples = &samples;
    let attempt = |which: usize| -> Attempt<'_> {
        let (send, read) = (&send, &read);
        Box::pin(async move {
            let sample = &samples.samples[which];
            let seen = match send(which, sample.clone()).await {
                Err(error) => return Err(error.to_string()),
                Ok(Arrived::Same(true)) => return Ok(None),
                Ok(Arrived::Same(false)) => return Ok(Some("arrived as another value".into())),
                Ok(Arrived::As(value)) => vec![value],
                Ok(Arrived::Stored) => match read(which).await {
                    Ok(values) => values,
                    Err(error) => return Ok(Some(format!("was taken and can't be read: {error}"))),
                },
            };
            if seen.is_empty() {
                return Ok(Some("was taken and is not there".into()));
            }
            let other = seen.iter().find(|value| !(samples.same)(value, sample));
            Ok(other.map(|other| format!("became {other:?}")))
        })
    };
    let look = || -> Look<'_> { Box::pin(look()) };
    let show = |which: usize| format!("{:?}", samples.samples[which]);
    judged(at, samples.samples.len(), &attempt, &look, &show).await
}

/// Sends a sample: an error where it was refused, words where it has become another.
type Attempt<'a> = Pin<Box<dyn Future<Output = Result<Option<String>, String>> + 'a>>;

/// What there is to be seen.
type Look<'a> = Pin<Box<dyn Future<Output = String> + 'a>>;

/// [`judge`], which is not compiled anew for each type.
async fn judged<'a>(
    at: &At<'_>,
    samples: usize,
    attempt: &dyn Fn(usize) -> Attempt<'a>,
    look: &dyn Fn() -> Look<'a>,
    show: &dyn Fn(usize) -> String,
) -> Fate {
    for which in 0..samples {
        let before = (look().await, at.stage.stored(&at.name).await);
        match attempt(which).await {
            Ok(None) => {}
            Ok(Some(other)) => return Fate::Other(format!("{} {other}", show(which))),
            Err(error) => {
                let after = (look().await, at.stage.stored(&at.name).await);
                return refused(&show(which), &error, &before, &after);
            }
        }
    }
    Fate::Same
}

/// A refusal has a reason from the list, and no effect.
fn refused<S: PartialEq + Debug>(sample: &str, error: &str, before: &S, after: &S) -> Fate {
    match Reason::of(error) {
        _ if before != after => Fate::Other(format!(
            "{sample} was refused, but {before:?} became {after:?}: {error}"
        )),
        Some(reason) => Fate::Refused(reason),
        None => Fate::Other(format!("{sample} was refused for no known reason: {error}")),
    }
}

/// How many there are, as far as they can be counted.
fn count<E: Display>(count: Result<usize, E>) -> String {
    count.map_or_else(|error| error.to_string(), |count| count.to_string())
}

/// Places with an object a sample, which come to be with it: whether there is one.
async fn made(exists: impl AsyncFn(usize) -> crucial::Result<bool>, samples: usize) -> String {
    let mut made = Vec::new();
    for which in 0..samples {
        made.push(exists(which).await.unwrap());
    }
    format!("{made:?}")
}

fn stored<T, V>(_: T) -> Arrived<V> {
    Arrived::Stored
}

fn one<V>(value: Option<V>) -> Vec<V> {
    value.into_iter().collect()
}

/// Whether there is an object of that name and type.
async fn found<T>(open: impl Future<Output = crucial::Result<T>>) -> crucial::Result<bool> {
    match open.await {
        Ok(_) => Ok(true),
        Err(crucial::Error::NotFound { .. }) => Ok(false),
        Err(error) => Err(error),
    }
}

pub(crate) async fn atomic<V: Portable + Clone + Debug>(at: &At<'_>, samples: Samples<V>) -> Fate {
    judge(
        at,
        &samples,
        async |which, value: V| {
            let atomic = Atomic::create(&at.object(which), value.clone()).await?;
            atomic.store(value).await.map(stored)
        },
        async |which| {
            let atomic = Atomic::<V>::open(&at.object(which)).await?;
            let value = atomic.load().await?;
            Ok(vec![atomic.swap(value.clone()).await?, value])
        },
        async || {
            made(
                async |which| found(Atomic::<V>::open(&at.object(which))).await,
                samples.samples.len(),
            )
            .await
        },
    )
    .await
}

/// What an atomic has is found again by a value that is equal, made on its own.
pub(crate) async fn operand<V: Portable + Clone + Debug>(at: &At<'_>, samples: Samples<V>) -> Fate {
    judge(
        at,
        &samples,
        async |which, value: V| {
            let atomic = Atomic::open_or_create(&at.object(which), value.clone()).await?;
            let found = atomic.compare_exchange(value.clone(), value).await?;
            Ok::<_, crucial::Error>(Arrived::Same(found.is_ok()))
        },
        async |_| Ok(Vec::new()),
        async || {
            // The atomic is there before, so that a refusal has nothing to do with it.
            for (which, value) in samples.samples.iter().enumerate() {
                let _ = Atomic::open_or_create(&at.object(which), value.clone()).await;
            }
            String::new()
        },
    )
    .await
}

pub(crate) async fn map_value<V: Portable + Clone + Debug>(
    at: &At<'_>,
    samples: Samples<V>,
) -> Fate {
    let map = Map::<usize, V>::create(&at.name, HashMap::new())
        .await
        .unwrap();
    judge(
        at,
        &samples,
        async |which, value| map.insert(which, value).await.map(stored),
        async |which| {
            let mut values = one(map.get(&which).await?);
            values.extend(map.to_hash_map().await?.remove(&which));
            Ok(values)
        },
        async || count(map.len().await),
    )
    .await
}

pub(crate) async fn map_key<V: Portable + Clone + Debug + Eq + Hash + Sync>(
    at: &At<'_>,
    samples: Samples<V>,
) -> Fate {
    let map = Map::<V, usize>::create(&at.name, HashMap::new())
        .await
        .unwrap();
    judge(
        at,
        &samples,
        async |which, key| map.insert(key, which).await.map(stored),
        async |which| {
            let key = &samples.samples[which];
            if map.get(key).await? != Some(which) || !map.contains_key(key).await? {
                return Err(crucial::Error::other("it is not found"));
            }
            let entries = map.entries().await?.into_iter();
            Ok(entries
                .filter(|(_, of)| *of == which)
                .map(|(key, _)| key)
                .collect())
        },
        async || count(map.len().await),
    )
    .await
}

pub(crate) async fn sorted_key<V: Portable + Clone + Debug + Ord + Sync>(
    at: &At<'_>,
    samples: Samples<V>,
) -> Fate {
    let map = SortedMap::<V, usize>::create(&at.name, BTreeMap::new())
        .await
        .unwrap();
    judge(
        at,
        &samples,
        async |which, key| map.insert(key, which).await.map(stored),
        async |which| {
            let key = &samples.samples[which];
            if map.get(key).await? != Some(which) || !map.contains_key(key).await? {
                return Err(crucial::Error::other("it is not found"));
            }
            let entries = map.snapshot().await?.into_iter();
            Ok(entries
                .filter(|(_, of)| *of == which)
                .map(|(key, _)| key)
                .collect())
        },
        async || count(map.len().await),
    )
    .await
}

pub(crate) async fn sorted_value<V: Portable + Clone + Debug>(
    at: &At<'_>,
    samples: Samples<V>,
) -> Fate {
    let map = SortedMap::<usize, V>::create(&at.name, BTreeMap::new())
        .await
        .unwrap();
    judge(
        at,
        &samples,
        async |which, value| map.insert(which, value).await.map(stored),
        async |which| {
            let mut values = one(map.get(&which).await?);
            values.extend(map.snapshot().await?.remove(&which));
            Ok(values)
        },
        async || count(map.len().await),
    )
    .await
}

pub(crate) async fn list<V: Portable + Clone + Debug>(at: &At<'_>, samples: Samples<V>) -> Fate {
    let list = List::<V>::create(&at.name, Vec::new()).await.unwrap();
    judge(
        at,
        &samples,
        async |_, value| list.push_back(value).await.map(stored),
        async |which| {
            let mut values = one(list.get(which).await?);
            values.extend(list.to_vec().await?.pop());
            Ok(values)
        },
        async || count(list.len().await),
    )
    .await
}

pub(crate) async fn set<V: Portable + Clone + Debug + Eq + Hash + Sync>(
    at: &At<'_>,
    samples: Samples<V>,
) -> Fate {
    let set = Set::<V>::create(&at.name, HashSet::new()).await.unwrap();
    judge(
        at,
        &samples,
        async |_, value| set.insert(value).await.map(stored),
        async |which| {
            let element = &samples.samples[which];
            if !set.contains(element).await? {
                return Err(crucial::Error::other("it is not found"));
            }
            Ok(one(set.to_hash_set().await?.take(element)))
        },
        async || count(set.len().await),
    )
    .await
}

pub(crate) async fn queue<V: Portable + Clone + Debug>(at: &At<'_>, samples: Samples<V>) -> Fate {
    let queue = Queue::<V>::create(&at.name, QueueInit::unbounded())
        .await
        .unwrap();
    judge(
        at,
        &samples,
        async |_, value| queue.put(value).await.map(stored),
        async |_| {
            let mut values = one(queue.peek().await?);
            values.push(queue.take().await?);
            Ok(values)
        },
        async || count(queue.len().await),
    )
    .await
}

pub(crate) async fn topic<V: Portable + Clone + Debug>(at: &At<'_>, samples: Samples<V>) -> Fate {
    let topic = Topic::<V>::create(&at.name, TopicInit::default())
        .await
        .unwrap();
    judge(
        at,
        &samples,
        async |_, value| topic.publish(value).await.map(stored),
        async |which| {
            let mut messages = topic.subscribe_from(which as u64).await?;
            Ok(vec![messages.recv().await?])
        },
        async || format!("{:?}", topic.published().await.unwrap()),
    )
    .await
}

pub(crate) async fn promise<V: Portable + Clone + Debug>(at: &At<'_>, samples: Samples<V>) -> Fate {
    let mut promises = Vec::new();
    for which in 0..samples.samples.len() {
        promises.push(Promise::<V>::create(&at.object(which), None).await.unwrap());
    }
    judge(
        at,
        &samples,
        async |which, value| promises[which].complete(value).await.map(stored),
        async |which| {
            let mut values = one(promises[which].get().await?);
            values.push(promises[which].wait().await?);
            Ok(values)
        },
        async || {
            made(
                async |which| promises[which].is_done().await,
                promises.len(),
            )
            .await
        },
    )
    .await
}

pub(crate) async fn mutex<V: Portable + Clone + Debug>(at: &At<'_>, samples: Samples<V>) -> Fate {
    judge(
        at,
        &samples,
        async |which, value: V| {
            let mutex = Mutex::create(&at.object(which), value.clone()).await?;
            let mut guard = mutex.lock().await?;
            *guard = value;
            guard.unlock().await.map(stored)
        },
        async |which| {
            let mutex = Mutex::<V>::open(&at.object(which)).await?;
            let guard = mutex.lock().await?;
            let value = guard.clone();
            guard.unlock().await?;
            Ok(vec![value])
        },
        async || {
            made(
                async |which| found(Mutex::<V>::open(&at.object(which))).await,
                samples.samples.len(),
            )
            .await
        },
    )
    .await
}

pub(crate) async fn thread_argument<V: Clone + Debug>(
    at: &At<'_>,
    samples: &Samples<V>,
    run: impl AsyncFn(V, usize) -> Result<bool, crucial::JoinError>,
) -> Fate {
    judge(
        at,
        samples,
        async |which, value| run(value, which).await.map(Arrived::Same),
        async |_| Ok(Vec::new()),
        async || String::new(),
    )
    .await
}

pub(crate) async fn thread_result<V: Clone + Debug>(
    at: &At<'_>,
    samples: &Samples<V>,
    run: impl AsyncFn(usize) -> Result<V, crucial::JoinError>,
) -> Fate {
    judge(
        at,
        samples,
        async |which, _| run(which).await.map(Arrived::As),
        async |_| Ok(Vec::new()),
        async || String::new(),
    )
    .await
}

/// What an object of a shape's own has, as whoever knows only what is stored finds it.
pub(crate) type Kept<V> = crucial::Result<(usize, Vec<V>)>;

pub(crate) async fn method_argument<V: Clone + Debug>(
    at: &At<'_>,
    samples: &Samples<V>,
    take: impl AsyncFn(V, usize) -> crucial::Result<bool>,
    kept: impl AsyncFn() -> Kept<V>,
) -> Fate {
    judge(
        at,
        samples,
        async |which, value| take(value, which).await.map(Arrived::Same),
        async |_| Ok(Vec::new()),
        async || format!("{:?}", kept().await),
    )
    .await
}

pub(crate) async fn method_reply<V: Clone + Debug>(
    at: &At<'_>,
    samples: &Samples<V>,
    give: impl AsyncFn(usize) -> crucial::Result<V>,
    kept: impl AsyncFn() -> Kept<V>,
) -> Fate {
    judge(
        at,
        samples,
        async |which, _| give(which).await.map(Arrived::As),
        async |_| Ok(Vec::new()),
        async || format!("{:?}", kept().await),
    )
    .await
}

/// A state that a method makes, and one that an object is created with, which must fare alike.
pub(crate) async fn state<V: Clone + Debug>(
    at: &At<'_>,
    samples: &Samples<V>,
    keep: impl AsyncFn(usize) -> crucial::Result<()>,
    kept: impl AsyncFn() -> Kept<V>,
    create: impl AsyncFn(&str, V) -> crucial::Result<Vec<V>>,
    exists: impl AsyncFn(&str) -> crucial::Result<bool>,
) -> Fate {
    let made = judge(
        at,
        samples,
        async |which, _| keep(which).await.map(stored),
        async |which| Ok(one(kept().await?.1.into_iter().nth(which))),
        async || format!("{:?}", kept().await),
    )
    .await;
    let created = judge(
        at,
        samples,
        async |which, value| create(&at.object(which), value).await.map(stored),
        async |which| create(&at.object(which), samples.samples[which].clone()).await,
        async || {
            let mut there = Vec::new();
            for which in 0..samples.samples.len() {
                there.push(exists(&at.object(which)).await.unwrap());
            }
            format!("{there:?}")
        },
    )
    .await;
    if made == created || matches!(made, Fate::Other(_)) {
        made
    } else {
        Fate::Other(format!("made by a method {made}, created with {created}"))
    }
}

/// Fields of a shared struct, on their way through a thread.
///
/// A struct whose creation is refused is not there. What others of its fields have begun with is nobody's, and goes with
/// the next creation, or with the job: the struct is looked for, and not what may be left of it.
pub(crate) async fn field<V: Clone + Debug>(
    at: &At<'_>,
    samples: &Samples<V>,
    create: impl AsyncFn(&str, V) -> crucial::Result<()>,
    read: impl AsyncFn(&str) -> crucial::Result<Vec<V>>,
) -> Fate {
    let name = |which: usize| at.object(which).replace('x', "f");
    judge(
        at,
        samples,
        async |which, value| create(&name(which), value).await.map(stored),
        async |which| read(&name(which)).await,
        async || {
            made(
                async |which| match read(&name(which)).await {
                    Ok(_) => Ok(true),
                    Err(crucial::Error::NotFound { .. }) => Ok(false),
                    Err(error) => Err(error),
                },
                samples.samples.len(),
            )
            .await
        },
    )
    .await
}

/// All places that keep a value keep the same bytes of it: those that a map keeps.
pub(crate) async fn alike<V: Portable + Clone + Debug + Eq + Hash + Sync>(
    at: &At<'_>,
    samples: Samples<V>,
) -> Fate {
    for (which, value) in samples.samples.iter().enumerate() {
        let object = at.object(which);
        let name = |place: &str| format!("{object}{place}");
        let kept = async || {
            Map::create(&name("map"), [(0, value.clone())].into()).await?;
            SortedMap::create(&name("sorted"), [(0, value.clone())].into()).await?;
            List::create(&name("list"), vec![value.clone()]).await?;
            Set::create(&name("set"), [value.clone()].into()).await?;
            Promise::create(&name("promise"), Some(value.clone())).await?;
            Mutex::create(&name("mutex"), value.clone()).await?;
            Atomic::create(&name("atomic"), Some((0, value.clone()))).await?;
            let queue = Queue::create(&name("queue"), QueueInit::unbounded()).await?;
            queue.put(value.clone()).await?;
            Ok::<_, crucial::Error>(())
        };
        if let Err(error) = kept().await {
            let error = error.to_string();
            return refused(&format!("{value:?}"), &error, &(), &());
        }
        let stored = at.stage.stored(&object).await;
        // Keys of an object's own data end with its name; its description and its records have more behind it.
        let parts = |place: &str| {
            let name = format!("{}}}", name(place));
            let keys = stored.iter().filter(move |(key, _)| key.ends_with(&name));
            keys.flat_map(|(_, parts)| parts).collect::<Vec<_>>()
        };
        // The key in the map is one byte.
        let Some(bytes) = parts("map").into_iter().max_by_key(|part| part.len()) else {
            assert!(stored.is_empty(), "there is a map on the server");
            continue;
        };
        for place in [
            "sorted", "list", "set", "promise", "mutex", "atomic", "queue",
        ] {
            let mut parts = parts(place).into_iter();
            if !parts.any(|part| {
                part.windows(bytes.len().max(1))
                    .any(|window| window == bytes)
            }) {
                return Fate::Other(format!("the bytes of {value:?} in `{place}` are others"));
            }
        }
    }
    Fate::Same
}
