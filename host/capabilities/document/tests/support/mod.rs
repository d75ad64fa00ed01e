//! Documents over a fresh database, with a shelf that shows what was put on it.
#![allow(clippy::unwrap_used, reason = "a broken fixture must stop the test")]
#![allow(dead_code, reason = "each test binary uses its part")]

use std::{path::PathBuf, sync::Arc};

use async_trait::async_trait;
use parking_lot::Mutex;
use zhongtai_cap_document::{
    DocumentTemplate, Documents, EmbeddedTemplates, NewDocument, Shelf, ShelfError, TemplateFile, TemplateProvider,
};
use zhongtai_kernel::{AccountId, Clock, DepartmentId, ManualClock};
use zhongtai_store::testing::TestDatabase;
use zhongtai_typeset::{Config, Typesetter, WorkerCommand};

/// Keeps documents in memory, until it is told to be full.
#[derive(Default)]
pub struct TestShelf {
    pub kept: Mutex<Vec<NewDocument>>,
    pub full: Mutex<bool>,
    pub wang: Option<AccountId>,
}

#[async_trait]
impl Shelf for TestShelf {
    fn account_of(&self, department: &DepartmentId, handle: &str) -> Option<AccountId> {
        self.wang.filter(|_| handle == format!("wang-for-{department}"))
    }

    async fn keep(&self, document: NewDocument) -> Result<String, ShelfError> {
        if *self.full.lock() {
            return Err(ShelfError::Quota("the case holds as much as it may".to_owned()));
        }
        let mut kept = self.kept.lock();
        kept.push(document);
        Ok(format!("file-{}", kept.len()))
    }
}

pub fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::at("2026-03-02T02:15:00Z".parse().unwrap()))
}

pub fn typesetter() -> Arc<Typesetter> {
    let program = env!("CARGO_BIN_EXE_zhongtai-document-worker").into();
    // What is slow on a busy machine must not fail here.
    let config = Config { deadline_ms: 60_000, queue_ms: 60_000, ..Config::default() };
    Typesetter::new(WorkerCommand { program, arguments: Vec::new() }, config)
}

pub fn templates(database: &TestDatabase, clock: &Arc<ManualClock>) -> Arc<dyn TemplateProvider> {
    Arc::new(EmbeddedTemplates::new(database.store.clone(), clock.clone()))
}

pub fn documents(database: &TestDatabase, clock: &Arc<ManualClock>, shelf: Arc<TestShelf>) -> Documents {
    Documents::new(templates(database, clock), typesetter(), shelf)
}

/// A template of the gallery.
pub fn example(name: &str) -> DocumentTemplate {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("gallery").join(name);
    let file = TemplateFile::of_folder(&folder).unwrap();
    DocumentTemplate::parse(&serde_json::to_vec(&file).unwrap()).unwrap()
}

/// The same with the gallery online.
pub async fn with_gallery(documents: &Documents, clock: &ManualClock) {
    for name in ["excavation-permit", "business-licence"] {
        documents.put(example(name), clock.now()).await.unwrap();
    }
}
