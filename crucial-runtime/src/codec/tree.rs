//! A value as it is written, whatever its type: to be shown, and to be compared whatever the order of its maps.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use super::view::bytes_as_text;

/// Any value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Tree {
    Nothing,
    Bool(bool),
    Int(i128),
    /// The bits of a floating-point number.
    Float(u64),
    Text(String),
    Bytes(Vec<u8>),
    List(Vec<Tree>),
    /// Sorted.
    Map(Vec<(Tree, Tree)>),
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Any)
    }
}

struct Any;

impl<'de> Visitor<'de> for Any {
    type Value = Tree;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_unit<E>(self) -> Result<Tree, E> {
        Ok(Tree::Nothing)
    }

    fn visit_none<E>(self) -> Result<Tree, E> {
        Ok(Tree::Nothing)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Tree, D::Error> {
        Tree::deserialize(deserializer)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Tree, D::Error> {
        Tree::deserialize(deserializer)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Tree, E> {
        Ok(Tree::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Tree, E> {
        Ok(Tree::Int(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Tree, E> {
        Ok(Tree::Int(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Tree, E> {
        Ok(Tree::Float(value.to_bits()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Tree, E> {
        Ok(Tree::Text(value.to_owned()))
    }

    fn visit_bytes<E>(self, value: &[u8]) -> Result<Tree, E> {
        Ok(Tree::Bytes(value.to_vec()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Tree, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Tree::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Tree, A::Error> {
        let mut map = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            map.push(entry);
        }
        map.sort_unstable();
        Ok(Tree::Map(map))
    }
}

impl Tree {
    /// Whether it is another one, and where: `place` becomes the path to there.
    pub(super) fn differs_from(&self, other: &Self, place: &mut String) -> bool {
        let from = place.len();
        let differs = match (self, other) {
            (Self::List(here), Self::List(there)) if here.len() == there.len() => here
                .iter()
                .zip(there)
                .enumerate()
                .any(|(index, (here, there))| {
                    place.truncate(from);
                    place.push_str(&format!("[{index}]"));
                    here.differs_from(there, place)
                }),
            (Self::Map(here), Self::Map(there)) => {
                let keys = |entries: &[(Self, Self)]| {
                    entries
                        .iter()
                        .map(|(key, _)| key.clone())
                        .collect::<BTreeSet<_>>()
                };
                if let Some(key) = keys(here).symmetric_difference(&keys(there)).next() {
                    place.push_str(&format!(".{}", key.plain()));
                    return true;
                }
                here.iter().zip(there).any(|(here, there)| {
                    place.truncate(from);
                    place.push_str(&format!(".{}", here.0.plain()));
                    here.1.differs_from(&there.1, place)
                })
            }
            (here, there) => return here != there,
        };
        if !differs {
            place.truncate(from);
        }
        differs
    }

    /// Puts lists in order, as maps are: sets are written as lists.
    pub(super) fn sort(&mut self) {
        match self {
            Self::List(items) => {
                items.iter_mut().for_each(Self::sort);
                items.sort_unstable();
            }
            Self::Map(entries) => {
                for (key, value) in entries.iter_mut() {
                    key.sort();
                    value.sort();
                }
                entries.sort_unstable();
            }
            _ => {}
        }
    }

    /// As a part of a path.
    pub(super) fn plain(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            other => other.to_string(),
        }
    }
}

impl fmt::Display for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("null"),
            Self::Bool(value) => value.fmt(f),
            Self::Int(value) => value.fmt(f),
            Self::Float(bits) => write!(f, "{:?}", f64::from_bits(*bits)),
            Self::Text(text) => write!(f, "{text:?}"),
            Self::Bytes(bytes) => f.write_str(&bytes_as_text(bytes)),
            Self::List(items) => {
                f.write_str("[")?;
                for (place, item) in items.iter().enumerate() {
                    let comma = if place > 0 { ", " } else { "" };
                    write!(f, "{comma}{item}")?;
                }
                f.write_str("]")
            }
            Self::Map(entries) => {
                f.write_str("{")?;
                for (place, (key, value)) in entries.iter().enumerate() {
                    let comma = if place > 0 { ", " } else { "" };
                    write!(f, "{comma}{key}: {value}")?;
                }
                f.write_str("}")
            }
        }
    }
}
