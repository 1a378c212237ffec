//! Additions of one process that follow one another: the server adds once.

use bytes::Bytes;

use super::machine::EXACT;
use crate::object::Value;

/// The one addition that does what these do, for whole numbers of one kind.
///
/// Floats are left alone: their sums depend on the order.
pub(super) fn fold(calls: &[&[Bytes]]) -> Option<Vec<Bytes>> {
    let kind = kind(calls)?;
    let mut sum = 0;
    for call in calls {
        sum = kind.wrap(sum + addend(call)?);
    }
    // A sum beyond the signed numbers of an unsigned kind is the same number of steps backwards.
    let sum = if kind.signed {
        sum
    } else {
        sum - kind.count() * i128::from(sum >= kind.count() / 2)
    };
    Some(vec![sum.to_string().into(), calls.first()?.get(1)?.clone()])
}

/// What each of the additions found, from what the one found.
pub(super) fn unfold(calls: &[&[Bytes]], reply: &Value) -> Vec<Value> {
    let first = match reply {
        Value::Int(number) => Some(i128::from(*number)),
        Value::Bytes(text) => number(text),
        _ => None,
    };
    let (Some(mut before), Some(kind)) = (first, kind(calls)) else {
        return vec![reply.clone(); calls.len()];
    };
    let mut replies = Vec::with_capacity(calls.len());
    for call in calls {
        replies.push(match i64::try_from(before) {
            Ok(number) if (1 - EXACT..EXACT).contains(&number) => Value::Int(number),
            _ => Value::Bytes(before.to_string().into()),
        });
        before = kind.wrap(before + addend(call).unwrap_or(0));
    }
    replies
}

/// A kind of whole numbers.
struct Kind {
    signed: bool,
    bits: u32,
}

impl Kind {
    fn count(&self) -> i128 {
        1 << self.bits
    }

    fn wrap(&self, number: i128) -> i128 {
        let lowest = if self.signed { -self.count() / 2 } else { 0 };
        let beyond = number - lowest;
        if (0..self.count()).contains(&beyond) {
            return number;
        }
        beyond.rem_euclid(self.count()) + lowest
    }
}

/// The kind of all of the calls, if they are of one.
fn kind(calls: &[&[Bytes]]) -> Option<Kind> {
    let text = calls.first()?.get(1)?;
    if calls.iter().any(|call| call.len() != 2 || call[1] != text) {
        return None;
    }
    let (signed, bits) = match text.split_first()? {
        (b'i', bits) => (true, bits),
        (b'u', bits) => (false, bits),
        _ => return None,
    };
    let bits = std::str::from_utf8(bits).ok()?.parse().ok()?;
    (8..=64).contains(&bits).then_some(Kind { signed, bits })
}

fn addend(call: &[Bytes]) -> Option<i128> {
    number(call.first()?)
}

fn number(text: &[u8]) -> Option<i128> {
    // 65 bits are the most that an addend of 64 bits and a sign take: sums of two stay in range.
    let number: i128 = std::str::from_utf8(text).ok()?.parse().ok()?;
    (-(1 << 65)..1 << 65).contains(&number).then_some(number)
}

#[cfg(test)]
mod tests {
    use std::task::Poll;

    use proptest::prelude::*;

    use super::*;
    use crate::object::Object;
    use crate::objects::atomic::machine::AtomicState;

    fn run(state: &mut AtomicState, args: &[Bytes]) -> Value {
        match state.apply("add", args).unwrap() {
            Poll::Ready(reply) => reply,
            Poll::Pending => panic!("an addition does not wait"),
        }
    }

    fn check(kind: &str, start: i128, addends: &[i128]) {
        let start = Kind {
            signed: kind.starts_with('i'),
            bits: kind[1..].parse().unwrap(),
        }
        .wrap(start);
        let calls: Vec<Vec<Bytes>> = addends
            .iter()
            .map(|addend| vec![addend.to_string().into(), kind.to_owned().into()])
            .collect();
        let calls: Vec<&[Bytes]> = calls.iter().map(Vec::as_slice).collect();
        let fresh = || AtomicState::init(&[start.to_string().into()]).unwrap();
        let (mut one_by_one, mut at_once) = (fresh(), fresh());
        let replies: Vec<Value> = calls
            .iter()
            .map(|call| run(&mut one_by_one, call))
            .collect();
        let reply = run(&mut at_once, &fold(&calls).unwrap());
        assert_eq!(unfold(&calls, &reply), replies);
        assert_eq!(at_once, one_by_one);
    }

    proptest! {
        #[test]
        fn additions_at_once_are_additions_one_by_one(
            kind in prop::sample::select(vec!["i8", "u8", "i16", "u16", "i32", "u32", "i64", "u64"]),
            start in any::<i64>(),
            addends in prop::collection::vec(any::<i8>().prop_map(i128::from), 2..50),
        ) {
            check(kind, start.into(), &addends);
        }
    }

    #[test]
    fn at_the_edges() {
        let (top, bottom) = (i128::from(i64::MAX), i128::from(i64::MIN));
        check("i64", top, &[1, top, bottom, -1]);
        check("u64", i128::from(u64::MAX), &[1, top, top, top, -1, bottom]);
        check("u64", 0, &[-1, -1]);
        check("i8", 127, &[127, 127, 127, -128]);
    }

    #[test]
    fn other_kinds_are_left_alone() {
        let float = [
            Bytes::from_static(b"\0\0\0\0\0\0\xf0\x3f"),
            Bytes::from_static(b"f64"),
        ];
        assert_eq!(fold(&[&float, &float]), None);
        let (a, b) = (["1".into(), "u8".into()], ["1".into(), "u16".into()]);
        assert_eq!(fold(&[&a, &b]), None);
    }
}
