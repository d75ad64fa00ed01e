//! What every test here begins with.
#![allow(dead_code, clippy::unwrap_used, reason = "each test binary uses its part; a broken fixture must stop it")]

use std::{path::PathBuf, sync::Arc};

use bytes::Bytes;
use zhongtai_cap_files::{EmbeddedFiles, FilesConfig, MIGRATIONS};
use zhongtai_kernel::ManualClock;
use zhongtai_store::{Store, testing};

pub const KEY: [u8; 32] = [7; 32];

/// A database of either kind, a folder, and a clock.
pub struct Place {
    pub database: testing::TestDatabase,
    pub dir: tempfile::TempDir,
    pub clock: Arc<ManualClock>,
}

// === impl Place ===

impl Place {
    pub async fn both() -> Vec<Self> {
        testing::both(MIGRATIONS).await.into_iter().map(Self::of).collect()
    }

    pub async fn sqlite() -> Self {
        Self::of(testing::sqlite(MIGRATIONS).await)
    }

    fn of(database: testing::TestDatabase) -> Self {
        let clock = Arc::new(ManualClock::at("2026-01-05T08:00:00Z".parse().unwrap()));
        Self { database, dir: tempfile::tempdir().unwrap(), clock }
    }

    pub fn store(&self) -> &Store {
        &self.database.store
    }

    /// A host with this configuration; another call is another host.
    pub fn host_with(&self, config: FilesConfig) -> EmbeddedFiles {
        let folder = self.dir.path().join("files");
        EmbeddedFiles::open(self.store().clone(), self.clock.clone(), config, &folder, &KEY).unwrap()
    }

    pub fn host(&self) -> EmbeddedFiles {
        self.host_with(FilesConfig::default())
    }

    /// What lies in the folder.
    pub fn on_disk(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        let mut folders = vec![self.dir.path().join("files")];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() { folders.push(path) } else { found.push(path) }
            }
        }
        found
    }

    pub async fn count(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql).fetch_one(self.store().pool()).await.unwrap()
    }
}

/// A configuration with these limits in MiB.
pub fn limits(file: u32, case: u32, department: u32) -> FilesConfig {
    let number = |number: u32| number.try_into().unwrap();
    FilesConfig {
        max_file_mib: number(file),
        case_quota_mib: number(case),
        department_quota_mib: number(department),
        ..FilesConfig::default()
    }
}

/// An archive with these entries, deflated.
pub fn archive(entries: &[(&str, &[u8])]) -> Bytes {
    use std::io::Write as _;
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, content) in entries {
        let options = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
        writer.start_file(*name, options).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner().into()
}
