//! What is known about a subject. Every value is checked once, here, and prints itself nowhere.

use std::{collections::BTreeMap, fmt, str::FromStr};

use http::Uri;
use zhongtai_kernel::{CreditCode, ResidentId};

use crate::InvalidValue;

/// An attribute that an account may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AttributeName {
    /// 姓名 or 名称, 1 to 100 characters.
    Name,
    /// A phone number: digits, `+` before a country's code; blanks and `-` are dropped.
    Phone,
    /// An e-mail address.
    Email,
    /// Where notifications are posted to: `https://` or `http://`. Guests can't read it.
    Webhook,
    /// 地址, 1 to 300 characters.
    Address,
    /// 公民身份号码 (GB 11643).
    ResidentId,
    /// 统一社会信用代码 (GB 32100-2015).
    CreditCode,
    /// How the subject wants to be notified: `inbox`, `sms`, `email` or `webhook`. Guests can't read it.
    PreferredChannel,
}

/// How somebody can be notified.
const CHANNELS: [&str; 4] = ["inbox", "sms", "email", "webhook"];

// === impl AttributeName ===

impl AttributeName {
    const ALL: [Self; 8] = [
        Self::Name,
        Self::Phone,
        Self::Email,
        Self::Webhook,
        Self::Address,
        Self::ResidentId,
        Self::CreditCode,
        Self::PreferredChannel,
    ];

    /// The word used in WIT, policies, the API and the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Phone => "phone",
            Self::Email => "email",
            Self::Webhook => "webhook",
            Self::Address => "address",
            Self::ResidentId => "resident-id",
            Self::CreditCode => "credit-code",
            Self::PreferredChannel => "preferred-channel",
        }
    }

    /// The value in its normal form, if it is one.
    fn check(self, value: &str) -> Result<String, InvalidValue> {
        let value = value.trim();
        let checked = match self {
            Self::Name => text(value, 100),
            Self::Address => text(value, 300),
            Self::Phone => phone(value),
            Self::Email => email(value),
            Self::Webhook => webhook(value),
            Self::ResidentId => value
                .to_ascii_uppercase()
                .parse::<ResidentId>()
                .map(|id| id.expose().to_owned())
                .map_err(|error| format!("a valid code; this is {error}")),
            Self::CreditCode => value
                .parse::<CreditCode>()
                .map(|code| code.to_string())
                .map_err(|error| format!("a valid code; this is {error}")),
            Self::PreferredChannel => match CHANNELS.contains(&value) {
                true => Ok(value.to_owned()),
                false => Err(CHANNELS.join(", ")),
            },
        };
        checked.map_err(|expected| InvalidValue::new(self.as_str(), expected))
    }
}

impl FromStr for AttributeName {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        Self::ALL.into_iter().find(|name| name.as_str() == text).ok_or_else(|| {
            let names: Vec<_> = Self::ALL.into_iter().map(Self::as_str).collect();
            InvalidValue::new("attribute", names.join(", "))
        })
    }
}

/// Checked attributes. `Debug` shows the names only.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Attributes(BTreeMap<AttributeName, String>);

// === impl Attributes ===

impl Attributes {
    /// None.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds or replaces one, in its normal form.
    pub fn set(&mut self, name: AttributeName, value: &str) -> Result<(), InvalidValue> {
        self.0.insert(name, name.check(value)?);
        Ok(())
    }

    /// The same with one more.
    pub fn with(mut self, name: AttributeName, value: &str) -> Result<Self, InvalidValue> {
        self.set(name, value)?;
        Ok(self)
    }

    /// One value.
    pub fn get(&self, name: AttributeName) -> Option<&str> {
        self.0.get(&name).map(String::as_str)
    }

    /// All, in the order of [`AttributeName`].
    pub fn iter(&self) -> impl Iterator<Item = (AttributeName, &str)> {
        self.0.iter().map(|(name, value)| (*name, value.as_str()))
    }

