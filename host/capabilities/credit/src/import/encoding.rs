//! UTF-8 or GBK: spreadsheets in offices still write the second.

use std::{
    borrow::Cow,
    io::{self, BufRead},
    str::FromStr,
};

use serde::Serialize;

use super::budget::line;

/// How a file's characters are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Encoding {
    /// With or without a byte-order mark.
    Utf8,
    /// GBK, and GB 18030 of which it is a part.
    Gbk,
}

// === impl Encoding ===

impl Encoding {
    /// What a file is written in: UTF-8 when any line with other than ASCII characters is, or none is there. The other
    /// lines of such a file are broken, and not GBK: a Chinese text in GBK is hardly ever UTF-8 as well.
    pub(super) fn of(reader: &mut impl BufRead) -> io::Result<Self> {
        let (mut text, mut is_other) = (Vec::new(), false);
        while line(reader, &mut text)?.is_some() {
            if text.is_ascii() {
                continue;
            }
            if std::str::from_utf8(&text).is_ok() {
                return Ok(Self::Utf8);
            }
            is_other = true;
        }
        Ok(if is_other { Self::Gbk } else { Self::Utf8 })
    }

    /// The text, unless it is broken.
    pub(super) fn decode(self, bytes: &[u8]) -> Option<Cow<'_, str>> {
        match self {
            Self::Utf8 => std::str::from_utf8(bytes).ok().map(Cow::Borrowed),
            Self::Gbk => encoding_rs::GBK.decode_without_bom_handling_and_without_replacement(bytes),
        }
    }

    /// What people call it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Utf8 => "utf-8",
            Self::Gbk => "gbk",
        }
    }
}

impl FromStr for Encoding {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "utf-8" | "utf8" => Ok(Self::Utf8),
            "gbk" | "gb18030" => Ok(Self::Gbk),
            _ => Err("not utf-8 or gbk".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_told_by_its_lines() {
        let gbk = |text: &str| encoding_rs::GBK.encode(text).0.into_owned();
        let of = |bytes: &[u8]| Encoding::of(&mut &*bytes).unwrap();
        assert_eq!(of(b"id,code\n1,2\n"), Encoding::Utf8);
        assert_eq!(of("id\n拖欠工资\n".as_bytes()), Encoding::Utf8);
        assert_eq!(of(&gbk("id\n拖欠工资\n税务局")), Encoding::Gbk);
        let broken = ["税务局\n".as_bytes(), b"\xe7\xa8\n", "住建局".as_bytes()].concat();
        assert_eq!(of(&broken), Encoding::Utf8, "one broken line makes no GBK");
        assert_eq!(Encoding::Gbk.decode(&gbk("拖欠工资")).unwrap(), "拖欠工资");
        assert_eq!(Encoding::Gbk.decode(b"\xff\xff"), None);
    }
}
