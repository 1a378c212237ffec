//! What all proxies have in common, printed for the library's objects and for users' types alike.
//!
//! The macros print no more than forwards: what they forward to is plain functions.

use crate::call::Call;
use crate::error::Result;
use crate::object::{Shared, key_here};

/// Creates an object of the current job.
pub fn create<P: Shared>(
    name: impl AsRef<str>,
    init: P::Init,
) -> Call<impl Future<Output = Result<P>>> {
    Call::new(async move { P::create_at(key_here(name.as_ref())?, init).await })
}

/// Opens an object of the current job.
pub fn open<P: Shared>(name: impl AsRef<str>) -> Call<impl Future<Output = Result<P>>> {
    Call::new(async move { P::open_at(key_here(name.as_ref())?).await })
}

/// Opens an object of the current job, having created it if there was none.
pub fn open_or_create<P: Shared>(
    name: impl AsRef<str>,
    init: P::Init,
) -> Call<impl Future<Output = Result<P>>> {
    Call::new(async move { P::open_or_create_at(key_here(name.as_ref())?, init).await })
}

/// What every shared object can do, without a trait in scope.
#[doc(hidden)]
#[macro_export]
macro_rules! __lifecycle {
    ($vis:vis, $init:ty) => {
        /// Creates the object of that name in the current job, starting from `init`. One round trip; for a struct four,
        /// however many fields it has.
        ///
        /// # Errors
        ///
        /// [`Error::Exists`]($crate::Error::Exists) where the name is taken; [`Error::Name`]($crate::Error::Name) for a
        /// name that can't be one; those of the store.
        $vis fn create(
            name: impl ::core::convert::AsRef<str>,
            init: $init,
        ) -> $crate::Call<impl ::core::future::Future<Output = $crate::Result<Self>>> {
            $crate::__private::create::<Self>(name, init)
        }

        /// Opens the object of that name in the current job. One round trip; for a struct three, and it waits while the
        /// struct is being created.
        ///
        /// # Errors
        ///
        /// [`Error::NotFound`]($crate::Error::NotFound) where there is none;
        /// [`Error::WrongType`]($crate::Error::WrongType) where it is of another type; those of the store.
        $vis fn open(
            name: impl ::core::convert::AsRef<str>,
        ) -> $crate::Call<impl ::core::future::Future<Output = $crate::Result<Self>>> {
            $crate::__private::open::<Self>(name)
        }

        /// Opens the object of that name in the current job, having created it from `init` if there was none. One round
        /// trip to create, two to open; for a struct four.
        ///
        /// # Errors
        ///
        /// [`Error::WrongType`]($crate::Error::WrongType) where it is of another type;
        /// [`Error::NotFound`]($crate::Error::NotFound) where another caller removes it just when it has been found; those
        /// of the store.
        $vis fn open_or_create(
            name: impl ::core::convert::AsRef<str>,
            init: $init,
        ) -> $crate::Call<impl ::core::future::Future<Output = $crate::Result<Self>>> {
            $crate::__private::open_or_create::<Self>(name, init)
        }

        /// The plain value, each object's as of one moment. One round trip.
        ///
        /// # Errors
        ///
        /// [`Error::NotFound`]($crate::Error::NotFound) where there is none; [`Error::Codec`]($crate::Error::Codec) or
        /// [`Error::Corrupt`]($crate::Error::Corrupt) where what is stored is of another type; those of the store.
        $vis fn snapshot(
            &self,
        ) -> $crate::Call<impl ::core::future::Future<Output = $crate::Result<$init>>> {
            $crate::Shared::snapshot(self)
        }

        /// Whether the object exists. One round trip.
        ///
        /// # Errors
        ///
        /// Those of the store.
        $vis fn exists(
            &self,
        ) -> $crate::Call<impl ::core::future::Future<Output = $crate::Result<bool>>> {
            $crate::Shared::exists(self)
        }

        /// Removes the object after so long, or with `None` when its job ends, if it is of one; `false` if there is none.
        /// One round trip; two for a struct, whose fields end with it, except persistent ones.
        ///
        /// After no time at all it is gone at once. A part of a millisecond counts as a whole one, and no time is longer
        /// than 2^42 milliseconds, some 139 years.
        ///
        /// # Errors
        ///
        /// Those of the store.
        $vis fn expire(
            &self,
            after: ::core::option::Option<::core::time::Duration>,
        ) -> $crate::Call<impl ::core::future::Future<Output = $crate::Result<bool>>> {
            $crate::Shared::expire(self, after)
        }

        /// How long it is until the object ends by itself, as [`expire`](Self::expire) said; `None` where it ends with its
        /// job. One round trip.
        ///
        /// # Errors
        ///
        /// [`Error::NotFound`]($crate::Error::NotFound) where there is none, and those of the store.
        $vis fn expires_in(
            &self,
        ) -> $crate::Call<
            impl ::core::future::Future<
                Output = $crate::Result<::core::option::Option<::core::time::Duration>>,
            >,
        > {
            $crate::Shared::expires_in(self)
        }

        /// Removes the object; `false` if there was none. Whoever waits for it gets an error. One round trip; two for a
        /// struct, which takes its fields along, except persistent ones.
        ///
        /// # Errors
        ///
        /// Those of the store.
        $vis fn destroy(
            &self,
        ) -> $crate::Call<impl ::core::future::Future<Output = $crate::Result<bool>>> {
            $crate::Shared::destroy(self)
        }

        /// Where the object lives.
        #[must_use]
        $vis fn key(&self) -> &$crate::Key {
            $crate::Shared::key(self)
        }
    };
}

