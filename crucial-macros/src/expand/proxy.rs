//! The proxy of a shared object.

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote};
use syn::Ident;

use super::hygienic;
use super::object::{method_value, signature};
use crate::attr::{Crate, conditions};
use crate::model::{Access, Method, Object, Reply};

/// The proxy's type.
///
/// Its parameter keeps the state's type out of its interface, so that it is as public as its module
/// lets it be, however private the state's type is: an attribute on an `impl` can't see which.
pub(super) fn definition(object: &Object, proxy: &Ident, krate: &Crate) -> TokenStream {
    let (ty, name) = (&object.ty, &object.name);
    let state = if name == "State" { "Value" } else { "State" };
    let state = Ident::new(state, Span::call_site());
    let text = proxy.to_string();
    let summary =
        format!(" A shared [`{name}`], referred to by its key: it clones and travels freely.");
    quote! {
        #[doc = #summary]
        #[doc = ""]
        #[doc = " Each method runs atomically where the object lives, and takes one round trip: more where others call it at the same time, or where it waits."]
        #[allow(dead_code, private_interfaces)]
        pub struct #proxy<#state = #ty>(#krate::__private::Handle<#state>);

        impl<#state> ::core::clone::Clone for #proxy<#state> {
            fn clone(&self) -> Self {
                Self(::core::clone::Clone::clone(&self.0))
            }
        }

        impl<#state> ::core::fmt::Debug for #proxy<#state> {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                self.0.describe(#text, f)
            }
        }

        impl<#state> ::core::cmp::PartialEq for #proxy<#state> {
            fn eq(&self, other: &Self) -> bool {
                self.0 == other.0
            }
        }

        impl<#state> ::core::cmp::Eq for #proxy<#state> {}

        impl<#state> #krate::__private::serde::Serialize for #proxy<#state> {
            fn serialize<S: #krate::__private::serde::Serializer>(
                &self,
                serializer: S,
            ) -> ::core::result::Result<S::Ok, S::Error> {
                #krate::__private::serde::Serialize::serialize(&self.0, serializer)
            }
        }

        impl<'de, #state> #krate::__private::serde::Deserialize<'de> for #proxy<#state> {
            fn deserialize<D: #krate::__private::serde::Deserializer<'de>>(
                deserializer: D,
            ) -> ::core::result::Result<Self, D::Error> {
                let handle = #krate::__private::serde::Deserialize::deserialize(deserializer)?;
                ::core::result::Result::Ok(Self(handle))
            }
        }

        impl<#state: #krate::__private::Object> #krate::Shared for #proxy<#state> {
            type Init = #state;

            async fn create_at(key: #krate::Key, init: #state) -> #krate::Result<Self> {
                let handle = #krate::__private::Handle::create_at(key, init).await?;
                #krate::Result::Ok(Self(handle))
            }

            async fn open_at(key: #krate::Key) -> #krate::Result<Self> {
                let handle = #krate::__private::Handle::open_at(key).await?;
                #krate::Result::Ok(Self(handle))
            }

            async fn snapshot(&self) -> #krate::Result<#state> {
                self.0.snapshot().await
            }

            async fn destroy(&self) -> #krate::Result<bool> {
                self.0.destroy().await
            }

            fn key(&self) -> &#krate::Key {
                self.0.key()
            }
        }

        impl<#state: #krate::__private::Object> #krate::Field for #proxy<#state> {
            type Proxy = Self;
            type Init = #state;
        }
    }
}

