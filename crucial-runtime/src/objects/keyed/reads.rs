//! What maps and sorted maps tell of their entries.

macro_rules! reads {
    ($name:literal, $methods:ident) => {
        /// The value of a key.
        ///
        /// ```
        /// # #[crucial::main] async fn main() -> crucial::Result<()> {
        #[doc = concat!("let ages = crucial::", $name, "::create(\"ages\", [(\"Ada\".to_owned(), 36)].into()).await?;")]
        /// assert_eq!(ages.get("Ada").await?, Some(36));
        /// assert_eq!(ages.get("Bob").await?, None);
        /// # Ok(()) }
        /// ```
        ///
        /// # Errors
        ///
        /// Those of the store.
        pub fn get<Q>(&self, key: &Q) -> $crate::Call<impl Future<Output = Result<Option<V>>>>
where
            K: Borrow<Q>,
            Q: Serialize + Sync + ?Sized,
 { $crate::Call::new(async move {
            let key = self.encode_key(key)?;
            self.decode_option(self.stored(key).await?)
        }) }

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
        pub fn get_many<'a, Q>(
            &self,
            keys: impl IntoIterator<Item = &'a Q> + Send,
        ) -> $crate::Call<impl Future<Output = Result<Vec<Option<V>>>>>
where
            K: Borrow<Q>,
            Q: Serialize + ?Sized + 'a,
 { $crate::Call::new(async move {
            let keys = self.encode_keys(keys)?;
            if keys.is_empty() {
                return Ok(Vec::new());
            }
            let reply = self.handle.call(&$methods::GET_MANY, keys).await?;
            let values = self.handle.list(&reply)?.iter();
            values.map(|value| self.handle.element(value)).collect()
        }) }

        /// Whether there is such a key.
        ///
        /// ```
        /// # #[crucial::main] async fn main() -> crucial::Result<()> {
        #[doc = concat!("let seats = crucial::", $name, "::create(\"seats\", [(7, None::<String>)].into()).await?;")]
        /// assert!(seats.contains_key(&7).await?); // though nobody sits there
        /// assert!(!seats.contains_key(&8).await?);
        /// # Ok(()) }
        /// ```
        ///
        /// # Errors
        ///
        /// Those of the store.
        pub fn contains_key<Q>(&self, key: &Q) -> $crate::Call<impl Future<Output = Result<bool>>>
where
            K: Borrow<Q>,
            Q: Serialize + Sync + ?Sized,
 { $crate::Call::new(async move {
            let key = self.encode_key(key)?;
            let reply = self.handle.call(&$methods::CONTAINS_KEY, vec![key]).await?;
            self.handle.flag(&reply)
        }) }

        /// How many entries there are, in constant time.
        ///
        /// ```
        /// # #[crucial::main] async fn main() -> crucial::Result<()> {
        #[doc = concat!("let ages = crucial::", $name, "::create(\"ages\", [(\"Ada\".to_owned(), 36)].into()).await?;")]
        /// ages.insert("Ada".into(), 37).await?;
        /// ages.insert("Bob".into(), 9).await?;
        /// assert_eq!(ages.len().await?, 2);
        /// # Ok(()) }
        /// ```
        ///
        /// # Errors
        ///
        /// Those of the store.
        pub fn len(&self) -> $crate::Call<impl Future<Output = Result<usize>>> { $crate::Call::new(async move {
            let reply = self.handle.call(&$methods::LEN, Vec::new()).await?;
            self.handle.number(&reply)
        }) }

        /// Whether there are no entries.
        ///
        /// ```
        /// # #[crucial::main] async fn main() -> crucial::Result<()> {
        #[doc = concat!("let jobs = crucial::", $name, "::create(\"jobs\", [(1, \"sweep\".to_owned())].into()).await?;")]
        /// assert!(!jobs.is_empty().await?);
        /// jobs.remove(&1).await?;
        /// assert!(jobs.is_empty().await?);
        /// # Ok(()) }
        /// ```
        ///
        /// # Errors
        ///
        /// Those of the store.
        pub fn is_empty(&self) -> $crate::Call<impl Future<Output = Result<bool>>> { $crate::Call::new(async move {
            Ok(self.len().await? == 0)
        }) }
    };
}

pub(in crate::objects) use reads;
