//! A shared struct in the store: its fields' objects are made, opened, read and removed together.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};

use super::initial::{assumed, initial_type};
use super::structure::{local, nested, root};
use crate::attr::Crate;
use crate::model::{Place, Structure};

/// The fields' objects: made, opened, read and removed together.
pub(super) fn shared(structure: &Structure, krate: &Crate) -> TokenStream {
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
    let ending = || remote().filter(|field| matches!(field.place, Place::Job(_)));
    let expiring = together(
        ending().map(|field| {
            let name = &field.name;
            quote!(#krate::Shared::expire(&self.#name, after))
        }),
        krate,
    );
    let removed = together(
        ending().map(|field| {
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

            fn snapshot(
                &self,
            ) -> #krate::Call<impl ::core::future::Future<Output = #krate::Result<#initial>> + ::core::marker::Send> {
                #krate::Call::new(async {
                    let #pattern = #read.await?;
                    #krate::Result::Ok(#initial {
                        #(#names: #after_reading,)*
                    })
                })
            }

            fn exists(
                &self,
            ) -> #krate::Call<impl ::core::future::Future<Output = #krate::Result<bool>> + ::core::marker::Send> {
                self.#root.exists()
            }

            fn expire(
                &self,
                after: ::core::option::Option<::core::time::Duration>,
            ) -> #krate::Call<impl ::core::future::Future<Output = #krate::Result<bool>> + ::core::marker::Send> {
                #krate::Call::new(async move {
                    #expiring.await?;
                    self.#root.expire(after).await
                })
            }

            fn expires_in(
                &self,
            ) -> #krate::Call<
                impl ::core::future::Future<
                    Output = #krate::Result<::core::option::Option<::core::time::Duration>>,
                > + ::core::marker::Send,
            > {
                self.#root.expires_in()
            }

            fn destroy(
                &self,
            ) -> #krate::Call<impl ::core::future::Future<Output = #krate::Result<bool>> + ::core::marker::Send> {
                #krate::Call::new(async {
                    #removed.await?;
                    self.#root.destroy().await
                })
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
pub(super) fn lifecycle(structure: &Structure, krate: &Crate) -> TokenStream {
    let Structure { vis, name, .. } = structure;
    let initial = initial_type(structure);
    let assumed = assumed(structure, krate);
    quote! {
        #[allow(dead_code, private_interfaces, clippy::all, clippy::pedantic)]
        impl #name
        where
            #assumed
        {
            #krate::__private::lifecycle!(#vis, #initial);
        }
    }
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
