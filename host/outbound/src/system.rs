use std::{
    fmt,
    future::Future,
    sync::Arc,
    time::{Duration, Instant},
};

use http::{HeaderName, header};
use reqwest::{Client, Url};
use tokio::{runtime::Handle, sync::Semaphore, task::JoinHandle};
use zhongtai_kernel::Clock;

use crate::{
    Answer, Observer, OutboundError, Outcome, Repeat, Request, SystemConfig,
    breaker::{Breaker, Verdict},
    exchange::{Bounds, exchange},
    retry,
    target::Base,
    trace,
};

/// Headers that are the client's to set: with another `Host`, a request would go to another system.
const FRAMING: [HeaderName; 4] = [header::HOST, header::CONTENT_LENGTH, header::TRANSFER_ENCODING, header::CONNECTION];

/// Another system, as its configuration allows it to be called. Cheap to clone; clones share everything.
#[derive(Clone)]
pub struct System(Arc<Inner>);

struct Inner {
    name: String,
    base: Base,
    client: Client,
    /// Where sockets live: the runtime that the outbound client was made on, whoever calls.
    home: Option<Handle>,
    breaker: Breaker,
    slots: Semaphore,
    clock: Arc<dyn Clock>,
    observer: Arc<dyn Observer>,
    attempts: u32,
    deadline: Duration,
    first_pause: Duration,
    bounds: Bounds,
}

/// What a system is made of besides its configuration.
pub(crate) struct Parts {
    pub(crate) base: Base,
    pub(crate) client: Client,
    pub(crate) home: Option<Handle>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) observer: Arc<dyn Observer>,
    /// Told of the breaker: not the one above where many systems share a name.
    pub(crate) breaker_observer: Arc<dyn Observer>,
}

// === impl System ===

impl System {
    pub(crate) fn new(name: &str, config: &SystemConfig, parts: Parts) -> Self {
        let Parts { base, client, home, clock, observer, breaker_observer } = parts;
        let millis = Duration::from_millis;
        let pause = millis(config.breaker_pause_ms);
        Self(Arc::new(Inner {
            breaker: Breaker::new(name, config.breaker_failures, pause, clock.clone(), breaker_observer),
            name: name.to_owned(),
            base,
            client,
            home,
            slots: Semaphore::new(config.concurrency),
            clock,
            observer,
            attempts: config.attempts,
            deadline: millis(config.deadline_ms),
            first_pause: millis(config.first_pause_ms),
            bounds: Bounds {
                system: name.to_owned(),
                time: millis(config.timeout_ms),
                bytes: config.max_answer_bytes(),
            },
        }))
    }

    /// The name in the configuration, errors and metrics.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The path and query of a request exactly as they are sent: what signatures are made over. Refuses what would leave
    /// the base URL.
    pub fn target(&self, request: &Request) -> Result<String, OutboundError> {
        let url = self.0.url(request)?;
        Ok(match url.query() {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_owned(),
        })
    }

    /// Sends a request, and sends it again as it is where `repeat` and the configuration allow it. The answer's status
    /// is the caller's to judge.
    pub async fn send(&self, request: Request, repeat: Repeat) -> Result<Answer, OutboundError> {
        self.send_anew(|| request.clone(), repeat).await
    }

    /// Like [`send`](Self::send), with a request made anew for every attempt: for signatures over a time and a nonce,
    /// which a system takes once only.
    pub async fn send_anew(
        &self,
        mut make: impl FnMut() -> Request + Send,
        repeat: Repeat,
    ) -> Result<Answer, OutboundError> {
        let prepare = || {
            let request = make();
            let url = self.0.url(&request)?;
            self.0.prepared(url, request)
        };
        self.0.call(prepare, repeat).await
    }

    /// Sends a request, whose path and query are not used, to a URL of this system's host.
    pub(crate) async fn send_to(&self, url: &Url, request: &Request, repeat: Repeat) -> Result<Answer, OutboundError> {
        let exactly = || self.0.base.exactly(url).map_err(|problem| OutboundError::not_allowed(&self.0.name, problem));
        self.0.call(|| self.0.prepared(exactly()?, request.clone()), repeat).await
    }
}

impl fmt::Debug for System {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("System").field(&self.0.name).finish()
    }
}

// === impl Inner ===

impl Inner {
    fn url(&self, request: &Request) -> Result<Url, OutboundError> {
        let url = self.base.join(&request.path, &request.query);
        url.map_err(|problem| OutboundError::not_allowed(&self.name, problem))
    }

    fn prepared(&self, url: Url, request: Request) -> Result<reqwest::Request, OutboundError> {
        if FRAMING.iter().any(|name| request.headers.contains_key(name)) {
            return Err(OutboundError::not_allowed(
                &self.name,
                "the request has a header that says where it ends or goes",
            ));
        }
        let traceparent = trace::traceparent(request.for_request);
        let mut prepared = reqwest::Request::new(request.method, url);
        *prepared.headers_mut() = request.headers;
        if let Some(traceparent) = traceparent {
            prepared.headers_mut().insert(trace::TRACEPARENT, traceparent);
        }
        if !request.body.is_empty() {
            *prepared.body_mut() = Some(request.body.into());
        }
        Ok(prepared)
    }

