//! Against a provider that we did not write: npm `oidc-provider`, in tests/provider.mjs.

use std::{path::Path, sync::Arc, time::Duration};

use crate::support::{Browser, Listener, PATIENCE, PORTAL, RealProvider, callback, parameter, provider};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    rand::SystemRandom,
    rsa::PublicKeyComponents,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RsaKeyPair},
};
use rustls::pki_types::{PrivatePkcs8KeyDer, pem::PemObject};
use serde_json::{Value, json};
use zhongtai_conn_subject_oidc::{
    Begin, CallbackFault, ExternalIdentity, OidcError, Pending, Prompt, Provider, Refusal, TokenFault, Wanted,
};
use zhongtai_kernel::{Assurance, ErrorKind, SubjectKind, SystemClock};

const SECRET: &str = "a secret of the test: with + and & and %";

const CLAIMS: &str = r#"
    scopes = ["profile", "phone", "email"]
    kinds = { "1" = "natural-person", "2" = "legal-person" }
    [claims]
    kind = "user_type"
    resident_id = "id_card"
    credit_code = "uscc"
    [acr]
    "urn:example:loa:2" = "substantial"
    "urn:example:loa:3" = "high"
"#;

/// Secrets come from files, as in production.
fn secret_file() -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), format!("{SECRET}\n")).unwrap();
    file
}

fn with_secret(path: &Path) -> String {
    format!("client_id = \"zt-secret\"\nclient_secret_file = \"{}\"\n{CLAIMS}", path.display())
}

/// What the provider knows of our client, with `more`.
fn client(id: &str, more: Value) -> Value {
    let mut client = json!({
        "client_id": id,
        "redirect_uris": [format!("{PORTAL}/sign-in/oidc/province/callback")],
        "post_logout_redirect_uris": [format!("{PORTAL}/sign-in/oidc/province/signed-out")],
        "backchannel_logout_session_required": true,
    });
    for (key, value) in more.as_object().unwrap() {
        client[key] = value.clone();
    }
    client
}

fn secret_client() -> Value {
    client("zt-secret", json!({ "client_secret": SECRET, "token_endpoint_auth_method": "client_secret_basic" }))
}

/// A provider of npm and ours, whose client has a secret.
fn both() -> (RealProvider, Provider) {
    let real = RealProvider::start(json!([secret_client()]));
    let secret = secret_file();
    let ours = provider(&real.issuer, &with_secret(secret.path()), Arc::new(SystemClock));
    (real, ours)
}

async fn sign_in(ours: &Provider, browser: &mut Browser, account: &str) -> Result<ExternalIdentity, OidcError> {
    sign_in_as(ours, browser, account, &Wanted::default(), None).await
}

async fn sign_in_as(
    ours: &Provider,
    browser: &mut Browser,
    account: &str,
    wanted: &Wanted,
    acr: Option<&str>,
) -> Result<ExternalIdentity, OidcError> {
    let begin = ours.begin(wanted).await?;
    let back = browser.sign_in(&begin.url, account, acr).await;
    assert!(back.starts_with(ours.redirect_uri()), "{back}");
    ours.complete(callback(&back), begin.pending).await
}

#[tokio::test]
async fn a_subject_signs_in_and_is_known_by_checked_claims() {
    let (real, ours) = both();
    let person = sign_in(&ours, &mut Browser::new(), "zhang-san").await.unwrap();
    assert_eq!((person.issuer.as_str(), person.subject.as_str()), (real.issuer.as_str(), "zhang-san"));
    assert_eq!(person.claims.kind, SubjectKind::NaturalPerson);
    let attributes: Vec<_> = person.claims.attributes().collect();
    assert_eq!(attributes, [("name", "张三"), ("phone", "+8613800138000"), ("resident-id", "11010519491231002X")]);
    assert_eq!((person.acr.as_deref(), person.assurance), (None, Assurance::Low));
    assert_eq!(person.id_token.expose().split('.').count(), 3);

    let enterprise = sign_in(&ours, &mut Browser::new(), "qingcheng-farm").await.unwrap();
    assert_eq!(enterprise.claims.kind, SubjectKind::LegalPerson);
    assert_eq!(enterprise.claims.credit_code.unwrap().as_str(), "91350100M000100Y43");
}

