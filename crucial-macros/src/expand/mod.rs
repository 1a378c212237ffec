//! What the attributes write beside the user's items.
//!
//! Every path is absolute, so that an expansion means the same whatever is in scope, and names that
//! are not the user's can't meet the user's: local ones are hygienic, items are named after theirs.

mod closure;
mod entry;
mod initial;
mod life;
mod object;
mod portable;
mod proxy;
mod structure;
mod thread;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};
use syn::{Item, ItemFn};

use crate::attr::{MainOptions, Options};
use crate::errors::Errors;
use crate::model::{Closure, Entry, Input, Object, Structure, Thread};

/// `#[crucial::shared]`
pub(crate) fn shared(options: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let options = Options::parse(options, &mut errors);
    let expanded = match syn::parse2(item.clone()) {
        Ok(Item::Impl(mut item)) => {
            let object = Object::of(&mut item, &mut errors);
            let beside = object.map(|object| object::beside(&object, &options.krate));
            quote! {
                #[allow(clippy::needless_pass_by_value)]
                #item
                #beside
            }
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
    // Arguments travel, so they are taken by value whatever the function does with them.
    quote! {
        #[allow(clippy::needless_pass_by_value)]
        #item
        #beside
        #errors
    }
}

/// `crucial::cloud_closure!`
pub(crate) fn cloud_closure(input: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let value = errors
        .keep(syn::parse2::<Input>(input))
        .and_then(|mut input| {
            let krate = std::mem::take(&mut input.krate);
            Closure::of(input, &mut errors).map(|closure| closure::value(&closure, &krate))
        });
    match value {
        Some(value) => value,
        None => quote!({ #errors }),
    }
}

/// `#[crucial::main]`
pub(crate) fn main(options: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let options = MainOptions::parse(options, &mut errors);
    let expanded = function(&item, "main", "the program's `async fn main`", &mut errors)
        .and_then(|function| Some((Entry::of(&function, &mut errors)?, function)))
        .map(|(entry, function)| entry::around(&entry, &function, &options));
    let expanded = expanded.unwrap_or(item);
    quote!(#expanded #errors)
}

/// Where errors about a user's token are shown, for generated tokens: they mean what the others mean.
fn at(user: Span) -> Span {
    Span::call_site().located_at(user)
}

/// A local name that no name of the user's can meet.
fn hygienic(name: &str) -> Ident {
    Ident::new(name, Span::mixed_site())
}

/// Such names for so many arguments.
fn locals(count: usize) -> Vec<Ident> {
    (0..count)
        .map(|place| hygienic(&format!("arg{place}")))
        .collect()
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
