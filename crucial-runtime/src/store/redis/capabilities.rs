//! What a server is and can do, asked at every connection: after a fail-over it may be another one.

use std::time::Duration;

use redis::{Pipeline, ServerError, Value};
use tokio::time::Instant;

use super::entry::{Mends, NoEntry, RIGHTS};
use crate::chance;
use crate::error::Error;

/// The oldest server that has all that is needed.
const OLDEST: (u32, u32) = (6, 2);

/// What a server is and can do.
#[derive(Debug, Clone)]
pub(super) struct Capabilities {
    /// `Redis` or `Valkey`, and its own version.
    pub(super) product: String,
    /// Whether scripts may be kept as functions: the server has them, and the user may load and call them.
    pub(super) functions: bool,
    /// Which run of which server it is: another one orders hashes and sets in another way.
    pub(super) identity: String,
    /// What the server does when its memory is full, if it says so.
    pub(super) policy: Option<String>,
    /// Its clock, in milliseconds since 1970, at a moment of this process.
    clock: (Instant, u64),
}

impl Capabilities {
    /// The commands that ask. None of them changes anything.
    pub(super) fn questions() -> Pipeline {
        let mut questions = Pipeline::new();
        questions.add_command(redis::cmd("INFO"));
        questions.add_command(redis::cmd("TIME"));
        questions.add_command(redis::cmd("PUBLISH").arg("crucial:").arg("").clone());
        // No function has that name and no library that text: what matters is whether the server knows the commands,
        // and whether the user may use them.
        questions.add_command(redis::cmd("FCALL").arg("crucial").arg(0).clone());
        questions.add_command(redis::cmd("FUNCTION").arg("LOAD").arg("").clone());
        questions
    }

    /// What the replies tell.
    ///
    /// # Errors
    ///
    /// [`Error::Unsupported`] and [`Error::Login`] for a server that will not do, with the mend.
    pub(super) fn of(replies: &[Value], store: &str) -> Result<Self, NoEntry> {
        let unsupported = |reason: String| {
            NoEntry::for_good(Error::Unsupported {
                store: store.to_owned(),
                reason,
            })
        };
        let [info, time, publish, call, load] = replies else {
            return Err(unsupported("it gave too few replies".to_owned()));
        };
        let allowed = |reply: &Value, command: &str| match reply {
            Value::ServerError(error) => Err(refusal(store, command, error)),
            _ => Ok(()),
        };
        allowed(info, "INFO")?;
        allowed(time, "TIME")?;
        let info = Info::of(info);
        let version = info.field("redis_version").unwrap_or_default();
        let mut parts = version.split('.').map(|part| part.parse().unwrap_or(0));
        if (parts.next().unwrap_or(0), parts.next().unwrap_or(0)) < OLDEST {
            return Err(unsupported(format!(
                "it is version {version:?}; Redis 6.2 or later, or Valkey, is needed"
            )));
        }
        if info.field("cluster_enabled") == Some("1") {
            return Err(unsupported(
                "it is a node of a cluster, and clusters are not supported yet".to_owned(),
            ));
        }
        if info.field("role") == Some("slave") {
            let primary = info.field("master_host").zip(info.field("master_port"));
            let primary =
                primary.map_or_else(String::new, |(host, port)| format!(" of {host}:{port}"));
            let replica = unsupported(format!(
                "it is a read-only replica{primary}; CRUCIAL_STORE must name the primary"
            ));
            return Err(NoEntry {
                // While roles change hands, the name may still lead to the old primary.
                mends: Mends::Perhaps,
                ..replica
            });
        }
        allowed(publish, "PUBLISH on `crucial:*`")?;
        let product = match info.field("valkey_version") {
            Some(version) => format!("Valkey {version}"),
            None => format!("Redis {version}"),
        };
        let time_ms = milliseconds(time)
            .ok_or_else(|| unsupported("it does not tell the time".to_owned()))?;
        Ok(Self {
            product,
            functions: permits(call) && permits(load),
            identity: info.identity(),
            policy: info.field("maxmemory_policy").map(str::to_owned),
            clock: (Instant::now(), time_ms),
        })
    }

