//! What maps and sorted maps have in common, written once.

mod changes;
mod merging;
mod reads;
mod updates;

pub(super) use changes::changes;
pub(super) use merging::{merge_all, merged};
pub(super) use reads::reads;
pub(super) use updates::updates;

/// The methods that are about keys, not about their order, for a proxy that has `encode_key` and a
/// function `entries`; `$methods` is where the state machine's methods are.
macro_rules! keyed {
    ($name:literal, $methods:ident) => {
        $crate::objects::keyed::reads!($name, $methods);
        $crate::objects::keyed::changes!($name, $methods);
        $crate::objects::keyed::updates!($name, $methods);

        /// The bytes of a key's value. Those asked for at the same time travel together.
        async fn stored(&self, key: Bytes) -> Result<Option<Bytes>> {
            match self.handle.call(&$methods::GET_MANY, vec![key]).await? {
                Value::List(mut found) if found.len() == 1 => self.bytes(found.swap_remove(0)),
                other => Err(self.handle.unexpected("the value", &other)),
            }
        }

        fn bytes(&self, reply: Value) -> Result<Option<Bytes>> {
            match reply {
                Value::Nil => Ok(None),
                Value::Bytes(bytes) => Ok(Some(bytes)),
                other => Err(self.handle.unexpected("the value", &other)),
            }
        }

        fn encode_keys<'a, Q: Serialize + ?Sized + 'a>(
            &self,
            keys: impl IntoIterator<Item = &'a Q>,
        ) -> Result<Vec<Bytes>> {
            keys.into_iter().map(|key| self.encode_key(key)).collect()
        }

        fn encode_option(&self, value: Option<&V>) -> Result<Option<Bytes>> {
            value
                .map(|value| self.handle.encode("a value", value))
                .transpose()
        }

        fn decode_option(&self, value: Option<Bytes>) -> Result<Option<V>> {
            value
                .map(|value| self.handle.decode("a value", &value))
                .transpose()
        }
    };
}

pub(super) use keyed;
