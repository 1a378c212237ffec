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
            $crate::__private::lifecycle!(pub, $init);

            /// The object under that key, without looking whether there is one. No round trip.
            #[must_use]
            pub const fn at(key: $crate::Key) -> Self {
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
                let proxy = Self::at(key);
                proxy.handle.open_exactly(&Self::detail()).await?;
                Ok(proxy)
            }

            fn snapshot(&self) -> $crate::Call<impl Future<Output = $crate::Result<$init>> + Send> {
                $crate::Call::new(self.$read())
            }

            $crate::__private::forwards!(handle);
        }

        $crate::__private::proxy! {
            [$($($parameter),+)?] $proxy $(<$($parameter),+>)?, stringify!($proxy), handle: $machine,
            |handle| Self {
                handle,
                $(types: std::marker::PhantomData::<fn() -> ($($parameter,)+)>,)?
            }
        }
    };
}

pub(super) use {methods, proxy};
