//! A struct of shared state: its fields as proxies, and its copies.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::Type;
use syn::spanned::Spanned;

use super::at;
use super::initial::{assumed, initial_values};
use super::life::{lifecycle, shared};
use super::portable::{answer, assertion};
use crate::attr::Crate;
use crate::model::{Field, Place, ROOT, Structure};

/// What stands in place of a shared struct.
pub(crate) fn instead(structure: &Structure, krate: &Crate) -> TokenStream {
    let definition = definition(structure, krate);
    let values = initial_values(structure, krate);
    let travel = travel(structure, krate);
    let shared = shared(structure, krate);
    let lifecycle = lifecycle(structure, krate);
    let asserted = structure.fields.iter().map(|field| {
        if field.is_local() {
            assertion(&field.ty, "local", krate)
        } else {
            let answer = answer(&field.ty, None, krate);
            quote!(let _ = #answer;)
        }
    });
    quote! {
        #definition
        #values

        const _: () = {
            #[allow(unused_imports)]
            use #krate::__private::Uncarried as _;

            #travel
            #shared
            #lifecycle

            const _: fn() = || {
                #(#asserted)*
            };
        };
    }
}

/// The struct as it is from now on.
fn definition(structure: &Structure, krate: &Crate) -> TokenStream {
    let Structure {
        attributes,
        vis,
        name,
        fields,
    } = structure;
    let root = root();
    let fields = fields.iter().map(|field| {
        let Field {
            attributes,
            vis,
            name,
            ty,
            ..
        } = field;
        let ty = match field.place {
            Place::Local => ty.to_token_stream(),
            Place::Job(_) | Place::Application(_) => proxy(ty, krate),
        };
        quote!(#(#attributes)* #vis #name: #ty)
    });
    quote! {
        #(#attributes)*
        #vis struct #name {
            #(#fields,)*
            #root: #krate::__private::Root,
        }
    }
}

/// Copies of the struct, here and elsewhere.
fn travel(structure: &Structure, krate: &Crate) -> TokenStream {
    let Structure { name, fields, .. } = structure;
    let assumed = assumed(structure, krate);
    let text = name.to_string();
    let root = root();
    let names: Vec<_> = fields.iter().map(|field| &field.name).collect();
    let copies = fields.iter().map(|field| {
        let (name, ty) = (&field.name, &field.ty);
        match field.place {
            Place::Local => quote!(#krate::__private::Carried::<#ty>::copied(&self.#name)),
            Place::Job(_) | Place::Application(_) => {
                quote!(::core::clone::Clone::clone(&self.#name))
            }
        }
    });
    let sent = fields.iter().map(|field| {
        let (name, ty) = (&field.name, &field.ty);
        match field.place {
            Place::Local => quote!(#krate::__private::Carried::<#ty>::sent(&self.#name)),
            Place::Job(_) | Place::Application(_) => quote!(&self.#name),
        }
    });
    let sent = nested(sent);
    let received = fields.iter().map(|field| {
        let (name, ty) = (local(&field.name), &field.ty);
        match field.place {
            Place::Local => quote!(#krate::__private::Carried::<#ty>::received(#name)),
            Place::Job(_) | Place::Application(_) => quote!(#name),
        }
    });
    let pattern = nested(
        fields
            .iter()
            .map(|field| local(&field.name).into_token_stream()),
    );
    quote! {
        impl ::core::clone::Clone for #name where #assumed {
            fn clone(&self) -> Self {
                Self {
                    #(#names: #copies,)*
                    #root: ::core::clone::Clone::clone(&self.#root),
                }
            }
        }

        impl ::core::fmt::Debug for #name {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                self.#root.describe(#text, f)
            }
        }

        impl #krate::__private::serde::Serialize for #name where #assumed {
            fn serialize<S: #krate::__private::serde::Serializer>(
                &self,
                serializer: S,
            ) -> ::core::result::Result<S::Ok, S::Error> {
                let fields = (&self.#root, #sent);
                #krate::__private::serde::Serialize::serialize(&fields, serializer)
            }
        }

        impl<'de> #krate::__private::serde::Deserialize<'de> for #name where #assumed {
            fn deserialize<D: #krate::__private::serde::Deserializer<'de>>(
                deserializer: D,
            ) -> ::core::result::Result<Self, D::Error> {
                let (root, #pattern) = #krate::__private::serde::Deserialize::deserialize(deserializer)?;
                ::core::result::Result::Ok(Self {
                    #(#names: #received,)*
                    #root: root,
                })
            }
        }
    }
}

/// The proxy that a field's type becomes; that there is none is said at the type.
fn proxy(ty: &Type, krate: &Crate) -> TokenStream {
    let here = krate.at(ty.span());
    quote_spanned!(at(ty.span())=> <#ty as #here::Field>::Proxy)
}

/// The one form for any number of values: `(a, (b, c))`.
pub(super) fn nested(parts: impl DoubleEndedIterator<Item = TokenStream>) -> TokenStream {
    parts
        .rev()
        .reduce(|rest, part| quote!((#part, #rest)))
        .unwrap_or_else(|| quote!(()))
}

/// A local variable for a field, which no name of the user's can meet.
pub(super) fn local(field: &Ident) -> Ident {
    let mut local = field.clone();
    local.set_span(Span::mixed_site());
    local
}

pub(super) fn root() -> Ident {
    Ident::new(ROOT, Span::call_site())
}
