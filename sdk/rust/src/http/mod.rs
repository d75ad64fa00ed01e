//! Requests, responses and what turns one into the other.

mod body;
mod extract;
mod json;
mod locate;
mod method;
mod request;
mod response;
mod router;
mod text;

pub use body::{Form, Html};
pub use extract::{FromRequest, Path, Query};
pub use json::{Created, Json};
pub use method::Method;
pub use request::{Incoming, Request};
pub use response::{IntoResponse, Response};
pub use router::{Endpoint, Route, Segment, check, dispatch};
