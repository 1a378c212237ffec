//! The state machine of a topic: the last messages, numbered.

use std::collections::VecDeque;
use std::task::Poll;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::news;
use crate::object::{Method, Object, Refusal, ServerScript, Value};
use crate::objects::argument::parse;
use crate::objects::proxy::methods;

/// How many messages a [`READ`] gives at the most, and after how many bytes it gives no more.
pub(super) const READ_COUNT: usize = 128;
const READ_BYTES: usize = 256 * 1024;

/// The state.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TopicState {
    /// How many messages are kept; zero where there is no topic.
    backlog: usize,
    /// The number of the next message.
    next: u64,
    /// The last messages, the oldest first.
    kept: VecDeque<Bytes>,
    closed: bool,
}

methods! {
    STATUS = read("status");
    READ = read("read");
    PUBLISH = update("publish");
    CLOSE = update("close");
}

impl Object for TopicState {
    const NAME: &'static str = "Topic";
    const METHODS: &'static [Method] = METHODS;
    const SCRIPT: Option<ServerScript> = Some(ServerScript {
        source: include_str!("../topic.lua"),
        index: true,
    });

    fn init(args: &[Bytes]) -> Result<Self, Refusal> {
        match args {
            [] => Ok(Self::default()),
            [backlog] => Ok(Self {
                backlog: parse(backlog)?,
                ..Self::default()
            }),
            _ => Err(Refusal::args("a topic starts from a backlog")),
        }
    }

    /// What has been published, or nothing where the topic was closed.
    fn announcement(&mut self, method: &str, args: &[Bytes], reply: &Value) -> Option<Bytes> {
        match (method, reply) {
            ("publish", Value::Int(first)) if !args.is_empty() => {
                Some(news::write(first.unsigned_abs(), args))
            }
            ("close", Value::Int(1)) => Some(Bytes::new()),
            _ => None,
        }
    }

    /// The number of the next message.
    fn clock(&self) -> u64 {
        self.next
    }

    fn clock_before(method: &str, reply: &Value) -> Option<u64> {
        let next = match (method, reply) {
            ("publish", next) => next,
            ("status", Value::List(parts)) => parts.get(1)?,
            ("read", Value::List(parts)) => parts.first()?,
            _ => return None,
        };
        match next {
            Value::Int(next) => u64::try_from(*next).ok(),
            _ => None,
        }
    }

    fn apply(&mut self, method: &str, args: &[Bytes]) -> Result<Poll<Value>, Refusal> {
        let reply = match (method, args) {
            ("status" | "read", _) if self.backlog == 0 => Value::Nil,
            ("status", []) => {
                let backlog = Value::from(self.backlog);
                Value::List(vec![backlog, number(self.next), self.closed.into()])
            }
            ("read", [from]) => self.read(parse(from)?),
            ("publish", _) if self.closed => Value::Nil,
            ("publish", messages) => {
                let first = self.next;
                for message in messages {
                    self.kept.push_back(message.clone());
                    self.next += 1;
                }
                let surplus = self.kept.len().saturating_sub(self.backlog);
                self.kept.drain(..surplus);
                number(first)
            }
            ("close", []) => (!std::mem::replace(&mut self.closed, true)).into(),
            _ => return Err(Refusal::no_such_method(method)),
        };
        Ok(Poll::Ready(reply))
    }
}

impl TopicState {
    /// The number of the next message of all, whether it is closed, the number of the first that follows, and
    /// what is kept from that number on.
    fn read(&self, from: u64) -> Value {
        let oldest = self.next - self.kept.len() as u64;
        let first = from.max(oldest).min(self.next);
        let skipped = usize::try_from(first - oldest).unwrap_or(usize::MAX);
        let mut reply = vec![number(self.next), self.closed.into(), number(first)];
        let mut bytes = 0;
        for message in self.kept.iter().skip(skipped).take(READ_COUNT) {
            reply.push(message.clone().into());
            bytes += message.len();
            if bytes >= READ_BYTES {
                break;
            }
        }
        Value::List(reply)
    }
}

fn number(number: u64) -> Value {
    Value::Int(i64::try_from(number).unwrap_or(i64::MAX))
}
