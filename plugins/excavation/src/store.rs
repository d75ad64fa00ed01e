//! Where applications are kept.
//!
//! | key | value |
//! |---|---|
//! | `application/{number}` | the application |
//! | `applicant/{handle}/{number}` | nothing: the applicant's list |
//! | `request/{handle}/{idempotency key}` | the number that the request got |

use zhongtai::{
    keyvalue::{self, Changes, Error},
    prelude::*,
};

use crate::{application::Application, idempotency::IdempotencyKey, number::Number};

/// Numbers to draw before giving up. Two of a day share one with a probability of 1 in a million.
const DRAWS: u32 = 8;

/// Applications on one page of a list.
pub const PAGE: usize = 20;

/// The application that an earlier request with the same key filed.
pub fn earlier(handle: &str, key: &IdempotencyKey) -> Result<Option<Application>> {
    let Some(key) = &key.0 else { return Ok(None) };
    match keyvalue::get::<Number>(&request_key(handle, key))? {
        Some(number) => find(&number),
        None => Ok(None),
    }
}

/// Files an application under a number of its own, with everything that belongs to it or not at all. When the same
/// request was faster, this is what that one filed.
pub fn file(mut application: Application, key: &IdempotencyKey) -> Result<Application> {
    let handle = application.applicant.handle.clone();
    for _ in 0..DRAWS {
        match create(&application, key).apply() {
            Ok(_) => return Ok(application),
            Err(Error::Conflict(taken)) if taken.starts_with("request/") => {
                return earlier(&handle, key)?.ok_or_else(|| conflict("try again").with_code("changed-meanwhile"));
            }
            Err(Error::Conflict(_)) => application.number = Number::draw(application.filed),
            Err(error) => return Err(error.into()),
        }
    }
    Err(unavailable("no number is free, try again"))
}

fn create(application: &Application, key: &IdempotencyKey) -> Changes {
    let (handle, number) = (&application.applicant.handle, &application.number);
    let changes = Changes::new()
        .create(&application_key(number), application)
        .create(&format!("applicant/{handle}/{number}"), &());
    match &key.0 {
        Some(key) => changes.create(&request_key(handle, key), number),
        None => changes,
    }
}

/// The application with this number.
pub fn find(number: &Number) -> Result<Option<Application>> {
    Ok(keyvalue::get(&application_key(number))?)
}

/// Changes an application as if nobody else did; a refusal changes nothing.
pub fn change(number: &Number, change: impl Fn(Application) -> Result<Application>) -> Result<Application> {
    let unknown = || not_found(format!("there is no application {number}"));
    keyvalue::try_modify(&application_key(number), |stored| change(stored.ok_or_else(unknown)?))
}

/// A page of an applicant's own applications, oldest first, after a number.
pub fn own(handle: &str, after: Option<&Number>) -> Result<Vec<Application>> {
    page(&format!("applicant/{handle}/"), after)
}

/// A page of all applications, oldest first, after a number.
pub fn all(after: Option<&Number>) -> Result<Vec<Application>> {
    page("application/", after)
}

fn page(prefix: &str, after: Option<&Number>) -> Result<Vec<Application>> {
    let mut keys = keyvalue::keys(prefix);
    if let Some(after) = after {
        keys = keys.after(format!("{prefix}{after}"));
    }
    let mut found = Vec::with_capacity(PAGE);
    for key in keys.take(PAGE) {
        let number = key?.split_off(prefix.len());
        found.extend(keyvalue::get(&format!("application/{number}"))?);
    }
    Ok(found)
}

fn application_key(number: &Number) -> String {
    format!("application/{number}")
}

fn request_key(handle: &str, key: &str) -> String {
    format!("request/{handle}/{key}")
}
