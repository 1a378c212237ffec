//! Names: where an object lives.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::{Error, Result};

/// The longest name of a namespace or an object, in bytes.
const LONGEST: usize = 1024;

/// A set of objects that live and end together: those of one job, or of one application.
///
/// ```
/// # use crucial::{Atomic, Shared};
/// # #[crucial::main] async fn main() -> crucial::Result<()> {
/// let reports = crucial::Namespace::new("reports")?; // neither this job nor its application
/// let monday = Atomic::open_or_create_at(reports.key("monday")?, 12).await?;
/// assert_eq!(monday.load().await?, 12);
/// assert_eq!(monday.key().to_string(), "reports/monday");
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Namespace(Arc<str>);

impl Namespace {
    /// A namespace of that name: any text without a slash, at most 1,024 bytes of UTF-8.
    ///
    /// ```
    /// # use crucial::{Error, Namespace};
    /// # fn main() -> crucial::Result<()> {
    /// assert_eq!(Namespace::new("shop:eu-1")?.as_str(), "shop:eu-1");
    /// assert!(matches!(Namespace::new("shop/eu"), Err(Error::Name { .. }))); // a slash ends a namespace
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Name`] for a name that is empty, longer, or has a slash in it.
    pub fn new(name: impl AsRef<str>) -> Result<Self> {
        let name = name.as_ref();
        check(name, "namespace", false)?;
        Ok(Self(name.into()))
    }

    /// A namespace that no other job has.
    ///
    /// ```
    /// let namespace = crucial::Namespace::random();
    /// assert_ne!(namespace, crucial::Namespace::random());
    /// assert!(namespace.as_str().starts_with("job-"));
    /// ```
    #[must_use]
    pub fn random() -> Self {
        Self(format!("job-{:016x}", rand::random::<u64>()).into())
    }

    /// The name.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let hits = crucial::Atomic::create("hits", 0).await?;
    /// let runtime = crucial::Runtime::current()?;
    /// assert_eq!(runtime.namespace().as_str(), hits.key().namespace());
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The key of the object of that name in this namespace.
    ///
    /// ```
    /// # use crucial::{Error, Namespace};
    /// # fn main() -> crucial::Result<()> {
    /// let shop = Namespace::new("shop")?;
    /// assert_eq!(shop.key("users/ada")?.as_str(), "shop/users/ada");
    /// assert_eq!(shop.key("users/Ada Lovelace {1815}")?.object(), "users/Ada Lovelace {1815}");
    /// assert!(matches!(shop.key(""), Err(Error::Name { .. })));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Name`] where the name is empty or longer than 1,024 bytes of UTF-8. All characters are allowed; two names
    /// that look alike and are written differently are two.
    pub fn key(&self, object: impl AsRef<str>) -> Result<Key> {
        let object = object.as_ref();
        check(object, "object", true)?;
        Ok(Key {
            text: format!("{}/{object}", self.0).into(),
            slash: self.0.len(),
        })
    }
}

impl fmt::Display for Namespace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Namespace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Namespace {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Namespace {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Self::new(name).map_err(serde::de::Error::custom)
    }
}

/// Where one object lives: `namespace/object`.
///
/// A key is what a proxy holds and what travels to cloud threads. Cloning is cheap.
///
/// ```
/// # use crucial::Shared;
/// # #[crucial::main] async fn main() -> crucial::Result<()> {
/// let hits = crucial::Atomic::create("hits", 0).await?;
/// let key: crucial::Key = hits.key().clone();
/// hits.fetch_add(1).await?;
/// let same = crucial::Atomic::<i32>::open_at(key).await?; // another proxy of the same object
/// assert_eq!(same.load().await?, 1);
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    text: Arc<str>,
    slash: usize,
}

impl Hash for Key {
    /// The text is all there is to it, and it is hashed with every call.
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write(self.text.as_bytes());
    }
}

