//! A closure that runs as a cloud thread.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Error, Expr, ExprClosure, Ident, Pat, PatType, ReturnType, Token, Type, bracketed};

use super::Argument;
use super::fingerprint::Fingerprint;
use super::signature::{MOST_ARGUMENTS, argument, check_owned};
use crate::attr::Crate;
use crate::errors::Errors;

/// What stands in the parentheses of `cloud_closure!`: a closure, with what it captures before it.
pub(crate) struct Input {
    pub(crate) krate: Crate,
    captures: Punctuated<Capture, Token![,]>,
    closure: ExprClosure,
}

/// `name: Type`, a variable that the closure takes along.
struct Capture {
    name: Ident,
    ty: Type,
}

/// A closure that runs as a cloud thread.
#[derive(Debug)]
pub(crate) struct Closure {
    pub(crate) captures: Vec<Argument>,
    pub(crate) arguments: Vec<Argument>,
    pub(crate) is_async: bool,
    /// The closure as written.
    pub(crate) written: ExprClosure,
    /// Where its result comes from, for errors about it.
    pub(crate) result: Span,
    pub(crate) fingerprint: u64,
}

impl Parse for Input {
    /// The wrapper in `crucial` puts its own path and a semicolon before what people write.
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let krate: TokenTree = input.parse()?;
        input.parse::<Token![;]>()?;
        let captures = if input.peek(syn::token::Bracket) {
            let captures;
            bracketed!(captures in input);
            Punctuated::parse_terminated(&captures)?
        } else {
            Punctuated::new()
        };
        let expected = "a closure is expected, after what it captures: `[state: State] |id: u32| async move { … }`";
        if input.is_empty() {
            return Err(input.error(expected));
        }
        let closure = match input.parse()? {
            Expr::Closure(closure) => closure,
            other => return Err(Error::new_spanned(other, expected)),
        };
        if !input.is_empty() {
            return Err(input.error("nothing is expected after the closure"));
        }
        Ok(Self {
            krate: Crate::of(krate.into_token_stream()),
            captures,
            closure,
        })
    }
}

impl Parse for Capture {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let name: Ident = input.parse()?;
        if !input.peek(Token![:]) {
            return Err(Error::new(
                name.span(),
                format_args!(
                    "a cloud thread runs in another process, so what it captures needs its type: `{name}: Type`"
                ),
            ));
        }
        input.parse::<Token![:]>()?;
        Ok(Self {
            name,
            ty: input.parse()?,
        })
    }
}

impl Closure {
    /// Checks the closure; `None` where it can't be a thread.
    pub(crate) fn of(input: Input, errors: &mut Errors) -> Option<Self> {
        let Input {
            captures, closure, ..
        } = input;
        let mut found = Errors::default();
        if let Some(token) = &closure.asyncness {
            found.at(
                token,
                "write `|…| async move { … }`: the thread owns what it works on",
            );
        }
        if let Some(extra) = closure.inputs.iter().nth(MOST_ARGUMENTS) {
            found.at(
                extra,
                format_args!(
                    "more than {MOST_ARGUMENTS} arguments; put some of them into a struct"
                ),
            );
        }
        let captures: Vec<_> = captures
            .into_iter()
            .map(|Capture { name, ty }| {
                check_owned(&ty, "what a cloud thread captures", &mut found);
                Argument { name, ty }
            })
            .collect();
        let arguments: Vec<_> = closure
            .inputs
            .iter()
            .enumerate()
            .filter_map(|(place, input)| {
                let typed = typed(input, &mut found)?;
                Some(argument(place, typed, &mut found))
            })
            .collect();
        if let ReturnType::Type(_, ty) = &closure.output {
            check_owned(ty, "a result", &mut found);
        }
        let mut fingerprint = Fingerprint::default();
        for capture in &captures {
            fingerprint.feed(&capture.ty);
        }
        fingerprint.feed(&closure);
        let good = found.is_empty();
        errors.append(found);
        good.then(|| Self {
            captures,
            arguments,
            is_async: matches!(*closure.body, Expr::Async(_)),
            result: closure.body.span(),
            written: closure,
            fingerprint: fingerprint.value(),
        })
    }
}

/// A parameter with its type.
fn typed<'a>(input: &'a Pat, errors: &mut Errors) -> Option<&'a PatType> {
    if let Pat::Type(typed) = input {
        return Some(typed);
    }
    let pattern: TokenStream = input.to_token_stream();
    errors.at(
        input,
        format_args!("a cloud thread runs in another process, so its parameters need their types: `{pattern}: Type`"),
    );
    None
}
