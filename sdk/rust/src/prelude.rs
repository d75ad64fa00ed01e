//! What nearly every plugin needs: `use zhongtai::prelude::*;`

pub use crate::{
    Created, CreditCode, Form, Html, IntoResponse, Json, Path, Problem, Purpose, Query, Request, Response, Result,
    Subject, bail, clock,
    clock::Timestamp,
    config, delete, ensure, get, keyvalue,
    log::{debug, error, info, trace, warn},
    on, patch, post,
    problem::{
        bad_request, conflict, forbidden, gone, internal, not_found, too_many_requests, unauthenticated, unavailable,
        unprocessable,
    },
    put, random,
};

pub use serde::{Deserialize, Serialize};
