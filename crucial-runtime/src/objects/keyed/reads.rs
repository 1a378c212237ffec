//! What maps and sorted maps tell of their entries.

macro_rules! reads {
    ($name:literal, $methods:ident) => {
        /// The value of a key.
        ///
        /// # Errors
        ///
        /// Those of the store.
        pub async fn get<Q>(&self, key: &Q) -> Result<Option<V>>
        where
            K: Borrow<Q>,
            Q: Serialize + Sync + ?Sized,
        {
            let key = self.encode_key(key)?;
            self.decode_option(self.stored(key).await?)
        }

        /// The values of several keys, in their order.
        ///
        /// ```
        /// # #[tokio::main] async fn main() -> crucial::Result<()> {
        /// # let runtime = crucial::Runtime::builder().build().await?;
        /// # let _entered = runtime.enter();
        #[doc = concat!("let squares = crucial::", $name, "::create(\"squares\", (1..4).map(|n| (n, n * n)).collect()).await?;")]
        /// assert_eq!(squares.get_many(&[3, 7, 1]).await?, [Some(9), None, Some(1)]);
        /// # Ok(()) }
        /// ```
        ///
        /// # Errors
        ///
        /// Those of the store.
        pub async fn get_many<'a, Q>(
            &self,
            keys: impl IntoIterator<Item = &'a Q> + Send,
        ) -> Result<Vec<Option<V>>>
        where
            K: Borrow<Q>,
            Q: Serialize + ?Sized + 'a,
        {
            let keys = self.encode_keys(keys)?;
            if keys.is_empty() {
                return Ok(Vec::new());
            }
            let reply = self.handle.call(&$methods::GET_MANY, keys).await?;
            let values = self.handle.list(&reply)?.iter();
            values.map(|value| self.handle.element(value)).collect()
        }

        /// Whether there is such a key.
        ///
        /// # Errors
        ///
        /// Those of the store.
        pub async fn contains_key<Q>(&self, key: &Q) -> Result<bool>
        where
            K: Borrow<Q>,
            Q: Serialize + Sync + ?Sized,
        {
            let key = self.encode_key(key)?;
            let reply = self.handle.call(&$methods::CONTAINS_KEY, vec![key]).await?;
            self.handle.flag(&reply)
        }

        /// How many entries there are, in constant time.
        ///
        /// # Errors
        ///
        /// Those of the store.
        pub async fn len(&self) -> Result<usize> {
            let reply = self.handle.call(&$methods::LEN, Vec::new()).await?;
            self.handle.number(&reply)
        }

        /// Whether there are no entries.
        ///
        /// # Errors
        ///
        /// Those of the store.
        pub async fn is_empty(&self) -> Result<bool> {
            Ok(self.len().await? == 0)
        }
    };
}

pub(in crate::objects) use reads;
