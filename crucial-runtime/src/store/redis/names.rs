//! The keys on the server. Those of one object share one hash tag, so they live in one slot.

use super::lane::Slot;
use crate::object::{Key, Namespace};

/// The server's keys of one object.
#[derive(Debug, Clone)]
pub(super) struct Names {
    base: String,
}

impl Names {
    pub(super) fn of(key: &Key) -> Self {
        Self {
            base: format!("crucial:{{{key}}}"),
        }
    }

    /// The data of a scripted object.
    pub(super) fn data(&self) -> &str {
        &self.base
    }

    /// The second key of those scripted objects that need two.
    pub(super) fn index(&self) -> String {
        [&self.base, ":h"].concat()
    }

    /// The state of a user's object: 8 bytes of version, then the state.
    pub(super) fn state(&self) -> String {
        [&self.base, ":s"].concat()
    }

    /// What the object is.
    pub(super) fn description(&self) -> String {
        [&self.base, ":m"].concat()
    }

    /// What the session did last in that slot of its lane, and the replies.
    pub(super) fn record(&self, session: &str, slot: Slot) -> String {
        [&self.base, ":r:", session, ":", &slot.to_string()].concat()
    }

    /// A state on its way in, for one commit of one session.
    pub(super) fn staging(&self, session: &str, seq: &str) -> String {
        [&self.base, ":n:", session, ":", seq].concat()
    }

    /// Who leads the object, by which token, until when.
    pub(super) fn lease(&self) -> String {
        [&self.base, ":l"].concat()
    }

    /// The calls that wait for whoever leads, by session.
    pub(super) fn queue(&self) -> String {
        [&self.base, ":q"].concat()
    }

    /// The places in the queue, in the order of their coming.
    pub(super) fn waiting(&self) -> String {
        [&self.base, ":w"].concat()
    }

    /// The sessions whose calls may have killed their leaders.
    pub(super) fn suspects(&self) -> String {
        [&self.base, ":z"].concat()
    }

    /// The channel of announcements.
    pub(super) fn channel(&self) -> String {
        [&self.base, ":c"].concat()
    }

    /// The channel of announcements to one process.
    pub(super) fn inbox(&self, process: &str) -> String {
        [&self.base, ":c:", process].concat()
    }
}

/// The channel on which other processes tell that session what became of its calls.
pub(super) fn inbox(session: &str) -> String {
    format!("crucial:i:{session}")
}

/// The key that lives as long as the job of that namespace.
pub(super) fn job(namespace: &str) -> String {
    format!("crucial:{{{namespace}}}:job")
}

/// The names of a namespace's objects.
pub(super) fn objects(namespace: &Namespace) -> String {
    objects_of(namespace.as_str())
}

/// [`objects`] by name.
pub(super) fn objects_of(namespace: &str) -> String {
    format!("crucial:{{{namespace}}}:objects")
}

/// The namespaces of all jobs that have begun and not been cleared.
pub(super) const JOBS: &str = "crucial:jobs";
