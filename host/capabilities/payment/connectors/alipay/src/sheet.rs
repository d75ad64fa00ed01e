//! What is signed: parameters in the order of their names, `name=value` joined by `&`, values as they are.

use std::collections::BTreeMap;

use zhongtai_cap_payment::rsa::{SigningKey, VerifyingKey};

/// Parameters by name. Those without a value are not signed.
#[derive(Default)]
pub(crate) struct Sheet(BTreeMap<String, String>);

// === impl Sheet ===

impl Sheet {
    pub(crate) fn of<'a>(pairs: impl IntoIterator<Item = (&'a str, String)>) -> Self {
        Self(pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }

    /// The fields of a form; `None` when a name is there twice: two readers would see different values.
    pub(crate) fn of_form(body: &[u8]) -> Option<Self> {
        let mut fields = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(body).into_owned() {
            if fields.insert(name, value).is_some() {
                return None;
            }
        }
        Some(Self(fields))
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    pub(crate) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Adds the signature as `sign`. `None` without randomness.
    pub(crate) fn signed(mut self, key: &SigningKey) -> Option<Self> {
        let signature = key.sign(self.text(|name| name != "sign").as_bytes())?;
        self.0.insert("sign".to_owned(), signature);
        Some(self)
    }

    /// Whether `sign` is the signature of the rest of a notification: `sign_type` is not signed there.
    pub(crate) fn is_signed_by(&self, key: &VerifyingKey) -> bool {
        let text = self.text(|name| name != "sign" && name != "sign_type");
        self.get("sign").is_some_and(|signature| key.verifies(text.as_bytes(), signature))
    }

    fn text(&self, is_signed: impl Fn(&str) -> bool) -> String {
        let signed = self.pairs().filter(|(name, value)| is_signed(name) && !value.is_empty());
        signed.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted_and_empty_values_left_out() {
        let sheet = Sheet::of([("method", "m".to_owned()), ("app_id", "1=&2".to_owned()), ("empty", String::new())]);
        assert_eq!(sheet.text(|_| true), "app_id=1=&2&method=m");
    }

    #[test]
    fn a_form_with_a_name_twice_is_none() {
        assert!(Sheet::of_form(b"a=1&b=2&a=1").is_none());
        assert_eq!(Sheet::of_form("a=%E4%B8%AD+x".as_bytes()).unwrap().get("a"), Some("中 x"));
    }
}