    /// Which run of which server gave that reply to `INFO`.
    pub(super) fn identity_in(info: Option<&Value>) -> String {
        Info::of(info.unwrap_or(&Value::Nil)).identity()
    }

    /// A server of which no more is known than what its clock shows at a moment of this process.
    #[cfg(test)]
    pub(super) fn at(moment: Instant, server_ms: u64) -> Self {
        Self {
            product: String::new(),
            functions: true,
            identity: String::new(),
            policy: None,
            clock: (moment, server_ms),
        }
    }

    /// What its clock shows at a moment of this process, in milliseconds since 1970.
    pub(super) fn time_of(&self, moment: Instant) -> u64 {
        let (at, time) = self.clock;
        let ms = |duration: Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        time.saturating_add(ms(moment.saturating_duration_since(at)))
            .saturating_sub(ms(at.saturating_duration_since(moment)))
    }

    /// Tells whoever reads the log what may surprise them later.
    pub(super) fn warn(&self, store: &str) {
        let Self {
            product, functions, ..
        } = self;
        tracing::debug!(store, product, functions, "connected");
        if let Some(policy) = &self.policy
            && policy != "noeviction"
        {
            let drops = if policy.starts_with("volatile-") {
                "objects that have a time to live, leases of jobs, large replies, and what it remembers of calls on objects that were removed"
            } else {
                "objects, and what it remembers of calls, so that a call which is sent again may run twice"
            };
            tracing::warn!(
                store,
                policy,
                "a full server will silently drop {drops}; set maxmemory-policy to noeviction"
            );
        }
    }
}

/// The text of `INFO`.
struct Info(String);

impl Info {
    fn of(reply: &Value) -> Self {
        Self(match reply {
            Value::VerbatimString { text, .. } | Value::SimpleString(text) => text.clone(),
            Value::BulkString(bytes) => String::from_utf8_lossy(bytes).into_owned(),
            _ => String::new(),
        })
    }

    fn field(&self, name: &str) -> Option<&str> {
        self.0
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
            .map(str::trim)
    }

    fn identity(&self) -> String {
        // One that does not tell may be another at every connection.
        self.field("run_id")
            .map_or_else(|| format!("{:016x}", chance::number()), str::to_owned)
    }
}

/// Whether the server knows a command and lets the user use it, whatever else is wrong.
fn permits(reply: &Value) -> bool {
    match reply {
        Value::ServerError(error) => {
            let details = error.details().unwrap_or_default();
            error.code() != "NOPERM" && !details.starts_with("unknown")
        }
        _ => true,
    }
}

fn refusal(store: &str, command: &str, error: &ServerError) -> NoEntry {
    if error.code() == "NOPERM" {
        return NoEntry::for_good(Error::Login {
            store: store.to_owned(),
            reason: format!("its access rules forbid {command} ({error}); the user needs {RIGHTS}"),
        });
    }
    let said = format!("it answers {command} with {error}");
    NoEntry::told(store, &said, &error.clone().into())
}

/// What `TIME` tells, in milliseconds since 1970.
pub(super) fn milliseconds(time: &Value) -> Option<u64> {
    let Value::Array(parts) = time else {
        return None;
    };
    match parts.iter().map(number).collect::<Option<Vec<_>>>()?[..] {
        [seconds, micros] => Some(seconds * 1000 + micros / 1000),
        _ => None,
    }
}

fn number(value: &Value) -> Option<u64> {
    match value {
        Value::BulkString(digits) => std::str::from_utf8(digits).ok()?.parse().ok(),
        Value::Int(number) => u64::try_from(*number).ok(),
        _ => None,
    }
}
