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

/// How far a message of this scenario is: the furthest of its deliveries. Nothing when there is none with this id.
///
/// # Errors
/// As for [`send`].
pub fn state(id: &str) -> Result<Option<Delivery>, Error> {
    host::state(id)
}

/// How far a message of this scenario is on each channel; empty when there is none with this id.
///
/// # Errors
/// As for [`send`].
pub fn deliveries(id: &str) -> Result<Vec<Progress>, Error> {
    host::deliveries(id)
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

/// How a message travels. The template in `plugin.toml`, the recipient's preference and the operator choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Channel {
    /// The platform's own inbox (站内信).
    Inbox,
    /// A short message.
    Sms,
    /// Mail.
    Email,
    /// An HTTP request to a system of the recipient.
    Webhook,
}

/// How far a delivery is, in the order of how much can be hoped for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Delivery {
    /// Given up, and no other channel is left; an operator can replay it.
    Dead,
    /// It will never arrive on this channel; another one took over.
    Failed,
    /// Waits until the recipient, or the department, may be sent more.
    HeldRate,
    /// Waits until the channel's quiet hours are over.
    HeldQuiet,
    /// In the outbox, or waiting for its next attempt.
    Queued,
    /// An attempt is under way.
    Sending,
    /// The carrier accepted it; whether it arrived is not known.
    Sent,
    /// It arrived.
    Delivered,
}

/// Why a delivery failed, or why its last attempt did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Failure {
    /// There is no such mailbox, number or URL.
    NoSuchAddress,
    /// The recipient's side does not want it.
    Refused,
    /// The text is not let through.
    Content,
    /// The platform's account with the carrier.
    Account,
    /// The carrier wants fewer messages.
    Throttled,
    /// No connection, or no answer in time.
    Unreachable,
    /// The carrier failed.
    Carrier,
    /// The recipient could not be reached for too long.
    Expired,
    /// Something else.
    Other,
}

/// How far a message is on one channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Progress {
    /// Which channel.
    pub channel: Channel,
    /// How far.
    pub state: Delivery,
    /// What went wrong, if something did.
    pub failure: Option<Failure>,
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
    /// With these values a text becomes too long: `title`, `body` or `sms`.
    #[error("the text `{0}` becomes too long with these values")]
    TooLong(String),
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
