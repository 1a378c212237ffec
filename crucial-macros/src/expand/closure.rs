//! A closure as a cloud thread: its registration, and a value that starts it.

use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};
use syn::ReturnType;

use super::portable::{assertions, result_answer, tuple};
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
    // The compiler shows an error about the result at the body.
    let span = at(closure.result);
    let thread = quote_spanned! {span=>
        |((#(#captured,)*), (#(#locals,)*)): #both| (#written)(#(#locals),*)
    };
    let (returned, run) = if closure.is_async {
        ("returned_async", "run_async")
    } else {
        ("returned_blocking", "run_blocking")
    };
    let (returned, run) = (Ident::new(returned, span), Ident::new(run, span));
    let run = quote_spanned! {span=>
        __Body::<#both, _, _>::#run(kind, wire, &args, thread)
    };
    let travelling = closure.captures.iter().chain(&closure.arguments);
    let portable = assertions(travelling.map(|argument| (Vec::new(), &argument.ty)), krate);
    let result = result(closure, krate);
    quote! {{
        #[allow(unused_imports)]
        use #krate::__private::{
            Bodiless as _, Body as __Body, ReturnsError as _, ReturnsPointer as _, ReturnsText as _,
            ReturnsValue as _, Unportable as _,
        };

        struct __CloudClosure<R, E> {
            captures: #capture_types,
            result: ::core::marker::PhantomData<fn() -> R>,
            error: ::core::marker::PhantomData<fn() -> E>,
        }

        #[allow(dead_code, clippy::all, clippy::pedantic)]
        impl<R: #krate::Portable, E: #krate::Portable> __CloudClosure<R, E> {
            /// Starts the cloud thread at once; dropping the handle detaches it.
            fn spawn(&self, #(#names: #types),*) -> #krate::JoinHandle<R, E> {
                self.task(#(#names),*).spawn()
            }

            /// The cloud thread with these arguments, not started yet.
            fn task(&self, #(#names: #types),*) -> #krate::Task<R, E> {
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
            let kind = (&&&&#krate::__private::#returned(&thread)).kind();
            #run
        }

        #krate::__private::inventory::submit! {
            #krate::__private::ThreadEntry::new(#registered, #fingerprint, __run)
        }

        #portable

        let returned = #krate::__private::#returned(&#thread);
        let kind = (&&&&returned).kind();
        let result = #krate::__private::value_of(kind, &returned);
        let error = #krate::__private::error_of(kind, &returned);
        #result
        __CloudClosure {
            captures: (#(::core::clone::Clone::clone(&#captured),)*),
            result,
            error,
        }
    }}
}

/// That the result's type is not refused, told at the type where that is written, otherwise at the body.
fn result(closure: &Closure, krate: &Crate) -> TokenStream {
    if let ReturnType::Type(_, ty) = &closure.written.output {
        let answer = result_answer(ty, krate);
        return quote!(let _ = #answer;);
    }
    let here = krate.at(closure.result);
    quote_spanned! {at(closure.result)=>
        #here::__private::Probe::of(&result).returns(&result);
    }
}