/// What every proxy can do, without a trait in scope.
pub(super) fn lifecycle(object: &Object, krate: &Crate) -> TokenStream {
    let ty = &object.ty;
    quote! {
        /// Creates the object of that name in the current job. One round trip.
        ///
        /// # Errors
        ///
        /// `Error::Exists` where the name is taken, and those of the store.
        pub async fn create(
            name: impl ::core::convert::AsRef<str>,
            init: #ty,
        ) -> #krate::Result<Self> {
            let key = #krate::__private::key(&name)?;
            <Self as #krate::Shared>::create_at(key, init).await
        }

        /// Opens the object of that name of the current job. One round trip.
        ///
        /// # Errors
        ///
        /// `Error::NotFound`, `Error::WrongType`, and those of the store.
        pub async fn open(name: impl ::core::convert::AsRef<str>) -> #krate::Result<Self> {
            let key = #krate::__private::key(&name)?;
            <Self as #krate::Shared>::open_at(key).await
        }

        /// Opens the object of that name, having created it if there was none. One or two round trips.
        ///
        /// # Errors
        ///
        /// `Error::WrongType`, and those of the store.
        pub async fn open_or_create(
            name: impl ::core::convert::AsRef<str>,
            init: #ty,
        ) -> #krate::Result<Self> {
            let key = #krate::__private::key(&name)?;
            <Self as #krate::Shared>::open_or_create_at(key, init).await
        }

        /// The object under that key, without looking whether there is one. No round trip.
        #[must_use]
        pub const fn at(key: #krate::Key) -> Self {
            Self(#krate::__private::Handle::at(key))
        }

        /// Where the object lives.
        #[must_use]
        pub fn key(&self) -> &#krate::Key {
            self.0.key()
        }

        /// The whole state, as of one moment. One round trip.
        ///
        /// # Errors
        ///
        /// `Error::NotFound`, `Error::Corrupt`, and those of the store.
        pub async fn snapshot(&self) -> #krate::Result<#ty> {
            self.0.snapshot().await
        }

        /// Whether the object exists. One round trip.
        ///
        /// # Errors
        ///
        /// Those of the store.
        pub async fn exists(&self) -> #krate::Result<bool> {
            self.0.exists().await
        }

        /// Removes the object after so long, or with `None` when its job ends, if it is of one; `false` if there is none.
        /// One round trip.
        ///
        /// # Errors
        ///
        /// Those of the store.
        pub async fn expire(
            &self,
            after: ::core::option::Option<::core::time::Duration>,
        ) -> #krate::Result<bool> {
            self.0.expire(after).await
        }

        /// How long it is until the object ends by itself; `None` where it does so with its job. One round trip.
        ///
        /// # Errors
        ///
        /// `Error::NotFound`, and those of the store.
        pub async fn expires_in(
            &self,
        ) -> #krate::Result<::core::option::Option<::core::time::Duration>> {
            self.0.expires_in().await
        }

        /// Removes the object; `false` if there was none. One round trip.
        ///
        /// # Errors
        ///
        /// Those of the store.
        pub async fn destroy(&self) -> #krate::Result<bool> {
            self.0.destroy().await
        }
    }
}

/// The method of the proxy; two where the method waits.
pub(super) fn proxy_methods(method: &Method, krate: &Crate) -> TokenStream {
    let Method {
        attributes,
        vis,
        name,
        ..
    } = method;
    let reply = method.reply.ty();
    let signature = signature(method, krate);
    let value = method_value(method, krate);
    let names: Vec<_> = method
        .arguments
        .iter()
        .map(|argument| &argument.name)
        .collect();
    let types = method.arguments.iter().map(|argument| &argument.ty);
    let arguments: Vec<_> = names
        .iter()
        .zip(types)
        .map(|(name, ty)| quote!(#name: #ty))
        .collect();
    let note = cached_note(method);
    match &method.reply {
        Reply::Now(_) => quote! {
            #(#attributes)*
            #note
            #vis async fn #name(&self, #(#arguments),*) -> #krate::Result<#reply> {
                #signature::call(&self.0, const { &#value }, (#(#names,)*)).await
            }
        },
        Reply::WhenReady(_) => {
            let timed = format_ident!("{}_timeout", name);
            let limit = hygienic("limit");
            let summary = format!(
                " [`{name}`](Self::{name}) that waits no longer than the limit: `Error::TimedOut` comes then."
            );
            let conditions = conditions(attributes);
            let cancellation = cancellation(method);
            quote! {
                #(#attributes)*
                #cancellation
                #vis async fn #name(&self, #(#arguments),*) -> #krate::Result<#reply> {
                    #signature::wait(&self.0, const { &#value }, (#(#names,)*), ::core::option::Option::None).await
                }

                #(#conditions)*
                #[doc = #summary]
                #vis async fn #timed(
                    &self,
                    #(#arguments,)*
                    #limit: ::core::time::Duration,
                ) -> #krate::Result<#reply> {
                    #signature::wait(&self.0, const { &#value }, (#(#names,)*), ::core::option::Option::Some(#limit)).await
                }
            }
        }
    }
}

/// What the documentation of a method that waits says of a caller who does no more.
fn cancellation(method: &Method) -> TokenStream {
    let text = match method.access {
        Access::Read | Access::ReadCached(_) => " To drop the future changes nothing.",
        Access::Update | Access::Idempotent => {
            " To drop the future while it waits changes nothing; a call that is on its way may still take effect."
        }
    };
    quote! {
        #[doc = ""]
        #[doc = " # Cancellation"]
        #[doc = ""]
        #[doc = #text]
    }
}

/// What the documentation of a method says that may read a copy of the state.
fn cached_note(method: &Method) -> Option<TokenStream> {
    let Access::ReadCached(max_age) = method.access else {
        return None;
    };
    let text = format!(
        " It may read this process's copy of the state, as it was no longer than {max_age:?} ago: that takes no round trip."
    );
    Some(quote! {
        #[doc = ""]
        #[doc = #text]
    })
}
