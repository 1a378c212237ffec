//! Lambda's `Invoke` API.

use std::sync::Arc;

use hyper::{Method, StatusCode};
use percent_encoding::percent_decode_str;
use serde::de::IgnoredAny;
use serde_json::json;

use super::http::{self, Answer, BodyError, Incomplete};
use super::{Pool, Reply, Request, request, runtime_api};
use crate::worker::Event;

/// The largest payload of a call that waits for the answer.
pub(super) const LARGEST_REQUEST: usize = 6 * 1024 * 1024;
/// The largest payload of a call that doesn't.
const LARGEST_EVENT: usize = 1024 * 1024;

/// How an event is delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    RequestResponse,
    Event,
    DryRun,
}

/// Answers one request.
pub(super) async fn answer(pools: Arc<[Pool]>, request: Incomplete) -> Answer {
    let id = request::id();
    let answer = match invoke(&pools, request, &id).await {
        Ok(answer) | Err(answer) => answer,
    };
    http::with(answer, "x-amzn-requestid", &id)
}

async fn invoke(pools: &[Pool], request: Incomplete, id: &str) -> Result<Answer, Answer> {
    let path = request.uri().path().to_owned();
    let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    let name = match (request.method(), parts.as_slice()) {
        (&Method::POST, ["2015-03-31", "functions", name, "invocations"]) => *name,
        _ => {
            let message = format!(
                "the emulator knows `Invoke` alone, not {} {path}",
                request.method()
            );
            return Err(refuse(
                StatusCode::NOT_FOUND,
                "UnknownOperationException",
                &message,
            ));
        }
    };
    let name = percent_decode_str(name).decode_utf8_lossy().into_owned();
    let pool = find(pools, &name).ok_or_else(|| {
        let known: Vec<_> = pools.iter().map(Pool::name).collect();
        let message = format!("Function not found: {name} (the emulator has {known:?})");
        refuse(StatusCode::NOT_FOUND, "ResourceNotFoundException", &message)
    })?;
    let header = |name: &str| {
        let value = request.headers().get(name)?;
        value.to_str().ok().map(str::to_owned)
    };
    let kind = match header("x-amz-invocation-type").as_deref() {
        None | Some("RequestResponse") => Kind::RequestResponse,
        Some("Event") => Kind::Event,
        Some("DryRun") => Kind::DryRun,
        Some(other) => {
            let message = format!("{other:?} is no invocation type");
            return Err(refuse(
                StatusCode::BAD_REQUEST,
                "InvalidParameterValueException",
                &message,
            ));
        }
    };
    let trace = header("x-amzn-trace-id");
    let limit = match kind {
        Kind::Event => LARGEST_EVENT,
        Kind::RequestResponse | Kind::DryRun => LARGEST_REQUEST,
    };
    let payload = http::body(request, limit)
        .await
        .map_err(|error| match error {
            BodyError::TooLarge => refuse(
                StatusCode::PAYLOAD_TOO_LARGE,
                "RequestTooLargeException",
                &format!(
                    "Request must be smaller than {limit} bytes for the InvokeFunction operation"
                ),
            ),
            BodyError::Broken => refuse(
                StatusCode::BAD_REQUEST,
                "InvalidRequestContentException",
                "The request body broke off",
            ),
        })?;
    // As on Lambda, no payload is an empty object.
    let payload = if payload.is_empty() {
        "{}".into()
    } else {
        payload
    };
    if let Err(error) = serde_json::from_slice::<IgnoredAny>(&payload) {
        return Err(refuse(
            StatusCode::BAD_REQUEST,
            "InvalidRequestContentException",
            &format!("Could not parse request body into json: {error}"),
        ));
    }
    if kind == Kind::DryRun {
        return Ok(http::json(StatusCode::NO_CONTENT, ""));
    }
    let label = Event::task_in(&payload).map_or_else(|| pool.name().to_owned(), |task| task.label);
    let event = Request {
        id: id.to_owned(),
        trace,
        ..Request::new(payload, label)
    };
    if kind == Kind::Event {
        pool.submit(event);
        return Ok(http::json(StatusCode::ACCEPTED, ""));
    }
    if !pool.has_room() {
        let body = json!({
            "Type": "User",
            "Reason": "ReservedFunctionConcurrentInvocationLimitExceeded",
            "message": "Rate Exceeded."
        });
        let answer = http::value(StatusCode::TOO_MANY_REQUESTS, &body);
        return Err(http::with(
            answer,
            "x-amzn-errortype",
            "TooManyRequestsException",
        ));
    }
    let (event, answered) = event.answered();
    pool.submit(event);
    let reply = answered
        .await
        .unwrap_or_else(|_| Reply::NotStarted("the emulator was shut down".to_owned()));
    let answer = match (&reply, reply.error()) {
        (Reply::Returned(body), _) => http::json(StatusCode::OK, body.clone()),
        (_, error) => http::with(
            http::json(StatusCode::OK, error.unwrap_or_default()),
            "x-amz-function-error",
            "Unhandled",
        ),
    };
    Ok(http::with(answer, "x-amz-executed-version", "$LATEST"))
}

/// The function of that name, `name:alias`, ARN or part of an ARN; every version is the same one here.
fn find<'a>(pools: &'a [Pool], name: &str) -> Option<&'a Pool> {
    let mut parts = name.split(':');
    let name = if name.contains(":function:") {
        parts.find(|part| *part == "function")?;
        parts.next()?
    } else {
        parts.next()?
    };
    pools
        .iter()
        .find(|pool| pool.name() == name || runtime_api::arn(pool.function()) == name)
}

/// An error in the form in which the AWS SDKs read it.
fn refuse(status: StatusCode, kind: &str, message: &str) -> Answer {
    let body = json!({ "Type": "User", "Message": message, "message": message });
    http::with(http::value(status, &body), "x-amzn-errortype", kind)
}