    /// Adds one that was checked when it was stored.
    pub(crate) fn restore(&mut self, name: AttributeName, value: String) {
        self.0.insert(name, value);
    }
}

impl fmt::Debug for Attributes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

fn text(value: &str, longest: usize) -> Result<String, String> {
    let length = value.chars().count();
    if (1..=longest).contains(&length) && !value.chars().any(char::is_control) {
        Ok(value.to_owned())
    } else {
        Err(format!("1 to {longest} characters, no control characters"))
    }
}

fn phone(value: &str) -> Result<String, String> {
    let number: String = value.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
    let digits = number.strip_prefix('+').unwrap_or(&number);
    if (5..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()) {
        Ok(number)
    } else {
        Err("5 to 15 digits, `+` before a country's code".to_owned())
    }
}

/// A `local@domain` that can't carry another header or recipient: no blanks, quotes, commas or brackets.
fn email(value: &str) -> Result<String, String> {
    let local = |text: &str| {
        (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._%+-=~".contains(&b))
    };
    let label = |text: &str| {
        (1..=63).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !text.starts_with('-')
            && !text.ends_with('-')
    };
    match value.split_once('@') {
        Some((name, domain)) if value.len() <= 254 && local(name) && domain.split('.').all(label) => {
            Ok(value.to_owned())
        }
        _ => Err("an address such as name@example.cn".to_owned()),
    }
}

/// A URL without credentials: they would end up in every log of an outbound request.
fn webhook(value: &str) -> Result<String, String> {
    let good = |uri: &Uri| {
        matches!(uri.scheme_str(), Some("http" | "https"))
            && uri.authority().is_some_and(|a| !a.host().is_empty() && !a.as_str().contains('@'))
    };
    match value.parse::<Uri>() {
        Ok(uri) if value.len() <= 2_048 && good(&uri) => Ok(value.to_owned()),
        _ => Err("an https:// or http:// URL without user and password, at most 2048 bytes".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_kept_in_their_normal_form() {
        let attributes = Attributes::new()
            .with(AttributeName::Name, " 张三 ")
            .and_then(|a| a.with(AttributeName::Phone, "+86 138-0013-8000"))
            .and_then(|a| a.with(AttributeName::Email, "zhang.san@example.cn"))
            .and_then(|a| a.with(AttributeName::Webhook, "https://example.cn/hook?x=1"))
            .and_then(|a| a.with(AttributeName::CreditCode, "91350100M000100Y43"))
            .unwrap();
        assert_eq!(attributes.get(AttributeName::Name), Some("张三"));
        assert_eq!(attributes.get(AttributeName::Phone), Some("+8613800138000"));
        assert_eq!(format!("{attributes:?}"), "{Name, Phone, Email, Webhook, CreditCode}");
    }

    #[test]
    fn a_value_of_another_form_is_refused_by_the_attributes_name_and_not_quoted() {
        let wrong = [
            (AttributeName::Name, ""),
            (AttributeName::Name, "a\nb"),
            (AttributeName::Phone, "1380013800x"),
            (AttributeName::Email, "zhang@example.cn, li@example.cn"),
            (AttributeName::Email, "zhang@-example.cn"),
            (AttributeName::Email, "zhang"),
            (AttributeName::Webhook, "ftp://example.cn/"),
            (AttributeName::Webhook, "https://user:secret@example.cn/"),
            (AttributeName::Webhook, "/hook"),
            (AttributeName::ResidentId, "11010519491231002A"),
            (AttributeName::CreditCode, "91350100M000100Y44"),
            (AttributeName::PreferredChannel, "fax"),
        ];
        for (name, value) in wrong {
            let error = Attributes::new().set(name, value).unwrap_err().to_string();
            assert!(error.starts_with(&format!("{}: expected ", name.as_str())), "{error}");
            assert!(value.is_empty() || !error.contains(value), "{error}");
        }
    }
}
