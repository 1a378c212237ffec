//! The state machine of a rate limiter: how full the bucket was, and when.

use std::task::Poll;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::object::{Method, Object, Refusal, ServerScript, Value};
use crate::objects::argument::{self, instant, parse};
use crate::objects::proxy::methods;

/// How full, or how far below empty, a bucket may be; scripts count that far exactly.
pub(super) const LARGEST: u64 = 1 << 52;

/// The state. A permit is worth `per` units of the bucket, which gains `permits` units a millisecond: whole
/// numbers, so nothing is rounded.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RateLimiterState {
    /// Zero where there is no limiter.
    permits: u64,
    /// In milliseconds.
    per: u64,
    burst: u64,
    /// How full the bucket was at that time; negative where more is reserved than it had.
    level: i64,
    at: u64,
    /// How many reservations have been made and not given back.
    reserved: u64,
}

methods! {
    STATUS = read("status");
    RESERVE = update("reserve");
    GIVE_BACK = update("give_back");
}

impl Object for RateLimiterState {
    const NAME: &'static str = "RateLimiter";
    const METHODS: &'static [Method] = METHODS;
    const SCRIPT: Option<ServerScript> = Some(ServerScript {
        source: include_str!("../rate_limiter.lua"),
        index: false,
    });
    const WAITS: bool = false;

    fn init(args: &[Bytes]) -> Result<Self, Refusal> {
        let [permits, per, burst, now] = args else {
            return match args {
                [] => Ok(Self::default()),
                _ => Err(Refusal::args(
                    "a rate limiter starts from permits, a time, and a burst",
                )),
            };
        };
        let (per, burst) = (parse(per)?, parse(burst)?);
        Ok(Self {
            permits: parse(permits)?,
            per,
            burst,
            level: signed(per * burst),
            at: instant(now)?,
            reserved: 0,
        })
    }

    fn timeless(method: &str, mut reply: Value) -> Value {
        // Done, and how long it takes; or not, and how long it would take.
        if let ("reserve", Value::List(parts)) = (method, &mut reply)
            && parts.len() > 1
        {
            let last = parts.len() - 1;
            argument::some_time(parts, last);
        }
        reply
    }

    fn apply(&mut self, method: &str, args: &[Bytes]) -> Result<Poll<Value>, Refusal> {
        let reply = match (method, args) {
            ("status", [_]) if self.permits == 0 => Value::Nil,
            ("status", [now]) => {
                let available = self.level_at(instant(now)?).max(0) / signed(self.per);
                let rate = [self.permits, self.per, self.burst];
                let numbers = rate.map(signed).into_iter().chain([available]);
                Value::List(numbers.map(Value::Int).collect())
            }
            ("reserve", [permits, limit, now]) => {
                self.reserve(parse(permits)?, parse(limit)?, instant(now)?)
            }
            ("give_back", [number, permits, now]) => {
                self.pass(instant(now)?);
                let number: u64 = parse(number)?;
                // Reservations are numbered from 1.
                let last = number > 0 && number == self.reserved && self.level < 0;
                if last {
                    self.level += signed(parse::<u64>(permits)? * self.per);
                    self.reserved -= 1;
                }
                last.into()
            }
            _ => return Err(Refusal::no_such_method(method)),
        };
        Ok(Poll::Ready(reply))
    }
}

impl RateLimiterState {
    /// How full the bucket is at a time; clocks that go back stand still.
    fn level_at(&self, now: u64) -> i64 {
        let gained = now.saturating_sub(self.at).saturating_mul(self.permits);
        let full = signed(self.per * self.burst);
        self.level.saturating_add(signed(gained)).min(full)
    }

    fn pass(&mut self, now: u64) {
        self.level = self.level_at(now);
        self.at = self.at.max(now);
    }

    /// 1, the number of the reservation and how long it takes; or 0 and how long it would; or how much
    /// comes at once at the most.
    fn reserve(&mut self, permits: u64, limit: u64, now: u64) -> Value {
        if permits > self.burst {
            return Value::List(vec![Value::Int(signed(self.burst))]);
        }
        self.pass(now);
        let level = self.level - signed(permits * self.per);
        let wait = (-level).max(0).cast_unsigned().div_ceil(self.permits);
        if wait > limit || level < -signed(LARGEST) {
            return Value::List(vec![Value::Int(0), Value::Int(signed(wait))]);
        }
        self.level = level;
        self.reserved += 1;
        let numbers = [1, signed(self.reserved), signed(wait)];
        Value::List(numbers.map(Value::Int).into())
    }
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
