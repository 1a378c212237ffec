//! How maps and sorted maps get and lose entries.

macro_rules! changes {
    ($name:literal, $methods:ident) => {
        /// Sets the value of a key, and gives the one before.
        ///
        /// ```
        /// # #[crucial::main] async fn main() -> crucial::Result<()> {
        #[doc = concat!("let ages = crucial::", $name, "::<String, u32>::create(\"ages\", Default::default()).await?;")]
        /// assert_eq!(ages.insert("Ada".into(), 36).await?, None);
        /// assert_eq!(ages.insert("Ada".into(), 37).await?, Some(36));
        /// # Ok(()) }
        /// ```
        ///
        /// # Errors
        ///
        /// [`Error::TooLarge`](crate::Error::TooLarge), and those of the store.
        pub fn insert(&self, key: K, value: V) -> $crate::Call<impl Future<Output = Result<Option<V>>>> { $crate::Call::new(async move {
            self.put(&$methods::INSERT, self.entry(&key, &value)?).await
        }) }

        /// Sets the values of many keys, all at once, and gives how many of the keys were new.
        ///
        /// ```
        /// # #[tokio::main] async fn main() -> crucial::Result<()> {
        /// # let runtime = crucial::Runtime::builder().build().await?;
        /// # let _entered = runtime.enter();
        #[doc = concat!("let squares = crucial::", $name, "::create(\"squares\", [(1, 1)].into()).await?;")]
        /// assert_eq!(squares.extend((1..=10).map(|n| (n, n * n))).await?, 9);
        /// # Ok(()) }
        /// ```
        ///
        /// # Errors
        ///
        /// [`Error::TooLarge`](crate::Error::TooLarge), and those of the store.
        pub fn extend(&self, new: impl IntoIterator<Item = (K, V)> + Send) -> $crate::Call<impl Future<Output = Result<usize>>> { $crate::Call::new(async move {
            let entries = entries(&self.handle, new)?;
            let reply = self.handle.call(&$methods::INSERT_ALL, entries).await?;
            self.handle.number(&reply)
        }) }

        /// Sets the value of a key that has none; otherwise leaves it and gives the value that it has.
        ///
        /// ```
        /// # #[crucial::main] async fn main() -> crucial::Result<()> {
        #[doc = concat!("let seats = crucial::", $name, "::create(\"seats\", [(1, \"Ada\".to_owned())].into()).await?;")]
        /// assert_eq!(seats.insert_if_absent(1, "Bob".into()).await?, Some("Ada".to_owned())); // it stays hers
        /// assert_eq!(seats.insert_if_absent(2, "Bob".into()).await?, None); // and this one is his
        /// assert_eq!(seats.get(&2).await?, Some("Bob".to_owned()));
        /// # Ok(()) }
        /// ```
        ///
        /// # Errors
        ///
        /// [`Error::TooLarge`](crate::Error::TooLarge), and those of the store.
        pub fn insert_if_absent(&self, key: K, value: V) -> $crate::Call<impl Future<Output = Result<Option<V>>>> { $crate::Call::new(async move {
            self.put(&$methods::INSERT_IF_ABSENT, self.entry(&key, &value)?)
                .await
        }) }

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
        pub fn get_or_insert(&self, key: K, value: V) -> $crate::Call<impl Future<Output = Result<V>>> { $crate::Call::new(async move {
            let present = self
                .put(&$methods::INSERT_IF_ABSENT, self.entry(&key, &value)?)
                .await?;
            Ok(present.unwrap_or(value))
        }) }

        /// Sets the value of a key that has one, and gives the one before; a key without a value is left alone.
        ///
        /// ```
        /// # #[crucial::main] async fn main() -> crucial::Result<()> {
        #[doc = concat!("let prices = crucial::", $name, "::create(\"prices\", [(\"tea\".to_owned(), 3)].into()).await?;")]
        /// assert_eq!(prices.replace("tea".into(), 4).await?, Some(3));
        /// assert_eq!(prices.replace("rum".into(), 9).await?, None);
        /// assert!(!prices.contains_key("rum").await?);
        /// # Ok(()) }
        /// ```
        ///
        /// # Errors
        ///
        /// [`Error::TooLarge`](crate::Error::TooLarge), and those of the store.
        pub fn replace(&self, key: K, value: V) -> $crate::Call<impl Future<Output = Result<Option<V>>>> { $crate::Call::new(async move {
            self.put(&$methods::REPLACE, self.entry(&key, &value)?).await
        }) }

        /// Removes a key, and gives its value.
        ///
        /// ```
        /// # #[crucial::main] async fn main() -> crucial::Result<()> {
        #[doc = concat!("let jobs = crucial::", $name, "::create(\"jobs\", [(1, \"sweep\".to_owned())].into()).await?;")]
        /// assert_eq!(jobs.remove(&1).await?, Some("sweep".to_owned())); // of many threads, one gets it
        /// assert_eq!(jobs.remove(&1).await?, None);
        /// # Ok(()) }
        /// ```
        ///
        /// # Errors
        ///
        /// Those of the store.
        pub fn remove<Q>(&self, key: &Q) -> $crate::Call<impl Future<Output = Result<Option<V>>>>
where
            K: Borrow<Q>,
            Q: Serialize + Sync + ?Sized,
 { $crate::Call::new(async move {
            let key = self.encode_key(key)?;
            let reply = self.handle.call(&$methods::REMOVE, vec![key]).await?;
            self.handle.element(&reply)
        }) }

        /// Removes many keys, all at once, and gives how many of them there were.
        ///
        /// ```
        /// # #[tokio::main] async fn main() -> crucial::Result<()> {
        /// # let runtime = crucial::Runtime::builder().build().await?;
        /// # let _entered = runtime.enter();
        #[doc = concat!("let squares = crucial::", $name, "::create(\"squares\", (1..4).map(|n| (n, n * n)).collect()).await?;")]
        /// assert_eq!(squares.remove_many(&[2, 3, 4]).await?, 2);
        /// # Ok(()) }
        /// ```
        ///
        /// # Errors
        ///
        /// [`Error::TooLarge`](crate::Error::TooLarge), and those of the store.
        pub fn remove_many<'a, Q>(
            &self,
            keys: impl IntoIterator<Item = &'a Q> + Send,
        ) -> $crate::Call<impl Future<Output = Result<usize>>>
where
            K: Borrow<Q>,
            Q: Serialize + ?Sized + 'a,
 { $crate::Call::new(async move {
            let keys = self.encode_keys(keys)?;
            let reply = self.handle.call(&$methods::REMOVE_ALL, keys).await?;
            self.handle.number(&reply)
        }) }

        /// Removes all entries.
        ///
        /// ```
        /// # #[crucial::main] async fn main() -> crucial::Result<()> {
        #[doc = concat!("let cache = crucial::", $name, "::create(\"cache\", [(2, 4), (3, 9)].into()).await?;")]
        /// cache.clear().await?;
        /// assert_eq!(cache.get(&2).await?, None);
        /// assert_eq!(cache.insert(2, 4).await?, None); // the map itself is still there
        /// # Ok(()) }
        /// ```
        ///
        /// # Errors
        ///
        /// Those of the store.
        pub fn clear(&self) -> $crate::Call<impl Future<Output = Result<()>>> { $crate::Call::new(async move {
            self.handle
                .call(&$methods::CLEAR, Vec::new())
                .await
                .map(drop)
        }) }

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
    };
}

pub(in crate::objects) use changes;
