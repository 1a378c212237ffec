//! What vectors and matrices do alike: with all their numbers, and in the rounds of those who reduce by them.

use std::task::Poll;

use bytes::Bytes;

use super::{
    Bound, Element, Entry, Norm, Rounds, Slices, arguments, contribution, placed, renewal, reply,
    session,
};
use crate::object::{Refusal, Value, now_ms};

/// All numbers of an object, and its rounds.
pub(in crate::objects) struct All<'a, T> {
    pub(in crate::objects) numbers: &'a mut Vec<T>,
    /// Rows and columns.
    pub(in crate::objects) shape: (usize, usize),
    pub(in crate::objects) rounds: &'a mut Rounds<T>,
}

impl<T: Element> All<'_, T> {
    /// One of the methods, the entries of those that take some being `E`s.
    pub(in crate::objects) fn apply<E: Entry<T>>(
        self,
        method: &str,
        args: &[Bytes],
    ) -> Result<Poll<Value>, Refusal> {
        let Self {
            numbers,
            shape,
            rounds,
        } = self;
        match method {
            "sum" => reply(&numbers.sum()?),
            "mean" => reply(&numbers.mean()),
            "extreme" => {
                let (bound,): (Bound,) = arguments(args)?;
                reply(&numbers.extreme(bound))
            }
            "norm" => {
                let (norm,): (Norm,) = arguments(args)?;
                reply(&numbers.norm(norm))
            }
            "fill" => {
                let (number,): (T,) = arguments(args)?;
                rounds.keep_result(numbers);
                numbers.fill(number);
                reply(&())
            }
            "scale" => {
                let (factor,): (T,) = arguments(args)?;
                rounds.keep_result(numbers);
                numbers.scale(factor)?;
                reply(&())
            }
            "add_at" => {
                let (factor, entries): (T, Vec<E>) = arguments(args)?;
                let entries = placed(entries, shape)?;
                rounds.keep_result(numbers);
                numbers.add_at(factor, &entries)?;
                reply(&())
            }
            "bound_at" => {
                let (bound, entries): (Bound, Vec<E>) = arguments(args)?;
                let entries = placed(entries, shape)?;
                rounds.keep_result(numbers);
                numbers.bound_at(bound, &entries);
                reply(&())
            }
            "dot_at" => {
                let (entries,): (Vec<E>,) = arguments(args)?;
                reply(&numbers.dot_at(&placed(entries, shape)?)?)
            }
            "contribute" => {
                let (part, tenancy) = contribution(args)?;
                reply(&rounds.contribute(numbers, shape, part, tenancy))
            }
            "renew" => {
                let left = rounds.renew(&renewal(args)?);
                // Nothing is lent that could be lost without a broken round.
                let parts = vec![Value::Int(0), Value::Int(left)];
                Ok(Poll::Ready(Value::List(parts)))
            }
            "leave" => {
                rounds.leave(&session(args)?);
                Ok(Poll::Ready(Value::Nil))
            }
            "reduced" => {
                let (round,): (u64,) = arguments(args)?;
                match rounds.end(round, numbers) {
                    Some(end) => reply(&end),
                    None => Ok(Poll::Pending),
                }
            }
            "give_up" => {
                let (round,): (u64,) = arguments(args)?;
                reply(&rounds.give_up(round, numbers))
            }
            "reset_rounds" => {
                rounds.reset(now_ms());
                reply(&())
            }
            "round_status" => reply(&(rounds.came(), rounds.is_broken())),
            _ => Err(Refusal::no_such_method(method)),
        }
    }
}
