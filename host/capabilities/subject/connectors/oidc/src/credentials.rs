//! How this client proves itself at the token endpoint: a secret, or an assertion that a key signs.

use std::{fmt, path::Path};

use openidconnect::ClientSecret;

use crate::{ConfigError, OidcConfig, assertion::AssertionKey};

/// Never shown: `Debug` says which of the two it is.
pub(crate) enum Credentials {
    /// `client_secret_basic`, or `client_secret_post` where the provider takes only that.
    Secret(ClientSecret),
    /// `private_key_jwt`.
    Key(Box<AssertionKey>),
}

// === impl Credentials ===

impl Credentials {
    /// Reads the one that is configured.
    pub(crate) fn read(name: &str, config: &OidcConfig) -> Result<Self, ConfigError> {
        let value = |at, problem| ConfigError::Value { name: name.to_owned(), at, problem };
        if config.private_key_id.is_some() && config.private_key_file.is_none() {
            return Err(value("private_key_id", "it goes with `private_key_file`"));
        }
        match (&config.client_secret_file, &config.client_secret_env, &config.private_key_file) {
            (Some(path), None, None) => {
                let text = read_file(name, "client_secret_file", path)?;
                secret(&text).ok_or_else(|| value("client_secret_file", "the file's first line is empty"))
            }
            (None, Some(variable), None) => std::env::var(variable)
                .ok()
                .and_then(|text| secret(&text))
                .ok_or_else(|| value("client_secret_env", "the environment has no such variable, or an empty one")),
            (None, None, Some(path)) => {
                let pem = read_file(name, "private_key_file", path)?;
                let key = AssertionKey::from_pem(&pem, config.private_key_id.clone()).ok_or_else(|| {
                    value(
                        "private_key_file",
                        "expected an unencrypted private key in PEM: P-256, or RSA of 2048 bits or more",
                    )
                })?;
                Ok(Self::Key(Box::new(key)))
            }
            _ => Err(value(
                "client_secret_file",
                "expected exactly one of `client_secret_file`, `client_secret_env` and `private_key_file`",
            )),
        }
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Secret(_) => "Secret(..)",
            Self::Key(_) => "Key(..)",
        })
    }
}

fn secret(text: &str) -> Option<Credentials> {
    let line = text.lines().next().filter(|line| !line.is_empty())?;
    Some(Credentials::Secret(ClientSecret::new(line.to_owned())))
}

fn read_file(name: &str, at: &'static str, path: &Path) -> Result<String, ConfigError> {
    std::fs::read_to_string(path).map_err(|source| ConfigError::File {
        name: name.to_owned(),
        at,
        path: path.into(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(keys: &str) -> Result<Credentials, String> {
        let config: OidcConfig = toml::from_str(&format!(
            "title = \"t\"\nissuer = \"https://id.example.gov.cn\"\nclient_id = \"c\"\n\
             redirect_base = \"https://portal.example.gov.cn\"\n{keys}"
        ))
        .unwrap();
        Credentials::read("province", &config).map_err(|error| error.to_string())
    }

    fn file(text: &str) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        file
    }

    #[test]
    fn there_is_exactly_one_way_to_prove_oneself() {
        let one = "client_secret_env = \"PATH\"\n";
        assert!(read(one).is_ok());
        for keys in [
            String::new(),
            format!("{one}client_secret_file = \"/dev/null\""),
            format!("{one}private_key_file = \"/dev/null\""),
        ] {
            let error = read(&keys).unwrap_err();
            assert!(error.contains("client_secret_file: expected exactly one of"), "{error}");
        }
        let error = read(&format!("{one}private_key_id = \"k\"")).unwrap_err();
        assert_eq!(error, "sign_in.oidc.province.private_key_id: it goes with `private_key_file`");
    }

    #[test]
    fn a_secret_is_a_first_line_and_is_not_shown() {
        let secret = file("s3cret\nand a comment\n");
        let read_secret = read(&format!("client_secret_file = \"{}\"", secret.path().display())).unwrap();
        assert!(matches!(&read_secret, Credentials::Secret(secret) if secret.secret() == "s3cret"));
        assert_eq!(format!("{read_secret:?}"), "Secret(..)");
        let error = read("client_secret_file = \"/dev/null\"").unwrap_err();
        assert_eq!(error, "sign_in.oidc.province.client_secret_file: the file's first line is empty");
        let error = read("client_secret_file = \"/nowhere\"").unwrap_err();
        assert_eq!(error, "sign_in.oidc.province.client_secret_file: /nowhere can't be read");
        let error = read("client_secret_env = \"NO_SUCH_VARIABLE\"").unwrap_err();
        assert!(error.starts_with("sign_in.oidc.province.client_secret_env: "), "{error}");
    }

    #[test]
    fn a_key_that_no_provider_would_know_is_refused() {
        let curve = "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve";
        for (command, good) in [
            (format!("{curve}:P-256"), true),
            (format!("{curve}:P-384"), false),
            (format!("{curve}:P-256 -aes256 -pass pass:x"), false),
            ("openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024".to_owned(), false),
            ("openssl genpkey -algorithm ed25519".to_owned(), false),
        ] {
            let mut words = command.split(' ');
            let out = zhongtai_test_tools::tool(words.next().unwrap()).args(words).output().unwrap();
            assert!(out.status.success(), "{command}");
            let key = file(std::str::from_utf8(&out.stdout).unwrap());
            let read = read(&format!("private_key_file = \"{}\"", key.path().display()));
            assert_eq!(read.is_ok(), good, "{command}");
        }
    }
}
