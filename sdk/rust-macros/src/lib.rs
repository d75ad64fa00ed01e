//! Attributes for the handlers of a plugin. Use them through the `zhongtai` crate, which documents them.
//!
//! `#[get("/reports/{id}")]` leaves the function as it is, and adds an empty enum of the same name (types and
//! functions have separate namespaces) that carries the route. `zhongtai::plugin!(report)` collects the routes
//! from these enums into one static slice, so nothing is built when a request comes in.

mod handler;
mod listener;
mod pattern;

use proc_macro::TokenStream;
use syn::{ItemFn, LitStr, parse_macro_input};

fn expand(method: &str, pattern: TokenStream, function: TokenStream) -> TokenStream {
    let pattern = parse_macro_input!(pattern as LitStr);
    let function = parse_macro_input!(function as ItemFn);
    handler::expand(method, &pattern, &function).unwrap_or_else(|error| error.into_compile_error()).into()
}

/// Answers `GET` (and `HEAD`) on a path, such as `#[get("/reports/{id}")]`.
#[proc_macro_attribute]
pub fn get(pattern: TokenStream, function: TokenStream) -> TokenStream {
    expand("Get", pattern, function)
}

/// Answers `POST` on a path.
#[proc_macro_attribute]
pub fn post(pattern: TokenStream, function: TokenStream) -> TokenStream {
    expand("Post", pattern, function)
}

/// Answers `PUT` on a path.
#[proc_macro_attribute]
pub fn put(pattern: TokenStream, function: TokenStream) -> TokenStream {
    expand("Put", pattern, function)
}

/// Answers `PATCH` on a path.
#[proc_macro_attribute]
pub fn patch(pattern: TokenStream, function: TokenStream) -> TokenStream {
    expand("Patch", pattern, function)
}

/// Answers `DELETE` on a path.
#[proc_macro_attribute]
pub fn delete(pattern: TokenStream, function: TokenStream) -> TokenStream {
    expand("Delete", pattern, function)
}

/// Hears of a kind of event, such as `#[on("payment.settled")]`.
#[proc_macro_attribute]
pub fn on(kind: TokenStream, function: TokenStream) -> TokenStream {
    let kind = parse_macro_input!(kind as LitStr);
    let function = parse_macro_input!(function as ItemFn);
    listener::expand(&kind, &function).unwrap_or_else(|error| error.into_compile_error()).into()
}
