//! What a department developer writes a plugin with: handlers for requests, and clients for the platform's
//! capabilities. A plugin is a component that runs in an instance of its own for every request.
//!
//! ```
//! //! Bins that are full: a citizen reports one, the desk on duty is told.
//! use zhongtai::{notify, prelude::*};
//!
//! #[derive(Deserialize)]
//! struct Report { bin: u32 }
//!
//! #[derive(Serialize)]
//! struct Receipt { number: String, bin: u32, filed: Timestamp }
//!
//! #[post("/reports")]
//! fn report(subject: Subject, Json(report): Json<Report>) -> Result<Created<Receipt>> {
//!     ensure!(report.bin < 1000, unprocessable("there is no bin {}", report.bin));
//!     let receipt = Receipt { number: random::id(), bin: report.bin, filed: clock::now() };
//!     keyvalue::create(&receipt.number, &receipt)?;
//!     notify::send(notify::desk("duty"), "bin-full", &receipt)?;
//!     info!(bin = report.bin, "report filed");
//!     Ok(Created(receipt))
//! }
//!
//! zhongtai::plugin!(report);
//!
//! # fn main() {
//! use zhongtai::testing::*;
//!
//! let host = MockHost::new().subject("wang").at("2026-01-02T03:04:05Z");
//! let reply = host.post("/reports", json!({ "bin": 7 }));
//! assert_eq!(reply.status(), 201);
//! assert_eq!(reply.json()["filed"], "2026-01-02T11:04:05+08:00");
//! assert_eq!(host.sent_messages().len(), 1);
//! # }
//! ```
//!
//! - **Handlers** are ordinary functions under [`get`], [`post`], [`put`], [`patch`] or [`delete`]. Arguments are
//!   [`Json`], [`Form`], [`Path`], [`Query`], [`Subject`], `Option<Subject>` or [`Request`]; for results see
//!   [`IntoResponse`]. A panic is reported to the host and ends the request, nothing else.
//! - **Errors** are [`Problem`]s; `?` makes one of every capability's error.
//! - **Capabilities** are the modules [`credit`], [`certificate`], [`evidence`], [`document`], [`notify`], [`logistics`], [`payment`], [`geo`], [`files`], [`keyvalue`],
//!   [`seal`], [`config`], [`clock`], [`random`], [`subject`] and the macros of [`log`]. What happens at them comes as an [`event`]. What a plugin does not use, its component does not import; what it
//!   imports, `plugin.toml` must ask for and an operator must grant (except clock, random, config and log).
//! - **Tests** are native and need no wasm toolchain: see [`testing`].

#[cfg(any(target_arch = "wasm32", test))]
mod arena;

#[cfg(target_arch = "wasm32")]
mod allocator;
#[cfg(target_arch = "wasm32")]
#[doc(hidden)]
pub mod bindings;
#[cfg(target_arch = "wasm32")]
mod start;

pub mod certificate;
pub mod clock;
pub mod config;
pub mod credit;
pub mod document;
pub mod event;
pub mod evidence;
pub mod files;
pub mod geo;
mod host;
mod http;
pub mod keyvalue;
pub mod log;
pub mod logistics;
pub mod notify;
pub mod payment;
pub mod prelude;
pub mod problem;
mod purpose;
pub mod random;
pub mod seal;
pub mod subject;
#[cfg(not(target_arch = "wasm32"))]
pub mod testing;
mod timestamp;

pub use credit::CreditCode;
pub use http::{
    Created, Form, FromRequest, Html, Incoming, IntoResponse, Json, Method, Path, Query, Request, Response,
};
pub use problem::Problem;
pub use purpose::Purpose;
pub use subject::Subject;
pub use zhongtai_macros::{delete, get, on, patch, post, put};

/// What a handler returns when it can fail.
pub type Result<T, E = Problem> = std::result::Result<T, E>;

