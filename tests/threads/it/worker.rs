//! The worker, with events as people write them.

use serde_json::{Value, json};

use crate::emulator::{call, client, emulator, payload};

#[tokio::test]
async fn calls_by_hand_return_json() {
    let emulator = emulator(|function| function).await;
    let client = client(&emulator);
    for (event, expected) in [
        (json!({ "thread": "double", "args": [4] }), json!(8)),
        (
            json!({ "thread": "crucial_tests_threads::double", "args": [5] }),
            json!(10),
        ),
        (
            json!({ "thread": "measure", "args": [[1, 2]] }),
            json!([2, 3]),
        ),
        (
            json!({ "thread": "delegate", "args": [3] }),
            json!([6, null]),
        ),
    ] {
        let answer = call(&client, &event).await;
        assert_eq!(
            answer.function_error(),
            None,
            "{event}: {}",
            payload(&answer)
        );
        let mut value = payload(&answer);
        if let Some(process) = value.get_mut(1).filter(|_| event["thread"] == "delegate") {
            // The nested threads run in the worker itself, on its embedded store.
            assert_eq!(
                process.as_u64(),
                emulator
                    .processes("threads")
                    .first()
                    .map(|id| u64::from(*id))
            );
            *process = Value::Null;
        }
        assert_eq!(value, expected, "{event}");
    }
    emulator.shutdown().await;
}

#[tokio::test]
async fn calls_that_fail_are_function_errors() {
    let emulator = emulator(|function| function).await;
    let client = client(&emulator);
    let job = json!({ "thread": "double", "args": [1], "job": "job-1" });
    for (event, kind, reasons) in [
        (
            json!({ "thread": "fail", "args": ["no luck"] }),
            "Crucial.Failed",
            &["no luck", "fail"][..],
        ),
        (
            json!({ "thread": "half", "args": [3] }),
            "Crucial.Failed",
            &["cloud thread `crucial_tests_threads::half` failed: 3 is odd"],
        ),
        (
            json!({ "thread": "panics", "args": ["oh no"] }),
            "Crucial.Panicked",
            &["oh no", "lib.rs"],
        ),
        (
            json!({ "thread": "nothing" }),
            "Crucial.Skew",
            &["nothing", "double"],
        ),
        (
            json!({ "thread": "double", "args": ["x"] }),
            "Crucial.Codec",
            &["arguments"],
        ),
        (
            json!({ "thread": "double" }),
            "Crucial.Codec",
            &["arguments"],
        ),
        (
            json!({ "thread": "double", "argument": 1 }),
            "Crucial.Event",
            &["argument"],
        ),
        (
            json!({ "crucial": 9, "task": "" }),
            "Crucial.Event",
            &["version 9"],
        ),
        (
            json!({ "crucial": 2, "task": "AAAA" }),
            "Crucial.Event",
            &["task"],
        ),
        (json!({ "Records": [] }), "Crucial.Event", &["thread"]),
        (json!("hello"), "Crucial.Event", &["thread"]),
        (job, "Crucial.Store", &["embedded:", "CRUCIAL_STORE"]),
    ] {
        let answer = call(&client, &event).await;
        assert_eq!(answer.function_error(), Some("Unhandled"), "{event}");
        let error = payload(&answer);
        assert_eq!(error["errorType"], kind, "{event}: {error}");
        let message = error["errorMessage"].as_str().unwrap();
        assert!(
            reasons.iter().all(|reason| message.contains(reason)),
            "{event}: {message}"
        );
    }
    assert_eq!(
        emulator.processes("threads").len(),
        1,
        "no process was lost over it"
    );
    emulator.shutdown().await;
}
