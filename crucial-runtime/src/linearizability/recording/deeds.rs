//! What was noted, object by object.

use std::collections::{BTreeMap, HashMap};

use bytes::Bytes;

use super::Recording;
use crate::linearizability::event::{Answered, Asked, Deed, Event};
use crate::object::Key;

/// One call on one object, as noted.
#[derive(Clone, Copy)]
pub(super) struct Done<'a> {
    pub(super) caller: &'a str,
    pub(super) call: u64,
    pub(super) deed: &'a Deed,
    pub(super) started: u64,
    pub(super) end: Option<(u64, &'a Answered)>,
    /// Whether it ended when the recording was taken to be over.
    pub(super) late: bool,
}

/// What all that was done to an object tells of it.
pub(super) struct Life {
    /// Any state of a user's object.
    pub(super) specimen: Option<Bytes>,
    /// Whether it may have been removed.
    pub(super) mortal: bool,
}

impl Recording {
    pub(super) fn life(&self, deeds: &[Done<'_>]) -> Life {
        let specimen = deeds.iter().find_map(|done| match done.deed {
            Deed::Create { args, description } => {
                let object = self.type_of(&description.object)?;
                let state = object.init(args).ok()?;
                object.encode(&state).ok()
            }
            _ => None,
        });
        Life {
            specimen,
            mortal: deeds.iter().any(|done| done.deed.may_remove()),
        }
    }

    /// What was done to each object, and to those of a job that was cleared.
    pub(super) fn by_object(&self) -> BTreeMap<&Key, Vec<Done<'_>>> {
        let mut objects: BTreeMap<&Key, Vec<Done<'_>>> = BTreeMap::new();
        let mut cleared = Vec::new();
        for process in &self.processes {
            let ends: HashMap<u64, (u64, &Answered)> = process
                .events
                .iter()
                .filter_map(|event| match event {
                    Event::Ended { call, at, answer } => Some((*call, (*at, answer))),
                    Event::Began { .. } => None,
                })
                .collect();
            for event in &process.events {
                let Event::Began { call, at, asked } = event else {
                    continue;
                };
                if *at > process.until {
                    continue;
                }
                let end = ends.get(call).copied();
                let done = |deed| Done {
                    caller: &process.name,
                    call: *call,
                    deed,
                    started: *at,
                    end,
                    late: end.is_some_and(|(at, _)| at > process.until),
                };
                match asked {
                    Asked::Of(key, deed) => objects.entry(key).or_default().push(done(deed)),
                    Asked::Clear(namespace) => cleared.push((namespace, done(&Deed::Destroy))),
                }
            }
        }
        for (namespace, clear) in cleared {
            let of_it = |key: &&Key| key.namespace() == namespace.as_str();
            let keys: Vec<_> = objects.keys().copied().filter(of_it).collect();
            for key in keys {
                objects.entry(key).or_default().push(clear);
            }
        }
        objects
    }
}
