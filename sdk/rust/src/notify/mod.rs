//! Messages to people and desks, from the manifest's templates, through a durable outbox. Needs a grant for `notify`.
//!
//! ```
//! use zhongtai::{notify, prelude::*};
//!
//! #[derive(Serialize)]
//! struct Receipt { number: String }
//!
//! # fn file(subject: Subject) -> Result<()> {
//! let receipt = Receipt { number: "7K3M9-QX2TB".into() };
//! notify::send(&subject, "report-received", &receipt)?;
//! notify::message(notify::desk("duty"), "report-received").variables(&receipt).once(&receipt.number).send()?;
//! # Ok(()) }
//! ```

mod variables;

use serde::Serialize;

use crate::{Problem, Subject, host, problem};

/// Puts a message in the outbox and returns its id. Delivery is tried later, and retried.
///
/// `variables` is a struct or a map of plain values, one for each variable of the template.
///
/// # Errors
/// `?` turns a refusal into 403, a subject without address into 422, a mistake in template or variables into 500.
pub fn send(to: impl Into<Recipient>, template: &str, variables: &impl Serialize) -> Result<String, Error> {
    message(to, template).variables(variables).send()
}

/// A message to fill in and [`send`](Draft::send).
pub fn message(to: impl Into<Recipient>, template: &str) -> Draft {
    let (to, template) = (to.into(), template.into());
    Draft(Ok(Message { to, template, variables: Vec::new(), once: None }))
}

/// How far a message of this scenario is, or nothing when there is none with this id.
///
/// # Errors
/// As for [`send`].
pub fn state(id: &str) -> Result<Option<Delivery>, Error> {
    host::state(id)
}

/// The subject of this request.
pub fn asker() -> Recipient {
    Recipient::Asker
}

/// A desk of the plugin's own department, set up by an operator.
pub fn desk(name: impl Into<String>) -> Recipient {
    Recipient::Desk(name.into())
}

/// Whom to tell. The host knows the address; a plugin never sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recipient {
    /// The subject of this request.
    Asker,
    /// A subject by its handle.
    Subject(String),
    /// A desk of the plugin's own department.
    Desk(String),
}

impl From<&Subject> for Recipient {
    fn from(subject: &Subject) -> Self {
        Self::Subject(subject.handle.clone())
    }
}

/// A message ready to go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Whom to tell.
    pub to: Recipient,
    /// A template of the manifest.
    pub template: String,
    /// Values of the template's variables.
    pub variables: Vec<(String, String)>,
    /// The same key within the scenario sends once.
    pub once: Option<String>,
}

/// A message being filled in. A mistake is kept and comes out of [`send`](Self::send).
#[derive(Clone, Debug)]
#[must_use = "nothing is sent before `send`"]
pub struct Draft(Result<Message, Error>);

impl Draft {
    /// Adds the plain values of a struct or a map.
    pub fn variables(self, values: &impl Serialize) -> Self {
        self.with(|message| {
            message.variables.extend(variables::flatten(values)?);
            Ok(())
        })
    }

    /// Adds one value.
    pub fn variable(self, name: &str, value: impl ToString) -> Self {
        self.with(|message| {
            message.variables.push((name.into(), value.to_string()));
            Ok(())
        })
    }

    /// Sends only once for this key: a second call returns the first message's id.
    pub fn once(self, key: impl Into<String>) -> Self {
        self.with(|message| {
            message.once = Some(key.into());
            Ok(())
        })
    }

    /// Puts the message in the outbox and returns its id.
    ///
    /// # Errors
    /// As for [`send`].
    pub fn send(self) -> Result<String, Error> {
        host::send(self.0?)
    }

    fn with(self, change: impl FnOnce(&mut Message) -> Result<(), Error>) -> Self {
        Self(self.0.and_then(|mut message| change(&mut message).map(|()| message)))
    }
}

/// How far a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Delivery {
    /// In the outbox, or waiting for its next attempt.
    Queued,
    /// The channel accepted it.
    Delivered,
    /// Given up; an operator can replay it.
    Dead,
}

/// Why a message was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Policy refused; carries the reference of the decision.
    #[error("policy refused (decision {0})")]
    Denied(String),
    /// The manifest has no such template.
    #[error("plugin.toml has no template `{0}`")]
    UnknownTemplate(String),
    /// A variable is missing, unknown to the template, too long or not a plain value.
    #[error("the variable `{0}` does not fit the template")]
    InvalidVariable(String),
    /// No such subject or desk, or it has no address.
    #[error("cannot be reached: {0}")]
    Unreachable(String),
    /// The capability failed.
    #[error("{0}")]
    Other(String),
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Denied(decision) => problem::denied(decision),
            Error::Unreachable(_) => {
                problem::unprocessable("there is no address to send the message to").with_code("unreachable")
            }
            Error::Other(what) => problem::failed("notify", what),
            mistake => problem::internal("a message could not be written").caused_by(mistake),
        }
    }
}
