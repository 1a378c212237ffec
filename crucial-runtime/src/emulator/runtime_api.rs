//! The Lambda runtime API, as one process sees it.

use std::sync::Arc;

use hyper::{Method, StatusCode};
use serde_json::{Value, json};

use super::http::{self, Answer, BodyError, Incomplete};
use super::session::Session;
use super::{Function, Reply, invoke_api};

/// What a function may answer: 6 MB, and what JSON adds.
const LARGEST_ANSWER: usize = invoke_api::LARGEST_REQUEST + 100 * 1024;

/// Answers one request of a process.
pub(super) async fn answer(session: Arc<Session>, request: Incomplete) -> Answer {
    let path = request.uri().path().to_owned();
    let mut parts = path.trim_start_matches('/').split('/');
    let version = parts.next();
    let parts: Vec<&str> = parts.collect();
    match (request.method(), version, parts.as_slice()) {
        (&Method::GET, Some("2018-06-01"), ["runtime", "invocation", "next"]) => {
            next(&session).await
        }
        (&Method::POST, Some("2018-06-01"), ["runtime", "invocation", id, "response"]) => {
            match http::body(request, LARGEST_ANSWER).await {
                Ok(body) => accepted(session.answer(id, Reply::Returned(body))),
                Err(error) => refuse_body(&session, id, &error),
            }
        }
        (&Method::POST, Some("2018-06-01"), ["runtime", "invocation", id, "error"]) => {
            match http::body(request, LARGEST_ANSWER).await {
                Ok(body) => accepted(session.answer(id, Reply::Error(body))),
                Err(error) => refuse_body(&session, id, &error),
            }
        }
        (&Method::POST, Some("2018-06-01"), ["runtime", "init", "error"]) => {
            if let Ok(body) = http::body(request, LARGEST_ANSWER).await {
                let error: Value = serde_json::from_slice(&body).unwrap_or_default();
                let message = error["errorMessage"].as_str();
                session.init_error(message.unwrap_or("it did not say why").to_owned());
            }
            accepted(true)
        }
        _ => refuse(
            StatusCode::NOT_FOUND,
            "NotFound",
            &format!("there is no `{path}`"),
        ),
    }
}

async fn next(session: &Session) -> Answer {
    let event = session.next().await;
    let answer = http::json(StatusCode::OK, event.payload);
    let answer = http::with(answer, "lambda-runtime-aws-request-id", &event.id);
    let deadline = event.deadline_ms.to_string();
    let answer = http::with(answer, "lambda-runtime-deadline-ms", &deadline);
    let arn = arn(session.pool().function());
    let answer = http::with(answer, "lambda-runtime-invoked-function-arn", &arn);
    match event.trace {
        Some(trace) => http::with(answer, "lambda-runtime-trace-id", &trace),
        None => answer,
    }
}

/// The name of a function in full, in the account that AWS uses in its examples.
pub(super) fn arn(function: &Function) -> String {
    format!(
        "arn:aws:lambda:us-east-1:123456789012:function:{}",
        function.name()
    )
}

fn accepted(known: bool) -> Answer {
    if known {
        http::value(StatusCode::ACCEPTED, &json!({ "status": "OK" }))
    } else {
        let message = "this process has no event of that request id";
        refuse(StatusCode::BAD_REQUEST, "InvalidRequestID", message)
    }
}

fn refuse_body(session: &Session, id: &str, error: &BodyError) -> Answer {
    match error {
        BodyError::TooLarge => {
            let message = format!("the answer has more than {LARGEST_ANSWER} bytes");
            let body =
                json!({ "errorType": "Function.ResponseSizeTooLarge", "errorMessage": message });
            session.answer(id, Reply::Error(body.to_string().into()));
            refuse(
                StatusCode::PAYLOAD_TOO_LARGE,
                "RequestEntityTooLarge",
                &message,
            )
        }
        BodyError::Broken => refuse(StatusCode::BAD_REQUEST, "BadRequest", "the body broke off"),
    }
}

fn refuse(status: StatusCode, kind: &str, message: &str) -> Answer {
    http::value(
        status,
        &json!({ "errorType": kind, "errorMessage": message }),
    )
}