/// A plugin's handlers. Implemented by [`plugin!`].
pub trait Plugin {
    /// The routes in the order of `plugin!`.
    const ROUTES: &'static [__private::Route];
    /// The functions that hear of events.
    const SUBSCRIPTIONS: &'static [__private::Subscription] = &[];
}

/// Makes a plugin of handlers. Once per crate, at its root.
///
/// A path goes to the first handler that fits it; one that can never be reached does not compile:
///
/// ```compile_fail
/// use zhongtai::prelude::*;
///
/// #[get("/reports/{id}")]
/// fn report(Path(id): Path<String>) -> String { id }
///
/// #[get("/reports/new")]
/// fn form() -> &'static str { "" }
///
/// zhongtai::plugin!(report, form);
/// # fn main() {}
/// ```
///
/// Functions that hear of events come after a semicolon: `zhongtai::plugin!(apply, view; events: paid)`. See [`event`].
///
/// Besides the component it makes `MockHost` for native tests: [`testing::Mock`] with these handlers.
#[macro_export]
macro_rules! plugin {
    ($($handler:path),* $(,)?) => {
        $crate::plugin!(@ [$($handler),*] []);

        #[cfg(target_arch = "wasm32")]
        $crate::__component!(Scenario);
    };
    ($($handler:path),* $(,)?; events: $($listener:path),+ $(,)?) => {
        $crate::plugin!(@ [$($handler),*] [$($listener),+]);

        #[cfg(target_arch = "wasm32")]
        $crate::__component!(Scenario);
        #[cfg(target_arch = "wasm32")]
        $crate::__listener!(Scenario);
    };
    (@ [$($handler:path),*] [$($listener:path),*]) => {
        #[doc(hidden)]
        pub enum Scenario {}

        impl $crate::Plugin for Scenario {
            const ROUTES: &'static [$crate::__private::Route] =
                &[$(<$handler as $crate::__private::Endpoint>::ROUTE),*];
            const SUBSCRIPTIONS: &'static [$crate::__private::Subscription] =
                &[$(<$listener as $crate::__private::Hears>::SUBSCRIPTION),*];
        }

        const _: () = $crate::__private::check(<Scenario as $crate::Plugin>::ROUTES);

        /// A host that exists only in this process, with this plugin's handlers: for native tests.
        #[cfg(not(target_arch = "wasm32"))]
        pub type MockHost = $crate::testing::Mock<Scenario>;
    };
}

#[cfg(target_arch = "wasm32")]
#[doc(hidden)]
#[macro_export]
macro_rules! __component {
    ($plugin:ty) => {
        const _: () = {
            struct Component;

            impl $crate::__private::bindings::exports::zhongtai::scenario::http::Guest for Component {
                fn handle(
                    request: $crate::__private::bindings::exports::zhongtai::scenario::http::Request,
                ) -> $crate::__private::bindings::exports::zhongtai::scenario::http::Response {
                    $crate::__private::serve::<$plugin>(request)
                }
            }

    $crate::__private::bindings::export_component!(Component with_types_in $crate::__private::bindings);
        };
    };
}

#[cfg(target_arch = "wasm32")]
#[doc(hidden)]
#[macro_export]
macro_rules! __listener {
    ($plugin:ty) => {
        const _: () = {
            struct Listener;

            impl $crate::__private::bindings::listening::exports::zhongtai::events::listener::Guest for Listener {
                fn handle(
                    event: $crate::__private::bindings::listening::exports::zhongtai::events::listener::Event,
                ) -> ::core::result::Result<(), ::std::string::String> {
                    $crate::__private::hear_event::<$plugin>(event)
                }
            }

    $crate::__private::bindings::listening::export_listener!(Listener with_types_in $crate::__private::bindings::listening);
        };
    };
}

/// For the macros only; may change at any time.
#[doc(hidden)]
pub mod __private {
    #[cfg(target_arch = "wasm32")]
    pub use crate::{
        bindings,
        start::{hear as hear_event, serve},
    };

    pub use crate::event::{Hears, Subscription, hear};
    pub use crate::http::{Endpoint, Route, Segment, check};
}
