use std::{fmt, str::FromStr};

use async_trait::async_trait;
use reqwest::Url;
use zhongtai_kernel::{AccountId, DepartmentId};

use crate::NotifyError;

/// Knows how to reach people and desks. The server wires it to accounts and configuration.
#[async_trait]
pub trait AddressBook: Send + Sync + 'static {
    /// The address of the account that asks.
    async fn asker(&self, account: AccountId) -> Result<Option<Address>, NotifyError>;

    /// The address of a subject, by the handle that `department` was given for it.
    async fn subject(&self, handle: &str, department: &DepartmentId) -> Result<Option<Address>, NotifyError>;

    /// The address of a department's desk.
    async fn desk(&self, department: &DepartmentId, name: &str) -> Result<Option<Address>, NotifyError>;
}

/// How a message travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChannelKind {
    /// SMTP.
    Email,
    /// An HTTP request to a system of the department.
    Webhook,
}

// === impl ChannelKind ===

impl ChannelKind {
    /// The word used in the database and in logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Webhook => "webhook",
        }
    }
}

impl FromStr for ChannelKind {
    type Err = InvalidAddress;

    fn from_str(text: &str) -> Result<Self, InvalidAddress> {
        [Self::Email, Self::Webhook].into_iter().find(|kind| kind.as_str() == text).ok_or(InvalidAddress::Channel)
    }
}

/// A text that is not an address. Does not repeat the text: it may be somebody's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidAddress {
    /// Not `user@domain` (RFC 5321, 4.1.2).
    #[error("not an email address")]
    Email,
    /// Not a URL a message can be sent to.
    #[error("not an http or https URL with a host and without user or password")]
    Webhook,
    /// Not a channel.
    #[error("the channel is not email or webhook")]
    Channel,
}

/// Where a message goes. Personal data: `Debug` tells the channel only.
#[derive(Clone, PartialEq, Eq)]
pub enum Address {
    /// A mailbox.
    Email(lettre::Address),
    /// A URL.
    Webhook(WebhookUrl),
}

// === impl Address ===

impl Address {
    /// Parses an address of a channel.
    pub fn parse(channel: ChannelKind, text: &str) -> Result<Self, InvalidAddress> {
        match channel {
            ChannelKind::Email => text.parse().map(Self::Email).map_err(|_| InvalidAddress::Email),
            ChannelKind::Webhook => text.parse().map(Self::Webhook),
        }
    }

    /// How a message gets there.
    pub fn channel(&self) -> ChannelKind {
        match self {
            Self::Email(_) => ChannelKind::Email,
            Self::Webhook(_) => ChannelKind::Webhook,
        }
    }

    /// The text that [`Address::parse`] reads.
    pub(crate) fn as_text(&self) -> &str {
        match self {
            Self::Email(address) => address.as_ref(),
            Self::Webhook(url) => url.0.as_str(),
        }
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({}, …)", self.channel().as_str())
    }
}

/// An `http` or `https` URL with a host and without credentials. Its query may hold a token: it has no `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookUrl(Url);

// === impl WebhookUrl ===

impl WebhookUrl {
    pub(crate) fn url(&self) -> &Url {
        &self.0
    }
}

impl FromStr for WebhookUrl {
    type Err = InvalidAddress;

    fn from_str(text: &str) -> Result<Self, InvalidAddress> {
        let url: Url = text.parse().map_err(|_| InvalidAddress::Webhook)?;
        let is_http = matches!(url.scheme(), "http" | "https") && url.has_host();
        let has_credentials = !url.username().is_empty() || url.password().is_some();
        if is_http && !has_credentials { Ok(Self(url)) } else { Err(InvalidAddress::Webhook) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_parsed_once_and_read_back() {
        let cases = [
            (ChannelKind::Email, "zhang.san@example.gov.cn"),
            (ChannelKind::Webhook, "https://oa.example.gov.cn/hook?token=1"),
        ];
        for (channel, text) in cases {
            let address = Address::parse(channel, text).unwrap();
            assert_eq!((address.channel(), address.as_text()), (channel, text));
            assert!(!format!("{address:?}").contains("example"), "{address:?}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in ["", "zhang", "a@b@c", "a@b\r\nBcc: c@d", "张三 <a@b.cn>"] {
            assert_eq!(Address::parse(ChannelKind::Email, text), Err(InvalidAddress::Email), "{text}");
        }
        for text in ["", "oa", "ftp://oa/", "http://", "https://u:p@oa/", "https://u@oa/", "file:///etc/passwd"] {
            assert_eq!(Address::parse(ChannelKind::Webhook, text), Err(InvalidAddress::Webhook), "{text}");
        }
    }
}
