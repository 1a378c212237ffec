//! A struct of shared state: each field becomes a proxy, or stays a value that travels.

use std::collections::HashMap;

use syn::ext::IdentExt;
use syn::punctuated::Punctuated;
use syn::{Attribute, Expr, Fields, Ident, ItemStruct, LitStr, Path, Token, Type, Visibility};

use crate::attr::{FieldOptions, carried};
use crate::errors::Errors;

/// The name of the field that generated code adds.
pub(crate) const ROOT: &str = "__root";

/// Traits that a shared struct has anyway, or can't have.
const DERIVED: &[(&str, &str)] = &[
    ("Clone", "`#[crucial::shared]` derives it"),
    ("Debug", "`#[crucial::shared]` derives it"),
    (
        "Serialize",
        "`#[crucial::shared]` writes it: the struct travels by reference",
    ),
    (
        "Deserialize",
        "`#[crucial::shared]` writes it: the struct travels by reference",
    ),
    ("Copy", "a shared struct holds keys, which are cloned"),
    (
        "Default",
        "a shared struct lives in the store, where it is created by name; give its fields `#[shared(init = …)]`, which its initial values then start from",
    ),
];

/// A struct of shared state.
#[derive(Debug)]
pub(crate) struct Structure {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) vis: Visibility,
    pub(crate) name: Ident,
    pub(crate) fields: Vec<Field>,
}

/// One field of it.
#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) vis: Visibility,
    pub(crate) name: Ident,
    pub(crate) ty: Type,
    pub(crate) place: Place,
    /// The initial value, unless the creator gives another.
    pub(crate) init: Option<Expr>,
}

/// Where the value of a field lives.
#[derive(Debug)]
pub(crate) enum Place {
    /// In the struct: it travels.
    Local,
    /// In an object of the job, which is called so within the struct.
    Job(String),
    /// In an object of the application, which outlives the job.
    Application(String),
}

impl Structure {
    /// Checks the struct and takes the helper attributes out of it; `None` where it can't be shared.
    pub(crate) fn of(item: &mut ItemStruct, errors: &mut Errors) -> Option<Self> {
        let mut found = Errors::default();
        let options: Vec<_> = item
            .fields
            .iter_mut()
            .map(|field| FieldOptions::take(&mut field.attrs, &mut found))
            .collect();
        if !item.generics.params.is_empty() {
            found.at(
                &item.generics.params,
                "a shared struct can't be generic: what is stored carries the name of one type; write the types of its fields out",
            );
        } else if let Some(clause) = &item.generics.where_clause {
            found.at(clause, "a shared struct can't have a `where` clause");
        }
        check_derives(&item.attrs, &mut found);
        let fields = match &item.fields {
            Fields::Named(fields) => fields,
            Fields::Unnamed(fields) => {
                found.at(
                    fields,
                    "a shared struct needs names for its fields: they are part of the keys under which their objects live",
                );
                errors.append(found);
                return None;
            }
            Fields::Unit => {
                found.at(
                    &item.ident,
                    "a shared struct has fields; this one has nothing to share",
                );
                errors.append(found);
                return None;
            }
        };
        let fields: Vec<_> = fields
            .named
            .iter()
            .zip(options)
            .filter_map(|(field, options)| Field::of(field, options, &mut found))
            .collect();
        check_keys(&fields, &mut found);
        let good = found.is_empty();
        errors.append(found);
        good.then(|| Self {
            attributes: item.attrs.clone(),
            vis: item.vis.clone(),
            name: item.ident.clone(),
            fields,
        })
    }
}

impl Field {
    fn of(field: &syn::Field, options: FieldOptions, errors: &mut Errors) -> Option<Self> {
        let name = field.ident.clone()?;
        if name == ROOT {
            errors.at(
                &name,
                "`#[crucial::shared]` adds a field of this name; use another",
            );
        }
        if let Some(condition) = field
            .attrs
            .iter()
            .find(|attribute| attribute.path().is_ident("cfg"))
        {
            errors.at(
                condition,
                "a field that is there at times makes two structs of one, which can't open each other; put the condition on two structs",
            );
        }
        let place = match (options.local, options.persistent) {
            (Some(span), Some(_)) => {
                errors.push(syn::Error::new(
                    span,
                    "a local field is not stored under a name of its own, so it can't be persistent; leave `local` or `persistent` out",
                ));
                return None;
            }
            (Some(_), None) => {
                if let Some(key) = &options.key {
                    errors.at(
                        key,
                        "a local field is not stored under a name of its own, so it has no key",
                    );
                }
                Place::Local
            }
            (None, Some(_)) => Place::Application(key(&name, options.key.as_ref(), errors)),
            (None, None) => Place::Job(key(&name, options.key.as_ref(), errors)),
        };
        Some(Self {
            attributes: field.attrs.clone(),
            vis: field.vis.clone(),
            name,
            ty: field.ty.clone(),
            place,
            init: options.init,
        })
    }

    /// The field's documentation.
    pub(crate) fn documentation(&self) -> Vec<Attribute> {
        carried(&self.attributes)
    }

    pub(crate) fn is_local(&self) -> bool {
        matches!(self.place, Place::Local)
    }
}

/// What a field's object is called within the struct.
fn key(name: &Ident, given: Option<&LitStr>, errors: &mut Errors) -> String {
    let key = given.map_or_else(|| name.unraw().to_string(), LitStr::value);
    let known = |c: char| c.is_ascii_alphanumeric() || "_-".contains(c);
    let bad = key.chars().find(|c| !known(*c));
    match (given, bad) {
        (Some(given), _) if key.is_empty() => errors.at(given, "a key has letters"),
        (Some(given), Some(bad)) => errors.at(
            given,
            format_args!("{bad:?} can't be in the key of a field; letters, digits, `_` and `-` can"),
        ),
        (None, Some(bad)) => errors.at(
            name,
            format_args!("{bad:?} can't be in a key; give the field one of letters, digits, `_` and `-`: `#[shared(key = \"…\")]`"),
        ),
        _ => {}
    }
    key
}

fn check_keys(fields: &[Field], errors: &mut Errors) {
    let mut taken = HashMap::new();
    for field in fields {
        let (Place::Job(key) | Place::Application(key)) = &field.place else {
            continue;
        };
        if let Some(other) = taken.insert(key, &field.name) {
            errors.at(
                &field.name,
                format_args!("this field would live under the key {key:?}, as `{other}` does; give one of them another: `#[shared(key = \"…\")]`"),
            );
        }
    }
}

fn check_derives(attributes: &[Attribute], errors: &mut Errors) {
    let derives = attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("derive"))
        .filter_map(|derive| {
            derive
                .parse_args_with(Punctuated::<Path, Token![,]>::parse_terminated)
                .ok()
        })
        .flatten();
    for derive in derives {
        let Some(name) = derive.segments.last() else {
            continue;
        };
        if let Some((_, reason)) = DERIVED.iter().find(|(known, _)| name.ident == known) {
            errors.at(
                &derive,
                format_args!("`{}` can't be derived here: {reason}", name.ident),
            );
        }
    }
}
