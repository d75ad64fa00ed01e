use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// What a file is, by its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FileKind {
    /// ISO 32000.
    Pdf,
    /// GB/T 33190: an archive with `OFD.xml`.
    Ofd,
    /// ISO/IEC 10918.
    Jpeg,
    /// ISO/IEC 15948.
    Png,
    /// ISO/IEC 29500: a text.
    Docx,
    /// ISO/IEC 29500: a table.
    Xlsx,
    /// Any other archive in the ZIP format.
    Zip,
}

// === impl FileKind ===

impl FileKind {
    /// Every kind.
    pub const ALL: [Self; 7] = [Self::Pdf, Self::Ofd, Self::Jpeg, Self::Png, Self::Docx, Self::Xlsx, Self::Zip];

    /// The word used in WIT, the configuration, the API and the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pdf => "pdf",
            Self::Ofd => "ofd",
            Self::Jpeg => "jpeg",
            Self::Png => "png",
            Self::Docx => "docx",
            Self::Xlsx => "xlsx",
            Self::Zip => "zip",
        }
    }

    /// What a browser is told that it is.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Pdf => "application/pdf",
            Self::Ofd => "application/ofd",
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Docx => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Zip => "application/zip",
        }
    }

    /// How the first bytes of such a file begin.
    pub(crate) fn family(self) -> Family {
        match self {
            Self::Pdf => Family::Pdf,
            Self::Jpeg => Family::Jpeg,
            Self::Png => Family::Png,
            Self::Ofd | Self::Docx | Self::Xlsx | Self::Zip => Family::Archive,
        }
    }
}

impl fmt::Display for FileKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for FileKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or_else(|| {
            let known = Self::ALL.map(Self::as_str).join(", ");
            format!("`{text}` is not a kind of file: expected one of {known}")
        })
    }
}

/// What the first bytes tell: four kinds are archives, told apart by what is in them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Family {
    Pdf,
    Jpeg,
    Png,
    Archive,
}

/// Bytes that tell a family.
pub(crate) const HEAD: usize = 16;

// === impl Family ===

impl Family {
    /// The family of a file that begins with `head`.
    pub(crate) fn of(head: &[u8]) -> Option<Self> {
        // `infer` looks for it in all of the first bytes; a reader that does not would see something else.
        if head.starts_with(b"%PDF-") {
            Some(Self::Pdf)
        } else if infer::image::is_jpeg(head) {
            Some(Self::Jpeg)
        } else if infer::image::is_png(head) {
            Some(Self::Png)
        } else if infer::archive::is_zip(head) {
            Some(Self::Archive)
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_read_from_the_word_it_is_written_as() {
        for kind in FileKind::ALL {
            assert_eq!(kind.as_str().parse(), Ok(kind));
        }
        assert!("exe".parse::<FileKind>().unwrap_err().starts_with("`exe` is not a kind of file"));
    }

    #[test]
    fn the_first_bytes_tell_the_family_whatever_follows() {
        let cases: [(&[u8], Option<Family>); 8] = [
            (b"%PDF-1.7\n", Some(Family::Pdf)),
            (b"\xff\xd8\xff\xe0\0\x10JFIF", Some(Family::Jpeg)),
            (b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR", Some(Family::Png)),
            (b"PK\x03\x04\x14\0", Some(Family::Archive)),
            (b"MZ\x90\0", None),
            (b"<html><script>", None),
            (b"\x7fELF", None),
            (b"", None),
        ];
        for (head, expected) in cases {
            assert_eq!(Family::of(head), expected, "{head:?}");
        }
    }
}
