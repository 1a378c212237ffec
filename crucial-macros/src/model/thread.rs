//! A function that runs as a cloud thread.

use std::iter;

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Attribute, FnArg, GenericArgument, Ident, ItemFn, PathArguments, Type, Visibility};

use super::Argument;
use super::signature::{arguments, check_owned, check_plain, is_named, output};
use crate::attr::carried;
use crate::errors::Errors;

/// A function that runs as a cloud thread.
#[derive(Debug)]
pub(crate) struct Thread {
    /// Documentation.
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) vis: Visibility,
    pub(crate) name: Ident,
    pub(crate) is_async: bool,
    pub(crate) arguments: Vec<Argument>,
    pub(crate) returns: Returns,
}

/// What a function returns.
#[derive(Debug)]
pub(crate) enum Returns {
    /// A value.
    Value(Type),
    /// A `Result`: its error ends the thread without a value.
    Result(Type),
}

impl Thread {
    /// Checks the function; `None` where it can't be a thread.
    pub(crate) fn of(item: &ItemFn, errors: &mut Errors) -> Option<Self> {
        let signature = &item.sig;
        let mut found = Errors::default();
        if let Some(FnArg::Receiver(receiver)) = signature.inputs.first() {
            found.at(
                receiver,
                "a cloud thread is a function of its own: it can't take `self`; pass what it needs as an argument, such as a shared struct or a proxy",
            );
        }
        if let Some(token) = &signature.constness {
            found.at(token, "a cloud thread can't be `const`");
        }
        check_plain(signature, "a cloud thread", &mut found);
        let arguments = arguments(&signature.inputs, &mut found);
        let returns = Returns::of(output(&signature.output), &mut found);
        let good = found.is_empty();
        errors.append(found);
        good.then(|| Self {
            attributes: carried(&item.attrs),
            vis: item.vis.clone(),
            name: signature.ident.clone(),
            is_async: signature.asyncness.is_some(),
            arguments,
            returns,
        })
    }

    /// A number that changes with what the thread takes and returns, in whatever way it is laid out.
    pub(crate) fn fingerprint(&self) -> u64 {
        fingerprint(
            self.arguments
                .iter()
                .map(|argument| &argument.ty)
                .chain(iter::once(self.returns.ty())),
        )
    }
}

impl Returns {
    fn of(ty: Type, errors: &mut Errors) -> Self {
        if !is_named(&ty, "Result") {
            check_owned(&ty, "a result", errors);
            return Self::Value(ty);
        }
        // The error travels as its text, so it may borrow.
        if let Type::Path(path) = &ty
            && let Some(last) = path.path.segments.last()
            && let PathArguments::AngleBracketed(types) = &last.arguments
            && let Some(GenericArgument::Type(value)) = types.args.first()
        {
            check_owned(value, "a result", errors);
        }
        Self::Result(ty)
    }

    pub(crate) fn ty(&self) -> &Type {
        match self {
            Self::Value(ty) | Self::Result(ty) => ty,
        }
    }
}

/// FNV-1a over the types' tokens, without spaces and spans.
pub(crate) fn fingerprint<'a>(types: impl Iterator<Item = &'a Type>) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325;
    for ty in types {
        hash_tokens(ty.to_token_stream(), &mut hash);
        feed(b",", &mut hash);
    }
    hash
}

fn hash_tokens(tokens: TokenStream, hash: &mut u64) {
    for token in tokens {
        match token {
            TokenTree::Group(group) => {
                feed(format!("{:?}", group.delimiter()).as_bytes(), hash);
                hash_tokens(group.stream(), hash);
                feed(b"end", hash);
            }
            other => feed(other.to_string().as_bytes(), hash),
        }
        feed(b" ", hash);
    }
}

fn feed(bytes: &[u8], hash: &mut u64) {
    for byte in bytes {
        *hash = (*hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    }
}
