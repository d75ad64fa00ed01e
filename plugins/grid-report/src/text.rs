//! Texts that people type.

use zhongtai::prelude::*;

/// 1 to `MAX` characters. Line breaks become spaces: it goes into messages, which take none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct Text<const MAX: usize>(String);

impl<const MAX: usize> Text<MAX> {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize> TryFrom<String> for Text<MAX> {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        match text.chars().count() {
            0 => Err("a text is expected".into()),
            count if count > MAX => Err(format!("{count} characters are more than {MAX}")),
            _ if text.contains(char::is_control) => Err("a text without control characters is expected".into()),
            _ => Ok(Self(text)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Text;

    #[test]
    fn a_text_is_one_line_and_bounded() {
        let text = |text: &str| Text::<5>::try_from(text.to_owned());
        assert_eq!(text(" 灯\n不 亮 ").unwrap().as_str(), "灯 不 亮");
        assert!(text("路灯不亮了吧").is_err() && text(" \n").is_err() && text("a\u{7}").is_err());
    }
}
