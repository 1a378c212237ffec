//! The clock of the server as it is told from here.

use std::sync::Arc;
use std::task::Poll;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use tokio::time::{advance, sleep};

use super::super::sim::{self, Climate, Socket, Trouble, World};
use super::*;
use crate::codec;
use crate::object::{Call, Method, Namespace, Object, ObjectType, Refusal, Value};
use crate::store::{Description, Store};

const SERVER: u64 = sim::EPOCH_MS;

async fn pass(ms: u64) {
    advance(Duration::from_millis(ms)).await;
}

/// A question that takes so long there and so long back, to a clock that shows that time when it is there.
async fn look(clock: &Clock, there: u64, time: u64, back: u64) {
    let asked = Instant::now();
    pass(there + back).await;
    clock.told(asked, SERVER + time);
}

#[tokio::test(start_paused = true)]
async fn looks_narrow_it_down() {
    let clock = Clock::new();
    // A reply that lay here for a second, unread.
    look(&clock, 1, 1, 1000).await;
    assert_eq!(clock.now_ms(), SERVER + 502, "right to within half of that");
    look(&clock, 2, 1003, 2).await;
    assert_eq!(clock.now_ms(), SERVER + 1005);
    look(&clock, 900, 1905, 100).await;
    assert_eq!(clock.now_ms(), SERVER + 2005, "a slow one changes nothing");
    pass(5000).await;
    assert_eq!(clock.now_ms(), SERVER + 7005, "it goes on by itself");
}

#[tokio::test(start_paused = true)]
async fn what_disagrees_begins_anew() {
    let clock = Clock::new();
    look(&clock, 1, 1, 1).await;
    for set in [60_000, 2000] {
        look(&clock, 1, set, 1).await;
        assert_eq!(clock.now_ms(), SERVER + set + 1);
    }
}

#[tokio::test(start_paused = true)]
async fn it_is_looked_at_now_and_then() {
    let clock = Clock::new();
    assert!(clock.is_due());
    look(&clock, 1, 1, 1).await;
    assert!(!clock.is_due());
    pass(9_999).await;
    assert!(!clock.is_due());
    pass(1).await;
    assert!(clock.is_due());
    look(&clock, 1, 10_003, 1).await;
    assert!(!clock.is_due());
    clock.distrust();
    assert!(clock.is_due());
}

/// Tells the time, and how often it has.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
struct Dial(i64);

static LOOK: Method = Method::update("look");

impl Object for Dial {
    const NAME: &'static str = "clock::Dial";
    const METHODS: &'static [Method] = &[LOOK];

    fn apply(&mut self, _: &str, _: &[Bytes]) -> Result<Poll<Value>, Refusal> {
        self.0 += 1;
        let now = Value::Int(i64::try_from(now_ms()).unwrap());
        Ok(Poll::Ready(Value::List(vec![now, Value::Int(self.0)])))
    }
}

/// A process that looks at the dial now and then.
async fn look_at_the_dial(socket: Socket, here: sim::Clock, others: bool) {
    let store = Arc::new(sim::store(socket).await.unwrap());
    let look = || Call {
        key: Namespace::new("clock").unwrap().key("dial").unwrap(),
        object: ObjectType::of::<Dial>(),
        method: &LOOK,
        args: Vec::new(),
    };
    let init = Call {
        args: vec![codec::encode_own(&Dial::default()).unwrap()],
        ..look()
    };
    let description = Description {
        object: Dial::NAME.to_owned(),
        detail: Dial::NAME.to_owned(),
    };
    store.create(init, description).await.unwrap();
    for turn in 0..100 {
        let asked = here.now();
        let Poll::Ready(Value::List(told)) = store.call(look()).await.unwrap() else {
            panic!("it waits for nothing")
        };
        let Value::Int(now) = told[0] else {
            panic!("no time: {told:?}")
        };
        let now = u64::try_from(now).unwrap() - SERVER;
        // Replies take a millisecond or two; the clock is right to within half of that.
        let span = asked.saturating_sub(2)..=here.now() + 2;
        assert!(span.contains(&now), "{now} is not in {span:?}");
        sleep(Duration::from_millis(if others { 3 } else { turn * 10 })).await;
    }
    let clock = &store.process.core.link.clock;
    assert!(!clock.is_due());
    // The process may be frozen after that; what it does then begins with a look.
    store.quiesce().await;
    assert!(clock.is_due());
    assert!(store.call(look()).await.unwrap().is_ready());
    assert!(!clock.is_due());
}

#[test]
fn methods_run_by_the_clock_of_the_server() {
    let freeze = Trouble::Freeze {
        life: 700,
        cut: false,
    };
    for processes in [1, 3] {
        let climate = Climate {
            troubles: vec![(100, freeze), (400, freeze)],
            ..Climate::default()
        };
        let mut world = World::new(processes, climate, None, false);
        for _ in 0..processes {
            world.start(|socket, here| look_at_the_dial(socket, here, processes > 1));
        }
        world.run(600_000).unwrap();
    }
}
