//! How people sign in here: what `[sign_in]` says, and the steps that the API, the pages and the command line share.

use std::{collections::BTreeMap, net::SocketAddr, sync::Arc, time::Duration};

use anyhow::{Context, bail};
use serde::Deserialize;
use zhongtai_cap_subject::{
    Account, Accounts, Factor, Links, Listener, Pending, Proof, RecoveryCode, SecondFactors, SessionLimits, Sessions,
    SubjectError,
};
use zhongtai_conn_subject_oidc::{OidcConfig, Provider};
use zhongtai_kernel::{
    AccountId, AuditUnavailable, Clock, ErrorKind, Event, Record, Recorder as _, RequestId, SubjectKind,
};
use zhongtai_outbound::Outbound;

use crate::{admin::administrators_roles, app::App, pages::Providers, problem::Problem};

/// `[sign_in]` of `zt.toml`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct SignInSection {
    /// After how many minutes without use a browser's session ends; 5 to 720.
    pub(crate) idle_minutes: u32,
    /// After how many hours it ends however much it is used; at most 24.
    pub(crate) absolute_hours: u32,
    /// False leaves `Secure` and the prefix `__Host-` away, for clients that keep no secure cookies over plain HTTP.
    /// Only where both listeners are on a loopback address.
    pub(crate) cookie_secure: bool,
    /// Whether administrators who sign in by a password need a second factor.
    pub(crate) second_factor: Requirement,
    /// The name that authenticator apps show.
    pub(crate) issuer: String,
    /// `https://...` as browsers see the public listener, where a proxy changes `Host`; and for identity providers.
    pub(crate) public_origin: Option<String>,
    /// The same of the admin listener.
    pub(crate) admin_origin: Option<String>,
    /// Identity providers, by the name in their addresses here.
    pub(crate) oidc: BTreeMap<String, OidcConfig>,
}

/// Whether there must be a second factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Requirement {
    /// Without one, an administrator can do nothing but enrol one.
    Required,
    /// It counts where there is one.
    Optional,
}

/// Who is signed in, and how somebody gets there.
pub(crate) struct Identity {
    pub(crate) sessions: Sessions,
    pub(crate) factors: SecondFactors,
    pub(crate) pending: Pending,
    pub(crate) links: Links,
    pub(crate) providers: Providers,
    pub(crate) section: SignInSection,
}

