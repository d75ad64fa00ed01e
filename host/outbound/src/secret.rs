use std::{fmt, io::Read as _, path::PathBuf};

use serde::Deserialize;
use zeroize::Zeroizing;
use zhongtai_kernel::ErrorKind;

/// The longest secret: a key with its chain fits.
const MAX_BYTES: u64 = 64 * 1024;

/// A secret. It is overwritten when dropped, and no formatting shows it.
#[derive(Clone)]
pub struct Secret(Zeroizing<Vec<u8>>);

/// Where a secret is: never in the configuration's text. `key = { file = "/run/secrets/key" }` or `{ env = "KEY" }`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SecretSource {
    /// The file's content, without line ends at its end.
    File(PathBuf),
    /// An environment variable's value.
    Env(String),
}

/// A secret that can't be had. It names the key and the place, never the content.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The file can't be read.
    #[error("{at}: {} can't be read", path.display())]
    Unreadable {
        /// The key.
        at: String,
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The variable is not set.
    #[error("{at}: the environment has no {name}")]
    Unset {
        /// The key.
        at: String,
        /// The variable.
        name: String,
    },
    /// There is nothing in it, or too much, or not what it should be.
    #[error("{at}: {problem}")]
    Unusable {
        /// The key.
        at: String,
        /// What is wrong.
        problem: &'static str,
    },
}

// === impl Secret ===

impl Secret {
    /// Takes the bytes over.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self(Zeroizing::new(bytes.into()))
    }

    /// The bytes: for a key, and nothing else.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// The text, if it is UTF-8.
    pub fn expose_str(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

// === impl SecretSource ===

impl SecretSource {
    /// Reads it. `at` is the key in `zt.toml`, for the error.
    pub fn read(&self, at: &str) -> Result<Secret, SecretError> {
        let content = match self {
            Self::File(path) => read_file(path).map_err(|source| SecretError::Unreadable {
                at: at.to_owned(),
                path: path.clone(),
                source,
            })?,
            Self::Env(name) => match std::env::var_os(name) {
                Some(value) => Zeroizing::new(std::os::unix::ffi::OsStringExt::into_vec(value)),
                None => return Err(SecretError::Unset { at: at.to_owned(), name: name.clone() }),
            },
        };
        let unusable = |problem| SecretError::Unusable { at: at.to_owned(), problem };
        if content.len() as u64 > MAX_BYTES {
            return Err(unusable("expected 64 KiB at most"));
        }
        let line_end = |byte: &u8| matches!(byte, b'\n' | b'\r');
        let kept = content.iter().rposition(|byte| !line_end(byte)).map_or(0, |last| last + 1);
        match content.get(..kept) {
            Some(secret) if !secret.is_empty() => Ok(Secret::new(secret)),
            _ => Err(unusable("it is empty")),
        }
    }

    /// Reads it, and refuses less than `least` bytes: what is short can be guessed.
    pub fn read_key(&self, at: &str, least: usize) -> Result<Secret, SecretError> {
        let secret = self.read(at)?;
        if secret.expose().len() < least {
            return Err(SecretError::Unusable { at: at.to_owned(), problem: "it is too short to be safe" });
        }
        Ok(secret)
    }
}

fn read_file(path: &PathBuf) -> std::io::Result<Zeroizing<Vec<u8>>> {
    let mut content = Zeroizing::new(Vec::new());
    std::fs::File::open(path)?.take(MAX_BYTES + 1).read_to_end(&mut content)?;
    Ok(content)
}

// === impl SecretError ===

impl SecretError {
    /// What sort of failure it is.
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::Invalid
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(content: &[u8]) -> (tempfile::NamedTempFile, SecretSource) {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), content).unwrap();
        let source = SecretSource::File(file.path().into());
        (file, source)
    }

    #[test]
    fn a_file_is_read_without_its_last_line_end() {
        for (content, wanted) in [(&b"s3cret\n"[..], &b"s3cret"[..]), (b"s3cret\r\n", b"s3cret"), (b"a\nb\n", b"a\nb")]
        {
            let (_file, source) = file(content);
            assert_eq!(source.read("pay.key").unwrap().expose(), wanted);
        }
    }

    #[test]
    fn an_environment_variable_is_read() {
        // Set for every test by cargo.
        let source = SecretSource::Env("CARGO_PKG_NAME".to_owned());
        assert_eq!(source.read("pay.key").unwrap().expose_str(), Some("zhongtai-outbound"));
    }

    #[test]
    fn what_can_not_be_read_is_named_by_key_and_place() {
        let read = |source: SecretSource| source.read("pay.key").unwrap_err().to_string();
        assert_eq!(read(SecretSource::File("/nowhere/key".into())), "pay.key: /nowhere/key can't be read");
        assert_eq!(read(SecretSource::Env("ZT_NOT_SET".to_owned())), "pay.key: the environment has no ZT_NOT_SET");
        for content in [&b""[..], b"\n\r\n"] {
            let (_file, source) = file(content);
            assert_eq!(read(source), "pay.key: it is empty");
        }
        let (_file, source) = file(&vec![b'x'; 64 * 1024 + 1]);
        assert_eq!(read(source), "pay.key: expected 64 KiB at most");
    }

    #[test]
    fn a_short_key_is_refused_without_being_quoted() {
        let (_file, source) = file(b"hunter2\n");
        let error = source.read_key("pay.key", 32).unwrap_err();
        assert_eq!(error.to_string(), "pay.key: it is too short to be safe");
        assert!(source.read_key("pay.key", 7).is_ok());
    }

    #[test]
    fn no_formatting_shows_a_secret() {
        let secret = Secret::new("hunter2");
        assert_eq!(format!("{secret:?}"), "Secret(..)");
    }

    #[test]
    fn a_source_is_a_file_or_the_environment_and_nothing_else() {
        #[derive(Debug, Deserialize)]
        struct Table {
            key: SecretSource,
        }
        let parse = |text: &str| toml::from_str::<Table>(text).map(|table| table.key);
        assert_eq!(parse("key = { file = '/k' }").unwrap(), SecretSource::File("/k".into()));
        assert_eq!(parse("key = { env = 'K' }").unwrap(), SecretSource::Env("K".to_owned()));
        assert!(parse("key = 'hunter2'").is_err(), "never in the text itself");
        assert!(parse("key = { text = 'hunter2' }").is_err());
    }
}
