//! A function that runs as a cloud thread.

use syn::{Attribute, FnArg, GenericArgument, Ident, ItemFn, PathArguments, Type, Visibility};

use super::Argument;
use super::fingerprint::Fingerprint;
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

    /// Changes with what the thread takes and returns.
    pub(crate) fn fingerprint(&self) -> u64 {
        let mut fingerprint = Fingerprint::default();
        for argument in &self.arguments {
            fingerprint.feed(&argument.ty);
        }
        fingerprint.feed(self.returns.ty());
        fingerprint.value()
    }
}

impl Returns {
    fn of(ty: Type, errors: &mut Errors) -> Self {
        if !is_named(&ty, "Result") {
            check_owned(&ty, "a result", errors);
            return Self::Value(ty);
        }
        // An error that borrows travels as its text.
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
