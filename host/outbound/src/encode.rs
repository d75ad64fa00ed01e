//! Percent-encoding (RFC 3986, section 2): everything but unreserved characters, upper-case digits. What is encoded this
//! way is read alike by those that decode forms and by those that decode URIs, and signatures over it are the same.

/// One segment of a path, or a name or value of a query.
pub(crate) fn segment(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => encoded.push(char::from(byte)),
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

/// `a=b&c=d`; none without pairs.
pub(crate) fn query(pairs: &[(String, String)]) -> Option<String> {
    let pairs: Vec<_> = pairs.iter().map(|(name, value)| format!("{}={}", segment(name), segment(value))).collect();
    (!pairs.is_empty()).then(|| pairs.join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_unreserved_characters_stay() {
        assert_eq!(segment("aZ9-._~"), "aZ9-._~");
        assert_eq!(segment("a b+c/d?e=f&g#h%"), "a%20b%2Bc%2Fd%3Fe%3Df%26g%23h%25");
        assert_eq!(segment("清城"), "%E6%B8%85%E5%9F%8E");
    }

    #[test]
    fn a_value_adds_no_pair() {
        let pairs = [("a".to_owned(), "1&b=2".to_owned()), ("c".to_owned(), String::new())];
        assert_eq!(query(&pairs).as_deref(), Some("a=1%26b%3D2&c="));
        assert_eq!(query(&[]), None);
    }
}
