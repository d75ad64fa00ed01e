use std::{fmt, sync::Arc};

use openidconnect::{
    AuthenticationContextClass, AuthenticationFlow, AuthorizationRequest, ClientId, CsrfToken, EndpointNotSet,
    EndpointSet, IssuerUrl, Nonce, PkceCodeChallenge, RedirectUrl, Scope,
    core::{CoreAuthDisplay, CoreAuthPrompt, CoreClient, CoreResponseType},
};
use zhongtai_kernel::{Assurance, Clock};
use zhongtai_outbound::{Outbound, Url};

use crate::{
    Begin, ConfigError, IdTokenHint, LogoutEvent, OidcConfig, OidcError, Pending, Prompt, TokenFault, Wanted,
    credentials::Credentials,
    discovery::{Discovery, Known},
    document::ClientKind,
    http::Http,
    id_token::Asker,
    jws::Jws,
    logout::LogoutClaims,
    seen::Seen,
};

/// Where browsers come back to, as a route of axum. `{provider}` is [`Provider::name`].
pub const CALLBACK_ROUTE: &str = "/sign-in/oidc/{provider}/callback";

/// Where the provider sends logout tokens to: `POST`, a form with `logout_token`.
pub const LOGOUT_ROUTE: &str = "/sign-in/oidc/{provider}/logout";

/// Where browsers come to after they signed out at the provider.
pub const SIGNED_OUT_ROUTE: &str = "/sign-in/oidc/{provider}/signed-out";

/// How many used states and logout tokens are remembered: some hundred KiB each.
const REMEMBERED: usize = 10_000;

/// An OpenID Connect provider that subjects sign in at. One for each `[sign_in.oidc.<name>]`; kept as long as the host
/// runs, since it remembers keys and what was used.
pub struct Provider {
    pub(crate) name: String,
    pub(crate) config: OidcConfig,
    pub(crate) client: ClientId,
    pub(crate) issuer: IssuerUrl,
    pub(crate) redirect: RedirectUrl,
    signed_out: Url,
    pub(crate) credentials: Credentials,
    pub(crate) discovery: Discovery,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) states: Seen,
    logouts: Seen,
}

/// openidconnect's client, as far as every provider has it.
pub(crate) type Client =
    CoreClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointSet, EndpointNotSet>;

type Request<'a> = AuthorizationRequest<'a, CoreAuthDisplay, CoreAuthPrompt, CoreResponseType>;

// === impl Provider ===

