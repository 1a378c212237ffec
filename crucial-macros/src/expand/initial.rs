//! The values that a shared struct starts from.

use std::collections::HashSet;

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;

use super::at;
use crate::attr::Crate;
use crate::model::{Field, Structure};

/// The name of the type of a struct's initial values.
pub(super) fn initial_type(structure: &Structure) -> Ident {
    format_ident!("{}Init", structure.name)
}

/// The initial values of a struct, and their defaults.
pub(super) fn initial_values(structure: &Structure, krate: &Crate) -> TokenStream {
    let Structure {
        vis, name, fields, ..
    } = structure;
    let initial = initial_type(structure);
    let summary =
        format!(" The values that a [`{name}`] starts from, and those of a snapshot of it.");
    let names: Vec<_> = fields.iter().map(|field| &field.name).collect();
    let documentation = fields.iter().map(|field| {
        let documentation = field.documentation();
        quote!(#(#documentation)*)
    });
    let types: Vec<_> = fields
        .iter()
        .map(|field| value_type(field, krate))
        .collect();
    let assumed = assumed(structure, krate);
    let undecided = fields
        .iter()
        .filter(|field| field.init.is_none())
        .map(|field| {
            let (ty, later) = (&field.ty, later(field, "DefaultLater"));
            quote!(#ty: for<'a> #krate::__private::#later<'a>)
        });
    let defaults = fields.iter().map(|field| match &field.init {
        Some(init) => quote!(#init),
        None => {
            let (ty, later) = (&field.ty, later(field, "DefaultLater"));
            quote!(<#ty as #krate::__private::#later<'_>>::default_later())
        }
    });
    let all = fields.iter().map(|field| &field.ty);
    let all: Vec<_> = all
        .zip(fields.iter().map(|field| later(field, "DebugLater")))
        .collect();
    let printable = all
        .iter()
        .map(|(ty, later)| quote!(#ty: for<'a> #krate::__private::#later<'a>));
    let printed = all
        .iter()
        .zip(&names)
        .map(|((ty, later), name)| {
            quote!(<#ty as #krate::__private::#later<'_>>::debug_later(&self.#name))
        });
    let texts = names.iter().map(|name| name.unraw().to_string());
    let text = initial.to_string();
    quote! {
        #[doc = #summary]
        #[allow(dead_code, missing_docs, private_interfaces)]
        #vis struct #initial {
            #(#documentation pub #names: #types,)*
        }

        impl ::core::default::Default for #initial
        where
            #assumed
            #(#undecided,)*
        {
            fn default() -> Self {
                Self {
                    #(#names: #defaults,)*
                }
            }
        }

        impl ::core::fmt::Debug for #initial
        where
            #assumed
            #(#printable,)*
        {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.debug_struct(#text)
                    #(.field(#texts, #printed))*
                    .finish()
            }
        }
    }
}

/// That all fields are shared, as something that impls assume: that one of them is not is said once,
/// where the struct is defined.
pub(super) fn assumed(structure: &Structure, krate: &Crate) -> TokenStream {
    let mut seen = HashSet::new();
    let types = structure
        .fields
        .iter()
        .filter(|field| !field.is_local())
        .map(|field| &field.ty)
        .filter(|ty| seen.insert(ty.to_token_stream().to_string()));
    quote!(#(#types: for<'a> #krate::__private::FieldLater<'a>,)*)
}

/// The trait of that name for a field: local ones are asked themselves, others about what they start from.
///
/// Bounds on what fields start from would be the same bound twice where two types start from the same (a barrier and
/// a latch both from a number), and the compiler could not choose.
fn later(field: &Field, name: &str) -> Ident {
    if field.is_local() {
        format_ident!("{name}")
    } else {
        format_ident!("Init{name}")
    }
}

/// The plain value of a field.
fn value_type(field: &Field, krate: &Crate) -> TokenStream {
    let ty = &field.ty;
    if field.is_local() {
        quote!(#ty)
    } else {
        let here = krate.at(ty.span());
        quote_spanned!(at(ty.span())=> <#ty as #here::Field>::Init)
    }
}
