//! A cloud thread: its registration, and how it is started.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;

use super::at;
use super::object::locals;
use super::portable::{assertions, tuple};
use crate::attr::Options;
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
    let returned = thread.returns.ty();
    let value = match &thread.returns {
        Returns::Value(ty) => quote!(#ty),
        Returns::Result(ty) => {
            quote_spanned!(at(ty.span())=> <#ty as #krate::__private::ThreadReturn>::Value)
        }
    };
    let signature = quote!(#krate::__private::Signature::<#arguments, #value>);
    let locals = locals(names.len());
    let call = quote!(#name(#(#locals),*));
    let plain = quote!(#krate::__private::Plain);
    let (run, body) = match (thread.is_async, &thread.returns) {
        (true, Returns::Result(_)) => (quote!(run_async), call),
        (true, Returns::Value(_)) => (
            quote!(run_async),
            quote!(async move { #plain(#call.await) }),
        ),
        (false, Returns::Result(_)) => (quote!(run_blocking), call),
        (false, Returns::Value(_)) => (quote!(run_blocking), quote!(#plain(#call))),
    };
    // What keeps the function from running elsewhere (a future that is not `Send`) is said at its name.
    let function = quote_spanned!(at(name.span())=> |(#(#locals,)*)| #body);
    let travelling = types.iter().map(|ty| (Vec::new(), *ty));
    let portable = assertions(travelling, krate);
    let returned_portable = match &thread.returns {
        Returns::Value(ty) => assertions([(Vec::new(), ty)].into_iter(), krate),
        Returns::Result(_) => {
            let assertion =
                quote_spanned!(at(returned.span())=> #krate::__private::portable::<#value>(););
            quote!(const _: fn() = || { #assertion };)
        }
    };
    quote! {
        #(#attributes)*
        #[allow(dead_code, non_camel_case_types, clippy::all, clippy::pedantic)]
        #vis enum #name {}

        const _: () = {
            #[allow(unused_imports)]
            use #krate::__private::Unportable as _;

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
                #krate::__private::ThreadEntry::new(#registered, #fingerprint, |wire, args| {
                    #signature::#run(wire, &args, #function)
                })
            }

            #portable
            #returned_portable
        };
    }
}
