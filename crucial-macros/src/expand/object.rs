//! A shared object: its methods by name.

use proc_macro2::TokenStream;
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Ident, parse_quote};

use super::portable::{assertions, tuple};
use super::proxy::{definition, lifecycle, proxy_methods};
use super::{at, locals};
use crate::attr::{Crate, conditions};
use crate::model::{Access, Method, Object, Reply};

/// What stands beside the `impl` of a shared object.
pub(crate) fn beside(object: &Object, krate: &Crate) -> TokenStream {
    let proxy = format_ident!("{}Proxy", object.name);
    let definition = definition(object, &proxy, krate);
    let implementation = implementation(object, &proxy, krate);
    let registration = registration(object, krate);
    let lifecycle = lifecycle(object, krate);
    let methods = object
        .methods
        .iter()
        .map(|method| proxy_methods(method, krate));
    let travelling = object.methods.iter().flat_map(|method| {
        let arguments = method.arguments.iter().map(|argument| &argument.ty);
        let types = arguments.chain([method.reply.ty()]);
        types.map(|ty| (conditions(&method.attributes), ty))
    });
    let portable = assertions(travelling, krate);
    quote! {
        #definition

        const _: () = {
            #[allow(unused_imports)]
            use #krate::__private::{Uncopied as _, Unportable as _};

            #implementation

            #registration

            #[allow(dead_code, missing_docs, private_interfaces, unreachable_pub, clippy::all, clippy::pedantic)]
            impl #proxy {
                #lifecycle
                #(#methods)*
            }

            #portable
        };
    }
}

/// The type among those that the program knows.
fn registration(object: &Object, krate: &Crate) -> TokenStream {
    let ty = &object.ty;
    let here = krate.at(ty.span());
    let entry = quote_spanned!(at(ty.span())=> #here::__private::ObjectEntry::of::<#ty>());
    quote!(#krate::__private::inventory::submit! { #entry })
}

/// The type as a state machine.
fn implementation(object: &Object, proxy: &Ident, krate: &Crate) -> TokenStream {
    let ty = &object.ty;
    let name = format!("::{}", object.name);
    let (waits, fingerprint) = (object.waits(), object.fingerprint());
    let methods = object.methods.iter().map(|method| {
        let conditions = conditions(&method.attributes);
        let value = method_value(method, krate);
        quote!(#(#conditions)* #value)
    });
    let arms = object.methods.iter().map(|method| {
        let conditions = conditions(&method.attributes);
        let (call_name, name) = (method.call_name(), &method.name);
        let signature = signature(method, krate);
        let locals = locals(method.arguments.len());
        let apply = match method.reply {
            Reply::Now(_) => quote!(apply),
            Reply::WhenReady(_) => quote!(apply_waiting),
        };
        quote! {
            #(#conditions)*
            #call_name => #signature::#apply(args, |(#(#locals,)*)| Self::#name(self, #(#locals),*)),
        }
    });
    // An error about the type itself stands at the type.
    let here = krate.at(ty.span());
    let object_trait = quote_spanned!(at(ty.span())=> #here::__private::Object);
    quote! {
        #[allow(deprecated, clippy::all, clippy::pedantic)]
        impl #object_trait for #ty {
            const NAME: &'static str = ::core::concat!(::core::module_path!(), #name);
            const METHODS: &'static [#krate::__private::Method] = &[#(#methods),*];
            const WAITS: bool = #waits;
            const FINGERPRINT: u64 = #fingerprint;

            fn copy(&self) -> ::core::option::Option<Self> {
                #krate::__private::Copied::<#ty>::of(self)
            }

            fn apply(
                &mut self,
                method: &str,
                args: &[#krate::__private::Bytes],
            ) -> #krate::__private::Applied {
                match method {
                    #(#arms)*
                    _ => #krate::__private::Applied::Err(#krate::__private::Refusal::no_such_method(method)),
                }
            }
        }

        impl #krate::Field for #ty {
            type Proxy = #proxy;
            type Init = Self;
        }
    }
}

/// The method as a value.
pub(super) fn method_value(method: &Method, krate: &Crate) -> TokenStream {
    let name = method.call_name();
    let access: Ident = match method.access {
        Access::Read => parse_quote!(read),
        Access::ReadCached(max_age) => {
            let millis = u64::try_from(max_age.as_millis()).unwrap_or(u64::MAX);
            return quote! {
                #krate::__private::Method::cached(
                    #name,
                    ::core::time::Duration::from_millis(#millis),
                )
            };
        }
        Access::Update => parse_quote!(update),
        Access::Idempotent => parse_quote!(idempotent),
    };
    quote!(#krate::__private::Method::#access(#name))
}

/// The method's arguments and reply as a type.
pub(super) fn signature(method: &Method, krate: &Crate) -> TokenStream {
    let arguments = tuple(method.arguments.iter().map(|argument| &argument.ty));
    let reply = method.reply.ty().to_token_stream();
    quote!(#krate::__private::Signature::<#arguments, #reply>)
}
