//! The `main` function of a program.

use proc_macro2::Span;
use syn::ItemFn;
use syn::spanned::Spanned;

use crate::errors::Errors;

/// A `main`.
#[derive(Debug)]
pub(crate) struct Entry {
    /// Where its return type stands, for errors about it.
    pub(crate) output: Span,
}

impl Entry {
    /// Checks the function; `None` where it can't be the program's `main`.
    pub(crate) fn of(item: &ItemFn, errors: &mut Errors) -> Option<Self> {
        let signature = &item.sig;
        let mut found = Errors::default();
        if signature.ident != "main" {
            found.at(
                &signature.ident,
                "`#[crucial::main]` goes on the program's `main` function",
            );
        }
        if !signature.inputs.is_empty() {
            found.at(
                &signature.inputs,
                "`main` takes no arguments; read them from `std::env::args`",
            );
        }
        super::signature::check_plain(signature, "`main`", &mut found);
        let good = found.is_empty();
        errors.append(found);
        good.then(|| Self {
            output: match &signature.output {
                syn::ReturnType::Default => signature.ident.span(),
                syn::ReturnType::Type(_, ty) => ty.span(),
            },
        })
    }
}
