use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use zhongtai_kernel::AccountId;
use zhongtai_outbound::Url;

/// How a message travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChannelKind {
    /// The platform's own inbox (站内信).
    Inbox,
    /// A short message (短信).
    Sms,
    /// SMTP.
    Email,
    /// An HTTP request to a system of the department.
    Webhook,
}

// === impl ChannelKind ===

impl ChannelKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Inbox, Self::Sms, Self::Email, Self::Webhook];

    /// The word used in manifests, the database, the API and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Inbox => "inbox",
            Self::Sms => "sms",
            Self::Email => "email",
            Self::Webhook => "webhook",
        }
    }
}

impl FromStr for ChannelKind {
    type Err = InvalidAddress;

    fn from_str(text: &str) -> Result<Self, InvalidAddress> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or(InvalidAddress::Channel)
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
    /// Not a number that takes short messages.
    #[error("not a mobile number of the mainland, nor one with `+` and a country's code")]
    Sms,
    /// Not an account.
    #[error("not an account's id")]
    Inbox,
    /// Not a channel.
    #[error("the channel is not inbox, sms, email or webhook")]
    Channel,
}

/// Where a message goes. Personal data: `Debug` tells the channel only.
#[derive(Clone, PartialEq, Eq)]
pub enum Address {
    /// An account's inbox.
    Inbox(AccountId),
    /// A mobile phone.
    Sms(PhoneNumber),
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
            ChannelKind::Inbox => text.parse().map(Self::Inbox).map_err(|_| InvalidAddress::Inbox),
            ChannelKind::Sms => text.parse().map(Self::Sms),
            ChannelKind::Email => text.parse().map(Self::Email).map_err(|_| InvalidAddress::Email),
            ChannelKind::Webhook => text.parse().map(Self::Webhook),
        }
    }

    /// How a message gets there.
    pub fn channel(&self) -> ChannelKind {
        match self {
            Self::Inbox(_) => ChannelKind::Inbox,
            Self::Sms(_) => ChannelKind::Sms,
            Self::Email(_) => ChannelKind::Email,
            Self::Webhook(_) => ChannelKind::Webhook,
        }
    }

    /// The text that [`Address::parse`] reads.
    pub(crate) fn to_text(&self) -> String {
        match self {
            Self::Inbox(account) => account.to_string(),
            Self::Sms(number) => number.0.clone(),
            Self::Email(address) => address.to_string(),
            Self::Webhook(url) => url.0.to_string(),
        }
    }

    /// What an operator may see of it: enough to tell two recipients apart, not enough to reach one.
    pub fn masked(&self) -> String {
        match self {
            Self::Inbox(_) => "account …".to_owned(),
            Self::Sms(number) => number.masked(),
            Self::Email(address) => {
                let first: String = address.user().chars().take(1).collect();
                format!("{first}***@{}", address.domain())
            }
            // A path or a query may hold a token.
            Self::Webhook(url) => format!("{}://{}/…", url.0.scheme(), url.0.host_str().unwrap_or_default()),
        }
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({}, …)", self.channel().as_str())
    }
}

/// A number that takes short messages, as E.164 has it: `+`, a country's code, 15 digits at most. It has no `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct PhoneNumber(String);

// === impl PhoneNumber ===

impl PhoneNumber {
    /// `+8613800138000`.
    pub fn e164(&self) -> &str {
        &self.0
    }

    /// A mainland number without its country's code, as gateways of the mainland take it: `13800138000`.
    pub fn mainland(&self) -> Option<&str> {
        self.0.strip_prefix("+86").filter(|number| is_mainland_mobile(number))
    }

    /// The last four digits are all that two numbers can be told apart by.
    fn masked(&self) -> String {
        let last: String = self.0.chars().skip(self.0.len().saturating_sub(4)).collect();
        format!("***{last}")
    }
}

impl FromStr for PhoneNumber {
    type Err = InvalidAddress;

    /// Blanks and `-` are dropped. Without `+` it is a mobile number of the mainland (11 digits, 13 to 19).
    fn from_str(text: &str) -> Result<Self, InvalidAddress> {
        let number: String = text.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
        match number.strip_prefix('+') {
            Some(digits) => {
                let is_number = (7..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
                // A landline of the mainland takes no short messages.
                let is_mobile = digits.strip_prefix("86").is_none_or(is_mainland_mobile);
                let is_valid = is_number && !digits.starts_with('0') && is_mobile;
                if is_valid { Ok(Self(number)) } else { Err(InvalidAddress::Sms) }
            }
            None if is_mainland_mobile(&number) => Ok(Self(format!("+86{number}"))),
            None => Err(InvalidAddress::Sms),
        }
    }
}

fn is_mainland_mobile(number: &str) -> bool {
    let mut bytes = number.bytes();
    number.len() == 11
        && bytes.next() == Some(b'1')
        && bytes.next().is_some_and(|b| (b'3'..=b'9').contains(&b))
        && bytes.all(|b| b.is_ascii_digit())
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
            (ChannelKind::Inbox, "01J00000000000000000000000", "account …"),
            (ChannelKind::Sms, "+8613800138000", "***8000"),
            (ChannelKind::Sms, "+85291234567", "***4567"),
            (ChannelKind::Email, "zhang.san@example.gov.cn", "z***@example.gov.cn"),
            (ChannelKind::Webhook, "https://oa.example.gov.cn/hook?token=1", "https://oa.example.gov.cn/…"),
        ];
        for (channel, text, masked) in cases {
            let address = Address::parse(channel, text).unwrap();
            assert_eq!((address.channel(), address.to_text().as_str()), (channel, text));
            assert_eq!(address.masked(), masked);
            assert!(!format!("{address:?}").contains("example"), "{address:?}");
            assert_eq!(channel.as_str().parse::<ChannelKind>(), Ok(channel));
        }
    }

    #[test]
    fn a_mainland_number_gets_its_countrys_code() {
        for text in ["13800138000", "138-0013-8000", "+86 138 0013 8000"] {
            let number: PhoneNumber = text.parse().ok().unwrap();
            assert_eq!((number.e164(), number.mainland()), ("+8613800138000", Some("13800138000")));
        }
        assert_eq!("+85291234567".parse::<PhoneNumber>().ok().unwrap().mainland(), None);
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in ["", "zhang", "a@b@c", "a@b\r\nBcc: c@d", "张三 <a@b.cn>"] {
            assert_eq!(Address::parse(ChannelKind::Email, text), Err(InvalidAddress::Email), "{text}");
        }
        for text in ["", "oa", "ftp://oa/", "http://", "https://u:p@oa/", "https://u@oa/", "file:///etc/passwd"] {
            assert_eq!(Address::parse(ChannelKind::Webhook, text), Err(InvalidAddress::Webhook), "{text}");
        }
        let numbers =
            ["", "110", "12800138000", "1380013800", "+86 763 1234567", "+1", "+0123456789", "+86138x0138000"];
        for text in numbers.into_iter().chain(["１３８００１３８０００", "+12345678901234567"]) {
            assert_eq!(Address::parse(ChannelKind::Sms, text), Err(InvalidAddress::Sms), "{text}");
        }
        assert_eq!(Address::parse(ChannelKind::Inbox, "zhang"), Err(InvalidAddress::Inbox));
    }
}
