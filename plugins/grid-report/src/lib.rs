//! 网格事件上报: anybody reports what is broken in the street; the same thing seen twice is one report.
//!
//! A report is known by its number. Who filed it is not known: the reporter proves it with a code that is shown once,
//! says whether the matter is fixed, and rates how it went. Officers dispatch, handle and call back.

mod category;
mod handlers;
mod messages;
mod number;
mod phone;
mod place;
mod progress;
mod rating;
mod report;
mod secret;
mod statistics;
mod store;
mod text;
mod view;

zhongtai::plugin!(
    handlers::public::file,
    handlers::public::status,
    handlers::public::statistics,
    handlers::reporter::verify,
    handlers::reporter::rate,
    handlers::officer::list,
    handlers::officer::dispatch,
    handlers::officer::handle,
    handlers::officer::call_back,
);
