//! What the attributes write, kept as text: `cargo insta review` (or `INSTA_UPDATE=always`) accepts a change.

use proc_macro2::TokenStream;
use quote::quote;

use crate::expand;

fn check(name: &str, expansion: TokenStream) {
    let file: syn::File = syn::parse2(expansion).unwrap();
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!(name, prettyplease::unparse(&file));
    });
}

#[test]
fn object() {
    let item = quote! {
        impl Centroids {
            /// Adds a part.
            pub fn accumulate(&mut self, part: Partial) -> u32 {
                self.parts.push(part);
                self.parts.len()
            }

            pub(crate) fn current(&self) -> Vec<f64> {
                self.means.clone()
            }

            /// Waits for a round.
            #[cfg(rounds)]
            pub fn round(&self, n: u32) -> Poll<Self> {
                self.at(n)
            }

            #[shared(idempotent)]
            pub fn reset(&mut self, (a, b): (u8, u8)) {}

            /// Looks.
            #[shared(read = "cached")]
            pub fn look(&self) -> f64 {
                self.means[0]
            }

            #[shared(read = "cached", max_age = "2s")]
            pub fn glance(&self) -> f64 {
                self.means[0]
            }

            #[shared(skip)]
            pub fn first(&self) -> &Partial {
                &self.parts[0]
            }

            fn at(&self, n: u32) -> Poll<Self> {
                Poll::Pending
            }
        }
    };
    check("object", expand::shared(TokenStream::new(), item));
}

#[test]
fn structure() {
    let item = quote! {
        /// The state.
        pub struct KMeans {
            /// What is learnt.
            pub centroids: Centroids,
            #[shared(key = "m", init = 1)]
            moved: u64,
            #[shared(persistent)]
            best: Option<f64>,
            /// How many there are.
            #[shared(local)]
            k: usize,
        }
    };
    check("structure", expand::shared(TokenStream::new(), item));
}

#[test]
fn structure_of_values() {
    let item = quote! {
        struct Values {
            #[shared(local, init = 7)]
            k: usize,
        }
    };
    check(
        "structure_of_values",
        expand::shared(TokenStream::new(), item),
    );
}

#[test]
fn thread() {
    let item = quote! {
        /// Works.
        pub async fn worker(id: u32, state: KMeans) -> crucial::Result<u32> {
            state.work(id).await
        }
    };
    check("thread", expand::cloud_thread(TokenStream::new(), &item));
}

#[test]
fn thread_that_blocks() {
    let item = quote! {
        fn count((a, b): (u8, u8), mut words: Vec<String>) -> usize {
            words.len()
        }
    };
    let options = quote!(crate = my::crucial, name = "count");
    check("thread_that_blocks", expand::cloud_thread(options, &item));
}

#[test]
fn closure() {
    let input = quote!(crucial; [state: KMeans] |id: u32| async move { state.work(id).await });
    let value = expand::cloud_closure(input);
    check("closure", quote!(fn main() { let thread = #value; }));
}

#[test]
fn main() {
    let item = quote! {
        async fn main() -> crucial::Result<()> {
            Ok(())
        }
    };
    check("main", expand::main(TokenStream::new(), item.clone()));
    let settings = quote!(
        max_value_bytes = 64 * KB,
        wait_limit = "30s",
        lease = "1min"
    );
    check("main_with_settings", expand::main(settings, item));
}

#[test]
fn an_item_survives_every_mistake() {
    let item = quote! {
        impl<T> Tally<T> {
            #[shared(idempotent, unknown)]
            pub fn add(&mut self) {}
        }
    };
    check("mistaken_object", expand::shared(quote!(name = "x"), item));

    let item = quote! {
        struct State<T> {
            #[shared(local, persistent)]
            k: T,
        }
    };
    check(
        "mistaken_structure",
        expand::shared(TokenStream::new(), item),
    );

    let item = quote! {
        async fn work(text: &str) -> impl Sized {}
    };
    check("mistaken_thread", expand::cloud_thread(quote!(x), &item));

    let item = quote! {
        fn main(x: u8) {}
    };
    check("mistaken_main", expand::main(TokenStream::new(), item));
}
