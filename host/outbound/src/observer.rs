use std::time::Duration;

/// Who counts calls: the server, with its metrics. Called on the caller's thread; must not block.
pub trait Observer: Send + Sync + 'static {
    /// A call has ended. `system` is the name from the configuration.
    fn called(&self, system: &str, outcome: Outcome, took: Duration, attempts: u32);

    /// The breaker of a system changed, or the system is new.
    fn breaker(&self, system: &str, state: BreakerState);
}

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// 1xx to 3xx but redirects.
    Success,
    /// 4xx.
    ClientError,
    /// 5xx.
    ServerError,
    /// No whole answer in time.
    TimedOut,
    /// No connection.
    Unreachable,
    /// The answer broke off.
    BrokenOff,
    /// A redirect.
    Redirected,
    /// Too long an answer.
    TooLarge,
    /// The breaker is open.
    Resting,
    /// No slot in time.
    Busy,
    /// The path guard refused.
    NotAllowed,
    /// The caller went away before the call ended.
    Abandoned,
}

/// What a circuit breaker does with calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BreakerState {
    /// Lets them through.
    Closed,
    /// Lets one through that tries whether the system is back.
    HalfOpen,
    /// Lets none through.
    Open,
}

// === impl Outcome ===

impl Outcome {
    /// The metric's label.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::ClientError => "client-error",
            Self::ServerError => "server-error",
            Self::TimedOut => "timed-out",
            Self::Unreachable => "unreachable",
            Self::BrokenOff => "broken-off",
            Self::Redirected => "redirected",
            Self::TooLarge => "too-large",
            Self::Resting => "resting",
            Self::Busy => "busy",
            Self::NotAllowed => "not-allowed",
            Self::Abandoned => "abandoned",
        }
    }
}

// === impl BreakerState ===

impl BreakerState {
    /// The metric's value: 0 closed, 1 half-open, 2 open.
    pub fn as_number(self) -> i64 {
        match self {
            Self::Closed => 0,
            Self::HalfOpen => 1,
            Self::Open => 2,
        }
    }
}

/// Counts nothing.
pub(crate) struct Nobody;

impl Observer for Nobody {
    fn called(&self, _system: &str, _outcome: Outcome, _took: Duration, _attempts: u32) {}

    fn breaker(&self, _system: &str, _state: BreakerState) {}
}
