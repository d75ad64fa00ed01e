use std::{path::PathBuf, time::Duration};

use serde::Deserialize;

use crate::OutboundError;

/// The `[outbound]` table of `zt.toml`: what is the same for every system.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OutboundConfig {
    /// How long a connection may take to be made, TLS included, milliseconds; 100 to 60,000.
    pub connect_timeout_ms: u64,
    /// How long an idle connection is kept, seconds; 0 to 600. 0 keeps none.
    pub idle_s: u64,
    /// Idle connections kept to one host; 0 to 1,000.
    pub idle_connections: usize,
}

/// One system that is called: what a connector's own table has, flattened into it
/// (`#[serde(flatten)] system: SystemConfig`, and `deny_unknown_fields` still refuses a mistyped key by name).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SystemConfig {
    /// Where it is: `https://host[:port][/path]`. Nothing outside of it is ever asked.
    pub base_url: String,
    /// How long one attempt may take, from connecting to the last byte of the answer, milliseconds; 10 to 600,000.
    #[serde(default = "defaults::timeout_ms")]
    pub timeout_ms: u64,
    /// How long a call may take with everything: waiting for a slot, attempts and pauses; milliseconds, 10 to 3,600,000.
    #[serde(default = "defaults::deadline_ms")]
    pub deadline_ms: u64,
    /// Attempts of a call that may be repeated; 1 to 10.
    #[serde(default = "defaults::attempts")]
    pub attempts: u32,
    /// The pause before the second attempt, milliseconds; each later one is twice as long, and each is shortened by
    /// chance by up to a half. 1 to 60,000.
    #[serde(default = "defaults::first_pause_ms")]
    pub first_pause_ms: u64,
    /// Attempts under way at once; 1 to 1,000.
    #[serde(default = "defaults::concurrency")]
    pub concurrency: usize,
    /// The longest answer, KiB; 1 to 1,048,576.
    #[serde(default = "defaults::max_answer_kib")]
    pub max_answer_kib: u32,
    /// After how many failures in a row the system is left alone; 1 to 1,000.
    #[serde(default = "defaults::breaker_failures")]
    pub breaker_failures: u32,
    /// For how long, until one call tries whether it is back, milliseconds; 10 to 3,600,000.
    #[serde(default = "defaults::breaker_pause_ms")]
    pub breaker_pause_ms: u64,
    /// PEM certificates of the authorities that this system's certificate must come from, instead of the machine's.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
    /// Lets `http://` go to another machine: only inside a network of one's own.
    #[serde(default)]
    pub allow_http: bool,
}

mod defaults {
    pub(super) fn timeout_ms() -> u64 {
        10_000
    }

    pub(super) fn deadline_ms() -> u64 {
        30_000
    }

    pub(super) fn attempts() -> u32 {
        3
    }

    pub(super) fn first_pause_ms() -> u64 {
        200
    }

    pub(super) fn concurrency() -> usize {
        32
    }

    pub(super) fn max_answer_kib() -> u32 {
        1024
    }

    pub(super) fn breaker_failures() -> u32 {
        5
    }

    pub(super) fn breaker_pause_ms() -> u64 {
        30_000
    }
}

// === impl OutboundConfig ===

impl Default for OutboundConfig {
    fn default() -> Self {
        Self { connect_timeout_ms: 5_000, idle_s: 30, idle_connections: 16 }
    }
}

impl OutboundConfig {
    pub(crate) fn check(&self) -> Result<(), OutboundError> {
        let within = |key, value: u64, least, most| within("outbound", key, value, least, most);
        within("connect_timeout_ms", self.connect_timeout_ms, 100, 60_000)?;
        within("idle_s", self.idle_s, 0, 600)?;
        within("idle_connections", self.idle_connections as u64, 0, 1_000)
    }

    pub(crate) fn connect_timeout(&self) -> Duration {
        Duration::from_millis(self.connect_timeout_ms)
    }
}

// === impl SystemConfig ===

impl SystemConfig {
    /// The system at `base_url`, the rest by default.
    pub fn at(base_url: impl Into<String>) -> Self {
        Self {
            base_url: base_url.into(),
            timeout_ms: defaults::timeout_ms(),
            deadline_ms: defaults::deadline_ms(),
            attempts: defaults::attempts(),
            first_pause_ms: defaults::first_pause_ms(),
            concurrency: defaults::concurrency(),
            max_answer_kib: defaults::max_answer_kib(),
            breaker_failures: defaults::breaker_failures(),
            breaker_pause_ms: defaults::breaker_pause_ms(),
            ca_file: None,
            allow_http: false,
        }
    }

