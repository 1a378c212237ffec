//! Each server script against the state machine that specifies it: the same calls give the same replies.

use std::task::Poll;

use bytes::Bytes;
use futures_util::future::join_all;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::config::Builder;
use crate::error::{Error, Result};
use crate::object::{Call, Method, MethodKind, Object, ObjectType, Value};
use crate::runtime::Runtime;
use crate::store::Description;

static INIT: Method = Method::update("init");

/// A method and its arguments.
pub(super) type Step = (&'static Method, Vec<Bytes>);

/// What happens to one object.
#[derive(Debug, Clone)]
pub(super) struct Case {
    /// The arguments of its creation; without them there is no object.
    pub(super) init: Option<Vec<Bytes>>,
    /// Its calls. Those of one group are under way together, and travel as one batch.
    pub(super) groups: Vec<Vec<Step>>,
}

/// Cases of any calls.
pub(super) fn cases(
    init: impl Strategy<Value = Vec<Bytes>>,
    step: impl Strategy<Value = Step>,
) -> impl Strategy<Value = Case> {
    let groups = prop::collection::vec(prop::collection::vec(step, 1..8), 1..12);
    (prop::option::weighted(0.9, init), groups).prop_map(|(init, groups)| Case { init, groups })
}

/// Bytes that meet again, and some that scripts might stumble over.
pub(super) fn element() -> impl Strategy<Value = Bytes> {
    prop_oneof![
        4 => prop::sample::select(vec![&b"a"[..], b"b", b"c", b"", b"0", b"-1", b"1e3"]),
        1 => prop::sample::select(vec![&b"\0"[..], b"\xff\xfe", b"\0marker", b"\0marker\0", b"+a", b"-", "Grüße".as_bytes()]),
    ]
    .prop_map(Bytes::from_static)
}

pub(super) fn elements(count: std::ops::Range<usize>) -> impl Strategy<Value = Vec<Bytes>> {
    prop::collection::vec(element(), count)
}

/// A user for whom scripts are no functions: the server is sent their digests, as one without functions would be.
const PLAIN: &str = "plain on >pw ~* &* +@all -@dangerous +info -function -fcall";

/// Runs so many cases on the state machine and on a server of their own, as functions and by digest in turn.
///
/// The `reads` tell the final state; the replies of `unordered` methods are compared sorted, in
/// elements of so many values.
pub(super) fn check<O: Object>(
    count: u32,
    cases: impl Strategy<Value = Case>,
    reads: &[Step],
    unordered: &[(&str, usize)],
) {
    let tokio = tokio::runtime::Runtime::new().unwrap();
    let (server, specified, scripted) = tokio.block_on(async {
        let options = crucial_tests::Options {
            users: vec![PLAIN.to_owned()],
            ..crucial_tests::Options::default()
        };
        let server = crucial_tests::RedisServer::start(options).await;
        let specified = Builder::new().store("embedded:").build().await.unwrap();
        let mut scripted = Vec::new();
        for url in [server.url(), server.url_as("plain", "pw")] {
            scripted.push(Builder::new().store(url).build().await.unwrap());
        }
        (server, specified, scripted)
    });
    let config = Config {
        cases: count,
        failure_persistence: None,
        max_shrink_iters: 2000,
        ..Config::default()
    };
    let objects = std::cell::Cell::new(0);
    let run = TestRunner::new(config).run(&cases, |case| {
        let number = objects.replace(objects.get() + 1);
        let name = format!("object-{number}");
        let scripted = &scripted[number % scripted.len()];
        let both = async {
            (
                replies::<O>(&specified, &name, &case, reads, unordered).await,
                replies::<O>(scripted, &name, &case, reads, unordered).await,
            )
        };
        let (specified, scripted) = tokio.block_on(both);
        for (specified, scripted) in specified.iter().zip(&scripted) {
            prop_assert_eq!(specified, scripted);
        }
        prop_assert_eq!(specified.len(), scripted.len());
        keeps_time::<O>(&case)
    });
    drop(server);
    if let Err(error) = run {
        panic!("{error}");
    }
}

/// That the machine's clock is one, and that replies tell what it showed.
fn keeps_time<O: Object>(case: &Case) -> Result<(), TestCaseError> {
    let Some(Ok(mut state)) = case.init.as_deref().map(O::init) else {
        return Ok(());
    };
    for (method, args) in case.groups.iter().flatten() {
        let before = state.clock();
        if let Ok(Poll::Ready(reply)) = state.apply(method.name, args) {
            prop_assert!(state.clock() >= before);
            let told = O::clock_before(method.name, &reply);
            prop_assert!(told.is_none_or(|told| told == before));
        }
    }
    Ok(())
}

/// What a store answers, call by call.
async fn replies<O: Object>(
    runtime: &Runtime,
    name: &str,
    case: &Case,
    reads: &[Step],
    unordered: &[(&str, usize)],
) -> Vec<(&'static str, Vec<Bytes>, String)> {
    let key = runtime.namespace().key(name).unwrap();
    let call = |(method, args): &Step| Call {
        key: key.clone(),
        object: ObjectType::of::<O>(),
        method,
        args: args.clone(),
    };
    if let Some(init) = &case.init {
        let description = Description {
            object: O::NAME.to_owned(),
            detail: O::NAME.to_owned(),
        };
        let init = call(&(&INIT, init.clone()));
        assert!(runtime.store().create(init, description).await.unwrap());
    }
    let mut replies = Vec::new();
    let mut groups = case.groups.clone();
    groups.push(reads.to_vec());
    for group in groups {
        // Reads that the server has commands for travel beside the batch, so they come after it.
        let (reads, updates): (Vec<_>, Vec<_>) = group
            .into_iter()
            .partition(|(method, _)| method.kind == MethodKind::Read);
        let mut answers =
            join_all(updates.iter().map(|step| runtime.store().call(call(step)))).await;
        for step in &reads {
            answers.push(runtime.store().call(call(step)).await);
        }
        for ((method, args), answer) in updates.into_iter().chain(reads).zip(answers) {
            let unordered = unordered.iter().find(|(name, _)| *name == method.name);
            let answer = comparable(answer, unordered.map(|(_, size)| *size));
            replies.push((method.name, args, answer));
        }
    }
    runtime.store().destroy(&key).await.unwrap();
    replies
}

/// Replies must be equal; of errors, what they mean for the caller.
fn comparable(answer: Result<Poll<Value>>, unordered: Option<usize>) -> String {
    match (answer, unordered) {
        (Ok(Poll::Ready(Value::List(values))), Some(size)) => match &values[..] {
            // A page of a scan, after the place of the next.
            [next, Value::List(page)] => format!("{next:?} {:?}", sorted(page, size)),
            values => format!("{:?}", sorted(values, size)),
        },
        (Ok(answer), _) => format!("{answer:?}"),
        (Err(Error::NotFound { .. }), _) => "not found".to_owned(),
        (Err(error), _) => error.to_string(),
    }
}

fn sorted(values: &[Value], size: usize) -> Vec<&[Value]> {
    let mut elements: Vec<_> = values.chunks(size).collect();
    elements.sort_unstable();
    elements
}
