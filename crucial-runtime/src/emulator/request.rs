//! One event on its way through a function, and what comes of it.

use bytes::Bytes;
use serde_json::json;
use tokio::sync::oneshot;

/// One event for a function.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) id: String,
    pub(crate) payload: Bytes,
    /// What the event runs, for the lines that its process prints.
    pub(crate) label: String,
    pub(crate) trace: Option<String>,
    /// Who waits for the answer, if anybody does.
    pub(crate) answer: Option<oneshot::Sender<Reply>>,
}

/// What came of an event.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Reply {
    /// The function returned this JSON.
    Returned(Bytes),
    /// The function answered with an error, a JSON object.
    Error(Bytes),
    /// The process did not begin to work.
    NotStarted(String),
    /// The process died over the event.
    Died(String),
    /// The process died over the event because memory ran out.
    OutOfMemory(String),
    /// The event took longer than the function may.
    TimedOut(String),
    /// The process was ended over the event, with all others.
    ShutDown(String),
}

/// An event that nobody waits for and that came to no good end.
#[derive(Debug)]
pub(crate) struct Casualty {
    pub(crate) payload: Bytes,
    pub(crate) reply: Reply,
}

impl Request {
    pub(crate) fn new(payload: Bytes, label: String) -> Self {
        Self {
            id: id(),
            payload,
            label,
            trace: None,
            answer: None,
        }
    }

    /// Whoever waits for the answer.
    pub(crate) fn answered(mut self) -> (Self, oneshot::Receiver<Reply>) {
        let (answer, answered) = oneshot::channel();
        self.answer = Some(answer);
        (self, answered)
    }
}

impl Reply {
    /// The function error that Lambda's `Invoke` answers with.
    pub(super) fn error(&self) -> Option<Bytes> {
        let (kind, message) = match self {
            Self::Returned(_) => return None,
            Self::Error(body) => return Some(body.clone()),
            Self::NotStarted(reason) => ("Runtime.InitError", reason),
            Self::Died(reason) | Self::ShutDown(reason) => ("Runtime.ExitError", reason),
            Self::OutOfMemory(reason) => ("Runtime.OutOfMemory", reason),
            Self::TimedOut(reason) => ("Sandbox.Timedout", reason),
        };
        let body = json!({ "errorType": kind, "errorMessage": message });
        Some(body.to_string().into())
    }
}

/// A random identity in the form of a UUID, as Lambda's are.
pub(super) fn id() -> String {
    let text = format!("{:032x}", rand::random::<u128>());
    let parts = [
        &text[..8],
        &text[8..12],
        &text[12..16],
        &text[16..20],
        &text[20..],
    ];
    parts.join("-")
}