impl Key {
    /// The name of the namespace.
    ///
    /// ```
    /// # fn main() -> crucial::Result<()> {
    /// let key = crucial::Namespace::new("shop")?.key("users/ada")?;
    /// assert_eq!(key.namespace(), "shop"); // up to the first slash
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.text[..self.slash]
    }

    /// The name of the object within its namespace.
    ///
    /// ```
    /// # fn main() -> crucial::Result<()> {
    /// let key = crucial::Namespace::new("shop")?.key("users/ada")?;
    /// assert_eq!(key.object(), "users/ada");
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn object(&self) -> &str {
        &self.text[self.slash + 1..]
    }

    /// The whole key, `namespace/object`.
    ///
    /// ```
    /// # fn main() -> crucial::Result<()> {
    /// let shop = crucial::Namespace::new("shop")?;
    /// let (ada, bob) = (shop.key("users/ada")?, shop.key("users/bob")?);
    /// assert_eq!(ada.as_str().strip_prefix("shop/users/"), Some("ada"));
    /// assert!(ada < bob); // keys are in the order of their text
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The key of a part of this object, `namespace/object.part`.
    ///
    /// ```
    /// # fn main() -> crucial::Result<()> {
    /// let game = crucial::Namespace::new("shop")?.key("game")?;
    /// assert_eq!(game.field("best")?.as_str(), "shop/game.best"); // as the fields of shared structs are called
    /// assert!(game.field("").is_err());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Name`] where the part's name may not stand in a key.
    pub fn field(&self, part: &str) -> Result<Key> {
        check(part, "object", true)?;
        Ok(Self {
            text: format!("{}.{part}", self.text).into(),
            slash: self.slash,
        })
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Key {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Key {
    /// A name without a namespace (as people write it in an event by hand) is one of the current job.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let key = match text.split_once('/') {
            Some((namespace, object)) => Namespace::new(namespace).and_then(|n| n.key(object)),
            None => crate::runtime::current().and_then(|runtime| runtime.namespace().key(&text)),
        };
        key.map_err(serde::de::Error::custom)
    }
}

fn check(name: &str, what: &'static str, slash: bool) -> Result<()> {
    let reason = if name.is_empty() {
        "it is empty; write one character at least".to_owned()
    } else if name.len() > LONGEST {
        format!(
            "it has {} bytes of UTF-8, and {LONGEST} are allowed; write a shorter one, such as a hash of it",
            name.len()
        )
    } else if !slash && name.contains('/') {
        "it has a `/` in it, which ends the name of a namespace; write `:`, `.` or `-` instead, or put what is behind the slash into the names of its objects (all other characters are allowed)"
            .to_owned()
    } else {
        return Ok(());
    };
    Err(Error::Name {
        what,
        name: name.chars().take(200).collect(),
        reason,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_checked() {
        let namespace = Namespace::new("job-1").unwrap();
        assert_eq!(namespace.key("a/b.c").unwrap().as_str(), "job-1/a/b.c");
        for good in [
            "a b",
            "{a}",
            "%7B",
            "a\n\0",
            "ß/😀",
            "https://h/p?q#f",
            &"x".repeat(1024),
        ] {
            let key = namespace.key(good).unwrap();
            assert_eq!((key.namespace(), key.object()), ("job-1", good));
            let read: Key = crate::codec::decode(&crate::codec::encode_own(&key).unwrap()).unwrap();
            assert_eq!(read, key);
            assert_eq!(
                Namespace::new(good).is_ok(),
                !good.contains('/'),
                "{good:?}"
            );
        }
        for (bad, part) in [
            ("", "one character"),
            (&"ß".repeat(513), "1024 are allowed"),
        ] {
            for refused in [namespace.key(bad).map(drop), Namespace::new(bad).map(drop)] {
                assert!(refused.unwrap_err().to_string().contains(part), "{bad:?}");
            }
        }
        let slash = Namespace::new("a/b").unwrap_err().to_string();
        assert!(
            slash.contains("`/`") && slash.contains("write `:`"),
            "{slash}"
        );
    }

    #[test]
    fn a_key_knows_its_parts() {
        let key = Namespace::new("n")
            .unwrap()
            .key("o")
            .unwrap()
            .field("f")
            .unwrap();
        assert_eq!((key.namespace(), key.object()), ("n", "o.f"));
        let read: Key = crate::codec::decode(&crate::codec::encode_own(&key).unwrap()).unwrap();
        assert_eq!(read, key);
    }
}