impl Provider {
    /// Checks the configuration and reads its secret or key. Asks nobody: the host starts though a provider is down.
    pub fn new(
        name: &str,
        config: &OidcConfig,
        outbound: &Outbound,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, ConfigError> {
        let checked = config.check(name)?;
        let credentials = Credentials::read(name, config)?;
        let kind = match credentials {
            Credentials::Secret(_) => ClientKind::Secret,
            Credentials::Key(_) => ClientKind::Key,
        };
        let invalid = |at| ConfigError::Value { name: name.to_owned(), at, problem: "expected a URL" };
        let own = |route: &str| checked.redirect_base.join(&route.replace("{provider}", name));
        Ok(Self {
            redirect: RedirectUrl::from_url(own(CALLBACK_ROUTE).map_err(|_| invalid("redirect_base"))?),
            signed_out: own(SIGNED_OUT_ROUTE).map_err(|_| invalid("redirect_base"))?,
            issuer: IssuerUrl::new(config.issuer.clone()).map_err(|_| invalid("issuer"))?,
            client: ClientId::new(config.client_id.clone()),
            discovery: Discovery::new(
                Http::new(name, config.ca_file.clone(), outbound)?,
                &config.issuer,
                &checked.issuer,
                kind,
                clock.clone(),
            ),
            name: name.to_owned(),
            config: config.clone(),
            credentials,
            clock,
            states: Seen::new(REMEMBERED),
            logouts: Seen::new(REMEMBERED),
        })
    }

    /// The name in the configuration and in paths.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What the sign-in page calls it.
    pub fn title(&self) -> &str {
        &self.config.title
    }

    /// Its issuer identifier.
    pub fn issuer(&self) -> &str {
        self.issuer.as_str()
    }

    /// What has to be registered there as redirect URI: [`CALLBACK_ROUTE`].
    pub fn redirect_uri(&self) -> &str {
        self.redirect.as_str()
    }

    /// What has to be registered there as post-logout redirect URI: [`SIGNED_OUT_ROUTE`].
    pub fn signed_out_uri(&self) -> &str {
        self.signed_out.as_str()
    }

    /// Asks the provider now, unless it is known already. Nobody has to: every other call does it when it needs to, and
    /// again later when it failed.
    pub async fn discover(&self) -> Result<(), OidcError> {
        self.discovery.known().await.map(drop)
    }

    /// Begins a sign-in: code flow with PKCE (S256), `state` and `nonce`.
    pub async fn begin(&self, wanted: &Wanted) -> Result<Begin, OidcError> {
        let acr_values = self.acr_values(wanted.assurance)?;
        let known = self.discovery.known().await?;
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let client = self.client_of(&known);
        let flow = AuthenticationFlow::<CoreResponseType>::AuthorizationCode;
        let mut request = client
            .authorize_url(flow, || CsrfToken::new_random_len(32), || Nonce::new_random_len(32))
            .set_pkce_challenge(challenge);
        for scope in self.config.scopes.iter().filter(|scope| *scope != "openid") {
            request = request.add_scope(Scope::new(scope.clone()));
        }
        for acr in acr_values {
            request = request.add_auth_context_value(AuthenticationContextClass::new(acr));
        }
        let (url, state, nonce) = step_up(request, wanted).url();
        let pending = Pending {
            issuer: self.issuer().to_owned(),
            state: state.into_secret(),
            nonce: nonce.secret().clone(),
            pkce_verifier: verifier.into_secret(),
            begun_at: self.clock.now(),
            assurance: wanted.assurance,
            max_age: wanted.max_age,
        };
        Ok(Begin { url: url.into(), pending })
    }

    /// The `acr` values that stand for at least `wanted`, the weakest first: the provider should ask for no more than
    /// needed. Nothing is asked for [`Assurance::Low`].
    fn acr_values(&self, wanted: Option<Assurance>) -> Result<Vec<String>, OidcError> {
        let Some(wanted) = wanted.filter(|wanted| *wanted > Assurance::Low) else { return Ok(Vec::new()) };
        let mut sure: Vec<_> = self.config.acr.iter().filter(|(_, assurance)| **assurance >= wanted).collect();
        sure.sort_by_key(|(_, assurance)| **assurance);
        if sure.is_empty() {
            return Err(OidcError::NeverThatSure);
        }
        Ok(sure.into_iter().map(|(acr, _)| acr.clone()).collect())
    }

    /// Where a browser goes to sign out at the provider too (OpenID Connect RP-Initiated Logout 1.0). It comes back to
    /// [`Provider::signed_out_uri`] with `state`. `None` when the provider can't, or the configuration says no.
    pub async fn end_session_url(
        &self,
        hint: Option<&IdTokenHint>,
        state: Option<&str>,
    ) -> Result<Option<String>, OidcError> {
        if !self.config.end_session {
            return Ok(None);
        }
        let known = self.discovery.known().await?;
        Ok(known.metadata.end_session.as_ref().map(|url| {
            let mut url = url.url().clone();
            let mut query = url.query_pairs_mut();
            query.append_pair("client_id", self.client.as_str());
            query.append_pair("post_logout_redirect_uri", self.signed_out.as_str());
            hint.map(|hint| query.append_pair("id_token_hint", hint.expose()));
            state.map(|state| query.append_pair("state", state));
            drop(query);
            url.into()
        }))
    }

    /// What a logout token says that the provider sent to [`LOGOUT_ROUTE`] (OpenID Connect Back-Channel Logout 1.0).
    ///
    /// Answer 200 with `cache-control: no-store` when the sessions are ended, and 400 for every error but a
    /// [temporary](OidcError::is_temporary) one.
    pub async fn logout_token(&self, token: &str) -> Result<LogoutEvent, OidcError> {
        let token = Jws::parse(token)?;
        if !matches!(token.kind().as_deref(), None | Some("jwt" | "logout+jwt")) {
            return Err(TokenFault::Type.into());
        }
        let known = self.discovery.known().await?;
        let claims: LogoutClaims = match token.verify(&known.keys) {
            Ok(claims) => claims,
            Err(fault) => token.verify(&self.other_keys(&known, fault).await?.keys)?,
        };
        let now = self.clock.now();
        let event = claims.check(&self.asker())?;
        if !self.logouts.is_first(&event.jti, event.until, now) {
            return Err(TokenFault::Replayed.into());
        }
        Ok(event)
    }

    /// The keys to try next, when the known ones don't verify a token: newer ones, if it names an unknown key.
    pub(crate) async fn other_keys(&self, known: &Arc<Known>, fault: TokenFault) -> Result<Arc<Known>, OidcError> {
        match fault {
            TokenFault::NoKey => self.discovery.newer_keys(known.clone()).await,
            fault => Err(fault.into()),
        }
    }

    pub(crate) fn asker(&self) -> Asker<'_> {
        Asker { client: &self.client, issuer: &self.issuer, now: self.clock.now() }
    }

    pub(crate) fn client_of(&self, known: &Known) -> Client {
        let client = CoreClient::new(self.client.clone(), self.issuer.clone(), known.keys.clone())
            .set_redirect_uri(self.redirect.clone())
            .set_auth_type(known.metadata.secret_goes.clone())
            .set_auth_uri(known.metadata.authorization.clone())
            .set_token_uri(known.metadata.token.clone());
        match &self.credentials {
            Credentials::Secret(secret) => client.set_client_secret(secret.clone()),
            Credentials::Key(_) => client,
        }
    }
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, issuer, credentials, .. } = self;
        f.debug_struct("Provider")
            .field("name", name)
            .field("issuer", issuer)
            .field("credentials", credentials)
            .finish_non_exhaustive()
    }
}

fn step_up<'a>(mut request: Request<'a>, wanted: &Wanted) -> Request<'a> {
    request = match wanted.prompt {
        Some(Prompt::None) => request.add_prompt(CoreAuthPrompt::None),
        Some(Prompt::Login) => request.add_prompt(CoreAuthPrompt::Login),
        Some(Prompt::SelectAccount) => request.add_prompt(CoreAuthPrompt::SelectAccount),
        None => request,
    };
    match wanted.max_age {
        Some(age) => request.set_max_age(age),
        None => request,
    }
}
