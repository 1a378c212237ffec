//! A struct of shared state: its fields as proxies, and their lives together.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::Type;
use syn::spanned::Spanned;

use super::at;
use super::initial::{assumed, initial_type, initial_values};
use crate::attr::Crate;
use crate::model::{Field, Place, ROOT, Structure};

/// What stands in place of a shared struct.
pub(crate) fn instead(structure: &Structure, krate: &Crate) -> TokenStream {
    let definition = definition(structure, krate);
    let values = initial_values(structure, krate);
    let travel = travel(structure, krate);
    let shared = shared(structure, krate);
    let lifecycle = lifecycle(structure, krate);
    let locals = structure.fields.iter().filter(|field| field.is_local());
    let local = locals.map(|field| {
        let ty = &field.ty;
        let here = krate.at(ty.span());
        quote_spanned!(at(ty.span())=> #here::__private::local::<#ty>();)
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
                #(#local)*
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

/// The fields' objects: made, opened, read and removed together.
fn shared(structure: &Structure, krate: &Crate) -> TokenStream {
    let Structure { name, fields, .. } = structure;
    let initial = initial_type(structure);
    let assumed = assumed(structure, krate);
    let root = root();
    let path = format!("::{name}");
    let type_name = quote!(::core::concat!(::core::module_path!(), #path));
    let names: Vec<_> = fields.iter().map(|field| &field.name).collect();
    let remote = || fields.iter().filter(|field| !field.is_local());
    let locals = || fields.iter().filter(|field| field.is_local());

    let pattern = nested(remote().map(|field| local(&field.name).into_token_stream()));
    let created = together(
        remote().map(|field| {
            let name = &field.name;
            match &field.place {
                Place::Application(key) => quote!(root.keep(#key, init.#name)),
                Place::Job(key) => quote!(root.create(#key, init.#name)),
                Place::Local => TokenStream::new(),
            }
        }),
        krate,
    );
    let opened = together(
        remote().map(|field| match &field.place {
            Place::Application(key) => quote!(root.kept(#key)),
            Place::Job(key) => quote!(root.field(#key)),
            Place::Local => TokenStream::new(),
        }),
        krate,
    );
    let read = together(
        remote().map(|field| {
            let name = &field.name;
            quote!(#krate::Shared::snapshot(&self.#name))
        }),
        krate,
    );
    let removed = together(
        remote()
            .filter(|field| matches!(field.place, Place::Job(_)))
            .map(|field| {
                let name = &field.name;
                quote!(#krate::Shared::destroy(&self.#name))
            }),
        krate,
    );

    let sent = nested(locals().map(|field| {
        let (name, ty) = (&field.name, &field.ty);
        quote!(#krate::__private::Carried::<#ty>::sent(&init.#name))
    }));
    let received = nested(locals().map(|field| local(&field.name).into_token_stream()));
    let after_creation = fields.iter().map(|field| {
        let name = &field.name;
        if field.is_local() {
            quote!(init.#name)
        } else {
            local(name).into_token_stream()
        }
    });
    let after_opening = fields.iter().map(|field| {
        let (name, ty) = (local(&field.name), &field.ty);
        if field.is_local() {
            quote!(#krate::__private::Carried::<#ty>::received(#name))
        } else {
            name.into_token_stream()
        }
    });
    let after_reading = fields.iter().map(|field| {
        let (name, ty) = (&field.name, &field.ty);
        if field.is_local() {
            quote!(#krate::__private::Carried::<#ty>::copied(&self.#name))
        } else {
            local(name).into_token_stream()
        }
    });
    quote! {
        impl #krate::Shared for #name where #assumed {
            type Init = #initial;

            async fn create_at(key: #krate::Key, init: #initial) -> #krate::Result<Self> {
                let root = #krate::__private::Root::claim(key, #type_name).await?;
                let locals = root.locals(&#sent);
                let #pattern = root.publish(#created.await, locals).await?;
                #krate::Result::Ok(Self {
                    #(#names: #after_creation,)*
                    #root: root,
                })
            }

            async fn open_at(key: #krate::Key) -> #krate::Result<Self> {
                let (root, #received) = #krate::__private::Root::open(key, #type_name).await?;
                let #pattern = #opened.await?;
                #krate::Result::Ok(Self {
                    #(#names: #after_opening,)*
                    #root: root,
                })
            }

            async fn snapshot(&self) -> #krate::Result<#initial> {
                let #pattern = #read.await?;
                #krate::Result::Ok(#initial {
                    #(#names: #after_reading,)*
                })
            }

            async fn destroy(&self) -> #krate::Result<bool> {
                #removed.await?;
                self.#root.destroy().await
            }

            fn key(&self) -> &#krate::Key {
                self.#root.key()
            }
        }

        impl #krate::Field for #name where #assumed {
            type Proxy = Self;
            type Init = #initial;
        }
    }
}

/// What every shared struct can do, without a trait in scope.
fn lifecycle(structure: &Structure, krate: &Crate) -> TokenStream {
    let Structure { vis, name, .. } = structure;
    let initial = initial_type(structure);
    let assumed = assumed(structure, krate);
    quote! {
        #[allow(dead_code, private_interfaces, clippy::all, clippy::pedantic)]
        impl #name
        where
            #assumed
        {
            /// Creates the struct and the objects of its fields under that name in the current job.
            /// Four round trips, however many fields there are.
            ///
            /// # Errors
            ///
            /// `Error::Exists` where the name is taken, and those of the fields; then nothing is left.
            #vis async fn create(
                name: impl ::core::convert::AsRef<str>,
                init: #initial,
            ) -> #krate::Result<Self> {
                let key = #krate::__private::key(&name)?;
                <Self as #krate::Shared>::create_at(key, init).await
            }

            /// Opens the struct of that name of the current job; waits while it is being created. Three round trips.
            ///
            /// # Errors
            ///
            /// `Error::NotFound`, `Error::WrongType`, and those of the fields.
            #vis async fn open(name: impl ::core::convert::AsRef<str>) -> #krate::Result<Self> {
                let key = #krate::__private::key(&name)?;
                <Self as #krate::Shared>::open_at(key).await
            }

            /// Opens the struct of that name, having created it if there was none.
            ///
            /// # Errors
            ///
            /// `Error::WrongType`, and those of the fields.
            #vis async fn open_or_create(
                name: impl ::core::convert::AsRef<str>,
                init: #initial,
            ) -> #krate::Result<Self> {
                let key = #krate::__private::key(&name)?;
                <Self as #krate::Shared>::open_or_create_at(key, init).await
            }

            /// The plain values of all fields, each as of one moment. One round trip.
            ///
            /// # Errors
            ///
            /// Those of the fields.
            #vis async fn snapshot(&self) -> #krate::Result<#initial> {
                <Self as #krate::Shared>::snapshot(self).await
            }

            /// Removes the struct and the objects of its fields, except persistent ones; `false` if
            /// there was none. Two round trips.
            ///
            /// # Errors
            ///
            /// Those of the fields.
            #vis async fn destroy(&self) -> #krate::Result<bool> {
                <Self as #krate::Shared>::destroy(self).await
            }
        }
    }
}

/// The proxy that a field's type becomes; that there is none is said at the type.
pub(super) fn proxy(ty: &Type, krate: &Crate) -> TokenStream {
    let here = krate.at(ty.span());
    quote_spanned!(at(ty.span())=> <#ty as #here::Field>::Proxy)
}

/// One future for all: `both(a, both(b, c))`.
fn together(futures: impl DoubleEndedIterator<Item = TokenStream>, krate: &Crate) -> TokenStream {
    futures
        .rev()
        .reduce(|rest, future| quote!(#krate::__private::both(#future, #rest)))
        .unwrap_or_else(
            || quote!(::core::future::ready(#krate::Result::<(), #krate::Error>::Ok(()))),
        )
}

/// What they give, and the one form for any number of values: `(a, (b, c))`.
fn nested(parts: impl DoubleEndedIterator<Item = TokenStream>) -> TokenStream {
    parts
        .rev()
        .reduce(|rest, part| quote!((#part, #rest)))
        .unwrap_or_else(|| quote!(()))
}

/// A local variable for a field, which no name of the user's can meet.
fn local(field: &Ident) -> Ident {
    let mut local = field.clone();
    local.set_span(Span::mixed_site());
    local
}

fn root() -> Ident {
    Ident::new(ROOT, Span::call_site())
}