#[tokio::test]
async fn the_request_has_pkce_state_and_nonce_and_no_two_are_alike() {
    let (real, ours) = both();
    let first = ours.begin(&Wanted::default()).await.unwrap();
    let second = ours.begin(&Wanted::default()).await.unwrap();
    assert!(first.url.starts_with(&format!("{}/auth?", real.issuer)));
    for (name, value) in [
        ("response_type", "code"),
        ("client_id", "zt-secret"),
        ("redirect_uri", ours.redirect_uri()),
        ("scope", "openid profile phone email"),
        ("code_challenge_method", "S256"),
    ] {
        assert_eq!(parameter(&first.url, name).as_deref(), Some(value), "{name}");
    }
    for name in ["state", "nonce", "code_challenge"] {
        let (one, other) = (parameter(&first.url, name).unwrap(), parameter(&second.url, name).unwrap());
        assert!(one.len() >= 43 && one != other, "{name}: {one}");
    }
}

#[tokio::test]
async fn keys_sign_in_instead_of_a_secret() {
    let folder = tempfile::tempdir().unwrap();
    let keys = [("zt-ec", ec_key()), ("zt-rsa", rsa_key(&["genpkey", "-algorithm", "RSA"])), ("zt-pkcs1", pkcs1_key())];
    let clients: Vec<_> = keys
        .iter()
        .map(|(id, (_, jwk))| {
            client(id, json!({ "token_endpoint_auth_method": "private_key_jwt", "jwks": { "keys": [jwk] } }))
        })
        .collect();
    let real = RealProvider::start(clients.into());
    for (id, (pem, _)) in &keys {
        let path = folder.path().join(id);
        std::fs::write(&path, pem).unwrap();
        let more = format!(
            "client_id = \"{id}\"\nprivate_key_file = \"{}\"\nprivate_key_id = \"k1\"\n{CLAIMS}",
            path.display()
        );
        let ours = provider(&real.issuer, &more, Arc::new(SystemClock));
        let person = sign_in(&ours, &mut Browser::new(), "zhang-san").await.unwrap();
        assert_eq!(person.subject, "zhang-san", "{id}");
    }
    // Another's key is not ours.
    let more = format!("client_id = \"zt-ec\"\nprivate_key_file = \"{}\"", folder.path().join("zt-rsa").display());
    let ours = provider(&real.issuer, &more, Arc::new(SystemClock));
    let error = sign_in(&ours, &mut Browser::new(), "zhang-san").await.unwrap_err();
    assert!(matches!(error, OidcError::Misconfigured(_)), "{error:?}");
}

#[tokio::test]
async fn a_wrong_secret_is_a_fault_of_the_set_up_and_is_not_told() {
    let real = RealProvider::start(json!([secret_client()]));
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "a-wrong-secret").unwrap();
    let ours = provider(&real.issuer, &with_secret(file.path()), Arc::new(SystemClock));
    let error = sign_in(&ours, &mut Browser::new(), "zhang-san").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Internal);
    assert!(matches!(error, OidcError::Misconfigured(_)), "{error:?}");
    let shown = format!("{error:?} {} {ours:?}", zhongtai_kernel::chain(&error));
    assert!(!shown.contains("a-wrong-secret"), "{shown}");
}

#[tokio::test]
async fn a_sign_in_is_completed_once_on_this_host_and_on_any_other() {
    let (real, ours) = both();
    let secret = secret_file();
    let other_host = provider(&real.issuer, &with_secret(secret.path()), Arc::new(SystemClock));
    let Begin { url, pending } = ours.begin(&Wanted::default()).await.unwrap();
    let kept = serde_json::to_string(&pending).unwrap();
    let again = || serde_json::from_str::<Pending>(&kept).unwrap();
    let back = Browser::new().sign_in(&url, "zhang-san", None).await;
    ours.complete(callback(&back), pending).await.unwrap();

    let error = ours.complete(callback(&back), again()).await.unwrap_err();
    assert!(matches!(error, OidcError::Callback(CallbackFault::Replayed)), "{error:?}");
    let error = other_host.complete(callback(&back), again()).await.unwrap_err();
    assert!(matches!(error, OidcError::Refused(Refusal::Code)), "{error:?}");
}

