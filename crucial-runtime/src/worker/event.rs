//! What a Lambda event says: a thread to run, a greeting, or a call written by hand.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::codec;
use crate::object::Namespace;
use crate::thread::Invocation;

/// The version of the envelope, which caller and worker have to share.
const VERSION: u64 = 2;

/// What a Lambda event says.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Event {
    /// Run this thread.
    Run(Box<Packed>),
    /// Is a worker there that can serve this job?
    Hello(Hello),
    /// Call this function, and answer with what it returns.
    ByHand(ByHand),
}

/// An invocation as it travels.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Packed {
    pub(crate) task: Invocation,
    /// Whether the arguments are left out here and stand in the store.
    pub(crate) parcel: bool,
}

/// A greeting: the job that the caller is about to run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Hello {
    pub(crate) job: Namespace,
    /// The store's address as the caller sees it, without secrets.
    pub(crate) store: String,
}

/// A call as a person writes it: `{"thread": "pi::sample", "args": [1000]}`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ByHand {
    /// The function's path, or the end of it that no other function has.
    pub(crate) thread: String,
    #[serde(default)]
    pub(crate) args: Vec<Value>,
    /// The job whose objects the call may use; one of its own otherwise.
    #[serde(default)]
    pub(crate) job: Option<Namespace>,
}

/// Why an event can't be understood.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(crate) enum EventError {
    #[error(
        "the event is neither a cloud thread's nor a call by hand, which reads {{\"thread\": \"name\", \"args\": [1, 2]}}"
    )]
    Unknown,
    #[error(
        "the event has version {0} and this worker understands {VERSION}; deploy the program that is calling"
    )]
    Version(String),
    #[error("the event's `{field}` can't be read: {reason}")]
    Field { field: &'static str, reason: String },
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Envelope {
    crucial: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    task: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    parcel: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    hello: Option<Hello>,
}

impl Packed {
    /// The event's text.
    pub(crate) fn to_json(&self) -> Result<Bytes, EventError> {
        let task = codec::pack(&self.task).map_err(|error| field("task", error))?;
        to_json(&Envelope {
            crucial: VERSION,
            task: Some(BASE64_STANDARD.encode(task)),
            parcel: self.parcel,
            hello: None,
        })
    }
}

impl Hello {
    /// The event's text.
    pub(crate) fn to_json(&self) -> Result<Bytes, EventError> {
        to_json(&Envelope {
            crucial: VERSION,
            task: None,
            parcel: false,
            hello: Some(self.clone()),
        })
    }

    /// What a worker answers to a greeting.
    pub(crate) fn answer() -> Value {
        serde_json::json!({ "crucial": VERSION })
    }
}

impl Event {
    /// Reads an event. Nothing in it is trusted.
    pub(crate) fn read(event: Value) -> Result<Self, EventError> {
        if let Some(version) = event.get("crucial") {
            if version.as_u64() != Some(VERSION) {
                return Err(EventError::Version(version.to_string()));
            }
            let envelope: Envelope =
                serde_json::from_value(event).map_err(|error| field("crucial", error))?;
            return match (envelope.task, envelope.hello) {
                (Some(task), None) => Ok(Self::Run(Box::new(Packed {
                    task: read_task(&task)?,
                    parcel: envelope.parcel,
                }))),
                (None, Some(hello)) => Ok(Self::Hello(hello)),
                _ => Err(EventError::Unknown),
            };
        }
        if event.get("thread").is_some() {
            let call = serde_json::from_value(event).map_err(|error| field("thread", error))?;
            return Ok(Self::ByHand(call));
        }
        Err(EventError::Unknown)
    }

    /// The invocation in an event's text, if there is one.
    pub(crate) fn task_in(event: &[u8]) -> Option<Invocation> {
        let envelope: Envelope = serde_json::from_slice(event).ok()?;
        read_task(&envelope.task?).ok()
    }
}

fn read_task(text: &str) -> Result<Invocation, EventError> {
    let bytes = BASE64_STANDARD
        .decode(text)
        .map_err(|error| field("task", error))?;
    codec::unpack(&bytes).map_err(|error| field("task", error))
}

fn to_json(envelope: &Envelope) -> Result<Bytes, EventError> {
    serde_json::to_vec(envelope)
        .map(Bytes::from)
        .map_err(|error| field("task", error))
}

fn field(field: &'static str, reason: impl std::fmt::Display) -> EventError {
    EventError::Field {
        field,
        reason: reason.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::runtime::Limits;
    use crate::thread::ThreadId;

    fn packed() -> Packed {
        let namespace = |name| Namespace::new(name).unwrap();
        Packed {
            task: Invocation {
                id: ThreadId::random(),
                thread: "pi::sample".to_owned(),
                label: "first".to_owned(),
                fingerprint: 7,
                args: Bytes::from_static(&[0, 255, 1]),
                job: namespace("job-1"),
                application: namespace("app"),
                store: "redis://host:6379".to_owned(),
                limits: Limits::default(),
                deadline_ms: u64::MAX,
                attempt: 0,
                depth: 1,
                trace: None,
            },
            parcel: true,
        }
    }

    #[test]
    fn an_invocation_survives_the_way() {
        let sent = packed();
        let text = sent.to_json().unwrap();
        assert_eq!(Event::task_in(&text), Some(sent.task.clone()));
        let read = Event::read(serde_json::from_slice(&text).unwrap()).unwrap();
        assert_eq!(read, Event::Run(Box::new(sent)));
    }

    #[test]
    fn a_greeting_survives_the_way() {
        let sent = Hello {
            job: Namespace::new("job-1").unwrap(),
            store: "redis://host".to_owned(),
        };
        let text = sent.to_json().unwrap();
        let read = Event::read(serde_json::from_slice(&text).unwrap()).unwrap();
        assert_eq!(read, Event::Hello(sent));
    }

    #[test]
    fn a_call_by_hand_needs_no_arguments() {
        let read = Event::read(json!({ "thread": "hello" })).unwrap();
        let Event::ByHand(call) = read else {
            panic!("{read:?}");
        };
        assert_eq!((call.thread.as_str(), call.args), ("hello", Vec::new()));
    }

    #[test]
    fn what_is_no_event_is_refused_with_the_reason() {
        let bad_task = BASE64_STANDARD.encode([1, 2, 3]);
        for (event, reason) in [
            (json!(null), "neither"),
            (json!([1]), "neither"),
            (json!({}), "neither"),
            (json!({ "Records": [] }), "neither"),
            (json!({ "crucial": 2 }), "neither"),
            (json!({ "crucial": 3, "task": "" }), "version 3"),
            (json!({ "crucial": "2", "task": "" }), "version \"2\""),
            (json!({ "crucial": 2, "task": "%%%" }), "`task`"),
            (json!({ "crucial": 2, "task": 5 }), "expected a string"),
            (json!({ "crucial": 2, "task": bad_task }), "`task`"),
            (json!({ "crucial": 2, "task": "", "more": 1 }), "more"),
            (
                json!({ "crucial": 2, "hello": { "job": "a/b", "store": "" } }),
                "a/b",
            ),
            (json!({ "thread": 5 }), "`thread`"),
            (json!({ "thread": "f", "args": 5 }), "`thread`"),
            (json!({ "thread": "f", "arg": [] }), "arg"),
        ] {
            let error = Event::read(event.clone()).unwrap_err().to_string();
            assert!(error.contains(reason), "{event}: {error}");
        }
    }
}
