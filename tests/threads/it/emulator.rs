//! The emulator's `Invoke` API, spoken to by the real AWS SDK.

use std::time::Duration;

use aws_sdk_lambda::Client;
use aws_sdk_lambda::config::{BehaviorVersion, Config, Credentials, Region, retry::RetryConfig};
use aws_sdk_lambda::error::ProvideErrorMetadata;
use aws_sdk_lambda::operation::invoke::InvokeOutput;
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::InvocationType;
use crucial::emulator::{Emulator, Function};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::WORKER;
use crate::meeting::{Meeting, SOON};

/// An emulator of one function `threads`, whose store is inside each process.
pub(crate) async fn emulator(configure: impl FnOnce(Function) -> Function) -> Emulator {
    let function = Function::new("threads", WORKER)
        .env("CRUCIAL_STORE", "embedded:")
        .env("CRUCIAL_EXECUTOR", "local");
    let address = "127.0.0.1:0".parse().unwrap();
    Emulator::start(address, [configure(function)])
        .await
        .unwrap()
}

pub(crate) fn client(emulator: &Emulator) -> Client {
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(emulator.url())
        .region(Region::from_static("eu-west-1"))
        .credentials_provider(Credentials::new("id", "secret", None, None, "test"))
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .retry_config(RetryConfig::disabled())
        .build();
    Client::from_conf(config)
}

/// Calls the function as a person does, and waits for the answer.
pub(crate) async fn call(client: &Client, event: &Value) -> InvokeOutput {
    let sent = client
        .invoke()
        .function_name("threads")
        .payload(Blob::new(event.to_string()))
        .send();
    timeout(SOON, sent).await.expect("nothing hangs").unwrap()
}

pub(crate) fn payload(answer: &InvokeOutput) -> Value {
    serde_json::from_slice(answer.payload().unwrap().as_ref()).unwrap()
}

#[tokio::test]
async fn a_call_is_answered() {
    let emulator = emulator(|function| function).await;
    let client = client(&emulator);
    let answer = call(&client, &json!({ "thread": "double", "args": [4] })).await;
    assert_eq!((answer.status_code(), payload(&answer)), (200, json!(8)));
    assert_eq!(
        (answer.function_error(), answer.executed_version()),
        (None, Some("$LATEST"))
    );
    emulator.shutdown().await;
}

#[tokio::test]
async fn a_function_goes_by_many_names() {
    let emulator = emulator(|function| function).await;
    let client = client(&emulator);
    for name in [
        "threads",
        "threads:live",
        "arn:aws:lambda:eu-west-1:123456789012:function:threads",
        "arn:aws:lambda:eu-west-1:123456789012:function:threads:7",
        "123456789012:function:threads",
    ] {
        let answer = client
            .invoke()
            .function_name(name)
            .invocation_type(InvocationType::DryRun)
            .send()
            .await;
        assert_eq!(answer.expect(name).status_code(), 204);
    }
    assert_eq!(
        emulator.processes("threads"),
        Vec::<u32>::new(),
        "a dry run runs nothing"
    );
    let answer = client.invoke().function_name("other").send().await;
    let error = answer.unwrap_err().into_service_error();
    assert!(error.is_resource_not_found_exception(), "{error:?}");
    assert!(error.message().unwrap().contains("other"), "{error:?}");
}

#[tokio::test]
async fn an_event_is_accepted_and_run() {
    let emulator = emulator(|function| function).await;
    let client = client(&emulator);
    let meeting = Meeting::new().await;
    let event = json!({ "thread": "meet", "args": [meeting.place()] });
    let answer = client
        .invoke()
        .function_name("threads")
        .invocation_type(InvocationType::Event)
        .payload(Blob::new(event.to_string()))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status_code(), 202);
    let guest = meeting.guest().await;
    assert_eq!(emulator.processes("threads"), vec![guest.process]);
    drop(guest);
    emulator.shutdown().await;
}

