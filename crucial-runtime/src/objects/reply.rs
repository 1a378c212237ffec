//! What the replies of the library's objects mean to their proxies.

use serde::de::DeserializeOwned;

use crate::error::{Error, Result};
use crate::object::{Handle, Object, Value};

impl<O: Object> Handle<O> {
    /// Yes or no.
    pub(super) fn flag(&self, reply: &Value) -> Result<bool> {
        match reply {
            Value::Int(0) => Ok(false),
            Value::Int(1) => Ok(true),
            _ => Err(self.unexpected("the reply", reply)),
        }
    }

    /// A whole number of at least zero: a number, or its decimal text.
    pub(super) fn number<N: TryFrom<i64>>(&self, reply: &Value) -> Result<N> {
        let number = match reply {
            Value::Int(number) => Some(*number),
            Value::Bytes(text) => std::str::from_utf8(text)
                .ok()
                .and_then(|text| text.parse().ok()),
            _ => None,
        };
        number
            .and_then(|number| N::try_from(number).ok())
            .ok_or_else(|| self.unexpected("the reply", reply))
    }

    /// An element, if there is one.
    pub(super) fn element<T: DeserializeOwned + 'static>(
        &self,
        reply: &Value,
    ) -> Result<Option<T>> {
        match reply {
            Value::Nil => Ok(None),
            _ => self.decode_value("an element", reply).map(Some),
        }
    }

    /// Several elements.
    pub(super) fn elements<T: DeserializeOwned + 'static, C: FromIterator<T>>(
        &self,
        reply: &Value,
    ) -> Result<C> {
        self.list(reply)?
            .iter()
            .map(|element| self.decode_value("an element", element))
            .collect()
    }

    /// Keys and values in turn.
    pub(super) fn entries<
        K: DeserializeOwned + 'static,
        V: DeserializeOwned + 'static,
        C: FromIterator<(K, V)>,
    >(
        &self,
        reply: &Value,
    ) -> Result<C> {
        let (pairs, rest) = self.list(reply)?.as_chunks();
        if !rest.is_empty() {
            return Err(self.unexpected("the reply", reply));
        }
        pairs
            .iter()
            .map(|[key, value]| {
                Ok((
                    self.decode_value("a key", key)?,
                    self.decode_value("a value", value)?,
                ))
            })
            .collect()
    }

    pub(super) fn list<'a>(&self, reply: &'a Value) -> Result<&'a [Value]> {
        match reply {
            Value::List(values) => Ok(values),
            _ => Err(self.unexpected("the reply", reply)),
        }
    }

    /// The object is not there (any more).
    pub(super) fn not_found(&self) -> Error {
        self.missing()
    }
}
