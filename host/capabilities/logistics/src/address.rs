//! Where something goes, or comes from. Personal data: nothing here shows it in `Debug`.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::LogisticsError;

/// An address as somebody writes it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AddressText {
    /// Who takes it: 1 to 60 characters.
    pub name: String,
    /// A telephone number that the courier can call: digits and `-`, with 7 to 15 digits; `+` may lead.
    pub phone: String,
    /// The district: 6 digits, GB/T 2260.
    pub region: String,
    /// Street, number and room: 4 to 200 characters in one line.
    pub detail: String,
    /// 6 digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub postcode: Option<String>,
}

/// An address that a carrier can be given. `Debug` tells the district only.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "AddressText", into = "AddressText")]
pub struct PostalAddress(AddressText);

// === impl PostalAddress ===

impl PostalAddress {
    /// Who takes it.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Whom to call.
    pub fn phone(&self) -> &str {
        &self.0.phone
    }

    /// The district: 6 digits, GB/T 2260.
    pub fn region(&self) -> &str {
        &self.0.region
    }

    /// Street, number and room.
    pub fn detail(&self) -> &str {
        &self.0.detail
    }

    /// 6 digits, where it was given.
    pub fn postcode(&self) -> Option<&str> {
        self.0.postcode.as_deref()
    }
}

impl TryFrom<AddressText> for PostalAddress {
    type Error = LogisticsError;

    fn try_from(text: AddressText) -> Result<Self, LogisticsError> {
        let invalid = |what, expected: &str| Err(LogisticsError::invalid(what, expected));
        if !is_line(&text.name, 1, 60) {
            return invalid("name", "1 to 60 characters in one line");
        }
        if !is_phone(&text.phone) {
            return invalid("phone", "7 to 15 digits, with `-` between and `+` before them where need be");
        }
        if !is_digits(&text.region, 6) || text.region.starts_with('0') {
            return invalid("region", "the 6 digits of a district, GB/T 2260");
        }
        if !is_line(&text.detail, 4, 200) {
            return invalid("detail", "4 to 200 characters in one line");
        }
        match &text.postcode {
            Some(postcode) if !is_digits(postcode, 6) => invalid("postcode", "6 digits"),
            _ => Ok(Self(text)),
        }
    }
}

impl From<PostalAddress> for AddressText {
    fn from(address: PostalAddress) -> Self {
        address.0
    }
}

impl fmt::Debug for PostalAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PostalAddress({}, …)", self.0.region)
    }
}

impl fmt::Debug for AddressText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AddressText(…)")
    }
}

/// One line of so many characters that people can read.
pub(crate) fn is_line(text: &str, least: usize, most: usize) -> bool {
    (least..=most).contains(&text.chars().count()) && !text.chars().any(char::is_control) && text.trim() == text
}

fn is_digits(text: &str, count: usize) -> bool {
    text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_phone(text: &str) -> bool {
    let number = text.strip_prefix('+').unwrap_or(text);
    let digits = number.bytes().filter(u8::is_ascii_digit).count();
    let ends_in_digits = |text: &str| text.starts_with(|c: char| c.is_ascii_digit());
    (7..=15).contains(&digits)
        && number.len() <= 20
        && number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-')
        && ends_in_digits(number)
        && !number.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text() -> AddressText {
        AddressText {
            name: "王小明".to_owned(),
            phone: "13800138000".to_owned(),
            region: "441802".to_owned(),
            detail: "凤城街道桥北路1号2栋301".to_owned(),
            postcode: Some("511500".to_owned()),
        }
    }

    #[test]
    fn what_can_be_no_address_is_refused_by_its_field() {
        type Break = fn(&mut AddressText);
        let cases: [(&str, Break); 12] = [
            ("name", |text| text.name.clear()),
            ("name", |text| text.name = "王\n小明".to_owned()),
            ("name", |text| text.name = "王".repeat(61)),
            ("phone", |text| text.phone = "138".to_owned()),
            ("phone", |text| text.phone = "１３８００１３８０００".to_owned()),
            ("phone", |text| text.phone = "0763-3365-".to_owned()),
            ("phone", |text| text.phone = "13800138000 ext".to_owned()),
            ("region", |text| text.region = "44180".to_owned()),
            ("region", |text| text.region = "044180".to_owned()),
            ("detail", |text| text.detail = "桥北".to_owned()),
            ("detail", |text| text.detail = "长".repeat(201)),
            ("postcode", |text| text.postcode = Some("51150".to_owned())),
        ];
        for (field, damage) in cases {
            let mut text = text();
            damage(&mut text);
            let error = PostalAddress::try_from(text).unwrap_err();
            assert!(matches!(error, LogisticsError::Invalid { what, .. } if what == field), "{field}: {error}");
        }
        for phone in ["13800138000", "+8613800138000", "0763-3365888", "400-800-12345"] {
            assert!(PostalAddress::try_from(AddressText { phone: phone.to_owned(), ..text() }).is_ok(), "{phone}");
        }
    }

    #[test]
    fn an_address_is_read_back_and_shown_nowhere() {
        let address = PostalAddress::try_from(text()).unwrap();
        let json = serde_json::to_string(&address).unwrap();
        assert_eq!(serde_json::from_str::<PostalAddress>(&json).unwrap(), address);
        let debug = format!("{address:?} {:?}", text());
        assert!(debug.contains("441802") && !debug.contains('王') && !debug.contains("138"), "{debug}");
        let error = serde_json::from_str::<PostalAddress>(&json.replace("441802", "x")).unwrap_err().to_string();
        assert!(error.contains("region") && !error.contains("138"), "{error}");
    }
}
