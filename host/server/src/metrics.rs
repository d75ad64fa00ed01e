//! What `/metrics` shows and `zt plugin list` reads. Names follow OpenTelemetry's HTTP conventions.
//!
//! A release's handles are made when it is loaded: a request touches atomics only.

use std::sync::Arc;

use prometheus::{
    Encoder, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry,
    TextEncoder,
};
use zhongtai_kernel::Release;

use crate::outbound::OutboundMetrics;

const LABELS: [&str; 3] = ["zhongtai_department", "zhongtai_scenario", "zhongtai_release"];

/// Upper bounds, seconds: from what a sandboxed hello takes to the longest deadline.
const BUCKETS: [f64; 14] =
    [0.000_025, 0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.05, 0.25, 1.0, 5.0, 60.0];

/// Every metric of the host.
pub(crate) struct Metrics {
    registry: Registry,
    duration: HistogramVec,
    responses: IntCounterVec,
    denials: IntCounterVec,
    unrecorded: IntCounter,
    memory: IntGaugeVec,
    running: IntGaugeVec,
    queued: IntGaugeVec,
    outbound: OutboundMetrics,
}

/// The handles of one release.
pub(crate) struct ReleaseMetrics {
    duration: Histogram,
    /// By the status' first digit, 2 to 5.
    responses: [IntCounter; 4],
    denials: IntCounter,
    memory: IntGauge,
}

/// A release's numbers since the host started.
pub(crate) struct ReleaseNumbers {
    pub(crate) requests: u64,
    pub(crate) errors: u64,
    pub(crate) denials: u64,
    pub(crate) p99_s: Option<f64>,
    pub(crate) memory: i64,
}

// === impl Metrics ===

impl Metrics {
    pub(crate) fn new() -> prometheus::Result<Self> {
        let duration = HistogramOpts::new(
            "http_server_request_duration_seconds",
            "Time from the router to the response, by scenario and release.",
        );
        let counter = |name: &str, help: &str, labels: &[&str]| IntCounterVec::new(Opts::new(name, help), labels);
        let gauge = |name: &str, help: &str, labels: &[&str]| IntGaugeVec::new(Opts::new(name, help), labels);
        let registry = Registry::new();
        let metrics = Self {
            outbound: OutboundMetrics::register(&registry)?,
            registry,
            duration: HistogramVec::new(duration.buckets(BUCKETS.to_vec()), &LABELS)?,
            responses: counter(
                "zhongtai_responses_total",
                "Responses by class of status.",
                &["zhongtai_department", "zhongtai_scenario", "zhongtai_release", "http_response_status_class"],
            )?,
            denials: counter("zhongtai_denials_total", "Accesses that policy refused.", &LABELS)?,
            memory: gauge("zhongtai_instance_memory_bytes", "Memory of the latest instance.", &LABELS)?,
            running: gauge("zhongtai_instances", "Requests running now.", &["zhongtai_department"])?,
            unrecorded: IntCounter::new(
                "zhongtai_audit_unrecorded_total",
                "Reads that were served while the audit log could not be written.",
            )?,
            queued: gauge("zhongtai_queued_requests", "Requests waiting to run.", &["zhongtai_department"])?,
        };
        let registry = &metrics.registry;
        registry.register(Box::new(metrics.duration.clone()))?;
        registry.register(Box::new(metrics.responses.clone()))?;
        registry.register(Box::new(metrics.denials.clone()))?;
        registry.register(Box::new(metrics.memory.clone()))?;
        registry.register(Box::new(metrics.running.clone()))?;
        registry.register(Box::new(metrics.queued.clone()))?;
        registry.register(Box::new(metrics.unrecorded.clone()))?;
        Ok(metrics)
    }

