//! What travels, said to the compiler at the user's types.

use std::collections::HashSet;

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Attribute, GenericArgument, Path, PathArguments, Type};

use super::{at, hygienic};
use crate::attr::Crate;
use crate::model::is_named;

/// An item that compiles only where all these types travel: the one place that says so, once a type.
pub(crate) fn assertions<'a>(
    types: impl Iterator<Item = (Vec<&'a Attribute>, &'a Type)>,
    krate: &Crate,
) -> TokenStream {
    let mut seen = HashSet::new();
    let assertions: Vec<_> = types
        .filter(|(conditions, ty)| seen.insert(quote!(#(#conditions)* #ty).to_string()))
        .filter(|(_, ty)| !matches!(ty, Type::Tuple(tuple) if tuple.elems.is_empty()))
        .map(|(conditions, ty)| {
            let assertion = assertion(ty, "portable", krate);
            if conditions.is_empty() {
                assertion
            } else {
                quote!(#(#conditions)* { #assertion })
            }
        })
        .collect();
    if assertions.is_empty() {
        return TokenStream::new();
    }
    quote! {
        const _: fn() = || {
            #(#assertions)*
        };
    }
}

/// Statements that compile only where the type travels in that way. That a part of it is refused is the only error.
pub(crate) fn assertion(ty: &Type, way: &str, krate: &Crate) -> TokenStream {
    let answer = answer(ty, None, krate);
    let said = said(way, &ty.to_token_stream(), ty);
    let name = hygienic("answer");
    quote! {
        let #name = #answer;
        #name.#said;
    }
}

/// Statements that compile only where the value that a `Result` has travels, told at the type of the `Result`.
pub(crate) fn value_assertion(ty: &Type, value: &TokenStream, krate: &Crate) -> TokenStream {
    let (name, written) = (hygienic("answer"), hygienic("written"));
    let (probe, travels) = (probe(value, ty, krate), said("travels", value, ty));
    let portable = said("portable", value, ty);
    match parts(ty).first() {
        // The error stands at the type as it is written; an alias may hide another one.
        Some(part) => {
            let part = answer(part, None, krate);
            quote! {
                let #written = #part;
                let #name = #written.then(#probe).#travels;
                #written.and(#name).#portable;
            }
        }
        None => quote! {
            let #name = #probe.#travels;
            #name.#portable;
        },
    }
}

/// The same for a result that is only named: that it is refused, or the value in it, where it is a `Result`.
pub(crate) fn result_answer(ty: &Type, krate: &Crate) -> TokenStream {
    let value = parts(ty)
        .into_iter()
        .next()
        .filter(|_| is_named(ty, "Result"));
    answer(value.unwrap_or(ty), None, krate)
}

/// An expression for whether the type and each part of it are refused, with an error at each that is, unless one
/// around it is.
pub(crate) fn answer(ty: &Type, outer: Option<&Ident>, krate: &Crate) -> TokenStream {
    let tokens = ty.to_token_stream();
    let (probe, travels) = (probe(&tokens, ty, krate), said("travels", &tokens, ty));
    let this = match outer {
        None => quote!(#probe.#travels),
        Some(outer) => quote!(#outer.then(#probe).#travels),
    };
    let whole = hygienic("whole");
    let parts: Vec<_> = parts(ty)
        .into_iter()
        .map(|part| answer(part, Some(&whole), krate))
        .collect();
    if parts.is_empty() {
        return this;
    }
    quote! {{
        let #whole = #this;
        #whole #(.and(#parts))*
    }}
}

/// The question about a type, shown where the user's stands.
fn probe(ty: &TokenStream, user: &Type, krate: &Crate) -> TokenStream {
    let here = krate.at(user.span());
    quote_spanned!(at(user.span())=> #here::__private::Probe::<#ty>::new())
}

/// The call of a method for a type, shown where the user's stands.
fn said(method: &str, ty: &TokenStream, user: &Type) -> TokenStream {
    let method = Ident::new(method, at(user.span()));
    quote_spanned!(at(user.span())=> #method::<#ty>())
}

/// The types that a type is written with. Those that it takes or gives as a function do not travel with it.
fn parts(ty: &Type) -> Vec<&Type> {
    match ty {
        Type::Array(array) => vec![&array.elem],
        Type::Group(group) => parts(&group.elem),
        Type::Paren(paren) => parts(&paren.elem),
        Type::Path(path) if path.qself.is_none() => arguments(&path.path),
        Type::Ptr(pointer) => vec![&pointer.elem],
        Type::Reference(reference) => vec![&reference.elem],
        Type::Slice(slice) => vec![&slice.elem],
        Type::Tuple(tuple) => tuple.elems.iter().collect(),
        _ => Vec::new(),
    }
}

fn arguments(path: &Path) -> Vec<&Type> {
    path.segments
        .iter()
        .filter_map(|segment| match &segment.arguments {
            PathArguments::AngleBracketed(arguments) => Some(&arguments.args),
            _ => None,
        })
        .flatten()
        .filter_map(|argument| match argument {
            GenericArgument::Type(ty) if !may_be_constant(ty) => Some(ty),
            _ => None,
        })
        .collect()
}

/// Whether an argument may be the name of a constant, which syntax can't tell from a type: one without small letters.
fn may_be_constant(ty: &Type) -> bool {
    match ty {
        Type::Path(path) => path.path.segments.last().is_some_and(|last| {
            last.arguments.is_none() && !last.ident.unraw().to_string().contains(char::is_lowercase)
        }),
        Type::Never(_) => true,
        _ => false,
    }
}

/// `(A, B,)`
pub(crate) fn tuple<T: ToTokens>(parts: impl Iterator<Item = T>) -> TokenStream {
    quote!((#(#parts,)*))
}
