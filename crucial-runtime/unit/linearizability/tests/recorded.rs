//! Recorded histories, good ones, and good ones spoilt.

use std::collections::BTreeSet;
use std::future::Future;
use std::task::Poll;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::config::Builder;
use crate::linearizability::event::{Answered, Event};
use crate::linearizability::{CheckError, Checked, Recorder, Recording};
use crate::object::Value;
use crate::{Atomic, Barrier, Latch, List, Map, Promise, Result, Runtime, Set, SortedMap};

/// A user's object with a method that waits, one that panics, and arguments of several types.
#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Rounds {
    votes: std::collections::HashMap<u32, String>,
    round: u32,
}

#[crate::shared(crate = crate)]
#[allow(unreachable_pub, reason = "what is called from afar is public")]
impl Rounds {
    pub fn vote(&mut self, voter: u32, name: String) -> usize {
        self.votes.insert(voter, name);
        if self.votes.len() == 3 {
            self.votes.clear();
            self.round += 1;
        }
        self.votes.len()
    }

    pub fn over(&self, round: u32) -> Poll<u32> {
        if self.round > round {
            Poll::Ready(self.round)
        } else {
            Poll::Pending
        }
    }

    pub fn fail(&mut self) {
        self.round += 1000;
        panic!("on purpose");
    }
}

async fn runtime(recorder: &Recorder) -> Runtime {
    Builder::new().recorder(recorder).build().await.unwrap()
}

/// What one process does with one of each, concurrently.
async fn everything() -> Result<()> {
    let number = Atomic::<i64>::create("number", 1).await?;
    let map = Map::<String, u32>::create("map", Default::default()).await?;
    let sorted = SortedMap::<u32, u32>::create("sorted", Default::default()).await?;
    let list = List::<u32>::create("list", vec![1, 2, 3]).await?;
    let set = Set::<u32>::create("set", Default::default()).await?;
    let latch = Latch::create("latch", 4).await?;
    let barrier = Barrier::create("barrier", 4).await?;
    let promise = Promise::<u32>::create("promise", None).await?;
    let rounds = RoundsProxy::create("rounds", Rounds::default()).await?;
    let tasks = (0..4_u32).map(|task| {
        let (number, map, sorted, list) = (&number, &map, &sorted, &list);
        let (set, latch, barrier) = (&set, &latch, &barrier);
        let (promise, rounds) = (&promise, &rounds);
        async move {
            for turn in 0..5 {
                number.fetch_add(task.into()).await?;
                map.insert(turn.to_string(), task).await?;
                map.snapshot().await?;
                sorted.insert(turn, task).await?;
                list.push_back(task).await?;
                list.pop_front().await?;
                set.insert(turn).await?;
                set.pop().await?;
                set.snapshot().await?;
                rounds.vote(task, turn.to_string()).await?;
            }
            promise.complete(task).await?;
            promise.wait().await?;
            latch.count_down().await?;
            latch.wait().await?;
            barrier.wait().await?;
            rounds.over(0).await?;
            assert!(rounds.fail().await.is_err());
            rounds.snapshot().await?;
            crate::Result::<()>::Ok(())
        }
    });
    futures_util::future::try_join_all(tasks).await?;
    number.expire(Some(Duration::from_secs(3600))).await?;
    assert!(number.exists().await?);
    assert!(number.destroy().await?);
    assert!(number.load().await.is_err());
    assert!(Atomic::<i64>::open("number").await.is_err());
    assert!(Atomic::<i64>::create("list", 1).await.is_err());
    assert!(Atomic::<i64>::open_or_create("map", 1).await.is_err());
    Ok(())
}

