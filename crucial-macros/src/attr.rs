//! The options of the attributes, and the helper attributes within their items.

use std::time::Duration;

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::meta::ParseNestedMeta;
use syn::parse::Parser;
use syn::{Attribute, Error, Expr, Ident, LitStr, Path, Token};

use crate::errors::Errors;

/// The path of the crate `crucial` in generated code.
#[derive(Debug)]
pub(crate) struct Crate(TokenStream);

impl Crate {
    pub(crate) fn of(path: TokenStream) -> Self {
        Self(path)
    }

    /// Reads the option that names it.
    fn read(&mut self, meta: &ParseNestedMeta<'_>) -> syn::Result<()> {
        let value = meta.value()?;
        let path = value
            .call(Path::parse_mod_style)
            .map_err(|_| value.error("a path is expected, as in `crate = ::crucial`"))?;
        *self = Self(path.into_token_stream());
        Ok(())
    }

    /// The path for code whose errors are shown at a user's token.
    pub(crate) fn at(&self, user: Span) -> Self {
        let path = self.0.clone().into_iter().map(|mut token| {
            token.set_span(token.span().located_at(user));
            token
        });
        Self(path.collect())
    }
}

impl Default for Crate {
    fn default() -> Self {
        Self(quote!(::crucial))
    }
}

impl ToTokens for Crate {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        self.0.to_tokens(tokens);
    }
}

/// What stands in the parentheses of an attribute.
#[derive(Debug, Default)]
pub(crate) struct Options {
    pub(crate) krate: Crate,
    /// The name under which a cloud thread is registered.
    pub(crate) name: Option<LitStr>,
}

impl Options {
    /// Options of an attribute that takes `crate` alone.
    pub(crate) fn parse(tokens: TokenStream, errors: &mut Errors) -> Self {
        Self::parse_with(tokens, false, errors)
    }

    /// Options of `#[crucial::cloud_thread]`.
    pub(crate) fn parse_named(tokens: TokenStream, errors: &mut Errors) -> Self {
        Self::parse_with(tokens, true, errors)
    }

    fn parse_with(tokens: TokenStream, named: bool, errors: &mut Errors) -> Self {
        let mut options = Self::default();
        let parser = syn::meta::parser(|meta| {
            read(&meta, errors, |meta| {
                if meta.path.is_ident("crate") {
                    options.krate.read(meta)?;
                } else if named && meta.path.is_ident("name") {
                    let name: LitStr = meta.value()?.parse()?;
                    if name.value().trim().is_empty() {
                        return Err(Error::new(name.span(), "a name has letters"));
                    }
                    options.name = Some(name);
                } else if named {
                    return Err(
                        meta.error("unknown option; there are `crate = path` and `name = \"…\"`")
                    );
                } else {
                    return Err(meta.error("unknown option; there is `crate = path`"));
                }
                Ok(())
            })
        });
        if let Err(error) = parser.parse2(tokens) {
            errors.push(error);
        }
        options
    }
}

/// The options of `#[crucial::main]`.
#[derive(Debug, Default)]
pub(crate) struct MainOptions {
    pub(crate) krate: Crate,
    pub(crate) settings: Vec<Setting>,
}

/// A setting of the program: the method of the builder that makes it, and what that takes.
#[derive(Debug)]
pub(crate) struct Setting {
    pub(crate) method: Ident,
    pub(crate) value: SettingValue,
}

#[derive(Debug)]
pub(crate) enum SettingValue {
    Time(Duration),
    Number(Expr),
}

impl MainOptions {
    pub(crate) fn parse(tokens: TokenStream, errors: &mut Errors) -> Self {
        let mut options = Self::default();
        let parser = syn::meta::parser(|meta| {
            read(&meta, errors, |meta| {
                let name = meta.path.get_ident().map(Ident::to_string);
                let value = match name.as_deref() {
                    Some("crate") => return options.krate.read(meta),
                    Some("max_value_bytes") => SettingValue::Number(meta.value()?.parse()?),
                    Some("wait_limit" | "thread_limit" | "method_limit" | "lease") => {
                        SettingValue::Time(time(meta)?)
                    }
                    _ => {
                        return Err(meta.error(
                            "unknown option; there are `crate = path`, `max_value_bytes = number`, and, with a time such as `\"30s\"`, `wait_limit`, `thread_limit`, `method_limit` and `lease`",
                        ));
                    }
                };
                let method = meta.path.require_ident()?.clone();
                if options.settings.iter().any(|other| other.method == method) {
                    return Err(meta.error("given twice"));
                }
                options.settings.push(Setting { method, value });
                Ok(())
            })
        });
        if let Err(error) = parser.parse2(tokens) {
            errors.push(error);
        }
        options
    }
}

/// The length of time that an option gives.
fn time(meta: &ParseNestedMeta<'_>) -> syn::Result<Duration> {
    let expected = "a time is a text with a whole number and `ms`, `s` or `min`, as in `\"30s\"`";
    let value = meta.value()?;
    let text: LitStr = value
        .parse()
        .map_err(|error| Error::new(error.span(), expected))?;
    millis(&text)
        .map(Duration::from_millis)
        .ok_or_else(|| Error::new(text.span(), expected))
}

/// The `#[shared(…)]` attributes of a method.
#[derive(Debug, Default)]
pub(crate) struct MethodOptions {
    pub(crate) idempotent: Option<Span>,
    pub(crate) skip: Option<Span>,
    /// That the method may read a copy of the state.
    pub(crate) cached: Option<Span>,
    /// How old that copy may be.
    pub(crate) max_age: Option<(Span, Duration)>,
}