/// A sign-in that did not work.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SignInError {
    /// Somebody is not who they say, or has to wait.
    #[error(transparent)]
    Subject(#[from] SubjectError),
    /// What can't be recorded does not happen.
    #[error(transparent)]
    Audit(#[from] AuditUnavailable),
}

// === impl SignInSection ===

impl Default for SignInSection {
    fn default() -> Self {
        Self {
            idle_minutes: 30,
            absolute_hours: 8,
            cookie_secure: true,
            second_factor: Requirement::Required,
            issuer: "中台 Zhongtai".to_owned(),
            public_origin: None,
            admin_origin: None,
            oidc: BTreeMap::new(),
        }
    }
}

impl SignInSection {
    /// Refuses what would be unsafe.
    pub(crate) fn check(&self, listeners: [SocketAddr; 2]) -> anyhow::Result<()> {
        if !self.cookie_secure && listeners.iter().any(|address| !address.ip().is_loopback()) {
            bail!("[sign_in] cookie_secure = false is for a host that listens on a loopback address only");
        }
        for origin in [&self.public_origin, &self.admin_origin].into_iter().flatten() {
            if !is_origin(origin) {
                bail!("[sign_in] `{origin}` is not an origin: expected such as https://zt.example.cn, without a path");
            }
        }
        if self.issuer.trim().is_empty() || self.issuer.contains(':') || self.issuer.chars().count() > 64 {
            bail!("[sign_in] issuer: expected 1 to 64 characters without a colon");
        }
        Ok(())
    }

    /// How browsers see a listener, when that was configured.
    pub(crate) fn origin(&self, listener: Listener) -> Option<&str> {
        match listener {
            Listener::Public => self.public_origin.as_deref(),
            Listener::Admin => self.admin_origin.as_deref(),
        }
    }
}

/// Scheme and authority only.
fn is_origin(text: &str) -> bool {
    let authority = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let is_authority = |authority: &str| {
        let uri = authority.parse::<http::uri::Authority>();
        uri.is_ok_and(|uri| !uri.host().is_empty() && !authority.contains('@'))
    };
    authority.is_some_and(is_authority)
}

// === impl Identity ===

impl Identity {
    pub(crate) fn new(
        accounts: &Accounts,
        section: SignInSection,
        outbound: &Outbound,
        clock: &Arc<dyn Clock>,
    ) -> anyhow::Result<Self> {
        let minutes = Duration::from_secs(60 * u64::from(section.idle_minutes));
        let hours = Duration::from_secs(3_600 * u64::from(section.absolute_hours));
        let mut providers = Providers::new();
        for (name, config) in &section.oidc {
            let provider = Provider::new(name, config, outbound, clock.clone());
            let provider = provider.with_context(|| format!("[sign_in.oidc.{name}]"))?;
            providers.insert(name.clone(), Arc::new(provider));
        }
        Ok(Self {
            sessions: Sessions::new(accounts.clone(), SessionLimits::new(minutes, hours)),
            factors: SecondFactors::new(accounts.clone(), &section.issuer),
            pending: Pending::new(accounts.clone()),
            links: Links::new(accounts.clone()),
            providers,
            section,
        })
    }

    /// True when `proof` is not enough for an administrator. A token that was issued is no sign-in: an administrator
    /// who had shown both factors issued it, or the host itself at its first start, into a file that only its owner
    /// reads. Without that one nobody could begin.
    pub(crate) fn is_too_little(&self, proof: Proof) -> bool {
        self.section.second_factor == Requirement::Required && proof == Proof::Password
    }
}

/// Checks a login name and a password, and records the try.
pub(crate) async fn check_password(
    app: &App,
    login: &str,
    password: &str,
    id: RequestId,
) -> Result<Account, SignInError> {
    let outcome = app.accounts.sign_in(login, password).await;
    let actor = outcome.as_ref().map_or_else(|_| "anonymous".to_owned(), |account| account.subject.account.to_string());
    record(app, (id, 0), actor, "session:sign-in", outcome.is_ok())?;
    Ok(outcome?)
}

/// Checks a code of the account's second factor, and records the try as `action`.
pub(crate) async fn check_code(
    app: &App,
    account: AccountId,
    code: &str,
    (id, action): (RequestId, &'static str),
) -> Result<Factor, SignInError> {
    let outcome = app.identity.factors.verify(account, code).await;
    record(app, (id, 1), account.to_string(), action, outcome.is_ok())?;
    Ok(outcome?)
}

/// Checks a password, and a code where the account has a second factor: all that a program sends in one request.
pub(crate) async fn check_both(
    app: &App,
    (login, password): (&str, &str),
    code: Option<&str>,
    id: RequestId,
) -> Result<(Account, Proof), SignInError> {
    let account = check_password(app, login, password, id).await?;
    let who = account.subject.account;
    match (code, app.identity.factors.is_enrolled(who).await?) {
        (None, false) => Ok((account, Proof::Password)),
        (None, true) => Err(SubjectError::CodeNeeded.into()),
        (Some(_), false) => Err(SubjectError::NoFactor.into()),
        (Some(code), true) => {
            check_code(app, who, code, (id, "session:second-factor")).await?;
            Ok((account, Proof::SecondFactor))
        }
    }
}

/// Confirms a second factor, and records the try.
pub(crate) async fn confirm_recorded(
    app: &App,
    account: AccountId,
    code: &str,
    id: RequestId,
) -> Result<Result<Vec<RecoveryCode>, SubjectError>, AuditUnavailable> {
    let outcome = app.identity.factors.confirm(account, code).await;
    let result = if outcome.is_ok() { "ok" } else { "refused" };
    app.record(id, account.to_string(), "second-factor:confirm", account.to_string(), result)?;
    Ok(outcome)
}

/// True for those whom a second factor is expected of.
pub(crate) fn is_official(account: &Account) -> bool {
    account.subject.kind == SubjectKind::Officer || is_administrator(account)
}

/// True for those who may come in at the admin listener.
pub(crate) fn is_administrator(account: &Account) -> bool {
    administrators_roles(&account.subject.roles).len() == 1
}

/// Records an act of signing in or out. The place among the request's records keeps references apart.
fn record(
    app: &App,
    (request, sequence): (RequestId, u32),
    actor: String,
    action: &'static str,
    is_ok: bool,
) -> Result<(), AuditUnavailable> {
    let outcome = if is_ok { "ok" } else { "refused" }.to_owned();
    let event = Event::Act { actor, action, target: "platform".to_owned(), outcome };
    app.audit.record(Record { at: app.clock.now(), request, sequence, event })
}

/// What an administrator is told who has shown a password only.
pub(crate) fn second_factor_required() -> Problem {
    let detail = "administrators need a second factor: `zt user totp enrol`, or /account on the admin listener, then \
                  sign in with a code";
    Problem::new(ErrorKind::Denied, SECOND_FACTOR_REQUIRED, detail)
}

/// The code of that problem.
pub(crate) const SECOND_FACTOR_REQUIRED: &str = "second-factor-required";

impl From<SignInError> for Problem {
    fn from(error: SignInError) -> Self {
        match error {
            SignInError::Subject(error) => error.into(),
            SignInError::Audit(error) => error.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOOPBACK: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 80);
    const ANY: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED), 80);

    #[test]
    fn cookies_that_are_not_secure_are_for_loopback_addresses_only() {
        let open = SignInSection { cookie_secure: false, ..SignInSection::default() };
        assert!(open.check([LOOPBACK, LOOPBACK]).is_ok());
        assert!(open.check([ANY, LOOPBACK]).is_err() && open.check([LOOPBACK, ANY]).is_err());
        assert!(SignInSection::default().check([ANY, ANY]).is_ok());
    }

    #[test]
    fn an_origin_has_no_path_and_no_credentials() {
        let with = |origin: &str| SignInSection { public_origin: Some(origin.into()), ..SignInSection::default() };
        for origin in ["https://zt.example.cn", "http://127.0.0.1:8080", "https://[::1]:8443"] {
            assert!(with(origin).check([LOOPBACK, LOOPBACK]).is_ok(), "{origin}");
        }
        for origin in ["zt.example.cn", "https://zt.example.cn/", "https://a@b", "ftp://x", "https://", ""] {
            assert!(with(origin).check([LOOPBACK, LOOPBACK]).is_err(), "{origin}");
        }
    }
}
