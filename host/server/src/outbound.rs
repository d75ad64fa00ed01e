//! What `/metrics` shows of calls of other systems.

use std::time::Duration;

use prometheus::{HistogramOpts, HistogramVec, IntCounterVec, IntGaugeVec, Opts, Registry};
use zhongtai_outbound::{BreakerState, Observer, Outcome};

/// Upper bounds, seconds: from a neighbour in the same rack to the longest deadline that makes sense.
const BUCKETS: [f64; 11] = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 15.0, 60.0];

/// The metrics of outbound calls.
#[derive(Clone)]
pub(crate) struct OutboundMetrics {
    calls: IntCounterVec,
    attempts: IntCounterVec,
    seconds: HistogramVec,
    breaker: IntGaugeVec,
}

// === impl OutboundMetrics ===

impl OutboundMetrics {
    pub(crate) fn register(registry: &Registry) -> prometheus::Result<Self> {
        let seconds = HistogramOpts::new(
            "zhongtai_outbound_seconds",
            "Time of a call of another system, with all its attempts and pauses.",
        );
        let metrics = Self {
            calls: IntCounterVec::new(
                Opts::new("zhongtai_outbound_calls_total", "Calls of other systems, by how they ended."),
                &["system", "outcome"],
            )?,
            attempts: IntCounterVec::new(
                Opts::new("zhongtai_outbound_attempts_total", "Requests sent to other systems."),
                &["system"],
            )?,
            seconds: HistogramVec::new(seconds.buckets(BUCKETS.to_vec()), &["system"])?,
            breaker: IntGaugeVec::new(
                Opts::new("zhongtai_outbound_breaker", "Circuit breakers: 0 closed, 1 half-open, 2 open."),
                &["system"],
            )?,
        };
        registry.register(Box::new(metrics.calls.clone()))?;
        registry.register(Box::new(metrics.attempts.clone()))?;
        registry.register(Box::new(metrics.seconds.clone()))?;
        registry.register(Box::new(metrics.breaker.clone()))?;
        Ok(metrics)
    }
}

impl Observer for OutboundMetrics {
    fn called(&self, system: &str, outcome: Outcome, took: Duration, attempts: u32) {
        self.calls.with_label_values(&[system, outcome.as_str()]).inc();
        self.attempts.with_label_values(&[system]).inc_by(attempts.into());
        self.seconds.with_label_values(&[system]).observe(took.as_secs_f64());
    }

    fn breaker(&self, system: &str, state: BreakerState) {
        self.breaker.with_label_values(&[system]).set(state.as_number());
    }
}

#[cfg(test)]
mod tests {
    use prometheus::{Encoder as _, TextEncoder};

    use super::*;

    #[test]
    fn calls_attempts_and_breakers_are_shown_by_system() {
        let registry = Registry::new();
        let metrics = OutboundMetrics::register(&registry).unwrap();
        metrics.called("credit.upper", Outcome::Success, Duration::from_millis(20), 2);
        metrics.called("credit.upper", Outcome::Resting, Duration::ZERO, 0);
        metrics.breaker("credit.upper", BreakerState::Open);
        let mut text = Vec::new();
        TextEncoder::new().encode(&registry.gather(), &mut text).unwrap();
        let text = String::from_utf8(text).unwrap();
        for line in [
            "zhongtai_outbound_calls_total{outcome=\"success\",system=\"credit.upper\"} 1",
            "zhongtai_outbound_calls_total{outcome=\"resting\",system=\"credit.upper\"} 1",
            "zhongtai_outbound_attempts_total{system=\"credit.upper\"} 2",
            "zhongtai_outbound_seconds_count{system=\"credit.upper\"} 2",
            "zhongtai_outbound_breaker{system=\"credit.upper\"} 2",
        ] {
            assert!(text.lines().any(|shown| shown == line), "{line} is not in {text}");
        }
    }
}
