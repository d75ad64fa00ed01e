//! From a function to a route.

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::{Error, FnArg, ItemFn, LitStr, Result, Type, spanned::Spanned};

use crate::pattern::{self, Segment};

/// The function, and an empty enum of the same name that carries its route.
pub fn expand(method: &str, pattern: &LitStr, function: &ItemFn) -> Result<TokenStream> {
    check(function)?;
    let segments = pattern::parse(pattern)?.into_iter().map(|segment| match segment {
        Segment::Literal(text) => quote!(::zhongtai::__private::Segment::Literal(#text)),
        Segment::Parameter(name) => quote!(::zhongtai::__private::Segment::Parameter(#name)),
    });
    let types = argument_types(function)?;
    let (visibility, name, method) = (&function.vis, &function.sig.ident, format_ident!("{method}"));
    let arguments: Vec<_> = (0..types.len()).map(|at| format_ident!("argument{at}")).collect();
    let extractions = types.iter().zip(&arguments).map(|(ty, argument)| extraction(ty, argument));
    let output = function.sig.output.span();
    let answer = quote_spanned!(output=> ::zhongtai::IntoResponse::into_response(#name(#(#arguments),*)));
    Ok(quote! {
        #function

        #[doc(hidden)]
        #[allow(non_camel_case_types, dead_code, missing_docs)]
        #visibility enum #name {}

        impl ::zhongtai::__private::Endpoint for #name {
            const ROUTE: ::zhongtai::__private::Route = ::zhongtai::__private::Route {
                method: ::zhongtai::Method::#method,
                pattern: #pattern,
                segments: &[#(#segments),*],
                call: |request| {
                    let _ = &request;
                    #(#extractions)*
                    #answer
                },
            };
        }
    })
}

fn extraction(ty: &Type, argument: &proc_macro2::Ident) -> TokenStream {
    quote_spanned! {ty.span()=>
        let #argument = match <#ty as ::zhongtai::FromRequest>::from_request(request) {
            ::core::result::Result::Ok(value) => value,
            ::core::result::Result::Err(problem) => return ::zhongtai::IntoResponse::into_response(problem),
        };
    }
}

fn check(function: &ItemFn) -> Result<()> {
    let signature = &function.sig;
    if let Some(token) = &signature.asyncness {
        return Err(Error::new(token.span(), "a handler is an ordinary function: capability calls simply return"));
    }
    if !signature.generics.params.is_empty() {
        return Err(Error::new(signature.generics.span(), "a handler has no generic parameters"));
    }
    Ok(())
}

fn argument_types(function: &ItemFn) -> Result<Vec<&Type>> {
    let inputs = function.sig.inputs.iter();
    inputs
        .map(|input| match input {
            FnArg::Typed(argument) => Ok(&*argument.ty),
            other => Err(Error::new(other.span(), "a handler is a free function, not a method")),
        })
        .collect()
}
