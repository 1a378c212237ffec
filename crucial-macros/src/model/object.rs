//! An `impl` block whose type becomes a shared object.

use std::time::Duration;

use quote::ToTokens;
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::visit_mut::{self, VisitMut};
use syn::{
    Attribute, Ident, ImplItem, ImplItemFn, ItemImpl, Path, PathArguments, Receiver, ReceiverKind,
    Type, Visibility,
};

use super::Argument;
use super::fingerprint::Fingerprint;
use super::signature::{arguments, check_owned, check_plain, output, wrapped};
use crate::attr::{MethodOptions, carried};
use crate::errors::Errors;

/// How old a state may be that `#[shared(read = "cached")]` reads, where `max_age` says nothing.
const MAX_AGE: Duration = Duration::from_millis(100);

/// What every proxy has of its own.
const TAKEN: &[&str] = &[
    "at",
    "create",
    "destroy",
    "exists",
    "expire",
    "expires_in",
    "key",
    "open",
    "open_or_create",
    "snapshot",
];

/// The type of a shared object, and its methods.
#[derive(Debug)]
pub(crate) struct Object {
    /// The type, as it is called where the `impl` stands.
    pub(crate) ty: Path,
    /// The type's own name.
    pub(crate) name: Ident,
    pub(crate) methods: Vec<Method>,
}

/// A method that a proxy has.
#[derive(Debug)]
pub(crate) struct Method {
    /// Documentation and conditions.
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) vis: Visibility,
    pub(crate) name: Ident,
    pub(crate) access: Access,
    pub(crate) arguments: Vec<Argument>,
    pub(crate) reply: Reply,
}

/// What a method may do with the state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    Read,
    /// It may read a copy of the state that is no older than that.
    ReadCached(Duration),
    Update,
    Idempotent,
}

/// What a method answers.
#[derive(Debug)]
pub(crate) enum Reply {
    /// This, at once.
    Now(Type),
    /// This, when the object is ready for it: the method returns `Poll`.
    WhenReady(Type),
}

impl Reply {
    pub(crate) fn ty(&self) -> &Type {
        match self {
            Self::Now(ty) | Self::WhenReady(ty) => ty,
        }
    }
}

impl Object {
    /// Checks the `impl` and takes the helper attributes out of it. Methods with mistakes are left out.
    pub(crate) fn of(item: &mut ItemImpl, errors: &mut Errors) -> Option<Self> {
        let options: Vec<_> = item
            .items
            .iter_mut()
            .map(|item| match item {
                ImplItem::Fn(method) => MethodOptions::take(&mut method.attrs, errors),
                ImplItem::Const(item) => MethodOptions::take(&mut item.attrs, errors),
                ImplItem::Type(item) => MethodOptions::take(&mut item.attrs, errors),
                _ => MethodOptions::default(),
            })
            .collect();
        let ty = object_type(item, errors)?;
        let name = ty.segments.last()?.ident.clone();
        let mut methods = Vec::new();
        let mut found = Errors::default();
        for (item, options) in item.items.iter().zip(options) {
            match item {
                ImplItem::Fn(method) => {
                    methods.extend(Method::of(method, &options, &ty, &mut found))
                }
                _ => refuse_options(&options, "this is no method; leave", &mut found),
            }
        }
        check_names(&mut methods, &mut found);
        if methods.is_empty() && found.is_empty() {
            found.at(
                &name,
                "the proxy would have no methods; make `pub` what is to be called from afar",
            );
        }
        errors.append(found);
        Some(Self { ty, name, methods })
    }

    /// Changes with what the methods are called, take and return, and with what they may do.
    pub(crate) fn fingerprint(&self) -> u64 {
        let mut fingerprint = Fingerprint::default();
        for method in &self.methods {
            fingerprint.feed(&method.name);
            for argument in &method.arguments {
                fingerprint.feed(&argument.ty);
            }
            let (Reply::Now(reply) | Reply::WhenReady(reply)) = &method.reply;
            fingerprint.feed(&matches!(method.reply, Reply::WhenReady(_)).to_token_stream());
            fingerprint.feed(reply);
            let changes = matches!(method.access, Access::Update | Access::Idempotent);
            fingerprint.feed(&changes.to_token_stream());
        }
        fingerprint.value()
    }

    /// Whether any method waits.
    pub(crate) fn waits(&self) -> bool {
        self.methods
            .iter()
            .any(|method| matches!(method.reply, Reply::WhenReady(_)))
    }
}

/// The type of the `impl`, if it may be a shared object.
fn object_type(item: &ItemImpl, errors: &mut Errors) -> Option<Path> {
    if let Some((path, _)) = &item.trait_ {
        errors.at(
            path,
            "`#[crucial::shared]` goes on an inherent `impl`: a proxy has async methods, which the trait doesn't; call the trait's methods from inherent ones",
        );
        return None;
    }
    if !item.generics.params.is_empty() || item.generics.where_clause.is_some() {
        let reason = "a shared object can't be generic: what is stored carries the name of one type, and its methods are found by it; write the `impl` for one type, or wrap that type in a struct of your own";
        if item.generics.params.is_empty() {
            errors.at(&item.generics.where_clause, reason);
        } else {
            errors.at(&item.generics.params, reason);
        }
        return None;
    }
    let path = match &*item.self_ty {
        Type::Path(ty) if ty.qself.is_none() => &ty.path,
        other => {
            errors.at(
                other,
                "a shared object is a struct or an enum of yours; wrap this type in one",
            );
            return None;
        }
    };
    for segment in &path.segments {
        if !matches!(segment.arguments, PathArguments::None) {
            errors.at(
                &segment.arguments,
                "a shared object can't be generic: what is stored carries the name of one type; wrap this type in a struct of your own",
            );
            return None;
        }
    }
    Some(path.clone())
}

