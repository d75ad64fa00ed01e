use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

use serde::Deserialize;
use zhongtai_kernel::{Assurance, ErrorKind, SubjectKind};
use zhongtai_outbound::{OutboundError, Url};

use crate::http::is_usable;

/// A `[sign_in.oidc.<name>]` table of `zt.toml`. It holds no secret, only where one is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OidcConfig {
    /// What the sign-in page calls the provider.
    pub title: String,
    /// The provider's issuer identifier, exactly as it writes it: `https`, or `http` on this machine.
    pub issuer: String,
    /// Our id at the provider.
    pub client_id: String,
    /// The file with the client secret on its first line.
    pub client_secret_file: Option<PathBuf>,
    /// The environment variable with the client secret.
    pub client_secret_env: Option<String>,
    /// The file with the private key (PEM) that signs client assertions: P-256 (ES256) or RSA (RS256), RFC 7523.
    pub private_key_file: Option<PathBuf>,
    /// The `kid` that the provider knows the key by.
    pub private_key_id: Option<String>,
    /// Where browsers reach this platform, such as `https://portal.example.gov.cn`; no path.
    pub redirect_base: String,
    /// What is asked for beside `openid`.
    #[serde(default = "default_scopes")]
    pub scopes: Vec<String>,
    /// Which claims of the provider are what.
    #[serde(default)]
    pub claims: ClaimNames,
    /// What the values of the claim `claims.kind` mean.
    #[serde(default)]
    pub kinds: BTreeMap<String, SubjectKind>,
    /// What subjects are when `claims.kind` is not set.
    #[serde(default = "default_kind")]
    pub kind: SubjectKind,
    /// How sure a sign-in with an `acr` is. One that is not here is `low`.
    #[serde(default)]
    pub acr: BTreeMap<String, Assurance>,
    /// Whether userinfo is asked for claims that the ID token does not have.
    #[serde(default = "yes")]
    pub userinfo: bool,
    /// Whether who signs out here is signed out at the provider, where the provider can.
    #[serde(default = "yes")]
    pub end_session: bool,
    /// PEM certificates of the authorities that the provider's certificates must come from, instead of the machine's.
    pub ca_file: Option<PathBuf>,
}

/// The names of claims at the provider. One that is not set is not read.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ClaimNames {
    /// 姓名 or 名称.
    pub name: Option<String>,
    /// A phone number.
    pub phone: Option<String>,
    /// An e-mail address.
    pub email: Option<String>,
    /// 公民身份号码 (GB 11643).
    pub resident_id: Option<String>,
    /// 统一社会信用代码 (GB 32100-2015).
    pub credit_code: Option<String>,
    /// What the subject is: a value of `kinds`.
    pub kind: Option<String>,
    /// An officer's department, by its id here.
    pub department: Option<String>,
}

// === impl ClaimNames ===

impl Default for ClaimNames {
    fn default() -> Self {
        let standard = |name: &str| Some(name.to_owned());
        Self {
            name: standard("name"),
            phone: standard("phone_number"),
            email: standard("email"),
            resident_id: None,
            credit_code: None,
            kind: None,
            department: None,
        }
    }
}

fn default_scopes() -> Vec<String> {
    vec!["profile".to_owned()]
}

fn default_kind() -> SubjectKind {
    SubjectKind::NaturalPerson
}

fn yes() -> bool {
    true
}

/// The configuration can't be used. Names the key, never a secret.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A value is not valid.
    #[error("sign_in.oidc.{name}.{at}: {problem}")]
    Value {
        /// The provider.
        name: String,
        /// The key.
        at: &'static str,
        /// What is wrong.
        problem: &'static str,
    },
    /// A provider's name is not valid.
    #[error("sign_in.oidc: a provider's name is 1 to 32 of a-z, 0-9 and `-`")]
    Name,
    /// A file can't be read.
    #[error("sign_in.oidc.{name}.{at}: {} can't be read", path.display())]
    File {
        /// The provider.
        name: String,
        /// The key.
        at: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The provider can't be called so.
    #[error(transparent)]
    Outbound(#[from] OutboundError),
}

// === impl ConfigError ===

impl ConfigError {
    /// What sort of failure it is.
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::Invalid
    }
}

/// What of the configuration is checked once.
#[derive(Debug)]
pub(crate) struct Checked {
    pub(crate) issuer: Url,
    pub(crate) redirect_base: Url,
}

// === impl OidcConfig ===

impl OidcConfig {
    pub(crate) fn check(&self, name: &str) -> Result<Checked, ConfigError> {
        let value = |at, problem| ConfigError::Value { name: name.to_owned(), at, problem };
        let is_name = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        if !(1..=32).contains(&name.len()) || !name.bytes().all(is_name) {
            return Err(ConfigError::Name);
        }
        if self.title.trim().is_empty() {
            return Err(value("title", "expected a text for the sign-in page"));
        }
        if self.client_id.is_empty() || !self.client_id.bytes().all(|b| (0x20..0x7f).contains(&b)) {
            return Err(value("client_id", "expected printable ASCII characters"));
        }
        let issuer = base(&self.issuer).ok_or_else(|| {
            value("issuer", "expected an https URL, or http on this machine; no query, no fragment, no credentials")
        })?;
        let redirect_base = base(&self.redirect_base)
            .filter(|url| url.path() == "/")
            .ok_or_else(|| value("redirect_base", "expected an https URL, or http on this machine, without a path"))?;
        self.check_scopes().map_err(|problem| value("scopes", problem))?;
        self.check_claims().map_err(|(at, problem)| value(at, problem))?;
        Ok(Checked { issuer, redirect_base })
    }