impl MethodOptions {
    /// Takes them out of the attributes.
    pub(crate) fn take(attributes: &mut Vec<Attribute>, errors: &mut Errors) -> Self {
        let mut options = Self::default();
        take_helpers(attributes, errors, |meta| {
            if meta.path.is_ident("idempotent") {
                set(&mut options.idempotent, span(meta), meta)
            } else if meta.path.is_ident("skip") {
                set(&mut options.skip, span(meta), meta)
            } else if meta.path.is_ident("read") {
                let read: LitStr = meta.value()?.parse()?;
                if read.value() != "cached" {
                    return Err(Error::new(
                        read.span(),
                        "there is `read = \"cached\"`; without it a method reads what is stored now",
                    ));
                }
                set(&mut options.cached, span(meta), meta)
            } else if meta.path.is_ident("max_age") {
                let age: LitStr = meta.value()?.parse()?;
                set(&mut options.max_age, (span(meta), duration(&age)?), meta)
            } else {
                Err(meta.error(
                    "unknown option of a method; there are `idempotent`, `skip`, `read = \"cached\"` and `max_age = \"…\"`",
                ))
            }
        });
        options
    }
}

impl MethodOptions {
    /// Those that say how a method is called.
    pub(crate) fn of_calls(&self) -> [(Option<Span>, &'static str); 3] {
        [
            (self.idempotent, "idempotent"),
            (self.cached, "read"),
            (self.max_age.map(|(span, _)| span), "max_age"),
        ]
    }
}

/// The `#[shared(…)]` attributes of a field.
#[derive(Debug, Default)]
pub(crate) struct FieldOptions {
    pub(crate) local: Option<Span>,
    pub(crate) persistent: Option<Span>,
    pub(crate) key: Option<LitStr>,
    pub(crate) init: Option<Expr>,
}

impl FieldOptions {
    /// Takes them out of the attributes.
    pub(crate) fn take(attributes: &mut Vec<Attribute>, errors: &mut Errors) -> Self {
        let mut options = Self::default();
        take_helpers(attributes, errors, |meta| {
            if meta.path.is_ident("local") {
                set(&mut options.local, span(meta), meta)
            } else if meta.path.is_ident("persistent") {
                set(&mut options.persistent, span(meta), meta)
            } else if meta.path.is_ident("key") {
                let key = meta.value()?.parse()?;
                set(&mut options.key, key, meta)
            } else if meta.path.is_ident("init") {
                let init = meta.value()?.parse()?;
                set(&mut options.init, init, meta)
            } else {
                Err(meta.error(
                    "unknown option of a field; there are `local`, `persistent`, `key = \"…\"` and `init = expression`",
                ))
            }
        });
        options
    }
}

/// The attributes that go with whatever is generated for an item.
pub(crate) fn carried(attributes: &[Attribute]) -> Vec<Attribute> {
    let carried = ["cfg", "doc", "deprecated"];
    attributes
        .iter()
        .filter(|attribute| carried.iter().any(|name| attribute.path().is_ident(name)))
        .cloned()
        .collect()
}

/// The conditions under which an item is compiled.
pub(crate) fn conditions(attributes: &[Attribute]) -> Vec<&Attribute> {
    attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("cfg"))
        .collect()
}

fn take_helpers(
    attributes: &mut Vec<Attribute>,
    errors: &mut Errors,
    mut option: impl FnMut(&ParseNestedMeta<'_>) -> syn::Result<()>,
) {
    attributes.retain(|attribute| {
        let helper = attribute.path().is_ident("shared");
        if helper {
            let read = attribute.parse_nested_meta(|meta| read(&meta, errors, &mut option));
            if let Err(error) = read {
                errors.push(error);
            }
        }
        !helper
    });
}

/// Reads one option; a mistake in it does not keep the next ones from being read.
fn read(
    meta: &ParseNestedMeta<'_>,
    errors: &mut Errors,
    option: impl FnOnce(&ParseNestedMeta<'_>) -> syn::Result<()>,
) -> syn::Result<()> {
    if let Err(error) = option(meta) {
        errors.push(error);
        while !meta.input.is_empty() && !meta.input.peek(Token![,]) {
            meta.input.parse::<TokenTree>()?;
        }
    }
    Ok(())
}

/// The age that an option gives.
fn duration(text: &LitStr) -> syn::Result<Duration> {
    match millis(text) {
        Some(0) => Err(Error::new(
            text.span(),
            "nothing is of no age; leave `read = \"cached\"` out to read what is stored now",
        )),
        Some(millis) => Ok(Duration::from_millis(millis)),
        None => Err(Error::new(
            text.span(),
            "an age is a whole number and `ms`, `s` or `min`, as in `max_age = \"250ms\"`",
        )),
    }
}

/// A length of time as people write it, in milliseconds.
fn millis(text: &LitStr) -> Option<u64> {
    let value = text.value();
    let unit = value.trim_start_matches(|c: char| c.is_ascii_digit());
    let millis = match unit {
        "ms" => 1,
        "s" => 1_000,
        "min" => 60_000,
        _ => return None,
    };
    let count = value[..value.len() - unit.len()].parse::<u64>().ok()?;
    count.checked_mul(millis)
}

fn set<T>(place: &mut Option<T>, value: T, meta: &ParseNestedMeta<'_>) -> syn::Result<()> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(meta.error("given twice")),
    }
}

fn span(meta: &ParseNestedMeta<'_>) -> Span {
    meta.path
        .get_ident()
        .map_or_else(Span::call_site, Ident::span)
}
