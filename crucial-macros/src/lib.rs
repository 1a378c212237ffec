//! The attributes of Crucial. Their documentation stands on their re-exports in the crate `crucial`.
//!
//! The modules are the pipeline: an item is parsed (`attr` reads the options), checked into a
//! `model`, and the model is expanded. Only syntax is known here; what the types are, the compiler
//! finds out from the generated code.

use proc_macro::TokenStream;

mod attr;
mod errors;
mod expand;
#[cfg(test)]
mod golden;
mod model;

#[allow(missing_docs, reason = "documented where it is re-exported")]
#[proc_macro_attribute]
pub fn shared(options: TokenStream, item: TokenStream) -> TokenStream {
    expand::shared(options.into(), item.into()).into()
}

#[allow(missing_docs, reason = "documented where it is re-exported")]
#[proc_macro_attribute]
pub fn cloud_thread(options: TokenStream, item: TokenStream) -> TokenStream {
    expand::cloud_thread(options.into(), &item.into()).into()
}

#[allow(missing_docs, reason = "documented where it is re-exported")]
#[proc_macro_attribute]
pub fn main(options: TokenStream, item: TokenStream) -> TokenStream {
    expand::main(options.into(), item.into()).into()
}

#[allow(missing_docs, reason = "documented where it is wrapped")]
#[proc_macro]
pub fn cloud_closure(input: TokenStream) -> TokenStream {
    expand::cloud_closure(input.into()).into()
}