#[tokio::test]
async fn a_code_is_worth_nothing_without_its_verifier() {
    let (_real, ours) = both();
    let stolen = ours.begin(&Wanted::default()).await.unwrap();
    let back = Browser::new().sign_in(&stolen.url, "zhang-san", None).await;
    let attacker = ours.begin(&Wanted::default()).await.unwrap();
    let mut callback = callback(&back);
    callback.state = Some(attacker.pending.state().to_owned());
    let error = ours.complete(callback, attacker.pending).await.unwrap_err();
    assert!(matches!(error, OidcError::Refused(Refusal::Code)), "{error:?}");
}

#[tokio::test]
async fn what_the_subject_or_the_provider_refuses_is_told_apart() {
    let (_real, ours) = both();
    let error = sign_in(&ours, &mut Browser::new(), "nobody").await.unwrap_err();
    assert!(matches!(error, OidcError::Refused(Refusal::AccessDenied)), "{error:?}");
    let silent = Wanted { prompt: Some(Prompt::None), ..Wanted::default() };
    let error = sign_in_as(&ours, &mut Browser::new(), "zhang-san", &silent, None).await.unwrap_err();
    assert!(matches!(error, OidcError::Refused(Refusal::InteractionRequired)), "{error:?}");
}

#[tokio::test]
async fn a_claim_with_a_wrong_check_digit_does_not_get_in() {
    let (_real, ours) = both();
    let error = sign_in(&ours, &mut Browser::new(), "typo").await.unwrap_err();
    assert_eq!(error.to_string(), "the sign-in service gave a resident-id that is not valid");
}

#[tokio::test]
async fn a_step_up_asks_for_more_and_takes_no_less() {
    let (_real, ours) = both();
    let mut browser = Browser::new();
    sign_in(&ours, &mut browser, "zhang-san").await.unwrap();

    let surer = Wanted { assurance: Some(Assurance::Substantial), ..Wanted::default() };
    let begin = ours.begin(&surer).await.unwrap();
    assert_eq!(parameter(&begin.url, "acr_values").as_deref(), Some("urn:example:loa:2 urn:example:loa:3"));
    // The provider answers from the session that it has, which is weaker.
    let back = browser.sign_in(&begin.url, "zhang-san", None).await;
    let error = ours.complete(callback(&back), begin.pending).await.unwrap_err();
    let expected = (Assurance::Substantial, Assurance::Low);
    assert!(matches!(error, OidcError::TooWeak { wanted, reached } if (wanted, reached) == expected), "{error:?}");

    let again = Wanted { prompt: Some(Prompt::Login), max_age: Some(Duration::from_secs(300)), ..surer };
    let person = sign_in_as(&ours, &mut browser, "zhang-san", &again, Some("urn:example:loa:3")).await.unwrap();
    assert_eq!((person.acr.as_deref(), person.assurance), (Some("urn:example:loa:3"), Assurance::High));
    assert!(person.auth_time.is_some());
}

#[tokio::test]
async fn tokens_may_be_signed_on_a_curve() {
    let mut client = secret_client();
    client["id_token_signed_response_alg"] = json!("ES256");
    let real = RealProvider::start(json!([client]));
    let secret = secret_file();
    let ours = provider(&real.issuer, &with_secret(secret.path()), Arc::new(SystemClock));
    let person = sign_in(&ours, &mut Browser::new(), "zhang-san").await.unwrap();
    let header = person.id_token.expose().split('.').next().unwrap();
    let header: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).unwrap()).unwrap();
    assert_eq!(header["alg"], "ES256");
}

#[tokio::test]
async fn new_keys_of_the_provider_are_taken_over_at_once() {
    let (real, ours) = both();
    sign_in(&ours, &mut Browser::new(), "zhang-san").await.unwrap();
    real.rotate_keys(false).await;
    let person = sign_in(&ours, &mut Browser::new(), "zhang-san").await.unwrap();
    assert_eq!(person.subject, "zhang-san");
}

