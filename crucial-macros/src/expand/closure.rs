//! A closure as a cloud thread: its registration, and a value that starts it.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};

use super::portable::{assertions, tuple};
use super::{at, locals};
use crate::attr::Crate;
use crate::model::Closure;

/// An expression in place of the macro.
///
/// The closure stands in it twice. The one that runs is in the registration, where no variable can
/// reach it, in whatever process that is. What it returns can't be named there, so the other one
/// tells the type to the value's `spawn`.
pub(crate) fn value(closure: &Closure, krate: &Crate) -> TokenStream {
    let fingerprint = closure.fingerprint;
    let registered = quote!(::core::concat!(
        ::core::module_path!(),
        "@",
        ::core::file!(),
        ":",
        ::core::line!(),
        ":",
        ::core::column!()
    ));
    let captured: Vec<_> = closure
        .captures
        .iter()
        .map(|capture| &capture.name)
        .collect();
    let capture_types = tuple(closure.captures.iter().map(|capture| &capture.ty));
    let names: Vec<_> = closure
        .arguments
        .iter()
        .map(|argument| &argument.name)
        .collect();
    let types: Vec<_> = closure
        .arguments
        .iter()
        .map(|argument| &argument.ty)
        .collect();
    let argument_types = tuple(types.iter());
    let locals = locals(names.len());
    let written = &closure.written;
    let both = quote!((#capture_types, #argument_types));
    let thread = quote! {
        |((#(#captured,)*), (#(#locals,)*)): #both| (#written)(#(#locals),*)
    };
    let (returned, run, call) = if closure.is_async {
        (
            quote!(returned_async),
            quote!(run_async),
            quote!({
                let running = thread(args);
                async move { kind.wrap(running.await) }
            }),
        )
    } else {
        (
            quote!(returned_blocking),
            quote!(run_blocking),
            quote!(kind.wrap(thread(args))),
        )
    };
    // What can't be returned is said at the body.
    let here = krate.at(closure.result);
    let run = quote_spanned! {at(closure.result)=>
        #here::__private::Body::<#both, _>::#run(wire, &args, move |args| #call)
    };
    let travelling = closure.captures.iter().chain(&closure.arguments);
    let portable = assertions(travelling.map(|argument| (Vec::new(), &argument.ty)), krate);
    quote! {{
        #[allow(unused_imports)]
        use #krate::__private::{
            Bodiless as _, ReturnKind as _, ReturnsResult as _, ReturnsValue as _, Unportable as _,
        };

        struct __CloudClosure<R> {
            captures: #capture_types,
            result: ::core::marker::PhantomData<fn() -> R>,
        }

        #[allow(dead_code, clippy::all, clippy::pedantic)]
        impl<R: #krate::Portable> __CloudClosure<R> {
            /// Starts the cloud thread at once; dropping the handle detaches it.
            fn spawn(&self, #(#names: #types),*) -> #krate::JoinHandle<R> {
                self.task(#(#names),*).spawn()
            }

            /// The cloud thread with these arguments, not started yet.
            fn task(&self, #(#names: #types),*) -> #krate::Task<R> {
                #krate::__private::Signature::<#both, R>::task_of_closure(
                    #registered,
                    #fingerprint,
                    &self.captures,
                    (#(#names,)*),
                )
            }
        }

        // A function: that the closure uses a variable which it has not captured is then an error in those words.
        fn __run(
            wire: #krate::__private::Wire,
            args: #krate::__private::Bytes,
        ) -> #krate::__private::Running {
            let thread = #thread;
            let kind = (&#krate::__private::#returned(&thread)).kind();
            #run
        }

        #krate::__private::inventory::submit! {
            #krate::__private::ThreadEntry::new(#registered, #fingerprint, __run)
        }

        #portable

        let returned = #krate::__private::#returned(&#thread);
        __CloudClosure {
            captures: (#(::core::clone::Clone::clone(&#captured),)*),
            result: #krate::__private::value_of((&returned).kind(), &returned),
        }
    }}
}
