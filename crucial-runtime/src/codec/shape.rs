//! What the name of a type tells of its bytes, for types that are built into Rust.

use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Value as Json;

use super::view::{entries_as_json, float_as_json, whole_as_json};

/// A type of which the bytes can be read by its name alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Shape {
    /// One of the integers.
    Whole {
        signed: bool,
        bits: u32,
    },
    F32,
    F64,
    Bool,
    Char,
    Text,
    Unit,
    Option(Box<Shape>),
    List(Box<Shape>),
    Tuple(Vec<Shape>),
    Array(Box<Shape>, usize),
    Map(Box<Shape>, Box<Shape>),
}

/// How long a name may be: longer ones name what nobody looks at, or were made to overflow somebody's stack.
const LONGEST: usize = 300;

impl Shape {
    /// The shape of the type of that name, as [`std::any::type_name`] has it.
    pub(crate) fn of(name: &str) -> Option<Self> {
        let name = name.trim();
        if name.len() > LONGEST {
            return None;
        }
        if let Some(parts) = name
            .strip_prefix('(')
            .and_then(|name| name.strip_suffix(')'))
        {
            let parts: Vec<_> = parts_of(parts)
                .into_iter()
                .map(Self::of)
                .collect::<Option<_>>()?;
            return Some(if parts.is_empty() {
                Self::Unit
            } else {
                Self::Tuple(parts)
            });
        }
        if let Some(array) = name
            .strip_prefix('[')
            .and_then(|name| name.strip_suffix(']'))
        {
            let (element, count) = array.rsplit_once("; ")?;
            return Some(Self::Array(
                Box::new(Self::of(element)?),
                count.parse().ok()?,
            ));
        }
        let (path, parameters) = match name.split_once('<') {
            Some((path, parameters)) => (path, parts_of(parameters.strip_suffix('>')?)),
            None => (name, Vec::new()),
        };
        let parameter = |index: usize| Self::of(parameters.get(index)?).map(Box::new);
        Some(match path {
            "bool" => Self::Bool,
            "char" => Self::Char,
            "f32" => Self::F32,
            "f64" => Self::F64,
            "alloc::string::String" => Self::Text,
            "core::time::Duration" => Self::Tuple(vec![Self::whole("u64")?, Self::whole("u32")?]),
            "alloc::boxed::Box" => *parameter(0)?,
            "core::option::Option" => Self::Option(parameter(0)?),
            "alloc::vec::Vec"
            | "alloc::collections::vec_deque::VecDeque"
            | "alloc::collections::btree::set::BTreeSet"
            | "std::collections::hash::set::HashSet" => Self::List(parameter(0)?),
            "alloc::collections::btree::map::BTreeMap" | "std::collections::hash::map::HashMap" => {
                Self::Map(parameter(0)?, parameter(1)?)
            }
            name => Self::whole(name)?,
        })
    }

    /// The shapes of the parameters of a type of which only those matter, such as `Map<u32, f64>`; of each, if it
    /// is known.
    pub(crate) fn parameters(name: &str) -> Vec<Option<Self>> {
        let parameters = name
            .split_once('<')
            .and_then(|(_, rest)| rest.strip_suffix('>'));
        let parameters = parameters.map(parts_of).unwrap_or_default();
        parameters.into_iter().map(Self::of).collect()
    }

    fn whole(name: &str) -> Option<Self> {
        let (signed, bits) = match name.split_at_checked(1)? {
            ("i", bits) => (true, bits),
            ("u", bits) => (false, bits),
            _ => return None,
        };
        let bits = match bits {
            "size" => 64,
            bits => bits.parse().ok()?,
        };
        [8, 16, 32, 64, 128]
            .contains(&bits)
            .then_some(Self::Whole { signed, bits })
    }
}

/// The parts between the commas that are not within brackets.
fn parts_of(text: &str) -> Vec<&str> {
    let (mut parts, mut begin, mut depth) = (Vec::new(), 0, 0);
    for (index, c) in text.char_indices() {
        match c {
            '<' | '(' | '[' => depth += 1,
            '>' | ')' | ']' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(text[begin..index].trim());
                begin = index + 1;
            }
            _ => {}
        }
    }
    parts.push(text[begin..].trim());
    // A tuple of one ends with a comma, and one of none has no part.
    parts.retain(|part| !part.is_empty());
    parts
}

