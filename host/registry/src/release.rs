use std::sync::Arc;

use zhongtai_kernel::{Release, Timestamp};

/// A component and its manifest, to be released.
#[derive(Debug)]
pub struct NewRelease<'a> {
    /// The parsed form of both.
    pub release: &'a Release,
    /// The text of `plugin.toml`.
    pub manifest: &'a str,
    /// The component's bytes.
    pub component: &'a [u8],
    /// Who releases it.
    pub actor: &'a str,
}

/// A release that answers requests.
#[derive(Debug, Clone)]
pub struct Deployed {
    /// What runs.
    pub release: Arc<Release>,
    /// Its share of the scenario's requests, percent.
    pub weight: u8,
    /// Since when.
    pub since: Timestamp,
}