    async fn call<P>(&self, mut prepare: P, repeat: Repeat) -> Result<Answer, OutboundError>
    where
        P: FnMut() -> Result<reqwest::Request, OutboundError> + Send,
    {
        let mut report = Report { inner: self, began: Instant::now(), attempts: 0, outcome: Outcome::Abandoned };
        let deadline = report.began + self.deadline;
        let mut last = None;
        let result = loop {
            let result = self.attempt(&mut prepare, deadline, &mut report.attempts).await;
            // An attempt that was not made says less than the one before.
            let result = match (result, last.take()) {
                (Err(OutboundError::Resting { .. } | OutboundError::Busy { .. }), Some(before)) => break before,
                (result, _) => result,
            };
            let chance = (getrandom::u32().unwrap_or_default() & 0xff) as u8;
            let pause = retry::pause(&result, report.attempts, self.first_pause, chance, self.clock.now());
            match pause {
                Some(pause) if self.may_try_again(repeat, report.attempts, pause, deadline) => {
                    tracing::debug!(system = self.name, attempt = report.attempts, "tried again");
                    last = Some(result);
                    tokio::time::sleep(pause).await;
                }
                _ => break result,
            }
        };
        report.outcome = outcome(&result);
        result
    }

    fn may_try_again(&self, repeat: Repeat, attempts: u32, pause: Duration, deadline: Instant) -> bool {
        repeat == Repeat::Idempotent && attempts < self.attempts && Instant::now() + pause < deadline
    }

    /// One attempt: with a slot, with the breaker's leave, and signed only then.
    async fn attempt<P>(&self, prepare: &mut P, deadline: Instant, attempts: &mut u32) -> Result<Answer, OutboundError>
    where
        P: FnMut() -> Result<reqwest::Request, OutboundError> + Send,
    {
        let busy = || OutboundError::Busy { system: self.name.clone() };
        let slot = tokio::time::timeout_at(deadline.into(), self.slots.acquire()).await;
        let Ok(Ok(_slot)) = slot else { return Err(busy()) };
        let request = prepare()?;
        let pass = self
            .breaker
            .enter()
            .map_err(|retry_after| OutboundError::Resting { system: self.name.clone(), retry_after })?;
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(busy());
        }
        *attempts += 1;
        let bounds = Bounds { time: self.bounds.time.min(left), ..self.bounds.clone() };
        let had_its_time = bounds.time == self.bounds.time;
        let result = self.at_home(exchange(self.client.clone(), request, bounds)).await;
        pass.settle(verdict(&result, had_its_time));
        result
    }

    /// Runs the exchange where sockets live. When the caller goes away, so does the exchange.
    async fn at_home<F>(&self, exchange: F) -> Result<Answer, OutboundError>
    where
        F: Future<Output = Result<Answer, OutboundError>> + Send + 'static,
    {
        struct Ends<T>(JoinHandle<T>);
        impl<T> Drop for Ends<T> {
            fn drop(&mut self) {
                self.0.abort();
            }
        }
        let Some(home) = &self.home else { return exchange.await };
        let mut task = Ends(home.spawn(exchange));
        // Only lost when the host stops.
        (&mut task.0).await.unwrap_or_else(|_| Err(OutboundError::BrokenOff { system: self.name.clone() }))
    }
}

/// What an attempt says about the system. One that was cut short because its call had no more time says nothing.
fn verdict(result: &Result<Answer, OutboundError>, had_its_time: bool) -> Verdict {
    match result {
        Ok(answer) if answer.status.is_server_error() => Verdict::Fails,
        Ok(answer) if answer.status == http::StatusCode::TOO_MANY_REQUESTS => Verdict::Unknown,
        Err(OutboundError::TimedOut { .. }) if !had_its_time => Verdict::Unknown,
        Err(OutboundError::TimedOut { .. } | OutboundError::Unreachable { .. } | OutboundError::BrokenOff { .. }) => {
            Verdict::Fails
        }
        Ok(_) | Err(_) => Verdict::Works,
    }
}

fn outcome(result: &Result<Answer, OutboundError>) -> Outcome {
    match result {
        Ok(answer) if answer.status.is_server_error() => Outcome::ServerError,
        Ok(answer) if answer.status.is_client_error() => Outcome::ClientError,
        Ok(_) => Outcome::Success,
        Err(error) => error.outcome(),
    }
}

/// Reports how a call ended, also when its caller went away.
struct Report<'s> {
    inner: &'s Inner,
    began: Instant,
    attempts: u32,
    outcome: Outcome,
}

impl Drop for Report<'_> {
    fn drop(&mut self) {
        let Inner { observer, name, .. } = self.inner;
        observer.called(name, self.outcome, self.began.elapsed(), self.attempts);
    }
}
