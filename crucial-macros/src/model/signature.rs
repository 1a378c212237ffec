//! Arguments and results that cross processes.

use quote::{format_ident, quote};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::visit::Visit;
use syn::{FnArg, Ident, Pat, PatType, PathArguments, ReturnType, Signature, Type, parse_quote};

use crate::errors::Errors;

/// The longest tuple that serde encodes.
pub(crate) const MOST_ARGUMENTS: usize = 16;

/// One argument of a function or method.
#[derive(Debug)]
pub(crate) struct Argument {
    /// Its name; one is made up where it is a pattern.
    pub(crate) name: Ident,
    pub(crate) ty: Type,
}

/// The arguments after `self`, checked.
pub(crate) fn arguments(
    inputs: &Punctuated<FnArg, syn::Token![,]>,
    errors: &mut Errors,
) -> Vec<Argument> {
    let typed: Vec<&PatType> = inputs
        .iter()
        .filter_map(|input| match input {
            FnArg::Typed(typed) => Some(typed),
            FnArg::Receiver(_) => None,
        })
        .collect();
    if let Some(extra) = typed.get(MOST_ARGUMENTS) {
        errors.at(
            extra,
            format_args!("more than {MOST_ARGUMENTS} arguments; put some of them into a struct"),
        );
    }
    typed
        .into_iter()
        .enumerate()
        .map(|(place, typed)| argument(place, typed, errors))
        .collect()
}

/// One argument, checked.
pub(crate) fn argument(place: usize, typed: &PatType, errors: &mut Errors) -> Argument {
    if let Some(condition) = typed
        .attrs
        .iter()
        .find(|attribute| attribute.path().is_ident("cfg"))
    {
        errors.at(
            condition,
            "an argument that is there at times makes two signatures of one; put the condition on two functions",
        );
    }
    check_owned(&typed.ty, "an argument", errors);
    let name = match &*typed.pat {
        Pat::Ident(pattern) if pattern.subpat.is_none() => pattern.ident.clone(),
        other => format_ident!("arg{}", place, span = other.span()),
    };
    Argument {
        name,
        ty: (*typed.ty).clone(),
    }
}

/// The type that is returned.
pub(crate) fn output(output: &ReturnType) -> Type {
    match output {
        ReturnType::Default => parse_quote!(()),
        ReturnType::Type(_, ty) => (**ty).clone(),
    }
}

/// What neither methods nor threads may be.
pub(crate) fn check_plain(signature: &Signature, what: &str, errors: &mut Errors) {
    if !signature.generics.params.is_empty() {
        errors.at(
            &signature.generics.params,
            format_args!("{what} can't be generic: it is called by its name alone, which stands for one function; write it for one type"),
        );
    } else if let Some(clause) = &signature.generics.where_clause {
        errors.at(clause, format_args!("{what} can't have a `where` clause"));
    }
    if let syn::Safety::Unsafe(token) = &signature.safety {
        errors.at(
            token,
            format_args!(
                "{what} can't be `unsafe`: whoever calls it from afar can't keep its promises"
            ),
        );
    }
    if let Some(abi) = &signature.abi {
        errors.at(abi, format_args!("{what} can't be `extern`"));
    }
    if let Some(variadic) = &signature.variadic {
        errors.at(variadic, format_args!("{what} can't be variadic"));
    }
}

/// Refuses whatever borrows: nothing can be borrowed from another process.
pub(crate) fn check_owned(ty: &Type, what: &'static str, errors: &mut Errors) {
    struct Borrows<'a>(&'static str, &'a mut Errors);

    impl<'ast> Visit<'ast> for Borrows<'_> {
        fn visit_type_reference(&mut self, reference: &'ast syn::TypeReference) {
            let owned = owned(&reference.elem);
            self.1.at(
                reference,
                format_args!(
                    "{} travels to another process, so it must own its data: `{owned}`",
                    self.0
                ),
            );
        }

        fn visit_lifetime(&mut self, lifetime: &'ast syn::Lifetime) {
            if lifetime.ident != "static" {
                self.1.at(
                    lifetime,
                    format_args!(
                        "{} travels to another process, so it must own its data",
                        self.0
                    ),
                );
            }
        }

        fn visit_type_impl_trait(&mut self, ty: &'ast syn::TypeImplTrait) {
            self.1.at(
                ty,
                format_args!(
                    "{} travels as bytes, which have to be of one type; name the type",
                    self.0
                ),
            );
        }

        fn visit_type_infer(&mut self, ty: &'ast syn::TypeInfer) {
            self.1
                .at(ty, format_args!("{} needs its type written out", self.0));
        }

        // What a function pointer takes is not what travels.
        fn visit_type_fn_ptr(&mut self, _: &'ast syn::TypeFnPtr) {}
    }

    Borrows(what, errors).visit_type(ty);
}

/// How to write the type that owns what is borrowed.
fn owned(borrowed: &Type) -> String {
    match borrowed {
        Type::Path(path) if path.path.is_ident("str") => "String".to_owned(),
        Type::Path(path) if path.path.is_ident("Path") => "PathBuf".to_owned(),
        Type::Slice(slice) => format!("Vec<{}>", plain(&slice.elem)),
        other => plain(other),
    }
}

/// A type as people write it.
fn plain(ty: &Type) -> String {
    let mut text = quote!(#ty).to_string();
    for (spaced, tight) in [
        (" :: ", "::"),
        (" < ", "<"),
        (" >", ">"),
        (" ,", ","),
        ("& ", "&"),
    ] {
        text = text.replace(spaced, tight);
    }
    text
}

/// The `T` of `Name<T>`, where the last part of the path is `Name` with one type.
pub(crate) fn wrapped<'a>(ty: &'a Type, name: &str) -> Option<&'a Type> {
    let Type::Path(path) = bare(ty) else {
        return None;
    };
    let last = path
        .path
        .segments
        .last()
        .filter(|last| last.ident == name)?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else {
        return None;
    };
    match arguments.args.first() {
        Some(syn::GenericArgument::Type(ty)) if arguments.args.len() == 1 => Some(ty),
        _ => None,
    }
}

/// Whether the last part of the path is that name.
pub(crate) fn is_named(ty: &Type, name: &str) -> bool {
    match bare(ty) {
        Type::Path(path) => path
            .path
            .segments
            .last()
            .is_some_and(|last| last.ident == name),
        _ => false,
    }
}

/// The type within parentheses, written or invisible (those of a macro's argument).
fn bare(ty: &Type) -> &Type {
    match ty {
        Type::Group(group) => bare(&group.elem),
        Type::Paren(paren) => bare(&paren.elem),
        other => other,
    }
}
