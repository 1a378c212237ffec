//! The keys on the server. Those of one object share one hash tag, so they live in one slot.
//!
//! A name may be any text, and a server reads the text between the first `{` and the next `}` of a key as its hash tag. So in a
//! tag `{`, `}` and `%` are written `%7B`, `%7D` and `%25`. All else stands there as it is, which people can read.

use std::borrow::Cow;

use super::engine::Slot;
use crate::object::{Key, Namespace};

/// The format of what is stored: of keys, records, states and values. It goes up with every change that an older program can't
/// read. Each description carries it, as `epilogue.lua` and `install.lua` write it.
pub(super) const FORMAT: &str = "1";

/// The server's keys of one object.
#[derive(Debug, Clone)]
pub(super) struct Names {
    key: Key,
    base: String,
}

impl Names {
    pub(super) fn of(key: &Key) -> Self {
        Self {
            key: key.clone(),
            base: format!("crucial:{{{}}}", tag(key.as_str())),
        }
    }

    /// The key of the object in programs.
    pub(super) fn key(&self) -> &Key {
        &self.key
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

    /// What each session did last, and the replies; see `record.lua`.
    pub(super) fn records(&self) -> String {
        [&self.base, ":r"].concat()
    }

    /// The large reply to what a session did last.
    pub(super) fn reply(&self, session: &str) -> String {
        [&self.base, ":r:", session].concat()
    }

    /// A state on its way in, for one commit of one session.
    pub(super) fn staging(&self, session: &str, seq: &str) -> String {
        [&self.base, ":n:", session, ":", seq].concat()
    }

    /// Who leads the object, by which token, until when.
    pub(super) fn lease(&self) -> String {
        [&self.base, ":l"].concat()
    }

    /// The calls that wait for the leader, by session.
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

    /// All keys that go with the object: what it is, what is remembered of calls on it, and the rest.
    pub(super) fn all(&self) -> [String; 9] {
        [
            self.description(),
            self.records(),
            self.base.clone(),
            self.index(),
            self.state(),
            self.lease(),
            self.queue(),
            self.waiting(),
            self.suspects(),
        ]
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

/// What the record of a session in that slot of its lane is called among those of an object.
pub(super) fn record(session: &str, slot: Slot) -> String {
    format!("{session}{slot}")
}

/// The channel on which other processes tell that session what became of its calls.
pub(super) fn inbox(session: &str) -> String {
    format!("crucial:i:{session}")
}

/// The key that lives as long as the job of that namespace.
pub(super) fn job(namespace: &str) -> String {
    format!("crucial:{{{}}}:job", tag(namespace))
}

/// Tells since when the job of that namespace has been found without its lease.
pub(super) fn dying(namespace: &Namespace) -> String {
    format!("crucial:{{{}}}:dying", tag(namespace.as_str()))
}

/// The names of a namespace's objects.
pub(super) fn objects(namespace: &Namespace) -> String {
    objects_of(namespace.as_str())
}

/// [`objects`] by name.
pub(super) fn objects_of(namespace: &str) -> String {
    format!("crucial:{{{}}}:objects", tag(namespace))
}

/// The namespaces of all jobs that have begun and not been cleared.
pub(super) const JOBS: &str = "crucial:jobs";

/// The pattern of the keys of [`objects`], for whatever namespace.
pub(super) const ALL_OBJECTS: &str = "crucial:{*}:objects";

/// The namespace of one of those keys.
pub(super) fn namespace_of_objects(key: &[u8]) -> Option<Namespace> {
    let (before, after) = ALL_OBJECTS.split_once('*')?;
    let tag = key
        .strip_prefix(before.as_bytes())?
        .strip_suffix(after.as_bytes())?;
    Namespace::new(name(std::str::from_utf8(tag).ok()?)?).ok()
}

/// A name as a hash tag has it.
fn tag(name: &str) -> Cow<'_, str> {
    if !name.contains(ESCAPED) {
        return Cow::Borrowed(name);
    }
    let mut tag = String::with_capacity(name.len() + 8);
    for c in name.chars() {
        match c {
            '%' => tag.push_str("%25"),
            '{' => tag.push_str("%7B"),
            '}' => tag.push_str("%7D"),
            c => tag.push(c),
        }
    }
    Cow::Owned(tag)
}

/// What [`tag`] does not leave as it is.
const ESCAPED: [char; 3] = ['%', '{', '}'];

/// The name of a tag; `None` for a text that is not a tag.
fn name(tag: &str) -> Option<String> {
    let mut parts = tag.split('%');
    let mut name = parts.next()?.to_owned();
    for part in parts {
        let (code, rest) = part.split_at_checked(2)?;
        name.push(match code {
            "25" => '%',
            "7B" => '{',
            "7D" => '}',
            _ => return None,
        });
        name.push_str(rest);
    }
    (!tag.contains(['{', '}'])).then_some(name)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Two names never meet: a tag tells its name, and ends where it should.
        #[test]
        fn any_name_comes_back(first in "[%{}a-c/:257BD\\PC]{1,20}", second in any::<String>()) {
            for text in [&first, &second] {
                let tag = tag(text);
                prop_assert!(!tag.contains(['{', '}']), "{tag}");
                prop_assert_eq!(name(&tag), Some(text.clone()));
            }
        }
    }

    #[test]
    fn tags_are_readable() {
        for (text, written) in [
            ("means/1.x_y-z:7", "means/1.x_y-z:7"),
            ("https://a.b/c?d=e&f#g", "https://a.b/c?d=e&f#g"),
            ("Füße 1.txt", "Füße 1.txt"),
            ("{a}", "%7Ba%7D"),
            ("%7B", "%257B"),
            ("100%", "100%25"),
        ] {
            assert_eq!(tag(text), written);
            assert_eq!(name(written).as_deref(), Some(text));
        }
        for no_tag in ["%", "%2", "%41", "a{b", "%7b", "%ü"] {
            assert_eq!(name(no_tag), None, "{no_tag}");
        }
    }
}
