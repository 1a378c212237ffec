//! What travels, said to the compiler at the user's types.

use std::collections::HashSet;

use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Attribute, Type};

use super::at;
use crate::attr::Crate;

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
            let here = krate.at(ty.span());
            let assertion = quote_spanned!(at(ty.span())=> #here::__private::portable::<#ty>(););
            quote!(#(#conditions)* #assertion)
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

/// `(A, B,)`
pub(crate) fn tuple<T: ToTokens>(parts: impl Iterator<Item = T>) -> TokenStream {
    quote!((#(#parts,)*))
}
