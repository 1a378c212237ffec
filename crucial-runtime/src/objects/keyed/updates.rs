//! How entries of maps and sorted maps become other ones: by comparison, atomic entry by entry.

macro_rules! updates {
    ($name:literal, $methods:ident) => {
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
        pub fn compare_exchange<Q>(
            &self,
            key: &Q,
            current: Option<V>,
            new: Option<V>,
        ) -> $crate::Call<impl Future<Output = Result<Result<Option<V>, Option<V>>>>>
where
            K: Borrow<Q>,
            Q: Serialize + Sync + ?Sized,
 { $crate::Call::new(async move {
            let key = self.encode_key(key)?;
            let expected = current.as_ref().map(|value| self.handle.encode_exact::<V, V>("a value", value)).transpose()?;
            let new = self.encode_option(new.as_ref())?;
            match self.exchange(key, expected, new).await? {
                None => Ok(Ok(current)),
                Some(actual) => self.decode_option(actual).map(Err),
            }
        }) }

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
        /// # Cancellation
        ///
        /// To drop the future does not take a change back that is on its way; until then the entry is left alone.
        ///
        /// # Errors
        ///
        /// [`Error::TimedOut`](crate::Error::TimedOut) where other changes kept coming first for the
        /// runtime's [wait limit](crate::Builder::wait_limit);
        /// [`Error::TooLarge`](crate::Error::TooLarge), and those of the store.
        pub fn update(
            &self,
            key: K,
            mut change: impl FnMut(Option<V>) -> Option<V> + Send,
        ) -> $crate::Call<impl Future<Output = Result<Option<V>>>> { $crate::Call::new(async move {
            let mut retries = Retries::new(self.handle.key().clone(), "update")?;
            let key = self.encode_key(&key)?;
            let mut stored = self.stored(key.clone()).await?;
            loop {
                let new = self.encode_option(change(self.decode_option(stored.clone())?).as_ref())?;
                match self.exchange(key.clone(), stored, new.clone()).await? {
                    None => return self.decode_option(new),
                    Some(actual) => stored = actual,
                }
                retries.pause().await?;
            }
        }) }

        /// The value of a key, which is set to what `value` makes if it has none. One round trip where it
        /// has one, two where it has none; `value` runs here, and what it makes is thrown away where
        /// another thread's came first.
        ///
        /// ```
        /// # #[crucial::main] async fn main() -> crucial::Result<()> {
        #[doc = concat!("let factors = crucial::", $name, "::create(\"factors\", [(4, vec![2, 2])].into()).await?;")]
        /// assert_eq!(factors.get_or_insert_with(4, || unreachable!("it has a value")).await?, [2, 2]);
        /// assert_eq!(factors.get_or_insert_with(6, || vec![2, 3]).await?, [2, 3]);
        /// assert_eq!(factors.get(&6).await?, Some(vec![2, 3]));
        /// # Ok(()) }
        /// ```
        ///
        /// # Errors
        ///
        /// [`Error::TooLarge`](crate::Error::TooLarge), and those of the store.
        pub fn get_or_insert_with(
            &self,
            key: K,
            value: impl FnOnce() -> V + Send,
        ) -> $crate::Call<impl Future<Output = Result<V>>> { $crate::Call::new(async move {
            let key = self.encode_key(&key)?;
            if let Some(present) = self.stored(key.clone()).await? {
                return self.handle.decode("a value", &present);
            }
            let new = self.handle.encode("a value", &value())?;
            let entry = vec![key, new.clone()];
            match self.put(&$methods::INSERT_IF_ABSENT, entry).await? {
                Some(present) => Ok(present),
                None => self.handle.decode("a value", &new),
            }
        }) }

        /// Sets a key's value to what `merge` makes of the present one and this, or to this if it has
        /// none, and gives the value after.
        ///
        /// `merge` runs here, and again whenever another change of the key came first. Two round trips
        /// where none did. [`crucial::merge`](crate::merge) has the usual functions.
        ///
        /// ```
        /// # #[crucial::main] async fn main() -> crucial::Result<()> {
        #[doc = concat!("let best = crucial::", $name, "::create(\"best\", [(\"Ada\".to_owned(), 70)].into()).await?;")]
        /// assert_eq!(best.merge("Ada".into(), 42, crucial::merge::max).await?, 70);
        /// assert_eq!(best.merge("Bob".into(), 9, crucial::merge::max).await?, 9); // his first
        /// assert_eq!(best.merge("Bob".into(), 1, |present, new| present - new).await?, 8);
        /// # Ok(()) }
        /// ```
        ///
        /// # Cancellation
        ///
        /// As [`update`](Self::update).
        ///
        /// # Errors
        ///
        /// As [`update`](Self::update).
        pub fn merge(
            &self,
            key: K,
            value: V,
            merge: impl Fn(V, V) -> V + Send + Sync,
        ) -> $crate::Call<impl Future<Output = Result<V>>> { $crate::Call::new(async move {
            let mut retries = Retries::new(self.handle.key().clone(), "merge")?;
            let key = self.encode_key(&key)?;
            let value = self.handle.encode("a value", &value)?;
            let mut stored = self.stored(key.clone()).await?;
            loop {
                let new = merged(&self.handle, stored.as_ref(), std::slice::from_ref(&value), &merge)?;
                match self
                    .exchange(key.clone(), stored, Some(new.clone()))
                    .await?
                {
                    None => return self.handle.decode("a value", &new),
                    Some(actual) => stored = actual,
                }
                retries.pause().await?;
            }
        }) }

        /// Merges many entries into the map: sets the value of each of their keys to what `merge` makes of
        /// the present one and the new, or to the new one if there is none. Gives how many keys were new.
        ///
        /// Each key changes at once and exactly once, but not all of them at one moment; where a key
        /// comes several times, its values are merged in their order. `merge` runs here, on values that are
        /// fetched together, and what it makes is written together: two round trips where no other change
        /// came between. Only keys that were overtaken are tried again.
        /// [`crucial::merge`](crate::merge) has the usual functions.
        ///
        /// ```
        /// # #[tokio::main] async fn main() -> crucial::Result<()> {
        /// # let runtime = crucial::Runtime::builder().build().await?;
        /// # let _entered = runtime.enter();
        #[doc = concat!("let words = crucial::", $name, "::<String, u64>::create(\"words\", Default::default()).await?;")]
        /// for text in ["to be or not to be", "that is to say"] {
        ///     let counted = text.split(' ').map(|word| (word.to_owned(), 1));
        ///     words.merge_many(counted, crucial::merge::sum).await?;
        /// }
        /// assert_eq!(words.get("to").await?, Some(3));
        /// # Ok(()) }
        /// ```
        ///
        /// # Cancellation
        ///
        /// Dropped, it may have merged some of the keys, each of them wholly.
        ///
        /// # Errors
        ///
        /// [`Error::TimedOut`](crate::Error::TimedOut) where other changes of a key kept coming first for the
        /// runtime's [wait limit](crate::Builder::wait_limit);
        /// [`Error::TooLarge`](crate::Error::TooLarge) for an entry that is, and those of the store. Other
        /// keys may have been merged then.
        pub fn merge_many(
            &self,
            entries: impl IntoIterator<Item = (K, V)> + Send,
            merge: impl Fn(V, V) -> V + Send + Sync,
        ) -> $crate::Call<impl Future<Output = Result<usize>>> { $crate::Call::new(async move {
            let entries = entries
                .into_iter()
                .map(|(key, value)| Ok((self.encode_key(&key)?, self.handle.encode("a value", &value)?)))
                .collect::<Result<Vec<_>>>()?;
            merge_all(&self.handle, entries, &merge).await
        }) }

        /// Removes a key if its value is this; whether it was. Values are compared as bytes.
        ///
        /// ```
        /// # #[crucial::main] async fn main() -> crucial::Result<()> {
        #[doc = concat!("let owners = crucial::", $name, "::create(\"owners\", [(7, \"Ada\".to_owned())].into()).await?;")]
        /// assert!(!owners.remove_if(&7, "Bob".into()).await?); // it is not his
        /// assert!(owners.remove_if(&7, "Ada".into()).await?);
        /// assert_eq!(owners.get(&7).await?, None);
        /// # Ok(()) }
        /// ```
        ///
        /// # Errors
        ///
        /// Those of the store.
        pub fn remove_if<Q>(&self, key: &Q, value: V) -> $crate::Call<impl Future<Output = Result<bool>>>
where
            K: Borrow<Q>,
            Q: Serialize + Sync + ?Sized,
 { $crate::Call::new(async move {
            let exchanged = self.compare_exchange(key, Some(value), None).await?;
            Ok(exchanged.is_ok())
        }) }

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
    };
}

pub(in crate::objects) use updates;
