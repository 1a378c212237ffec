//! What all proxies of the library have in common, written once.

/// The static methods of a state machine, and the list of them.
macro_rules! methods {
    ($($name:ident = $kind:ident($($argument:literal),+);)+) => {
        $(pub(in crate::objects) static $name: Method = Method::$kind($($argument),+);)+
        const METHODS: &[Method] = &[$($name),+];
    };
}

/// Makes a proxy of a struct with a `handle` (and `types`, where it has parameters).
///
/// The type itself provides `arguments(&Handle, Init)`, what `create` sends, and `read()` (or what is
/// named after `snapshot`), the value that `snapshot` gives.
macro_rules! proxy {
    (
        $proxy:ident $(<$($parameter:ident: $bound:path),+>)?,
        machine: $machine:ty, init: $init:ty
    ) => {
        proxy!($proxy $(<$($parameter: $bound),+>)?, machine: $machine, init: $init, snapshot: read);
    };
    (
        $proxy:ident $(<$($parameter:ident: $bound:path),+>)?,
        machine: $machine:ty, init: $init:ty, snapshot: $read:ident
    ) => {
        impl $(<$($parameter: $bound),+>)? $proxy $(<$($parameter),+>)? {
            /// Creates the object of that name in the current job, starting from `init`. One round trip.
            ///
            /// # Errors
            ///
            /// [`Error::Exists`](crate::Error::Exists) where the name is taken;
            /// [`Error::Name`](crate::Error::Name) for a name that can't be one.
            pub async fn create(name: &str, init: $init) -> $crate::Result<Self> {
                let key = $crate::object::key_here(name)?;
                <Self as $crate::Shared>::create_at(key, init).await
            }

            /// Opens the object of that name in the current job. One round trip.
            ///
            /// # Errors
            ///
            /// [`Error::NotFound`](crate::Error::NotFound) where there is none;
            /// [`Error::WrongType`](crate::Error::WrongType) where it is of another type.
            pub async fn open(name: &str) -> $crate::Result<Self> {
                let key = $crate::object::key_here(name)?;
                <Self as $crate::Shared>::open_at(key).await
            }

            /// Opens the object of that name in the current job, having created it from `init` if
            /// there was none. One round trip to create, two to open.
            ///
            /// # Errors
            ///
            /// [`Error::WrongType`](crate::Error::WrongType) where it is of another type;
            /// [`Error::NotFound`](crate::Error::NotFound) where somebody removes it just when it has been found.
            pub async fn open_or_create(name: &str, init: $init) -> $crate::Result<Self> {
                let key = $crate::object::key_here(name)?;
                <Self as $crate::Shared>::open_or_create_at(key, init).await
            }

            /// Removes the object; `false` if there was none. Whoever waits for it gets an error. One round trip.
            ///
            /// # Errors
            ///
            /// Those of the store.
            pub async fn destroy(&self) -> $crate::Result<bool> {
                self.handle.destroy().await
            }

            /// Whether the object exists. One round trip.
            ///
            /// # Errors
            ///
            /// Those of the store.
            pub async fn exists(&self) -> $crate::Result<bool> {
                self.handle.exists().await
            }

            /// Removes the object after so long, or with `None` when its job ends, if it is of one; `false` if
            /// there is none. One round trip.
            ///
            /// After no time at all it is gone at once. A part of a millisecond counts as a whole one, and no time is
            /// longer than 2^42 milliseconds, some 139 years.
            ///
            /// # Errors
            ///
            /// Those of the store.
            pub async fn expire(
                &self,
                after: Option<std::time::Duration>,
            ) -> $crate::Result<bool> {
                self.handle.expire(after).await
            }

            /// How long it is until the object ends by itself, as [`expire`](Self::expire) said; `None`
            /// where it ends with its job. One round trip.
            ///
            /// # Errors
            ///
            /// [`Error::NotFound`](crate::Error::NotFound) where there is none, and those of the store.
            pub async fn expires_in(&self) -> $crate::Result<Option<std::time::Duration>> {
                self.handle.expires_in().await
            }

            /// The plain value, as of one moment. One round trip.
            ///
            /// # Errors
            ///
            /// [`Error::Codec`](crate::Error::Codec) where what is stored is of another type, and
            /// those of the store.
            pub async fn snapshot(&self) -> $crate::Result<$init> {
                self.$read().await
            }

            /// Where the object lives.
            #[must_use]
            pub fn key(&self) -> &$crate::Key {
                self.handle.key()
            }

            fn at(key: $crate::Key) -> Self {
                Self {
                    handle: $crate::object::Handle::at(key),
                    $(types: std::marker::PhantomData::<fn() -> ($($parameter,)+)>,)?
                }
            }

            /// The type in full, as errors name it and as whoever opens the object must name it too.
            fn detail() -> String {
                let parameters: &[&str] = &[$($(std::any::type_name::<$parameter>()),+)?];
                if parameters.is_empty() {
                    stringify!($proxy).to_owned()
                } else {
                    format!("{}<{}>", stringify!($proxy), parameters.join(", "))
                }
            }
        }

        impl $(<$($parameter: $bound),+>)? $crate::Shared for $proxy $(<$($parameter),+>)? {
            type Init = $init;

            async fn create_at(key: $crate::Key, init: $init) -> $crate::Result<Self> {
                let proxy = Self::at(key);
                let arguments = Self::arguments(&proxy.handle, init)?;
                proxy.handle.create(arguments, &Self::detail()).await?;
                Ok(proxy)
            }

            async fn open_at(key: $crate::Key) -> $crate::Result<Self> {
                let (proxy, detail) = (Self::at(key), Self::detail());
                let found = proxy.handle.opened(&detail).await?;
                if found.detail == detail {
                    Ok(proxy)
                } else {
                    Err($crate::Error::WrongType {
                        key: proxy.handle.key().clone(),
                        expected: format!("a `{detail}`"),
                        found: format!("a `{}`", found.detail),
                    })
                }
            }

            async fn snapshot(&self) -> $crate::Result<$init> {
                self.$read().await
            }

            async fn destroy(&self) -> $crate::Result<bool> {
                self.handle.destroy().await
            }

            fn key(&self) -> &$crate::Key {
                self.handle.key()
            }
        }

        impl $(<$($parameter),+>)? Clone for $proxy $(<$($parameter),+>)? {
            fn clone(&self) -> Self {
                Self {
                    handle: self.handle.clone(),
                    $(types: std::marker::PhantomData::<fn() -> ($($parameter,)+)>,)?
                }
            }
        }

        impl $(<$($parameter),+>)? std::fmt::Debug for $proxy $(<$($parameter),+>)? {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.handle.describe(stringify!($proxy), f)
            }
        }

        /// Two proxies are equal if they stand for the same object.
        impl $(<$($parameter),+>)? PartialEq for $proxy $(<$($parameter),+>)? {
            fn eq(&self, other: &Self) -> bool {
                self.handle == other.handle
            }
        }

        impl $(<$($parameter),+>)? Eq for $proxy $(<$($parameter),+>)? {}

        /// A proxy travels as its key.
        impl $(<$($parameter),+>)? serde::Serialize for $proxy $(<$($parameter),+>)? {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                self.handle.serialize(serializer)
            }
        }

        impl<'de $($(, $parameter)+)?> serde::Deserialize<'de> for $proxy $(<$($parameter),+>)? {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Ok(Self {
                    handle: <$crate::object::Handle<$machine>>::deserialize(deserializer)?,
                    $(types: std::marker::PhantomData::<fn() -> ($($parameter,)+)>,)?
                })
            }
        }
    };
}

pub(super) use {methods, proxy};
