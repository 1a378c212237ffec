//! A cloud thread: its registration, and how it is started.

use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;

use super::portable::{assertions, tuple};
use super::{at, hygienic, locals};
use crate::attr::{Crate, Options};
use crate::model::{Returns, Thread};

/// What stands beside a function that runs as a cloud thread.
pub(crate) fn beside(thread: &Thread, options: &Options) -> TokenStream {
    let Thread {
        attributes,
        vis,
        name,
        ..
    } = thread;
    let krate = &options.krate;
    let registered = match &options.name {
        Some(name) => quote!(#name),
        None => {
            let path = format!("::{}", name.unraw());
            quote!(::core::concat!(::core::module_path!(), #path))
        }
    };
    let fingerprint = thread.fingerprint();
    let names: Vec<_> = thread
        .arguments
        .iter()
        .map(|argument| &argument.name)
        .collect();
    let types: Vec<_> = thread
        .arguments
        .iter()
        .map(|argument| &argument.ty)
        .collect();
    let arguments = tuple(types.iter());
    let (value, body) = match &thread.returns {
        Returns::Value(ty) => (quote!(#ty), quote!(#krate::__private::Plain<#ty>)),
        Returns::Result(ty) => {
            let here = krate.at(ty.span());
            let value = quote_spanned!(at(ty.span())=> <#ty as #here::__private::Fallible>::Value);
            (value, quote!(#ty))
        }
    };
    let signature = quote!(#krate::__private::Signature::<#arguments, #value>);
    let locals = locals(names.len());
    // What keeps the function from running elsewhere (a future that is not `Send`) is said at its name.
    let span = at(name.span());
    let here = krate.at(name.span());
    let call = quote_spanned!(span=> #name(#(#locals),*));
    let (run, call) = match (thread.is_async, &thread.returns) {
        (true, Returns::Result(_)) => ("run_async", call),
        (true, Returns::Value(_)) => (
            "run_async",
            quote_spanned!(span=> async move { #here::__private::Plain(#call.await) }),
        ),
        (false, Returns::Result(_)) => ("run_blocking", call),
        (false, Returns::Value(_)) => (
            "run_blocking",
            quote_spanned!(span=> #here::__private::Plain(#call)),
        ),
    };
    let run = Ident::new(run, span);
    // Neither may be taken for the function, whatever that is called.
    let (wire, args) = (hygienic("wire"), hygienic("args"));
    let run = quote_spanned! {span=>
        #here::__private::Body::<#arguments, #body>::#run(#wire, &#args, |(#(#locals,)*)| #call)
    };
    let portable = portable(thread, &value, krate);
    quote! {
        #(#attributes)*
        #[allow(dead_code, non_camel_case_types, clippy::all, clippy::pedantic)]
        #vis enum #name {}

        const _: () = {
            #[allow(unused_imports)]
            use #krate::__private::{Bodiless as _, Unportable as _};

            #[allow(dead_code, private_interfaces, clippy::all, clippy::pedantic)]
            impl #name {
                /// Starts the cloud thread at once; dropping the handle detaches it.
                #vis fn spawn(#(#names: #types),*) -> #krate::JoinHandle<#value> {
                    #signature::spawn(Self::task(#(#names),*))
                }

                /// The cloud thread with these arguments, not started yet.
                #vis fn task(#(#names: #types),*) -> #krate::Task<#value> {
                    #signature::task(#registered, #fingerprint, (#(#names,)*))
                }
            }

            #krate::__private::inventory::submit! {
                #krate::__private::ThreadEntry::new(#registered, #fingerprint, |#wire, #args| #run)
            }

            #portable
        };
    }
}

/// That what the thread takes and returns travels, said at the types.
fn portable(thread: &Thread, value: &TokenStream, krate: &Crate) -> TokenStream {
    let arguments = thread.arguments.iter().map(|argument| &argument.ty);
    match &thread.returns {
        Returns::Value(ty) => {
            let types = arguments.chain([ty]);
            assertions(types.map(|ty| (Vec::new(), ty)), krate)
        }
        Returns::Result(ty) => {
            let arguments = assertions(arguments.map(|ty| (Vec::new(), ty)), krate);
            let here = krate.at(ty.span());
            let result = quote_spanned! {at(ty.span())=>
                #here::__private::portable::<#value>();
                #here::__private::error_text::<<#ty as #here::__private::Fallible>::Error>();
            };
            quote! {
                #arguments
                const _: fn() = || { #result };
            }
        }
    }
}