    /// RFC 6749, 3.3.
    fn check_scopes(&self) -> Result<(), &'static str> {
        let is_scope = |b: u8| matches!(b, 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
        let well_formed = |scope: &String| !scope.is_empty() && scope.bytes().all(is_scope);
        if !self.scopes.iter().all(well_formed) {
            return Err("a scope is printable ASCII without blanks, quotes and backslashes");
        }
        if self.scopes.iter().any(|scope| scope == "offline_access") {
            return Err("`offline_access` asks for a token that nobody here needs");
        }
        Ok(())
    }

    fn check_claims(&self) -> Result<(), (&'static str, &'static str)> {
        if self.claims.kind.is_some() == self.kinds.is_empty() {
            return Err(("kinds", "`claims.kind` and `kinds` go together"));
        }
        let names = self.claims.all();
        if names.iter().any(|name| name.is_empty()) {
            return Err(("claims", "a claim's name is not empty"));
        }
        if names.iter().collect::<BTreeSet<_>>().len() != names.len() {
            return Err(("claims", "one claim can't be two things"));
        }
        Ok(())
    }
}

impl ClaimNames {
    fn all(&self) -> Vec<&str> {
        let Self { name, phone, email, resident_id, credit_code, kind, department } = self;
        [name, phone, email, resident_id, credit_code, kind, department]
            .into_iter()
            .flatten()
            .map(String::as_str)
            .collect()
    }
}

fn base(text: &str) -> Option<Url> {
    let url: Url = text.parse().ok()?;
    (is_usable(&url, true) && url.query().is_none()).then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALLEST: &str = r#"
        title = "省统一身份认证"
        issuer = "https://id.example.gov.cn"
        client_id = "zhongtai"
        client_secret_env = "ZT_OIDC_SECRET"
        redirect_base = "https://portal.example.gov.cn"
    "#;

    fn check(more: &str) -> Result<(), String> {
        let config: OidcConfig = toml::from_str(&format!("{SMALLEST}{more}")).map_err(|error| error.to_string())?;
        config.check("province").map(drop).map_err(|error| error.to_string())
    }

    fn check_with(from: &str, to: &str) -> Result<(), String> {
        let text = SMALLEST.replace(from, to);
        assert_ne!(text, SMALLEST);
        toml::from_str::<OidcConfig>(&text).unwrap().check("province").map(drop).map_err(|error| error.to_string())
    }

    #[test]
    fn the_smallest_configuration_reads_the_standard_claims_and_nothing_sensitive() {
        let config: OidcConfig = toml::from_str(SMALLEST).unwrap();
        assert!(config.check("province").is_ok());
        assert_eq!(config.claims.all(), ["name", "phone_number", "email"]);
        assert_eq!((config.kind, config.userinfo, config.end_session), (SubjectKind::NaturalPerson, true, true));
    }

    #[test]
    fn an_unknown_key_is_refused_by_name() {
        assert!(check("client_secret = \"x\"").unwrap_err().contains("unknown field `client_secret`"));
        assert!(check("[claims]\nidcard = \"x\"").unwrap_err().contains("unknown field `idcard`"));
        assert!(check("[acr]\nx = \"sure\"").unwrap_err().contains("unknown variant `sure`"));
    }

    #[test]
    fn values_are_refused_by_their_key() {
        for issuer in
            ["http://id.example.gov.cn", "https://id.example.gov.cn/?x=1", "https://u@id.example.gov.cn", "id"]
        {
            let error = check_with("https://id.example.gov.cn", issuer).unwrap_err();
            assert!(error.starts_with("sign_in.oidc.province.issuer: expected an https URL"), "{error}");
        }
        let error = check_with("portal.example.gov.cn", "portal.example.gov.cn/app").unwrap_err();
        assert!(error.starts_with("sign_in.oidc.province.redirect_base: "), "{error}");
        let error = check("scopes = [\"a b\"]").unwrap_err();
        assert!(error.starts_with("sign_in.oidc.province.scopes: "), "{error}");
        let error = check("scopes = [\"offline_access\"]").unwrap_err();
        assert!(error.starts_with("sign_in.oidc.province.scopes: "), "{error}");
        let error = check("[claims]\nkind = \"user_type\"").unwrap_err();
        assert_eq!(error, "sign_in.oidc.province.kinds: `claims.kind` and `kinds` go together");
        let error = check("[claims]\nname = \"n\"\nphone = \"n\"").unwrap_err();
        assert_eq!(error, "sign_in.oidc.province.claims: one claim can't be two things");
    }

    #[test]
    fn a_name_fits_into_a_path() {
        let config: OidcConfig = toml::from_str(SMALLEST).unwrap();
        for name in ["", "a/b", "Province", "省"] {
            assert!(matches!(config.check(name), Err(ConfigError::Name)), "{name}");
        }
    }
}
