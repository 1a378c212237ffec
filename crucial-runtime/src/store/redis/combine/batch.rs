//! The calls that a leader runs and commits together.

use bytes::Bytes;

use super::commit::Caller;
use super::lead::{CALLERS, Lead};
use super::own::Own;
use super::parcel::{self, Parcel};
use crate::object::Call;
use crate::store::redis::answer::Answer;
use crate::store::redis::fault::Fault;
use crate::store::redis::operation::is_read;

/// The calls that a leader runs and commits together.
pub(super) struct Batch<'a> {
    pub(super) calls: Vec<&'a Call>,
    parts: Vec<Part<'a>>,
    own: Option<&'a Own<'a>>,
}

/// The calls of one caller among those of a batch.
struct Part<'a> {
    session: &'a str,
    seq: &'a str,
    calls: usize,
    elsewhere: bool,
}

/// A batch that has been run and is to be committed.
pub(super) struct Ran {
    pub(super) callers: Vec<Caller>,
    /// What the calls of this process gave.
    pub(super) answers: Vec<Answer>,
    /// The new state, if there is one.
    pub(super) stored: Option<Bytes>,
}

impl<'a> Batch<'a> {
    /// What waits and may be run, and the calls of this process.
    pub(super) fn of(lead: &'a Lead, own: Option<&'a Own<'a>>, me: &'a str) -> Self {
        let mut all: Vec<&Call> = Vec::new();
        let mut parts = Vec::new();
        for queued in lead.others(me).take(CALLERS) {
            let Parcel::Calls(calls) = &queued.parcel else {
                continue;
            };
            all.extend(calls);
            parts.push(Part {
                session: &queued.session,
                seq: &queued.seq,
                calls: calls.len(),
                elsewhere: true,
            });
        }
        if let Some(own) = own {
            all.extend(&own.calls);
            parts.push(Part {
                session: me,
                seq: &own.sent.seq,
                calls: own.calls.len(),
                elsewhere: false,
            });
        }
        Self {
            calls: all,
            parts,
            own,
        }
    }

    /// What each call is known as to all who may lead: the number of the calls that it came with, and its place among
    /// those. Reads have no such name: they do not travel.
    pub(super) fn names(&self) -> Vec<String> {
        let mut names = Vec::with_capacity(self.calls.len());
        for part in &self.parts {
            let mut place = 0;
            let calls = &self.calls[names.len()..];
            for call in calls.iter().take(part.calls) {
                names.push(if is_read(call) {
                    String::new()
                } else {
                    place += 1;
                    format!("{}:{place}", part.seq)
                });
            }
        }
        names
    }

    /// The batch with what its calls gave, and the state that they left.
    pub(super) fn ran(self, given: Vec<Answer>, stored: Option<Bytes>) -> Result<Ran, Fault> {
        let (mut callers, mut answers) = (Vec::with_capacity(self.parts.len()), Vec::new());
        let mut all = given.into_iter();
        for part in self.parts {
            let given: Vec<Answer> = all.by_ref().take(part.calls).collect();
            let own = self.own.filter(|_| !part.elsewhere);
            let recorded = given
                .iter()
                .enumerate()
                .filter(|(place, _)| own.is_none_or(|own| !is_read(own.calls[*place])));
            // Reads of this process are answered here and made again if need be: nobody records them.
            if own.is_none_or(|own| !own.reads_only()) {
                callers.push(Caller {
                    session: part.session.to_owned(),
                    record: parcel::record(part.seq, recorded.map(|(_, answer)| answer))?,
                    elsewhere: part.elsewhere,
                });
            }
            if own.is_some() {
                answers = given;
            }
        }
        Ok(Ran {
            callers,
            answers,
            stored,
        })
    }
}
