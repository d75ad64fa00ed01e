use zhongtai_kernel::ErrorKind;
use zhongtai_store::StoreError;

use crate::{CallbackError, ChannelKind, MessageId};

/// A message can't be sent, or not be looked at. No text holds an address, a title, a body or a variable's value.
#[derive(Debug, thiserror::Error)]
pub enum NotifyError {
    /// The manifest has no such template.
    #[error("the manifest has no template `{0}`")]
    UnknownTemplate(String),
    /// A variable is missing, unknown, too long or has control characters.
    #[error("the variable `{0}` is missing, unknown to the template, too long, or has control characters")]
    InvalidVariable(String),
    /// The template can't be rendered with these values.
    #[error("the template can't be rendered: {0}")]
    Render(String),
    /// The rendered `title`, `body` or `sms` is too long.
    #[error("with these values the text `{0}` is too long")]
    TooLong(&'static str),
    /// The idempotency key is not one.
    #[error("an idempotency key has 1 to 128 characters, none of them a control character")]
    InvalidIdempotencyKey,
    /// The recipient has no address.
    #[error("the recipient has no address")]
    NoAddress,
    /// No operator has set the channel up.
    #[error("the {} channel is not set up", .0.as_str())]
    NoChannel(ChannelKind),
    /// Only messages that were given up can be replayed or dropped.
    #[error("message {0} is not dead: there is nothing to replay or to drop")]
    NotDead(MessageId),
    /// There is no such message.
    #[error("there is no message {0}")]
    NoMessage(MessageId),
    /// A carrier's callback that changes nothing.
    #[error(transparent)]
    Callback(#[from] CallbackError),
    /// The address book failed.
    #[error("addresses can't be read: {0}")]
    Addresses(String),
    /// A fault of ours.
    #[error("{0}")]
    Fault(&'static str),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

// === impl NotifyError ===

impl NotifyError {
    /// What sort of failure it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::UnknownTemplate(_) | Self::NoMessage(_) => ErrorKind::NotFound,
            Self::InvalidVariable(_)
            | Self::Render(_)
            | Self::TooLong(_)
            | Self::InvalidIdempotencyKey
            | Self::NoAddress => ErrorKind::Invalid,
            Self::NotDead(_) => ErrorKind::Conflict,
            Self::NoChannel(_) | Self::Addresses(_) => ErrorKind::Unavailable,
            Self::Fault(_) => ErrorKind::Internal,
            Self::Callback(error) => error.kind(),
            Self::Store(error) => error.kind(),
        }
    }
}

impl From<sqlx::Error> for NotifyError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}