    /// The handles of a release; the same numbers go on when it is loaded again.
    pub(crate) fn release(&self, release: &Release) -> ReleaseMetrics {
        let scenario = release.scenario();
        let digest = release.id().short();
        let labels = [scenario.department().as_str(), scenario.name(), digest.as_str()];
        let class = |class: &str| {
            let [department, scenario, digest] = labels;
            self.responses.with_label_values(&[department, scenario, digest, class])
        };
        ReleaseMetrics {
            duration: self.duration.with_label_values(&labels),
            responses: [class("2xx"), class("3xx"), class("4xx"), class("5xx")],
            denials: self.denials.with_label_values(&labels),
            memory: self.memory.with_label_values(&labels),
        }
    }

    /// Counts what is served though it can't be recorded.
    pub(crate) fn unrecorded(&self) -> IntCounter {
        self.unrecorded.clone()
    }

    /// Counts calls of other systems.
    pub(crate) fn outbound(&self) -> Arc<OutboundMetrics> {
        Arc::new(self.outbound.clone())
    }

    /// Sets how many requests of a department run and wait.
    pub(crate) fn set_load(&self, department: &str, running: usize, queued: usize) {
        self.running.with_label_values(&[department]).set(running as i64);
        self.queued.with_label_values(&[department]).set(queued as i64);
    }

    /// Everything, in Prometheus' text format.
    pub(crate) fn render(&self) -> prometheus::Result<Vec<u8>> {
        let mut text = Vec::new();
        TextEncoder::new().encode(&self.registry.gather(), &mut text)?;
        Ok(text)
    }
}

// === impl ReleaseMetrics ===

impl ReleaseMetrics {
    pub(crate) fn record(&self, status: u16, seconds: f64, denials: u32, memory: usize) {
        self.duration.observe(seconds);
        let class = usize::from(status / 100).saturating_sub(2).min(3);
        if let Some(counter) = self.responses.get(class) {
            counter.inc();
        }
        if denials > 0 {
            self.denials.inc_by(u64::from(denials));
        }
        if memory > 0 {
            self.memory.set(memory as i64);
        }
    }

    pub(crate) fn numbers(&self) -> ReleaseNumbers {
        let [.., server_errors] = &self.responses;
        ReleaseNumbers {
            requests: self.responses.iter().map(IntCounter::get).sum(),
            errors: server_errors.get(),
            denials: self.denials.get(),
            p99_s: quantile(&self.duration, 0.99),
            memory: self.memory.get(),
        }
    }
}

/// The upper bound of the bucket that holds the quantile.
fn quantile(histogram: &Histogram, share: f64) -> Option<f64> {
    let families = prometheus::core::Collector::collect(histogram);
    let metric = families.first()?.get_metric().first()?;
    let histogram = metric.get_histogram();
    let count = histogram.get_sample_count();
    if count == 0 {
        return None;
    }
    let wanted = (count as f64 * share).ceil() as u64;
    let bucket = histogram.get_bucket().iter().find(|bucket| bucket.cumulative_count() >= wanted);
    Some(bucket.map_or(f64::INFINITY, |bucket| bucket.upper_bound()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use zhongtai_kernel::Digest;

    #[test]
    fn numbers_are_those_of_the_text() {
        let manifest =
            "[plugin]\nname = \"a\"\nversion = \"1\"\ndepartment = \"441802-x\"\ntitle = \"t\"\naccess = \"public\"";
        let release = Release::parse(Digest::of(b""), manifest).unwrap();
        let metrics = Metrics::new().unwrap();
        let handles = metrics.release(&release);
        handles.record(200, 0.000_03, 0, 1 << 20);
        handles.record(503, 0.3, 2, 0);
        let numbers = handles.numbers();
        assert_eq!((numbers.requests, numbers.errors, numbers.denials, numbers.memory), (2, 1, 2, 1 << 20));
        assert_eq!(numbers.p99_s, Some(1.0));
        let text = String::from_utf8(metrics.render().unwrap()).unwrap();
        assert!(text.contains("zhongtai_denials_total{"), "{text}");
    }
}