    pub(crate) fn check(&self, system: &str) -> Result<(), OutboundError> {
        let within = |key, value: u64, least, most| within(system, key, value, least, most);
        within("timeout_ms", self.timeout_ms, 10, 600_000)?;
        within("deadline_ms", self.deadline_ms, 10, 3_600_000)?;
        within("attempts", self.attempts.into(), 1, 10)?;
        within("first_pause_ms", self.first_pause_ms, 1, 60_000)?;
        within("concurrency", self.concurrency as u64, 1, 1_000)?;
        within("max_answer_kib", self.max_answer_kib.into(), 1, 1 << 20)?;
        within("breaker_failures", self.breaker_failures.into(), 1, 1_000)?;
        within("breaker_pause_ms", self.breaker_pause_ms, 10, 3_600_000)
    }

    pub(crate) fn max_answer_bytes(&self) -> usize {
        usize::try_from(self.max_answer_kib).unwrap_or(usize::MAX).saturating_mul(1024)
    }
}

fn within(system: &str, key: &'static str, value: u64, least: u64, most: u64) -> Result<(), OutboundError> {
    if (least..=most).contains(&value) {
        return Ok(());
    }
    Err(OutboundError::config(system, key, format!("expected {least} to {most}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Connector {
        merchant: String,
        #[serde(flatten)]
        system: SystemConfig,
    }

    #[test]
    fn a_connector_takes_the_keys_into_its_own_table() {
        let text = "merchant = 'm'\nbase_url = 'https://pay.example.cn'\nattempts = 1\nca_file = '/etc/ca.pem'";
        let config: Connector = toml::from_str(text).unwrap();
        assert_eq!(config.merchant, "m");
        let wanted = SystemConfig {
            attempts: 1,
            ca_file: Some("/etc/ca.pem".into()),
            ..SystemConfig::at("https://pay.example.cn")
        };
        assert_eq!(config.system, wanted);
    }

    #[test]
    fn an_unknown_key_is_refused_by_name_flattened_or_not() {
        let text = "merchant = 'm'\nbase_url = 'https://pay.example.cn'\natempts = 1";
        let error = toml::from_str::<Connector>(text).unwrap_err().to_string();
        assert!(error.contains("unknown field `atempts`"), "{error}");
        let error = toml::from_str::<SystemConfig>("base_url = 'x'\ntimeout = 1").unwrap_err().to_string();
        assert!(error.contains("unknown field `timeout`"), "{error}");
        let error = toml::from_str::<OutboundConfig>("proxy = 'x'").unwrap_err().to_string();
        assert!(error.contains("unknown field `proxy`"), "{error}");
        let error = toml::from_str::<Connector>("merchant = 'm'").unwrap_err().to_string();
        assert!(error.contains("missing field `base_url`"), "{error}");
    }

    #[test]
    fn a_value_out_of_bounds_is_refused_by_key() {
        let wrong = |change: fn(&mut SystemConfig)| {
            let mut config = SystemConfig::at("https://pay.example.cn");
            change(&mut config);
            config.check("pay").unwrap_err().to_string()
        };
        assert_eq!(wrong(|config| config.timeout_ms = 0), "pay: timeout_ms: expected 10 to 600000");
        assert_eq!(wrong(|config| config.deadline_ms = 1), "pay: deadline_ms: expected 10 to 3600000");
        assert_eq!(wrong(|config| config.attempts = 11), "pay: attempts: expected 1 to 10");
        assert_eq!(wrong(|config| config.first_pause_ms = 0), "pay: first_pause_ms: expected 1 to 60000");
        assert_eq!(wrong(|config| config.concurrency = 0), "pay: concurrency: expected 1 to 1000");
        assert_eq!(wrong(|config| config.max_answer_kib = 0), "pay: max_answer_kib: expected 1 to 1048576");
        assert_eq!(wrong(|config| config.breaker_failures = 0), "pay: breaker_failures: expected 1 to 1000");
        assert_eq!(wrong(|config| config.breaker_pause_ms = 0), "pay: breaker_pause_ms: expected 10 to 3600000");
        let config = OutboundConfig { connect_timeout_ms: 0, ..OutboundConfig::default() };
        let error = config.check().unwrap_err().to_string();
        assert_eq!(error, "outbound: connect_timeout_ms: expected 100 to 60000");
    }
}
