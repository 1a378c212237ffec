//! The processes whose parties have come to rounds, and their leases.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The processes whose parties have come.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Sessions(BTreeMap<String, Session>);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Session {
    /// When its lease ends, in milliseconds since 1970.
    ends: u64,
    /// The round that it last came to.
    last: u64,
}

/// The process that a party belongs to, and the time.
#[derive(Debug, Clone)]
pub(in crate::objects) struct Tenancy {
    pub(in crate::objects) session: String,
    /// How long its lease lasts, in milliseconds.
    pub(in crate::objects) length: u64,
    /// Milliseconds since 1970, by the clock of the store.
    pub(in crate::objects) now: u64,
}

impl Tenancy {
    fn ends(&self) -> u64 {
        self.now.saturating_add(self.length)
    }
}

impl Sessions {
    /// Notes that a party of a process has come to a round; when the [earliest lease of another](Self::earliest) ends.
    pub(super) fn come(&mut self, tenancy: Tenancy, round: u64) -> i64 {
        let left = self.earliest(&tenancy);
        let session = Session {
            ends: tenancy.ends(),
            last: round,
        };
        self.0.insert(tenancy.session, session);
        left
    }

    /// Renews the lease of a process that is there; when the [earliest of another](Self::earliest) ends.
    pub(super) fn renew(&mut self, tenancy: &Tenancy) -> i64 {
        if let Some(known) = self.0.get_mut(&tenancy.session) {
            known.ends = tenancy.ends();
        }
        self.earliest(tenancy)
    }

    /// Forgets a process that ends in good order.
    pub(super) fn leave(&mut self, session: &str) {
        self.0.remove(session);
    }

    /// Forgets the processes whose leases have ended; whether one of them is missed, because it came to that round or to
    /// the one before: its parties are waited for.
    pub(super) fn settle(&mut self, now: u64, round: u64) -> bool {
        let ended = self.0.extract_if(.., |_, session| session.ends <= now);
        ended.fold(false, |missed, (_, session)| {
            missed || session.last + 1 >= round
        })
    }

    /// In how many milliseconds the earliest lease of another process ends; -1 where there is none.
    fn earliest(&self, tenancy: &Tenancy) -> i64 {
        let others = self.0.iter();
        let left = others
            .filter(|(other, _)| **other != tenancy.session)
            .map(|(_, other)| other.ends.saturating_sub(tenancy.now))
            .min();
        left.map_or(-1, |left| i64::try_from(left).unwrap_or(i64::MAX))
    }

    /// About how many bytes they rest in.
    pub(super) fn size(&self) -> usize {
        60 * self.0.len()
    }
}