/// What a proxy's handle does for [`Shared`].
#[doc(hidden)]
#[macro_export]
macro_rules! __forwards {
    ($field:tt) => {
        fn exists(
            &self,
        ) -> $crate::Call<
            impl ::core::future::Future<Output = $crate::Result<bool>> + ::core::marker::Send,
        > {
            self.$field.exists()
        }

        fn expire(
            &self,
            after: ::core::option::Option<::core::time::Duration>,
        ) -> $crate::Call<
            impl ::core::future::Future<Output = $crate::Result<bool>> + ::core::marker::Send,
        > {
            self.$field.expire(after)
        }

        fn expires_in(
            &self,
        ) -> $crate::Call<
            impl ::core::future::Future<
                Output = $crate::Result<::core::option::Option<::core::time::Duration>>,
            > + ::core::marker::Send,
        > {
            self.$field.expires_in()
        }

        fn destroy(
            &self,
        ) -> $crate::Call<
            impl ::core::future::Future<Output = $crate::Result<bool>> + ::core::marker::Send,
        > {
            self.$field.destroy()
        }

        fn key(&self) -> &$crate::Key {
            self.$field.key()
        }
    };
}

/// The traits of a proxy, which holds a handle in `$field` and is made of one.
#[doc(hidden)]
#[macro_export]
macro_rules! __proxy {
    ([$($generics:ident),*] $proxy:ty, $name:expr, $field:tt: $state:ty, |$handle:ident| $make:expr) => {
        impl<$($generics),*> ::core::clone::Clone for $proxy {
            fn clone(&self) -> Self {
                let $handle = ::core::clone::Clone::clone(&self.$field);
                $make
            }
        }

        impl<$($generics),*> ::core::fmt::Debug for $proxy {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                self.$field.describe($name, f)
            }
        }

        /// Two proxies are equal if they stand for the same object.
        impl<$($generics),*> ::core::cmp::PartialEq for $proxy {
            fn eq(&self, other: &Self) -> bool {
                self.$field == other.$field
            }
        }

        impl<$($generics),*> ::core::cmp::Eq for $proxy {}

        /// A proxy travels as its key.
        impl<$($generics),*> $crate::__private::serde::Serialize for $proxy {
            fn serialize<S: $crate::__private::serde::Serializer>(
                &self,
                serializer: S,
            ) -> ::core::result::Result<S::Ok, S::Error> {
                $crate::__private::serde::Serialize::serialize(&self.$field, serializer)
            }
        }

        impl<'de, $($generics),*> $crate::__private::serde::Deserialize<'de> for $proxy {
            fn deserialize<D: $crate::__private::serde::Deserializer<'de>>(
                deserializer: D,
            ) -> ::core::result::Result<Self, D::Error> {
                let $handle: $crate::__private::Handle<$state> =
                    $crate::__private::serde::Deserialize::deserialize(deserializer)?;
                ::core::result::Result::Ok($make)
            }
        }
    };
}

pub use {__forwards as forwards, __lifecycle as lifecycle, __proxy as proxy};
