//! The program's `main`.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::ItemFn;

use super::at;
use crate::attr::{MainOptions, Setting, SettingValue};
use crate::model::Entry;

/// The synchronous `main` around the user's.
pub(crate) fn around(entry: &Entry, function: &ItemFn, options: &MainOptions) -> TokenStream {
    let krate = &options.krate;
    // What can't be returned from `main` is said at the return type.
    let here = krate.at(entry.output);
    let run = match function.sig.asyncness {
        Some(_) => quote!(main),
        None => quote!(main_blocking),
    };
    let run =
        quote_spanned!(at(entry.output)=> #here::__private::#run(application, settings, main));
    let settings = options.settings.iter().map(call);
    let vis = &function.vis;
    quote! {
        #vis fn main() -> ::std::process::ExitCode {
            #function
            let application = #krate::__private::application(
                ::core::option_env!("CARGO_BIN_NAME"),
                ::core::option_env!("CARGO_PKG_NAME"),
            );
            let settings = |builder: #krate::Builder| builder #(#settings)*;
            #run
        }
    }
}

/// The call that makes a setting.
fn call(setting: &Setting) -> TokenStream {
    let method = &setting.method;
    let value = match &setting.value {
        SettingValue::Number(number) => quote!(#number),
        SettingValue::Time(time) => {
            let millis = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
            quote!(::core::time::Duration::from_millis(#millis))
        }
    };
    quote!(.#method(#value))
}