#[tokio::test]
async fn signing_out_there_ends_the_session_here() {
    let (sender, mut sent) = tokio::sync::mpsc::unbounded_channel();
    let listener = Listener::start(move |request| {
        assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/logout"));
        sender.send(request.body).unwrap();
        b"HTTP/1.1 200 OK\r\ncache-control: no-store\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".to_vec()
    })
    .await;
    let mut client = secret_client();
    client["backchannel_logout_uri"] = json!(format!("{}/logout", listener.origin));
    let real = RealProvider::start(json!([client]));
    let secret = secret_file();
    let ours = provider(&real.issuer, &with_secret(secret.path()), Arc::new(SystemClock));
    let mut browser = Browser::new();
    let person = sign_in(&ours, &mut browser, "zhang-san").await.unwrap();

    let url = ours.end_session_url(Some(&person.id_token), Some("back-again")).await.unwrap().unwrap();
    let back = browser.sign_out(&url).await;
    assert_eq!(back, format!("{}?state=back-again", ours.signed_out_uri()));

    let body = tokio::time::timeout(PATIENCE, sent.recv()).await.unwrap().unwrap();
    let token = parameter(&format!("http://form/?{body}"), "logout_token").unwrap();
    let event = ours.logout_token(&token).await.unwrap();
    assert_eq!((event.issuer.as_str(), event.subject.as_deref()), (real.issuer.as_str(), Some("zhang-san")));
    assert!(event.sid.is_some());
    assert_eq!(event.sid, person.sid);

    let error = ours.logout_token(&token).await.unwrap_err();
    assert!(matches!(error, OidcError::Token(TokenFault::Replayed)), "{error:?}");
    // An ID token is not a logout token, though the same key signed it.
    let error = ours.logout_token(person.id_token.expose()).await.unwrap_err();
    assert!(matches!(error, OidcError::Token(TokenFault::Nonce)), "{error:?}");
}

#[tokio::test]
async fn a_provider_that_is_down_is_asked_again_later() {
    let real = RealProvider::start(json!([secret_client()]));
    let secret = secret_file();
    let (issuer, more) = (real.issuer.clone(), with_secret(secret.path()));
    drop(real);
    let ours = provider(&issuer, &more, Arc::new(SystemClock));
    let error = ours.begin(&Wanted::default()).await.unwrap_err();
    assert!(matches!(error, OidcError::Unavailable(_)) && error.is_temporary(), "{error:?}");
    let error = ours.begin(&Wanted::default()).await.unwrap_err();
    assert!(matches!(error, OidcError::Resting { .. }) && error.is_temporary(), "{error:?}");
}

fn ec_key() -> (String, Value) {
    let random = SystemRandom::new();
    let der = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
    let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der.as_ref(), &random).unwrap();
    let (x, y) = key.public_key().as_ref().get(1..).unwrap().split_at(32);
    let part = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let pem = base64::engine::general_purpose::STANDARD.encode(der.as_ref());
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{pem}\n-----END PRIVATE KEY-----\n");
    (pem, json!({ "kty": "EC", "crv": "P-256", "kid": "k1", "x": part(x), "y": part(y) }))
}

/// OpenSSL makes it: ring makes no RSA keys.
fn rsa_key(arguments: &[&str]) -> (String, Value) {
    let out = zhongtai_test_tools::tool("openssl").args(arguments).output().unwrap();
    let pem = String::from_utf8(out.stdout).unwrap();
    let der = PrivatePkcs8KeyDer::from_pem_slice(pem.as_bytes()).unwrap();
    let key = RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()).unwrap();
    (pem, rsa_jwk(&key))
}

fn pkcs1_key() -> (String, Value) {
    let out = zhongtai_test_tools::tool("openssl").args(["genrsa", "-traditional", "2048"]).output().unwrap();
    let pem = String::from_utf8(out.stdout).unwrap();
    let der = rustls::pki_types::PrivatePkcs1KeyDer::from_pem_slice(pem.as_bytes()).unwrap();
    let key = RsaKeyPair::from_der(der.secret_pkcs1_der()).unwrap();
    (pem, rsa_jwk(&key))
}

fn rsa_jwk(key: &RsaKeyPair) -> Value {
    let public: PublicKeyComponents<Vec<u8>> = key.public().into();
    let part = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    json!({ "kty": "RSA", "kid": "k1", "n": part(&public.n), "e": part(&public.e) })
}