/// Reads a value of the shape.
impl<'de> DeserializeSeed<'de> for &Shape {
    type Value = Json;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json, D::Error> {
        match self {
            Shape::Whole { signed, bits } => match (signed, bits) {
                (true, 8) => i8::deserialize(deserializer).map(Json::from),
                (true, 16) => i16::deserialize(deserializer).map(Json::from),
                (true, 32) => i32::deserialize(deserializer).map(Json::from),
                (true, 64) => i64::deserialize(deserializer).map(Json::from),
                (true, _) => i128::deserialize(deserializer).map(whole_as_json),
                (false, 8) => u8::deserialize(deserializer).map(Json::from),
                (false, 16) => u16::deserialize(deserializer).map(Json::from),
                (false, 32) => u32::deserialize(deserializer).map(Json::from),
                (false, 64) => u64::deserialize(deserializer).map(Json::from),
                (false, _) => u128::deserialize(deserializer).map(|value| {
                    let small = i128::try_from(value).ok().map(whole_as_json);
                    small.unwrap_or_else(|| Json::String(value.to_string()))
                }),
            },
            Shape::F32 => f32::deserialize(deserializer).map(|value| float_as_json(value.into())),
            Shape::F64 => f64::deserialize(deserializer).map(float_as_json),
            Shape::Bool => bool::deserialize(deserializer).map(Json::from),
            Shape::Char => char::deserialize(deserializer).map(|c| c.to_string().into()),
            Shape::Text => String::deserialize(deserializer).map(Json::from),
            Shape::Unit => <()>::deserialize(deserializer).map(|()| Json::Null),
            Shape::Option(_) => deserializer.deserialize_option(Parts(self)),
            Shape::List(_) => deserializer.deserialize_seq(Parts(self)),
            Shape::Tuple(parts) => deserializer.deserialize_tuple(parts.len(), Parts(self)),
            Shape::Array(_, count) => deserializer.deserialize_tuple(*count, Parts(self)),
            Shape::Map(..) => deserializer.deserialize_map(Parts(self)),
        }
    }
}

/// Reads a value that has parts.
struct Parts<'a>(&'a Shape);

impl<'de> Visitor<'de> for Parts<'_> {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a value of {:?}", self.0)
    }

    fn visit_none<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json, D::Error> {
        match self.0 {
            Shape::Option(inner) => inner.deserialize(deserializer),
            _ => Err(D::Error::custom("it is optional")),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Json, A::Error> {
        let mut elements = Vec::new();
        match self.0 {
            Shape::Tuple(parts) => {
                for part in parts {
                    elements.extend(seq.next_element_seed(part)?);
                }
            }
            Shape::List(element) | Shape::Array(element, _) => {
                while let Some(element) = seq.next_element_seed(&**element)? {
                    elements.push(element);
                }
            }
            _ => return Err(A::Error::custom("it is a list")),
        }
        Ok(Json::Array(elements))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
        let Shape::Map(key, value) = self.0 else {
            return Err(A::Error::custom("it is a map"));
        };
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry_seed(&**key, &**value)? {
            entries.push(entry);
        }
        Ok(entries_as_json(entries))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_types_are_read() {
        fn check<T>(debug: &str) {
            let name = std::any::type_name::<T>();
            assert_eq!(format!("{:?}", Shape::of(name).unwrap()), debug, "{name}");
        }
        check::<usize>("Whole { signed: false, bits: 64 }");
        check::<(u8, (bool,))>("Tuple([Whole { signed: false, bits: 8 }, Tuple([Bool])])");
        check::<Vec<Option<String>>>("List(Option(Text))");
        check::<std::collections::HashMap<char, Vec<[f32; 2]>>>("Map(Char, List(Array(F32, 2)))");
        check::<std::collections::HashSet<()>>("List(Unit)");
        for unknown in [
            "my::Type",
            "u7",
            "alloc::vec::Vec<my::Type>",
            "",
            "<",
            "(",
            "[u8; x]",
            "&str",
        ] {
            assert_eq!(Shape::of(unknown), None, "{unknown}");
        }
        assert_eq!(
            Shape::of(&format!("{}{}", "(".repeat(9999), ")".repeat(9999))),
            None
        );
        let parameters = Shape::parameters("Map<alloc::string::String, my::Type<u8, u8>>");
        assert_eq!(parameters, [Some(Shape::Text), None]);
        assert_eq!(Shape::parameters("Latch"), []);
    }
}