async fn recorded<F: Future<Output = Result<()>>>(uses: impl FnOnce() -> F) -> Recorder {
    let recorder = Recorder::new();
    let runtime = runtime(&recorder).await;
    runtime.scope(uses()).await.unwrap();
    runtime.shutdown().await.unwrap();
    recorder
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_object_is_checked_against_its_own_type() {
    let checked = recorded(everything).await.check().unwrap();
    assert_eq!(checked.objects, 9);
    assert!(checked.operations > 200, "{checked:?}");
    assert!(checked.pending > 0, "{checked:?}");
    assert_eq!(checked.in_doubt, 0);
}

/// The recording with one of its events changed, if `spoil` finds one that it wants.
fn spoilt(recorder: &Recorder, mut spoil: impl FnMut(&mut Answered) -> bool) -> CheckError {
    let mut events = recorder.events();
    let found = events.iter_mut().any(|event| match event {
        Event::Ended { answer, .. } => spoil(answer),
        Event::Began { .. } => false,
    });
    assert!(found, "nothing to spoil");
    let mut recording = Recording::of_process(1, events);
    recording = recording.object::<Rounds>();
    recording.check().unwrap_err()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reply_that_was_never_given_is_found_and_shown() {
    let recorder = recorded(async || {
        let rounds = RoundsProxy::create("rounds", Rounds::default()).await?;
        rounds.vote(7, "Anna".to_owned()).await?;
        rounds.vote(8, "Bert".to_owned()).await?;
        Ok(())
    })
    .await;
    let two = |answer: &mut Answered| {
        let is_two = *answer == Answered::Value(Value::Bytes(vec![2].into()));
        if is_two {
            *answer = Answered::Value(Value::Bytes(vec![5].into()));
        }
        is_two
    };
    let text = spoilt(&recorder, two).to_string();
    for part in [
        "/rounds`",
        r#"vote(8,"Bert") -> 5"#,
        r#"vote(7,"Anna") -> 1"#,
        r#"Rounds {"round": 0, "votes": {7: "Anna"}}"#,
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn chance_may_take_any_element_but_one_that_is_there() {
    let recorder = recorded(async || {
        let set = Set::<u8>::create("set", [1, 2].into()).await?;
        set.pop().await?;
        set.len().await.map(drop)
    })
    .await;
    let taken = |taken: u8| {
        let mut events = recorder.events();
        for event in &mut events {
            if let Event::Ended { answer, .. } = event
                && matches!(answer, Answered::Value(Value::List(_)))
            {
                let element = Value::Bytes(vec![taken].into());
                *answer = Answered::Value(Value::List(vec![element]));
            }
        }
        Recording::of_process(1, events).check()
    };
    taken(1).unwrap();
    taken(2).unwrap();
    let text = taken(3).unwrap_err().to_string();
    assert!(text.contains("pop("), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_object_that_was_not_ready_is_an_observation() {
    let recorder = recorded(async || {
        let latch = Latch::create("latch", 1).await?;
        let waits = tokio::time::timeout(Duration::from_millis(20), latch.wait()).await;
        assert!(waits.is_err());
        latch.count_down().await?;
        latch.wait().await?;
        latch.wait().await?;
        Ok(())
    })
    .await;
    let checked = recorder.check().unwrap();
    assert!(checked.pending > 0);
    let mut waits = 0;
    let text = spoilt(&recorder, |answer| {
        let is_over = *answer == Answered::Value(Value::Int(1));
        waits += usize::from(is_over);
        if is_over {
            *answer = Answered::Pending;
        }
        is_over
    })
    .to_string();
    assert!(text.contains("wait() -> not ready"), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_object_that_is_gone_too_early_or_too_late_is_found() {
    let hour = Duration::from_secs(3600);
    let early = recorded(async || {
        let number = Atomic::<u32>::create("number", 1).await?;
        number.expire(Some(hour)).await?;
        number.load().await?;
        Ok(())
    })
    .await;
    early.check().unwrap();
    let text = spoilt(&early, |answer| {
        let is_value = matches!(answer, Answered::Value(Value::Bytes(_)));
        if is_value {
            *answer = Answered::Absent;
        }
        is_value
    })
    .to_string();
    assert!(text.contains("get() -> no such object"), "{text}");

    let late = recorded(async || {
        let number = Atomic::<u32>::create("number", 1).await?;
        number.expire(Some(Duration::from_millis(1))).await?;
        while number.exists().await? {}
        number.expire(Some(hour)).await?;
        Ok(())
    })
    .await;
    late.check().unwrap();
}

async fn counted() -> Result<()> {
    let number = Atomic::<u32>::create("number", 1).await?;
    number.fetch_add(1).await?;
    number.load().await.map(drop)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_without_an_answer_is_in_doubt() {
    let recorder = recorded(counted).await;
    // The embedded store answers before a future can be dropped: take its answer to the addition away.
    let mut events = recorder.events();
    let call = events
        .iter()
        .filter_map(|event| match event {
            Event::Began { call, .. } => Some(*call),
            Event::Ended { .. } => None,
        })
        .nth(1)
        .unwrap();
    events.retain(|event| !matches!(event, Event::Ended { call: ended, .. } if *ended == call));
    let checked = Recording::of_process(1, events).check().unwrap();
    assert_eq!((checked.objects, checked.in_doubt), (1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_answered_after_the_end_happened_with_that_answer_or_later() {
    let recorder = recorded(counted).await;
    // The answer to the addition comes an hour later than that to the read, which has seen it.
    let mut events = recorder.events();
    let end = events.iter().map(time).max().unwrap();
    let hour = 3_600_000_000_000;
    *nth_answer(&mut events, 1).0 += hour;
    let check = |events: &[Event]| {
        let recording = Recording::of_process(1, events.to_vec());
        recording.until(Duration::from_nanos(end)).check()
    };
    let checked = check(&events).unwrap();
    assert_eq!((checked.operations, checked.in_doubt), (4, 1));
    *nth_answer(&mut events, 1).1 = Answered::Value(Value::Bytes(b"5".as_slice().into()));
    assert!(matches!(
        check(&events),
        Err(CheckError::NotLinearizable(_))
    ));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_check_is_given_up_when_it_is_to_be() {
    let recorder = recorded(counted).await;
    let recording = || Recording::of_process(1, recorder.events());
    assert!(recording().give_up_after(4).check().is_ok());
    assert!(matches!(
        recording().give_up_after(1).check(),
        Err(CheckError::Undecided { .. })
    ));
}

fn time(event: &Event) -> u64 {
    match event {
        Event::Began { at, .. } | Event::Ended { at, .. } => *at,
    }
}

/// The time of an answer, and the answer.
fn nth_answer(events: &mut [Event], n: usize) -> (&mut u64, &mut Answered) {
    let mut answers = events.iter_mut().filter_map(|event| match event {
        Event::Ended { at, answer, .. } => Some((at, answer)),
        Event::Began { .. } => None,
    });
    answers.nth(n).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_of_several_processes_are_merged() {
    let directory = tempfile::tempdir().unwrap();
    let first = Recorder::into_directory(directory.path()).unwrap();
    let store = {
        let runtime = runtime(&first).await;
        runtime.scope(everything()).await.unwrap();
        runtime
    };
    // Another process on the same store, as far as its records go.
    let second = Recorder::into_directory(directory.path()).unwrap();
    let wrapped = second.around(std::sync::Arc::clone(store.store()));
    drop(wrapped);
    let merged = Recording::read(directory.path()).unwrap();
    assert!(matches!(
        merged.check(),
        Err(CheckError::UnknownType { type_name, .. }) if type_name.ends_with("::Rounds")
    ));
    let merged = merged.object::<Rounds>();
    let alone = first.check().unwrap();
    assert_eq!(merged.check().unwrap(), alone);

    // A process that is killed leaves half a note, and calls without an answer.
    let files: BTreeSet<_> = std::fs::read_dir(directory.path())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert_eq!(files.len(), 2);
    for file in files {
        let bytes = std::fs::read(&file).unwrap();
        let kept = bytes.len().saturating_sub(7);
        std::fs::write(&file, &bytes[..kept]).unwrap();
    }
    let cut = Recording::read(directory.path())
        .unwrap()
        .object::<Rounds>();
    let Checked { operations, .. } = cut.check().unwrap();
    assert!(operations >= alone.operations - 1, "{operations}");
}