#[tokio::test]
async fn payloads_have_lambdas_limits() {
    let emulator = emulator(|function| function).await;
    let client = client(&emulator);
    for (kind, bytes, accepted) in [
        (InvocationType::Event, (1 << 20) + 1, false),
        (InvocationType::DryRun, 6 << 20, true),
        (InvocationType::RequestResponse, (6 << 20) + 1, false),
    ] {
        let text = format!("\"{}\"", "x".repeat(bytes - 2));
        let answer = client
            .invoke()
            .function_name("threads")
            .invocation_type(kind.clone())
            .payload(Blob::new(text))
            .send()
            .await;
        match answer {
            Ok(_) => assert!(accepted, "{kind:?} of {bytes} bytes was accepted"),
            Err(error) => {
                let error = error.into_service_error();
                assert!(
                    !accepted && error.is_request_too_large_exception(),
                    "{error:?}"
                );
            }
        }
    }
    emulator.shutdown().await;
}

#[tokio::test]
async fn a_payload_that_is_no_json_is_refused() {
    let emulator = emulator(|function| function).await;
    let answer = client(&emulator)
        .invoke()
        .function_name("threads")
        .payload(Blob::new("{"))
        .send()
        .await;
    let error = answer.unwrap_err().into_service_error();
    assert!(error.is_invalid_request_content_exception(), "{error:?}");
}

#[tokio::test]
async fn a_full_function_refuses_callers_and_queues_events() {
    let emulator = emulator(|function| function.processes(1)).await;
    let client = client(&emulator);
    let meeting = Meeting::new().await;
    let event = json!({ "thread": "meet", "args": [meeting.place()] });
    for _ in 0..2 {
        client
            .invoke()
            .function_name("threads")
            .invocation_type(InvocationType::Event)
            .payload(Blob::new(event.to_string()))
            .send()
            .await
            .unwrap();
    }
    let first = meeting.guest().await;
    let refused = client.invoke().function_name("threads").send().await;
    let error = refused.unwrap_err().into_service_error();
    assert!(error.is_too_many_requests_exception(), "{error:?}");
    let process = first.process;
    drop(first);
    assert_eq!(
        meeting.guest().await.process,
        process,
        "the process is used again"
    );
    emulator.shutdown().await;
}

#[tokio::test]
async fn an_event_that_takes_too_long_is_a_function_error() {
    let emulator = emulator(|function| function.timeout(Duration::from_secs(2))).await;
    let meeting = Meeting::new().await;
    let event = json!({ "thread": "meet", "args": [meeting.place()] });
    let client = client(&emulator);
    // One that notices says so itself; one that is frozen is ended.
    for (signal, kind) in [
        (None, "Crucial.TimedOut"),
        (Some("STOP"), "Sandbox.Timedout"),
    ] {
        let call = call(&client, &event);
        let meet = async {
            let guest = meeting.guest().await;
            if let Some(signal) = signal {
                guest.signal(signal);
            }
            guest
        };
        let (answer, guest) = tokio::join!(call, meet);
        assert_eq!(answer.function_error(), Some("Unhandled"));
        assert_eq!(payload(&answer)["errorType"], kind);
        guest.gone().await;
    }
    emulator.shutdown().await;
}

#[tokio::test]
async fn a_process_that_dies_is_a_function_error() {
    let emulator = emulator(|function| function).await;
    let client = client(&emulator);
    let answer = call(&client, &json!({ "thread": "exit", "args": [3] })).await;
    assert_eq!(answer.function_error(), Some("Unhandled"));
    let error = payload(&answer);
    assert_eq!(error["errorType"], "Runtime.ExitError");
    assert!(
        error["errorMessage"]
            .as_str()
            .unwrap()
            .contains("exited with code 3"),
        "{error}"
    );
    let answer = call(&client, &json!({ "thread": "double", "args": [1] })).await;
    assert_eq!(payload(&answer), json!(2));
    emulator.shutdown().await;
}

#[tokio::test]
async fn processes_end_with_their_emulator() {
    let emulator = emulator(|function| function).await;
    let client = client(&emulator);
    let meeting = Meeting::new().await;
    let event = json!({ "thread": "meet", "args": [meeting.place()] });
    client
        .invoke()
        .function_name("threads")
        .invocation_type(InvocationType::Event)
        .payload(Blob::new(event.to_string()))
        .send()
        .await
        .unwrap();
    let guest = meeting.guest().await;
    drop(emulator);
    guest.gone().await;
}
