//! The values that a shared struct starts from.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote, quote_spanned};
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
        format!("The values that a [`{name}`] starts from, and those of a snapshot of it.");
    let names: Vec<_> = fields.iter().map(|field| &field.name).collect();
    let documentation = fields.iter().map(|field| {
        let documentation = field.documentation();
        quote!(#(#documentation)*)
    });
    let types: Vec<_> = fields
        .iter()
        .map(|field| value_type(field, krate))
        .collect();
    let undecided = fields
        .iter()
        .zip(&types)
        .filter(|(field, _)| field.init.is_none())
        .map(|(_, ty)| quote!(#ty: for<'a> #krate::__private::DefaultLater<'a>));
    let defaults = fields
        .iter()
        .zip(&types)
        .map(|(field, ty)| match &field.init {
            Some(init) => quote!(#init),
            None => quote!(<#ty as #krate::__private::DefaultLater<'_>>::default_later()),
        });
    quote! {
        #[doc = #summary]
        #[allow(dead_code, missing_docs, private_interfaces)]
        #vis struct #initial {
            #(#documentation pub #names: #types,)*
        }

        impl ::core::default::Default for #initial
        where
            #(#undecided,)*
        {
            fn default() -> Self {
                Self {
                    #(#names: #defaults,)*
                }
            }
        }
    }
}

/// The plain value of a field.
fn value_type(field: &Field, krate: &Crate) -> TokenStream {
    let ty = &field.ty;
    if field.is_local() {
        quote!(#ty)
    } else {
        quote_spanned!(at(ty.span())=> <#ty as #krate::Field>::Init)
    }
}
