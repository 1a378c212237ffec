//! What the simulated server keeps: keys with values and times to live, and who listens to which channel.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;

use super::reply::Reply;

/// A connection, by number.
pub(super) type Connection = u64;

/// A message to the subscribers of a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Push {
    pub(super) to: Connection,
    pub(super) channel: Bytes,
    pub(super) payload: Bytes,
}

/// A value of one of the server's types. Small collections of the real server keep the order of insertion, too.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Data {
    Text(Bytes),
    Hash(Vec<(Bytes, Bytes)>),
    List(Vec<Bytes>),
    Set(Vec<Bytes>),
}

impl Data {
    pub(super) fn is_empty(&self) -> bool {
        match self {
            Self::Text(_) => false,
            Self::Hash(entries) => entries.is_empty(),
            Self::List(elements) | Self::Set(elements) => elements.is_empty(),
        }
    }

    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "string",
            Self::Hash(_) => "hash",
            Self::List(_) => "list",
            Self::Set(_) => "set",
        }
    }
}

#[derive(Debug, Clone)]
struct Entry {
    data: Data,
    ends: Option<u64>,
}

/// Keys, channels, the clock.
#[derive(Debug, Default)]
pub(super) struct Database {
    /// Milliseconds since 1970.
    pub(super) now_ms: u64,
    /// Whether commands that need memory are refused.
    pub(super) full: bool,
    /// For what the server draws by lot.
    pub(super) lots: u64,
    entries: BTreeMap<Bytes, Entry>,
    pub(super) channels: BTreeMap<Bytes, BTreeSet<Connection>>,
    /// Messages that have not been sent yet.
    pub(super) pushes: Vec<Push>,
}

impl Database {
    /// The value under a key.
    pub(super) fn get(&mut self, key: &[u8]) -> Option<&mut Data> {
        if self
            .entries
            .get(key)?
            .ends
            .is_some_and(|ends| self.now_ms > ends)
        {
            self.entries.remove(key);
            return None;
        }
        self.entries.get_mut(key).map(|entry| &mut entry.data)
    }

    /// Puts a value under a key, in place of whatever was there, without an end.
    pub(super) fn put(&mut self, key: &Bytes, data: Data) {
        self.entries.insert(key.clone(), Entry { data, ends: None });
    }

    pub(super) fn remove(&mut self, key: &[u8]) -> Option<Data> {
        self.get(key)?;
        self.entries.remove(key).map(|entry| entry.data)
    }

    /// Drops the key of a collection that has become empty.
    pub(super) fn remove_if_empty(&mut self, key: &[u8]) {
        if self.get(key).is_some_and(|data| data.is_empty()) {
            self.entries.remove(key);
        }
    }

    /// When the key ends: `None` without a key, `Some(None)` never.
    pub(super) fn ends(&mut self, key: &[u8]) -> Option<Option<u64>> {
        self.get(key)?;
        self.entries.get(key).map(|entry| entry.ends)
    }

    pub(super) fn set_end(&mut self, key: &[u8], ends: Option<u64>) {
        if let Some(entry) = self.entries.get_mut(key) {
            entry.ends = ends;
        }
    }

    /// Moves a value with its end, over whatever was there.
    pub(super) fn rename(&mut self, from: &[u8], to: &Bytes) -> bool {
        if self.get(from).is_none() {
            return false;
        }
        if let Some(entry) = self.entries.remove(from) {
            self.entries.insert(to.clone(), entry);
        }
        true
    }

    /// All keys that there are, in order, with their ends.
    pub(super) fn keys(&mut self) -> Vec<(Bytes, Option<u64>)> {
        let now = self.now_ms;
        self.entries
            .retain(|_, entry| entry.ends.is_none_or(|ends| now <= ends));
        self.entries
            .iter()
            .map(|(key, entry)| (key.clone(), entry.ends))
            .collect()
    }

    /// Removes what has a time to live.
    pub(super) fn evict(&mut self) {
        self.entries.retain(|_, entry| entry.ends.is_none());
    }

    pub(super) fn clear(&mut self) {
        self.entries.clear();
    }

    /// A number below `bound`.
    pub(super) fn lot(&mut self, bound: usize) -> usize {
        // The increment of SplitMix64 and its mixing: chance enough to pick an element.
        self.lots = self.lots.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.lots ^ (self.lots >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        usize::try_from((mixed >> 33) % u64::try_from(bound).unwrap()).unwrap()
    }

    /// Sends a message to whoever listens; how many do.
    pub(super) fn publish(&mut self, channel: &Bytes, payload: &Bytes) -> Reply {
        let listening = self.channels.get(channel);
        let pushes: Vec<Push> = listening
            .into_iter()
            .flatten()
            .map(|to| Push {
                to: *to,
                channel: channel.clone(),
                payload: payload.clone(),
            })
            .collect();
        let count = pushes.len();
        self.pushes.extend(pushes);
        Reply::count(count)
    }
}
