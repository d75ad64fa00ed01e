//! From a function to a subscription.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Error, ItemFn, LitStr, Result};

/// The function, and an empty enum of the same name that carries its subscription.
pub fn expand(kind: &LitStr, function: &ItemFn) -> Result<TokenStream> {
    if !is_kind(&kind.value()) {
        let expected = "expected a capability and what happened, such as `payment.settled`";
        return Err(Error::new(kind.span(), expected));
    }
    if let Some(token) = &function.sig.asyncness {
        return Err(Error::new(token.span, "a listener is an ordinary function: capability calls simply return"));
    }
    let (visibility, name) = (&function.vis, &function.sig.ident);
    Ok(quote! {
        #function

        #[doc(hidden)]
        #[allow(non_camel_case_types, dead_code, missing_docs)]
        #visibility enum #name {}

        impl ::zhongtai::__private::Hears for #name {
            const SUBSCRIPTION: ::zhongtai::__private::Subscription = ::zhongtai::__private::Subscription {
                kind: #kind,
                call: |event| ::zhongtai::__private::hear(event, #name),
            };
        }
    })
}

/// `capability.what-happened`.
fn is_kind(text: &str) -> bool {
    let is_word = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
    text.split_once('.').is_some_and(|(capability, happened)| is_word(capability) && is_word(happened))
}
