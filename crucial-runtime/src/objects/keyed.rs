//! What maps and sorted maps have in common, written once.

/// The methods that are about keys, not about their order, for a proxy that has `encode_key` and a
/// function `entries`; `$methods` is where the state machine's methods are.
macro_rules! keyed {
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
            let reply = self.handle.call(&$methods::GET, vec![key]).await?;
            self.handle.element(&reply)
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

        /// Sets the value of a key, and gives the one before.
        ///
        /// # Errors
        ///
        /// [`Error::TooLarge`](crate::Error::TooLarge), and those of the store.
        pub async fn insert(&self, key: K, value: V) -> Result<Option<V>> {
            self.put(&$methods::INSERT, self.entry(&key, &value)?).await
        }

        /// Sets the values of many keys, all at once, and gives how many of the keys were new.
        ///
        /// ```
        /// # #[tokio::main] async fn main() -> crucial::Result<()> {
        /// # let runtime = crucial::Runtime::builder().build().await?;
        /// # let _entered = runtime.enter();
        #[doc = concat!("let squares = crucial::", $name, "::create(\"squares\", [(1, 1)].into()).await?;")]
        /// assert_eq!(squares.insert_all((1..=10).map(|n| (n, n * n))).await?, 9);
        /// # Ok(()) }
        /// ```
        ///
        /// # Errors
        ///
        /// [`Error::TooLarge`](crate::Error::TooLarge), and those of the store.
        pub async fn insert_all(&self, new: impl IntoIterator<Item = (K, V)> + Send) -> Result<usize> {
            let entries = entries(&self.handle, new)?;
            let reply = self.handle.call(&$methods::INSERT_ALL, entries).await?;
            self.handle.number(&reply)
        }

        /// Sets the value of a key that has none; otherwise leaves it and gives the value that it has.
        ///
        /// # Errors
        ///
        /// [`Error::TooLarge`](crate::Error::TooLarge), and those of the store.
        pub async fn insert_if_absent(&self, key: K, value: V) -> Result<Option<V>> {
            self.put(&$methods::INSERT_IF_ABSENT, self.entry(&key, &value)?)
                .await
        }

        /// The value of a key, which is set to `value` if it has none.
        ///
        /// ```
        /// # #[tokio::main] async fn main() -> crucial::Result<()> {
        /// # let runtime = crucial::Runtime::builder().build().await?;
        /// # let _entered = runtime.enter();
        #[doc = concat!("let owners = crucial::", $name, "::create(\"owners\", [(1, \"Ada\".to_owned())].into()).await?;")]
        /// assert_eq!(owners.get_or_insert(1, "Bob".into()).await?, "Ada");
        /// assert_eq!(owners.get_or_insert(2, "Bob".into()).await?, "Bob");
        /// # Ok(()) }
        /// ```
        ///
        /// # Errors
        ///
        /// [`Error::TooLarge`](crate::Error::TooLarge), and those of the store.
        pub async fn get_or_insert(&self, key: K, value: V) -> Result<V> {
            let present = self
                .put(&$methods::INSERT_IF_ABSENT, self.entry(&key, &value)?)
                .await?;
            Ok(present.unwrap_or(value))
        }

        /// Sets the value of a key that has one, and gives the one before; a key without a value is left alone.
        ///
        /// # Errors
        ///
        /// [`Error::TooLarge`](crate::Error::TooLarge), and those of the store.
        pub async fn replace(&self, key: K, value: V) -> Result<Option<V>> {
            self.put(&$methods::REPLACE, self.entry(&key, &value)?).await
        }

        /// Sets a key's value to `new` if it is `current`: `Ok` with the value before, or `Err` with
        /// the value that the key has instead. `None` is the lack of a value. Values are compared as bytes.
        ///
        /// ```
        /// # #[tokio::main] async fn main() -> crucial::Result<()> {
        /// # let runtime = crucial::Runtime::builder().build().await?;
        /// # let _entered = runtime.enter();
        #[doc = concat!("let seats = crucial::", $name, "::create(\"seats\", [(7, \"free\".to_owned())].into()).await?;")]
        /// let free = || Some("free".to_owned());
        /// let taken = || Some("taken".to_owned());
        /// assert_eq!(seats.compare_exchange(&7, free(), taken()).await?, Ok(free()));
        /// assert_eq!(seats.compare_exchange(&7, free(), taken()).await?, Err(taken()));
        /// assert_eq!(seats.compare_exchange(&7, taken(), None).await?, Ok(taken()));
        /// # Ok(()) }
        /// ```
        ///
        /// # Errors
        ///
        /// [`Error::TooLarge`](crate::Error::TooLarge), and those of the store.
        pub async fn compare_exchange<Q>(
            &self,
            key: &Q,
            current: Option<V>,
            new: Option<V>,
        ) -> Result<Result<Option<V>, Option<V>>>
        where
            K: Borrow<Q>,
            Q: Serialize + Sync + ?Sized,
        {
            let key = self.encode_key(key)?;
            let expected = self.encode_option(current.as_ref())?;
            let new = self.encode_option(new.as_ref())?;
            match self.exchange(key, expected, new).await? {
                None => Ok(Ok(current)),
                Some(actual) => self.decode_option(actual).map(Err),
            }
        }

        /// Sets a key's value to what `change` makes of it, and gives the value after. `None` is the
        /// lack of a value.
        ///
        /// `change` runs here, and again whenever another change of the key came first. Two round trips
        /// where none did.
        ///
        /// ```
        /// # #[tokio::main] async fn main() -> crucial::Result<()> {
        /// # let runtime = crucial::Runtime::builder().build().await?;
        /// # let _entered = runtime.enter();
        #[doc = concat!("let words = crucial::", $name, "::<String, u32>::create(\"words\", Default::default()).await?;")]
        /// for word in ["the", "cat", "the"] {
        ///     words.update(word.into(), |count| Some(count.unwrap_or(0) + 1)).await?;
        /// }
        /// assert_eq!(words.get("the").await?, Some(2));
        /// # Ok(()) }
        /// ```
        ///
        /// # Errors
        ///
        /// [`Error::TimedOut`](crate::Error::TimedOut) where other changes kept coming first for the
        /// runtime's [wait limit](crate::Builder::wait_limit);
        /// [`Error::TooLarge`](crate::Error::TooLarge), and those of the store.
        pub async fn update(
            &self,
            key: K,
            mut change: impl FnMut(Option<V>) -> Option<V> + Send,
        ) -> Result<Option<V>> {
            let mut retries = Retries::new(self.handle.key().clone(), "update")?;
            let key = self.encode_key(&key)?;
            let reply = self.handle.call(&$methods::GET, vec![key.clone()]).await?;
            let mut stored = self.bytes(reply)?;
            loop {
                let new = self.encode_option(change(self.decode_option(stored.clone())?).as_ref())?;
                match self.exchange(key.clone(), stored, new.clone()).await? {
                    None => return self.decode_option(new),
                    Some(actual) => stored = actual,
                }
                retries.pause().await?;
            }
        }

        /// Removes a key, and gives its value.
        ///
        /// # Errors
        ///
        /// Those of the store.
        pub async fn remove<Q>(&self, key: &Q) -> Result<Option<V>>
        where
            K: Borrow<Q>,
            Q: Serialize + Sync + ?Sized,
        {
            let key = self.encode_key(key)?;
            let reply = self.handle.call(&$methods::REMOVE, vec![key]).await?;
            self.handle.element(&reply)
        }

        /// Removes a key if its value is this; whether it was. Values are compared as bytes.
        ///
        /// # Errors
        ///
        /// Those of the store.
        pub async fn remove_if<Q>(&self, key: &Q, value: V) -> Result<bool>
        where
            K: Borrow<Q>,
            Q: Serialize + Sync + ?Sized,
        {
            let exchanged = self.compare_exchange(key, Some(value), None).await?;
            Ok(exchanged.is_ok())
        }

        /// Removes many keys, all at once, and gives how many of them there were.
        ///
        /// ```
        /// # #[tokio::main] async fn main() -> crucial::Result<()> {
        /// # let runtime = crucial::Runtime::builder().build().await?;
        /// # let _entered = runtime.enter();
        #[doc = concat!("let squares = crucial::", $name, "::create(\"squares\", (1..4).map(|n| (n, n * n)).collect()).await?;")]
        /// assert_eq!(squares.remove_all(&[2, 3, 4]).await?, 2);
        /// # Ok(()) }
        /// ```
        ///
        /// # Errors
        ///
        /// [`Error::TooLarge`](crate::Error::TooLarge), and those of the store.
        pub async fn remove_all<'a, Q>(
            &self,
            keys: impl IntoIterator<Item = &'a Q> + Send,
        ) -> Result<usize>
        where
            K: Borrow<Q>,
            Q: Serialize + ?Sized + 'a,
        {
            let keys = self.encode_keys(keys)?;
            let reply = self.handle.call(&$methods::REMOVE_ALL, keys).await?;
            self.handle.number(&reply)
        }

        /// Removes all entries.
        ///
        /// # Errors
        ///
        /// Those of the store.
        pub async fn clear(&self) -> Result<()> {
            self.handle
                .call(&$methods::CLEAR, Vec::new())
                .await
                .map(drop)
        }

        async fn put(&self, method: &'static Method, entry: Vec<Bytes>) -> Result<Option<V>> {
            let reply = self.handle.call(method, entry).await?;
            self.handle.element(&reply)
        }

        fn entry(&self, key: &K, value: &V) -> Result<Vec<Bytes>> {
            Ok(vec![
                self.encode_key(key)?,
                self.handle.encode("a value", value)?,
            ])
        }

        /// Replaces a key's bytes if they are these; otherwise gives those that are there.
        async fn exchange(
            &self,
            key: Bytes,
            current: Option<Bytes>,
            new: Option<Bytes>,
        ) -> Result<Option<Option<Bytes>>> {
            let arguments = vec![key, argument::option(current), argument::option(new)];
            match self
                .handle
                .call(&$methods::COMPARE_EXCHANGE, arguments)
                .await?
            {
                Value::Nil => Ok(None),
                Value::List(mut actual) if actual.len() == 1 => {
                    self.bytes(actual.swap_remove(0)).map(Some)
                }
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