impl Method {
    /// The method as the proxy has it; `None` where the proxy doesn't, or where it has mistakes.
    fn of(
        item: &ImplItemFn,
        options: &MethodOptions,
        ty: &Path,
        errors: &mut Errors,
    ) -> Option<Self> {
        let signature = &item.sig;
        if let Some(skip) = options.skip {
            for (span, option) in options.of_calls() {
                if span.is_some() {
                    errors.push(syn::Error::new(skip, format_args!("a method that is skipped is not called from afar, so `{option}` says nothing")));
                }
            }
            return None;
        }
        let receiver = match (signature.receiver(), &item.vis) {
            (Some(_), Visibility::Inherited) => {
                refuse_options(
                    options,
                    "a method that is not `pub` is not in the proxy; make it `pub`, or leave",
                    errors,
                );
                return None;
            }
            (None, _) => {
                refuse_options(
                    options,
                    "a function without `self` is not in the proxy; leave",
                    errors,
                );
                return None;
            }
            (Some(receiver), _) => receiver,
        };
        let mut found = Errors::default();
        let access = access(receiver, options, &mut found);
        check_plain(signature, "a method of a shared object", &mut found);
        if let Some(token) = &signature.asyncness {
            found.at(
                token,
                "a method of a shared object runs in one go, while others wait for the object: it can't be `async`; to make its callers wait, return `crucial::Poll`",
            );
        }
        let mut arguments = arguments(&signature.inputs, &mut found);
        let mut output = output(&signature.output);
        if let (Some(span), Some(_)) = (options.cached, wrapped(&output, "Poll")) {
            found.push(syn::Error::new(
                span,
                "a method that waits is made again when the object has changed, so it has to read what is stored now; leave `read = \"cached\"` out, or answer at once",
            ));
        }
        check_owned(&output, "a reply", &mut found);
        let mut of_self = SelfType(ty);
        of_self.visit_type_mut(&mut output);
        for argument in &mut arguments {
            of_self.visit_type_mut(&mut argument.ty);
        }
        let good = found.is_empty();
        errors.append(found);
        if !good {
            return None;
        }
        let reply = match wrapped(&output, "Poll") {
            Some(reply) => Reply::WhenReady(reply.clone()),
            None => Reply::Now(output),
        };
        Some(Self {
            attributes: carried(&item.attrs),
            vis: item.vis.clone(),
            name: signature.ident.clone(),
            access: access?,
            arguments,
            reply,
        })
    }

    /// The name in calls.
    pub(crate) fn call_name(&self) -> String {
        self.name.unraw().to_string()
    }
}

fn access(receiver: &Receiver, options: &MethodOptions, errors: &mut Errors) -> Option<Access> {
    match &receiver.kind {
        ReceiverKind::Reference(_, _, None) => {
            if let Some(span) = options.idempotent {
                errors.push(syn::Error::new(
                    span,
                    "a method that takes `&self` changes nothing, so it may run twice anyway; leave `idempotent` out",
                ));
            }
            let max_age = match (options.cached, options.max_age) {
                (None, Some((span, _))) => {
                    errors.push(syn::Error::new(
                        span,
                        "`max_age` says how old a copy of the state may be; it goes with `read = \"cached\"`",
                    ));
                    None
                }
                (None, None) => None,
                (Some(_), given) => Some(given.map_or(MAX_AGE, |(_, age)| age)),
            };
            Some(max_age.map_or(Access::Read, Access::ReadCached))
        }
        ReceiverKind::Reference(_, _, Some(_)) => {
            if let Some(span) = options.cached.or(options.max_age.map(|(span, _)| span)) {
                errors.push(syn::Error::new(
                    span,
                    "a method that takes `&mut self` changes what is stored, not a copy; leave `read = \"cached\"` out, or take `&self`",
                ));
            }
            Some(match options.idempotent {
                Some(_) => Access::Idempotent,
                None => Access::Update,
            })
        }
        _ => {
            errors.at(
                receiver,
                "a shared object stays where it lives, so its methods take `&self` or `&mut self`; `#[shared(skip)]` leaves a method out of the proxy",
            );
            None
        }
    }
}

fn refuse_options(options: &MethodOptions, reason: &str, errors: &mut Errors) {
    for (span, option) in options
        .of_calls()
        .into_iter()
        .chain([(options.skip, "skip")])
    {
        if let Some(span) = span {
            errors.push(syn::Error::new(
                span,
                format_args!("{reason} `{option}` out"),
            ));
        }
    }
}

/// Leaves out the methods whose names the proxy can't have.
fn check_names(methods: &mut Vec<Method>, errors: &mut Errors) {
    methods.retain(|method| {
        let name = method.call_name();
        if TAKEN.contains(&name.as_str()) {
            errors.at(
                &method.name,
                format_args!("`{name}` is a function of every proxy; rename the method, or leave it out of the proxy with `#[shared(skip)]`"),
            );
            return false;
        }
        true
    });
}

/// Writes the type where a signature says `Self`, which in the proxy is the proxy.
struct SelfType<'a>(&'a Path);

impl VisitMut for SelfType<'_> {
    fn visit_path_mut(&mut self, path: &mut Path) {
        if path
            .segments
            .first()
            .is_some_and(|first| first.ident == "Self")
        {
            let rest = path.segments.iter().skip(1).cloned();
            let mut ty = self.0.clone();
            let span = path.segments.span();
            for segment in &mut ty.segments {
                segment.ident.set_span(span);
            }
            ty.segments.extend(rest);
            *path = ty;
        }
        visit_mut::visit_path_mut(self, path);
    }
}
