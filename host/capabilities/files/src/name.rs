use std::{fmt, str::FromStr};

use crate::InvalidText;

/// What a file's sender called it: for people to read, never a path and never a reason to believe what it is.
/// Personal data: `Debug` tells its length only.
///
/// 1 to 255 characters. Refused are `/`, `\`, `:`, control characters, those that turn or hide text (bidi controls,
/// zero width), a dot or blank at either end, and names that Windows takes for devices: a reader's machine must take
/// the name for what the reader sees.
#[derive(Clone, PartialEq, Eq)]
pub struct FileName(String);

/// Characters of a name.
const MAX_CHARS: usize = 255;

/// Names that Windows takes for devices, whatever extension follows.
const DEVICES: [&str; 6] = ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"];

// === impl FileName ===

impl FileName {
    /// The name's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for FileName {
    type Err = InvalidText;

    fn from_str(text: &str) -> Result<Self, InvalidText> {
        if text.is_empty() || text.chars().count() > MAX_CHARS {
            return Err(InvalidText::NameLength);
        }
        if text.chars().any(|c| matches!(c, '/' | '\\' | ':') || c.is_control()) {
            return Err(InvalidText::NameCharacter);
        }
        if text.chars().any(is_deceptive) {
            return Err(InvalidText::NameDeceptive);
        }
        let at_edge = |c: Option<char>| c.is_some_and(|c| c == '.' || c.is_whitespace());
        if at_edge(text.chars().next()) || at_edge(text.chars().next_back()) {
            return Err(InvalidText::NameEdge);
        }
        if is_device(text) { Err(InvalidText::NameDevice) } else { Ok(Self(text.to_owned())) }
    }
}

impl fmt::Debug for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FileName({} bytes)", self.0.len())
    }
}

/// Unicode's bidi controls (UAX 9), zero-width characters and other invisible ones, line and paragraph separators.
fn is_deceptive(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

fn is_device(text: &str) -> bool {
    let stem = text.split('.').next().unwrap_or_default().trim_end().to_ascii_uppercase();
    let port = || {
        let rest = stem.strip_prefix("COM").or_else(|| stem.strip_prefix("LPT"))?;
        let mut digits = rest.chars();
        let digit = digits.next()?;
        (digits.next().is_none() && (digit.is_ascii_digit() || matches!(digit, '¹' | '²' | '³'))).then_some(())
    };
    DEVICES.contains(&stem.as_str()) || port().is_some()
}

/// A case (办件) as its scenario names it: 1 to 128 of letters, digits, `-`, `_` and `.`. Never a part of a path.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CaseRef(String);

// === impl CaseRef ===

impl CaseRef {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for CaseRef {
    type Err = InvalidText;

    fn from_str(text: &str) -> Result<Self, InvalidText> {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
        let is_valid = (1..=128).contains(&text.len()) && text.bytes().all(allowed);
        if is_valid { Ok(Self(text.to_owned())) } else { Err(InvalidText::Case) }
    }
}

impl fmt::Debug for CaseRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> InvalidText {
        text.parse::<FileName>().expect_err(text)
    }

    #[test]
    fn a_name_that_people_give_their_files_is_taken() {
        for text in
            ["身份证.jpg", "a b (1).pdf", "合同…终稿.docx", "console.pdf", "com10.pdf", "x".repeat(255).as_str()]
        {
            assert_eq!(text.parse::<FileName>().unwrap().as_str(), text);
        }
    }

    #[test]
    fn a_name_that_could_be_a_path_is_refused() {
        for text in ["../../etc/passwd", "a/b", "a\\b", "..\\b", "C:x", "a\0.pdf", "a\nb", "a\u{85}b"] {
            assert_eq!(refused(text), InvalidText::NameCharacter, "{text:?}");
        }
        for text in ["..", ".", ".bashrc", "a.pdf.", "a.pdf ", " a.pdf", "\u{3000}a"] {
            assert_eq!(refused(text), InvalidText::NameEdge, "{text:?}");
        }
    }

    #[test]
    fn a_name_that_reads_as_another_is_refused() {
        for text in ["a\u{202e}fdp.exe", "a\u{2066}b", "a\u{200b}b", "a\u{feff}b", "a\u{2028}b", "a\u{e0041}b"] {
            assert_eq!(refused(text), InvalidText::NameDeceptive, "{text:?}");
        }
    }

    #[test]
    fn a_device_of_windows_is_refused_with_any_extension() {
        for text in ["CON", "con.pdf", "Nul.tar.gz", "aux .txt", "COM1.pdf", "lpt9", "COM¹.pdf", "CONIN$"] {
            assert_eq!(refused(text), InvalidText::NameDevice, "{text:?}");
        }
    }

    #[test]
    fn a_name_is_1_to_255_characters_and_not_printed() {
        assert_eq!(refused(""), InvalidText::NameLength);
        assert_eq!(refused(&"名".repeat(256)), InvalidText::NameLength);
        let name: FileName = "张三的身份证.jpg".parse().unwrap();
        assert!(!format!("{name:?}").contains("张三"));
    }

    #[test]
    fn a_case_is_1_to_128_plain_characters() {
        for text in ["2026-0001", "a", "A_b.c-1", "x".repeat(128).as_str()] {
            assert_eq!(text.parse::<CaseRef>().unwrap().as_str(), text);
        }
        for text in ["", "a/b", "件", "a b", "a\0", "x".repeat(129).as_str()] {
            assert_eq!(text.parse::<CaseRef>(), Err(InvalidText::Case), "{text:?}");
        }
    }
}
