use std::{num::NonZeroU32, path::PathBuf, time::Duration};

use serde::Deserialize;

use crate::FileKind;

/// The `[files]` table of `zt.toml`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FilesConfig {
    /// Where files lie; `files` in the data folder when it is not given. Hosts of one database share it.
    pub folder: Option<PathBuf>,
    /// What is taken at all.
    pub kinds: Vec<FileKind>,
    /// The largest file, MiB.
    pub max_file_mib: NonZeroU32,
    /// What the files of one case may hold together, MiB.
    pub case_quota_mib: NonZeroU32,
    /// What the files of one department may hold together, MiB.
    pub department_quota_mib: NonZeroU32,
    /// How long one upload may take, seconds.
    pub upload_s: NonZeroU32,
    /// How long a ticket for an upload holds, seconds.
    pub ticket_s: NonZeroU32,
    /// How long a ticket for a download holds, seconds.
    pub link_s: NonZeroU32,
    /// How long a file stays that no case relies on, days.
    pub unattached_days: NonZeroU32,
    /// The largest image, millions of pixels.
    pub image_megapixels: NonZeroU32,
    /// What an archive may hold.
    pub archive: ArchiveLimits,
}

/// The `[files.archive]` table: what an archive may hold, with all archives in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ArchiveLimits {
    /// Files and folders.
    pub entries: u32,
    /// What it unpacks to, MiB.
    pub unpacked_mib: u32,
    /// How many times its own size it may unpack to. 10 MiB are always allowed.
    pub ratio: u32,
    /// How deep archives may lie in archives; 0 allows none.
    pub nesting: u32,
}

impl Default for FilesConfig {
    fn default() -> Self {
        const fn number(number: u32) -> NonZeroU32 {
            NonZeroU32::MIN.saturating_add(number - 1)
        }
        Self {
            folder: None,
            kinds: FileKind::ALL.to_vec(),
            max_file_mib: number(100),
            case_quota_mib: number(500),
            department_quota_mib: number(100 << 10),
            upload_s: number(15 * 60),
            ticket_s: number(30 * 60),
            link_s: number(10 * 60),
            unattached_days: number(7),
            image_megapixels: number(100),
            archive: ArchiveLimits::default(),
        }
    }
}

impl Default for ArchiveLimits {
    /// A ratio of 100 is what readers of office documents take, too (Apache POI).
    fn default() -> Self {
        Self { entries: 10_000, unpacked_mib: 1_024, ratio: 100, nesting: 1 }
    }
}

// === impl FilesConfig ===

impl FilesConfig {
    /// The largest file, bytes.
    pub fn max_file(&self) -> u64 {
        mib(self.max_file_mib.get())
    }

    /// What a case may hold, bytes.
    pub fn case_quota(&self) -> u64 {
        mib(self.case_quota_mib.get())
    }

    /// What a department may hold, bytes.
    pub fn department_quota(&self) -> u64 {
        mib(self.department_quota_mib.get())
    }

    /// How long an upload may take.
    pub fn upload(&self) -> Duration {
        seconds(self.upload_s)
    }

    pub(crate) fn pixels(&self) -> u64 {
        u64::from(self.image_megapixels.get()) * 1_000_000
    }

    pub(crate) fn ticket(&self) -> Duration {
        seconds(self.ticket_s)
    }

    pub(crate) fn link(&self) -> Duration {
        seconds(self.link_s)
    }

    pub(crate) fn unattached(&self) -> Duration {
        Duration::from_hours(24 * u64::from(self.unattached_days.get()))
    }
}

// === impl ArchiveLimits ===

impl ArchiveLimits {
    pub(crate) fn unpacked_bytes(&self) -> u64 {
        mib(self.unpacked_mib)
    }
}

fn mib(number: u32) -> u64 {
    u64::from(number) << 20
}

fn seconds(number: NonZeroU32) -> Duration {
    Duration::from_secs(number.get().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_key_is_refused_by_name_and_so_is_an_unknown_kind() {
        let error = |text| serde_json::from_str::<FilesConfig>(text).unwrap_err().to_string();
        assert!(error(r#"{"max_mib": 1}"#).contains("unknown field `max_mib`"));
        assert!(error(r#"{"archive": {"depth": 1}}"#).contains("unknown field `depth`"));
        assert!(error(r#"{"kinds": ["exe"]}"#).contains("unknown variant `exe`"));
        assert!(error(r#"{"max_file_mib": 0}"#).contains("nonzero"));
    }

    #[test]
    fn what_is_not_given_has_its_default() {
        let config: FilesConfig = serde_json::from_str(r#"{"kinds": ["pdf"], "archive": {"nesting": 0}}"#).unwrap();
        assert_eq!((config.kinds.as_slice(), config.max_file()), ([FileKind::Pdf].as_slice(), 100 << 20));
        assert_eq!((config.archive.nesting, config.archive.ratio), (0, 100));
        assert_eq!(config.department_quota(), 100 << 30);
    }
}
