//! The discovery document (OpenID Connect Discovery, 3), checked once.

use std::sync::Arc;

use openidconnect::{AuthType, AuthUrl, EndSessionUrl, TokenUrl, UserInfoUrl};
use serde::Deserialize;
use zhongtai_outbound::Url;

use crate::{AnswerFault, http::is_usable};

/// What we read of it. More stands there, and is not our concern.
#[derive(Deserialize)]
struct Document {
    issuer: String,
    authorization_endpoint: Url,
    token_endpoint: Url,
    jwks_uri: Url,
    userinfo_endpoint: Option<Url>,
    end_session_endpoint: Option<Url>,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

/// How the client proves itself at the token endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ClientKind {
    Secret,
    Key,
}

/// What a provider says about itself.
#[derive(Debug)]
pub(crate) struct Metadata {
    pub(crate) authorization: AuthUrl,
    pub(crate) token: TokenUrl,
    pub(crate) userinfo: Option<UserInfoUrl>,
    pub(crate) end_session: Option<EndSessionUrl>,
    pub(crate) keys: Url,
    /// Where requests may go.
    pub(crate) endpoints: Arc<[Url]>,
    /// How a client secret is sent.
    pub(crate) secret_goes: AuthType,
    /// The provider sends `iss` with every answer (RFC 9207).
    pub(crate) sends_issuer: bool,
}

// === impl Metadata ===

impl Metadata {
    /// Reads a document that must be `issuer`'s own. Endpoints on this machine are for issuers on this machine.
    pub(crate) fn read(text: &[u8], issuer: &str, loopback: bool, client: ClientKind) -> Result<Self, AnswerFault> {
        let document: Document =
            serde_json::from_slice(text).map_err(|_| AnswerFault::Malformed("the discovery document"))?;
        if document.issuer != issuer {
            return Err(AnswerFault::OtherIssuer);
        }
        let secret_goes = secret_goes(document.token_endpoint_auth_methods_supported.as_deref(), client)?;
        let usable =
            |url: Url, what| if is_usable(&url, loopback) { Ok(url) } else { Err(AnswerFault::Endpoint(what)) };
        let optional = |url: Option<Url>, what| url.map(|url| usable(url, what)).transpose();
        let authorization = usable(document.authorization_endpoint, "authorization_endpoint")?;
        let token = usable(document.token_endpoint, "token_endpoint")?;
        let keys = usable(document.jwks_uri, "jwks_uri")?;
        let userinfo = optional(document.userinfo_endpoint, "userinfo_endpoint")?;
        let end_session = optional(document.end_session_endpoint, "end_session_endpoint")?;
        Ok(Self {
            endpoints: [Some(&token), Some(&keys), userinfo.as_ref()].into_iter().flatten().cloned().collect(),
            authorization: AuthUrl::from_url(authorization),
            token: TokenUrl::from_url(token),
            userinfo: userinfo.map(UserInfoUrl::from_url),
            end_session: end_session.map(EndSessionUrl::from_url),
            keys,
            secret_goes,
            sends_issuer: document.authorization_response_iss_parameter_supported,
        })
    }
}

/// `client_secret_basic` is what a provider takes that names nothing.
fn secret_goes(supported: Option<&[String]>, client: ClientKind) -> Result<AuthType, AnswerFault> {
    let takes = |method: &str| supported.is_none_or(|all| all.iter().any(|one| one == method));
    match client {
        ClientKind::Key if supported.is_some() && takes("private_key_jwt") => Ok(AuthType::RequestBody),
        ClientKind::Secret if takes("client_secret_basic") => Ok(AuthType::BasicAuth),
        ClientKind::Secret if takes("client_secret_post") => Ok(AuthType::RequestBody),
        _ => Err(AnswerFault::ClientAuthentication),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const ISSUER: &str = "https://id.example.gov.cn";

    fn document() -> Value {
        json!({
            "issuer": ISSUER,
            "authorization_endpoint": "https://id.example.gov.cn/auth",
            "token_endpoint": "https://id.example.gov.cn/token",
            "jwks_uri": "https://keys.example.gov.cn/jwks",
            "something_new": { "x": 1 },
        })
    }

    fn read(change: impl FnOnce(&mut Value), client: ClientKind) -> Result<Metadata, AnswerFault> {
        let mut document = document();
        change(&mut document);
        Metadata::read(document.to_string().as_bytes(), ISSUER, false, client)
    }

    #[test]
    fn requests_go_to_what_the_document_names_and_the_browser_to_the_rest() {
        let metadata = read(|d| d["end_session_endpoint"] = json!("https://id.example.gov.cn/end"), ClientKind::Secret);
        let metadata = metadata.unwrap();
        let endpoints: Vec<_> = metadata.endpoints.iter().map(Url::as_str).collect();
        assert_eq!(endpoints, ["https://id.example.gov.cn/token", "https://keys.example.gov.cn/jwks"]);
        assert!(metadata.end_session.is_some());
        assert!(!metadata.sends_issuer);
    }

    #[test]
    fn another_issuers_document_is_refused_to_the_last_character() {
        for issuer in ["https://id.example.gov.cn/", "https://ID.example.gov.cn", "https://evil.example.cn"] {
            assert_eq!(read(|d| d["issuer"] = json!(issuer), ClientKind::Secret).err(), Some(AnswerFault::OtherIssuer));
        }
    }

    #[test]
    fn every_endpoint_must_be_https() {
        for what in
            ["authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint", "end_session_endpoint"]
        {
            for url in ["http://id.example.gov.cn/x", "http://127.0.0.1/x", "javascript:alert(1)"] {
                let fault = read(|d| d[what] = json!(url), ClientKind::Secret).err();
                assert!(
                    matches!(fault, Some(AnswerFault::Endpoint(named)) if named == what),
                    "{what} {url}: {fault:?}"
                );
            }
        }
    }

    #[test]
    fn a_secret_goes_the_way_that_the_provider_takes() {
        let goes = |methods: Value, client| {
            read(|d| d["token_endpoint_auth_methods_supported"] = methods, client).map(|m| m.secret_goes)
        };
        assert!(matches!(goes(Value::Null, ClientKind::Secret), Ok(AuthType::BasicAuth)));
        assert!(matches!(goes(json!(["client_secret_post"]), ClientKind::Secret), Ok(AuthType::RequestBody)));
        assert!(goes(json!(["private_key_jwt"]), ClientKind::Key).is_ok());
        for (methods, client) in [
            (json!(["private_key_jwt"]), ClientKind::Secret),
            (json!(["client_secret_basic"]), ClientKind::Key),
            (Value::Null, ClientKind::Key),
        ] {
            assert_eq!(goes(methods, client).err(), Some(AnswerFault::ClientAuthentication));
        }
    }
}
