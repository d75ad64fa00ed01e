use std::{path::PathBuf, time::Duration};

use serde::Deserialize;

/// `[document]` in `zt.toml`, as far as it is about typesetting.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Font files. The first one's family is what text is in when a template names none.
    pub fonts: Vec<PathBuf>,
    /// How many documents are made at once; each worker keeps the fonts in memory.
    pub workers: usize,
    /// How long an order may wait for a worker, milliseconds.
    pub queue_ms: u64,
    /// How long a template may take, milliseconds.
    pub deadline_ms: u64,
    /// How much memory a template may take, MiB.
    pub memory_mib: u64,
    /// How many pages a document may have.
    pub pages: usize,
    /// How large each file of a document may be, MiB.
    pub size_mib: usize,
}

/// Fonts are read once per worker; on a slow disk that takes a while.
pub(crate) const START: Duration = Duration::from_secs(60);
/// A worker makes so many documents before another takes its place: names that templates use are kept for ever.
pub(crate) const ORDERS: u32 = 1_000;

// === impl Config ===

impl Default for Config {
    fn default() -> Self {
        let noto = |name: &str| PathBuf::from(format!("/usr/share/fonts/opentype/noto/{name}.ttc"));
        Self {
            fonts: ["NotoSerifCJK-Regular", "NotoSerifCJK-Bold", "NotoSansCJK-Regular", "NotoSansCJK-Bold"]
                .map(noto)
                .to_vec(),
            workers: 2,
            queue_ms: 10_000,
            deadline_ms: 10_000,
            memory_mib: 512,
            pages: 100,
            size_mib: 16,
        }
    }
}

impl Config {
    pub(crate) fn deadline(&self) -> Duration {
        Duration::from_millis(self.deadline_ms)
    }

    pub(crate) fn queue(&self) -> Duration {
        Duration::from_millis(self.queue_ms)
    }

    pub(crate) fn longest(&self) -> usize {
        self.size_mib << 20
    }
}
