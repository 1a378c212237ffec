//! The program's `main`.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::ItemFn;

use super::at;
use crate::attr::Crate;
use crate::model::Entry;

/// The synchronous `main` around the user's.
pub(crate) fn around(entry: &Entry, function: &ItemFn, krate: &Crate) -> TokenStream {
    // What can't be returned from `main` is said at the return type.
    let here = krate.at(entry.output);
    let run = quote_spanned!(at(entry.output)=> #here::__private::main(application, main));
    let vis = &function.vis;
    quote! {
        #vis fn main() -> ::std::process::ExitCode {
            #function
            let application = #krate::__private::application(
                ::core::option_env!("CARGO_BIN_NAME"),
                ::core::option_env!("CARGO_PKG_NAME"),
            );
            #run
        }
    }
}
