//! What is known of the provider: its discovery document and its keys, read when they are needed, kept for a while, and
//! read anew when a token is signed with a key that we don't know.

use std::{sync::Arc, time::Duration};

use arc_swap::ArcSwapOption;
use http::{Method, StatusCode, header::ACCEPT};
use openidconnect::{HttpRequest, core::CoreJsonWebKeySet};
use tokio::sync::Mutex;
use zhongtai_kernel::{Clock, Timestamp, chain};
use zhongtai_outbound::Url;

use crate::{
    AnswerFault, HttpFault, OidcError,
    document::{ClientKind, Metadata},
    http::{Http, is_loopback},
};

/// How long a discovery document is believed.
const DOCUMENT_LIFETIME: Duration = Duration::from_secs(60 * 60);

/// How long keys are believed: one that the provider takes back is accepted for at most so long.
const KEYS_LIFETIME: Duration = Duration::from_secs(10 * 60);

/// How often an unknown key makes us ask, so that forged tokens can't make us ask all the time.
const UNKNOWN_KEY_PAUSE: Duration = Duration::from_secs(30);

/// How long a provider that does not answer is left alone: doubled with every failure.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// The provider as it was read.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) metadata: Arc<Metadata>,
    pub(crate) keys: CoreJsonWebKeySet,
    document_read: Timestamp,
    keys_read: Timestamp,
}

/// Reads and keeps it.
pub(crate) struct Discovery {
    pub(crate) http: Http,
    issuer: String,
    document: Url,
    client: ClientKind,
    clock: Arc<dyn Clock>,
    known: ArcSwapOption<Known>,
    /// Held while the provider is asked: it is asked once, however many wait.
    asking: Mutex<Asking>,
}

#[derive(Default)]
struct Asking {
    /// When it may be asked again, and how long the pause is.
    resting: Option<(Timestamp, Duration)>,
    /// When an unknown key made us ask.
    unknown_key: Option<Timestamp>,
}

// === impl Discovery ===

impl Discovery {
    pub(crate) fn new(http: Http, issuer: &str, url: &Url, client: ClientKind, clock: Arc<dyn Clock>) -> Self {
        let mut document = url.clone();
        document.set_path(&format!("{}/.well-known/openid-configuration", url.path().trim_end_matches('/')));
        Self {
            http,
            issuer: issuer.to_owned(),
            document,
            client,
            clock,
            known: ArcSwapOption::empty(),
            asking: Mutex::default(),
        }
    }

    /// The provider, from memory while that is fresh.
    pub(crate) async fn known(&self) -> Result<Arc<Known>, OidcError> {
        if let Some(known) = self.fresh() {
            return Ok(known);
        }
        let mut asking = self.asking.lock().await;
        if let Some(known) = self.fresh() {
            return Ok(known);
        }
        self.ask(&mut asking, |now, known| is_fresh(now, known.document_read, DOCUMENT_LIFETIME)).await
    }

    /// The provider with keys that are newer than `than`, or `than` itself when it was asked a moment ago.
    pub(crate) async fn newer_keys(&self, than: Arc<Known>) -> Result<Arc<Known>, OidcError> {
        let mut asking = self.asking.lock().await;
        if let Some(known) = self.fresh().filter(|known| !Arc::ptr_eq(known, &than)) {
            return Ok(known);
        }
        let now = self.clock.now();
        if asking.unknown_key.is_some_and(|last| is_fresh(now, last, UNKNOWN_KEY_PAUSE)) {
            return Ok(than);
        }
        asking.unknown_key = Some(now);
        tracing::info!(issuer = self.issuer, "a token names an unknown key: reading the provider's keys");
        self.ask(&mut asking, |_, _| true).await
    }

    fn fresh(&self) -> Option<Arc<Known>> {
        let now = self.clock.now();
        self.known.load_full().filter(|known| {
            is_fresh(now, known.document_read, DOCUMENT_LIFETIME) && is_fresh(now, known.keys_read, KEYS_LIFETIME)
        })
    }

    /// Reads the keys, and the document unless `keep` says that the known one will do.
    async fn ask(
        &self,
        asking: &mut Asking,
        keep: impl FnOnce(Timestamp, &Known) -> bool,
    ) -> Result<Arc<Known>, OidcError> {
        let now = self.clock.now();
        if let Some((until, _)) = asking.resting.filter(|(until, _)| now < *until) {
            let rest = Duration::try_from(until.duration_since(now)).unwrap_or_default();
            return Err(OidcError::Resting { retry_after: Duration::from_secs(rest.as_secs().max(1)) });
        }
        let kept = self.known.load_full().filter(|known| keep(now, known));
        match self.read(now, kept.as_deref()).await {
            Ok(known) => {
                asking.resting = None;
                let known = Arc::new(known);
                self.known.store(Some(known.clone()));
                Ok(known)
            }
            Err(error) => {
                let pause = asking.resting.map_or(FIRST_PAUSE, |(_, pause)| (pause * 2).min(LONGEST_PAUSE));
                asking.resting = now.checked_add(pause).ok().map(|until| (until, pause));
                tracing::warn!(issuer = self.issuer, error = chain(&error), "the sign-in service can't be read");
                Err(error)
            }
        }
    }

    async fn read(&self, now: Timestamp, kept: Option<&Known>) -> Result<Known, OidcError> {
        let (metadata, document_read) = match kept {
            Some(known) => (known.metadata.clone(), known.document_read),
            None => (Arc::new(self.read_document().await?), now),
        };
        let text = self.get(&metadata.keys, "the key set").await?;
        let keys = serde_json::from_slice(&text).map_err(|_| AnswerFault::Malformed("the key set"))?;
        Ok(Known { metadata, keys, document_read, keys_read: now })
    }

    async fn read_document(&self) -> Result<Metadata, OidcError> {
        let text = self.get(&self.document, "the discovery document").await?;
        Ok(Metadata::read(&text, &self.issuer, is_loopback(&self.document), self.client)?)
    }

    async fn get(&self, url: &Url, what: &'static str) -> Result<Vec<u8>, OidcError> {
        let mut request = HttpRequest::new(Vec::new());
        *request.method_mut() = Method::GET;
        *request.uri_mut() = url.as_str().parse().map_err(|_| HttpFault::NotAllowed)?;
        request.headers_mut().insert(ACCEPT, http::HeaderValue::from_static("application/json"));
        let answer = self.http.only_to([url.clone()].into()).send(request).await?;
        match answer.status() {
            StatusCode::OK => Ok(answer.into_body()),
            status => Err(AnswerFault::Status { what, status: status.as_u16() }.into()),
        }
    }
}

/// Time that runs backwards makes nothing fresh for longer than `lifetime`.
fn is_fresh(now: Timestamp, read: Timestamp, lifetime: Duration) -> bool {
    let age = now.duration_since(read);
    age.unsigned_abs() < lifetime
}
