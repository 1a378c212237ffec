//! A cloud thread: its registration, and how it is started.

use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;

use super::portable::{assertions, tuple, value_assertion};
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
    let Joined {
        value,
        result,
        kind,
        aliases,
    } = Joined::of(&thread.returns, krate);
    let returned = thread.returns.ty();
    let signature = quote!(#krate::__private::Signature::<#arguments, #value>);
    let locals = locals(names.len());
    // What keeps the function from running elsewhere (a future that is not `Send`) is said at its name.
    let span = at(name.span());
    let here = krate.at(name.span());
    let call = quote_spanned!(span=> #name(#(#locals),*));
    let run = if thread.is_async {
        "run_async"
    } else {
        "run_blocking"
    };
    let run = Ident::new(run, span);
    // Neither may be taken for the function, whatever that is called.
    let (wire, args) = (hygienic("wire"), hygienic("args"));
    let run = quote_spanned! {span=>
        #here::__private::Body::<#arguments, #returned, #kind>::#run(
            #kind {}, #wire, &#args, |(#(#locals,)*)| #call
        )
    };
    let portable = portable(thread, &value, krate);
    quote! {
        #(#attributes)*
        #[allow(dead_code, non_camel_case_types, clippy::all, clippy::pedantic)]
        #vis enum #name {}

        const _: () = {
            #[allow(unused_imports)]
            use #krate::__private::{Bodiless as _, Unportable as _};
            #aliases

            #[allow(dead_code, private_interfaces, clippy::all, clippy::pedantic)]
            impl #name {
                /// Starts the cloud thread at once; dropping the handle detaches it.
                #vis fn spawn(#(#names: #types),*) -> #krate::JoinHandle<#result> {
                    #signature::spawn(Self::task(#(#names),*))
                }

                /// The cloud thread with these arguments, not started yet.
                #vis fn task(#(#names: #types),*) -> #krate::Task<#result> {
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

/// The types that joining the thread gives.
struct Joined {
    value: TokenStream,
    /// The value, and the error unless that is the handle's default.
    result: TokenStream,
    /// How the function's return value is read.
    kind: TokenStream,
    /// The types that these are written with.
    aliases: TokenStream,
}

impl Joined {
    fn of(returns: &Returns, krate: &Crate) -> Self {
        match returns {
            Returns::Value(ty) => Self {
                value: quote!(#ty),
                result: quote!(#ty),
                kind: quote!(#krate::__private::AsValue),
                aliases: TokenStream::new(),
            },
            Returns::Result(ty) => {
                let here = krate.at(ty.span());
                let private = quote_spanned!(at(ty.span())=> #here::__private);
                let value = quote_spanned!(at(ty.span())=> <#ty as #private::Fallible>::Value);
                Self {
                    result: quote! {
                        #value, <__Kind as #krate::__private::Arrives<__Error>>::Error
                    },
                    value,
                    kind: quote!(__Kind),
                    // Whether the error travels as itself is a question of its bounds, which a constant answers.
                    aliases: quote_spanned! {at(ty.span())=>
                        #[allow(unused_imports)]
                        use #private::{AsText as _, Owning as _};
                        type __Error = <#ty as #private::Fallible>::Error;
                        type __Kind = #private::AsResult<{
                            #private::Travelling::<
                                __Error, { #private::Pointing::<__Error>::POINTS }
                            >::TRAVELS
                        }>;
                    },
                }
            }
        }
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
            let value = value_assertion(ty, value, krate);
            let error = quote_spanned! {at(ty.span())=>
                #here::__private::error_text::<__Error>();
            };
            quote! {
                #arguments
                const _: fn() = || {
                    #value
                    #error
                };
            }
        }
    }
}
