//! Where documents of cases are kept: with the files of the case.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use zhongtai_cap_document::{Format, NewDocument, Shelf, ShelfError};
use zhongtai_cap_files::{Announced, FileId, FileKind, FilesError, FilesProvider, NewFile, Upload};
use zhongtai_cap_subject::Handles;
use zhongtai_kernel::{AccountId, DepartmentId, chain};

/// The files of cases, and who is behind a handle.
pub(crate) struct CaseFiles {
    pub(crate) files: Arc<dyn FilesProvider>,
    pub(crate) handles: Arc<Handles>,
}

/// Bytes that are written at once.
const PIECE: usize = 1 << 20;

#[async_trait]
impl Shelf for CaseFiles {
    fn account_of(&self, department: &DepartmentId, handle: &str) -> Option<AccountId> {
        self.handles.open(department, handle)
    }

    async fn keep(&self, document: NewDocument) -> Result<String, ShelfError> {
        let case = document.case.parse().map_err(|error| ShelfError::Case(format!("{error}")))?;
        let kind = match document.format {
            Format::Pdf => FileKind::Pdf,
            Format::Ofd => FileKind::Ofd,
        };
        let bytes = document.bytes.len() as u64;
        let scenario = document.scenario.clone();
        let new = NewFile {
            scenario: document.scenario,
            case,
            purpose: document.purpose,
            kinds: vec![kind],
            max_bytes: bytes,
            account: document.account,
        };
        // A name that files can't have is left out: the document is what counts.
        let announced = Announced { bytes: Some(bytes), name: document.name.parse().ok() };
        let upload = self.files.begin_own(new, announced).await.map_err(failed)?;
        let id = store(upload, &document.bytes).await.map_err(failed)?;
        // The case relies on it: it is not swept.
        self.files.attach(&scenario, id).await.map_err(failed)?;
        Ok(id.to_string())
    }
}

async fn store(mut upload: Box<dyn Upload>, bytes: &[u8]) -> Result<FileId, FilesError> {
    match fill(upload.as_mut(), bytes).await {
        Ok(id) => upload.publish().await.map(|()| id),
        Err(error) => {
            upload.discard().await?;
            Err(error)
        }
    }
}

async fn fill(upload: &mut dyn Upload, bytes: &[u8]) -> Result<FileId, FilesError> {
    for piece in bytes.chunks(PIECE) {
        upload.write(Bytes::copy_from_slice(piece)).await?;
    }
    Ok(upload.complete().await?.id)
}

fn failed(error: FilesError) -> ShelfError {
    match error {
        FilesError::QuotaExceeded(which) => ShelfError::Quota(format!("the {which} holds as much as it may")),
        FilesError::TooLarge(_) => ShelfError::Quota(error.to_string()),
        error => ShelfError::Fault(chain(&error)),
    }
}
