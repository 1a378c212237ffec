//! What the attributes write beside the user's items.
//!
//! Every path is absolute, so that an expansion means the same whatever is in scope, and names that
//! are not the user's can't meet the user's: local ones are hygienic, items are named after theirs.

mod entry;
mod initial;
mod object;
mod portable;
mod structure;
mod thread;

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{Item, ItemFn};

use crate::attr::Options;
use crate::errors::Errors;
use crate::model::{Entry, Object, Structure, Thread};

/// `#[crucial::shared]`
pub(crate) fn shared(options: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let options = Options::parse(options, &mut errors);
    let expanded = match syn::parse2(item.clone()) {
        Ok(Item::Impl(mut item)) => {
            let object = Object::of(&mut item, &mut errors);
            let beside = object.map(|object| object::beside(&object, &options.krate));
            quote!(#item #beside)
        }
        Ok(Item::Struct(mut item)) => match Structure::of(&mut item, &mut errors) {
            Some(structure) => structure::instead(&structure, &options.krate),
            None => quote!(#item),
        },
        Ok(other) => {
            errors.at(
                other.into_token_stream().into_iter().next(),
                "`#[crucial::shared]` goes on a struct, whose fields become proxies, or on the inherent `impl` of a type, which becomes a shared object",
            );
            item
        }
        Err(error) => {
            errors.push(error);
            item
        }
    };
    quote!(#expanded #errors)
}

/// `#[crucial::cloud_thread]`
pub(crate) fn cloud_thread(options: TokenStream, item: &TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let options = Options::parse_named(options, &mut errors);
    let thread = function(
        item,
        "cloud_thread",
        "a function; a closure becomes a thread with `crucial::cloud_closure!`",
        &mut errors,
    )
    .and_then(|function| Thread::of(&function, &mut errors));
    let beside = thread.map(|thread| thread::beside(&thread, &options));
    quote!(#item #beside #errors)
}

/// `#[crucial::main]`
pub(crate) fn main(options: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let options = Options::parse(options, &mut errors);
    let expanded = function(&item, "main", "the program's `async fn main`", &mut errors)
        .and_then(|function| Some((Entry::of(&function, &mut errors)?, function)))
        .map(|(entry, function)| entry::around(&entry, &function, &options.krate));
    let expanded = expanded.unwrap_or(item);
    quote!(#expanded #errors)
}

/// The function that an attribute stands on.
fn function(
    item: &TokenStream,
    attribute: &str,
    place: &str,
    errors: &mut Errors,
) -> Option<ItemFn> {
    match syn::parse2(item.clone()) {
        Ok(Item::Fn(function)) => Some(function),
        Ok(other) => {
            let first = other.into_token_stream().into_iter().next();
            errors.at(
                first,
                format_args!("`#[crucial::{attribute}]` goes on {place}"),
            );
            None
        }
        Err(error) => {
            errors.push(error);
            None
        }
    }
}
