//! How long records are kept, and which files are past it.

use std::{io, path::Path};

use zhongtai_kernel::{ErrorKind, Timestamp};

use crate::segment::{self, SegmentFile};

/// The act that says that records were removed after their time; its target is `<first>-<last>`.
pub(crate) const EXPIRE: &str = "audit:expire";

/// How long records are kept, whole days. Never less than six months: Cybersecurity Law of the PRC, article 21(3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Retention(u16);

/// A time shorter than the law allows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the audit log can't be kept for {0} days only: six months are the least, set 183 or more")]
pub struct RetentionTooShort(u16);

/// Files whose records are all past their time.
pub(crate) struct Expired {
    pub(crate) files: Vec<SegmentFile>,
    pub(crate) first: u64,
    pub(crate) last: u64,
}

// === impl Retention ===

impl Retention {
    /// Six months.
    pub const MIN: Self = Self(183);

    /// Keeps records for `days`, 183 at least.
    pub fn days(days: u16) -> Result<Self, RetentionTooShort> {
        if days < Self::MIN.0 { Err(RetentionTooShort(days)) } else { Ok(Self(days)) }
    }

    /// The files in `dir` whose newest record is older than this.
    pub(crate) fn expired(self, dir: &Path, now: Timestamp) -> io::Result<Option<Expired>> {
        let limit = now.as_second() - i64::from(self.0) * 86_400;
        let files = segment::list(dir)?;
        let mut expired = None;
        for pair in files.windows(2) {
            let [old, next] = pair else { break };
            // A file's records are all older than the next one's.
            if next.first_at()?.is_none_or(|at| at.as_second() >= limit) {
                break;
            }
            let found = expired.get_or_insert(Expired { files: Vec::new(), first: old.first, last: old.first });
            found.files.push(old.clone());
            found.last = next.first.saturating_sub(1);
        }
        Ok(expired)
    }
}

impl Default for Retention {
    fn default() -> Self {
        Self(200)
    }
}

// === impl RetentionTooShort ===

impl RetentionTooShort {
    /// What sort of failure it is.
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::Invalid
    }
}

// === impl Expired ===

impl Expired {
    /// The act's target.
    pub(crate) fn target(&self) -> String {
        format!("{}-{}", self.first, self.last)
    }

    /// The last record that an act's target speaks of.
    pub(crate) fn last_of(target: &str) -> Option<u64> {
        target.split_once('-')?.1.parse().ok()
    }
}
