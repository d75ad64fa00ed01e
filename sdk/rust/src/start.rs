//! What a component does once per request, which is once per instance, before the handler: as little as possible.

use std::panic::{self, PanicHookInfo};

use crate::{
    Plugin,
    bindings::{exports::zhongtai::scenario::http, listening::exports::zhongtai::events::listener},
    clock::Timestamp,
    event::{self, Event},
    host,
    http::dispatch,
    log,
};

/// Answers a request with the plugin's routes.
pub fn serve<P: Plugin>(request: http::Request) -> http::Response {
    panic::set_hook(Box::new(report));
    log::install();
    dispatch(P::ROUTES, request.into()).into()
}

/// Tells the plugin's functions of an event.
pub fn hear<P: Plugin>(event: listener::Event) -> Result<(), String> {
    panic::set_hook(Box::new(report));
    log::install();
    let listener::Event { id, kind, about, case, at, data } = event;
    event::tell(P::SUBSCRIPTIONS, &Event { id, kind, about, case, at: Timestamp::from_nanos(at), data })
}

/// Tells the host why the trap that follows happens.
fn report(info: &PanicHookInfo<'_>) {
    let message = info.payload_as_str().unwrap_or("a panic without a message");
    match info.location() {
        Some(at) => host::panicked(message, at.file(), at.line(), at.column()),
        None => host::panicked(message, "", 0, 0),
    }
}
