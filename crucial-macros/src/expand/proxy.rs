//! The proxy of a shared object.

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::Ident;

use super::object::{method_value, signature};
use crate::attr::Crate;
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

        #krate::__private::proxy! {
            [#state] #proxy<#state>, #text, 0: #state, |handle| Self(handle)
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

            fn snapshot(
                &self,
            ) -> #krate::Call<impl ::core::future::Future<Output = #krate::Result<#state>> + ::core::marker::Send> {
                self.0.snapshot()
            }

            #krate::__private::forwards!(0);
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
        #krate::__private::lifecycle!(pub, #ty);

        /// The object under that key, without looking whether there is one. No round trip.
        #[must_use]
        pub const fn at(key: #krate::Key) -> Self {
            Self(#krate::__private::Handle::at(key))
        }
    }
}

/// The method of the proxy.
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
            #vis fn #name(&self, #(#arguments),*) -> #krate::Call<impl ::core::future::Future<Output = #krate::Result<#reply>>> {
                #signature::call(&self.0, const { &#value }, (#(#names,)*))
            }
        },
        Reply::WhenReady(_) => {
            let cancellation = cancellation(method);
            quote! {
                #(#attributes)*
                #cancellation
                #vis fn #name(&self, #(#arguments),*) -> #krate::Call<impl ::core::future::Future<Output = #krate::Result<#reply>>> {
                    #signature::wait(&self.0, const { &#value }, (#(#names,)*))
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
