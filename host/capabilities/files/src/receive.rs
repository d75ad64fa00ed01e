//! A file on its way in: counted, sniffed, hashed, sealed and written as it comes; examined when it is whole.

use std::{fs::File, mem, sync::Arc};

use async_trait::async_trait;
use bytes::Bytes;
use sha2::{Digest as _, Sha256};
use sm3::Sm3;
use zhongtai_kernel::{Digest, Timestamp};

use crate::{
    FileId, FileKind, FileName, FileRecord, FilesError, NewFile, Sm3Digest, Upload,
    embedded::{Shared, blocking},
    examine::examine,
    folder::Place,
    kind::{Family, HEAD},
    rows,
    seal::{FileKey, Opener, Sealer},
    tickets,
};

/// Bytes that are gathered before they are hashed, sealed and written together: fewer changes of threads.
const BATCH: usize = 256 << 10;

/// A file on its way into the embedded provider.
pub(crate) struct Receiving {
    pub(crate) shared: Arc<Shared>,
    pub(crate) id: FileId,
    pub(crate) place: Place,
    pub(crate) file: NewFile,
    pub(crate) name: Option<FileName>,
    pub(crate) key: FileKey,
    /// What is held of the quotas.
    pub(crate) reserved: u64,
    pub(crate) deadline: Timestamp,
    pub(crate) work: Option<Work>,
    pub(crate) head: Vec<u8>,
    pub(crate) received: u64,
    pub(crate) gathered: Vec<Bytes>,
    pub(crate) gathered_bytes: usize,
    pub(crate) record: Option<FileRecord>,
}

/// What a thread that may block works on.
pub(crate) struct Work {
    sealer: Sealer<File>,
    sha256: Sha256,
    sm3: Sm3,
}

// === impl Work ===

impl Work {
    pub(crate) fn new(file: File, key: &FileKey) -> Self {
        Self { sealer: Sealer::new(file, key), sha256: Sha256::new(), sm3: Sm3::new() }
    }

    fn take(mut self, pieces: &[Bytes]) -> Result<Self, FilesError> {
        for piece in pieces {
            self.sha256.update(piece);
            self.sm3.update(piece);
            self.sealer.push(piece)?;
        }
        Ok(self)
    }
}

// === impl Receiving ===

impl Receiving {
    /// The first bytes must be of a family that is wanted: what can't be taken is refused before it is stored.
    fn sniff(&mut self, bytes: &[u8]) -> Result<(), FilesError> {
        if self.head.len() >= HEAD {
            return Ok(());
        }
        let missing = HEAD - self.head.len();
        self.head.extend(bytes.iter().take(missing));
        if self.head.len() < HEAD { Ok(()) } else { self.check_head() }
    }

    fn check_head(&self) -> Result<(), FilesError> {
        let is_wanted = |family: Family| self.file.kinds.iter().any(|kind| kind.family() == family);
        match Family::of(&self.head) {
            Some(family) if is_wanted(family) => Ok(()),
            _ => Err(FilesError::WrongKind { wanted: self.file.kinds.clone() }),
        }
    }

    async fn flush(&mut self) -> Result<(), FilesError> {
        let pieces = mem::take(&mut self.gathered);
        self.gathered_bytes = 0;
        let work = self.work.take().ok_or(FilesError::UploadLost)?;
        self.work = Some(blocking(move || work.take(&pieces)).await?);
        Ok(())
    }

    /// On a thread that may block: the end of the file, on the disk, examined.
    async fn finish(&mut self) -> Result<FileRecord, FilesError> {
        let Work { sealer, sha256, sm3 } = self.work.take().ok_or(FilesError::UploadLost)?;
        let (shared, place, key, bytes) = (self.shared.clone(), self.place, self.key.clone(), self.received);
        let wanted = self.file.kinds.clone();
        let kind = blocking(move || {
            let file = sealer.finish()?;
            file.sync_all().map_err(FilesError::folder("write a file"))?;
            shared.folder.sync(place).map_err(FilesError::folder("write a folder"))?;
            examine(&Opener::new(file, &key, bytes)?, bytes, &wanted, &shared.config)
        })
        .await?;
        Ok(self.record(kind, sha256, sm3))
    }

    fn record(&self, kind: FileKind, sha256: Sha256, sm3: Sm3) -> FileRecord {
        FileRecord {
            id: self.id,
            scenario: self.file.scenario.clone(),
            case: self.file.case.clone(),
            purpose: self.file.purpose.clone(),
            account: self.file.account,
            kind,
            bytes: self.received,
            sha256: Digest::from_bytes(sha256.finalize().into()),
            sm3: Sm3Digest(sm3.finalize().into()),
            name: self.name.clone(),
            stored_at: self.shared.now(),
            attached: false,
        }
    }
}

#[async_trait]
impl Upload for Receiving {
    async fn write(&mut self, bytes: Bytes) -> Result<(), FilesError> {
        if self.shared.now() > self.deadline {
            return Err(FilesError::TooSlow);
        }
        self.received += bytes.len() as u64;
        if self.received > self.reserved {
            return Err(FilesError::TooLarge(self.reserved));
        }
        self.sniff(&bytes)?;
        self.gathered_bytes += bytes.len();
        self.gathered.push(bytes);
        if self.gathered_bytes >= BATCH { self.flush().await } else { Ok(()) }
    }

    async fn complete(&mut self) -> Result<FileRecord, FilesError> {
        self.check_head()?;
        self.flush().await?;
        let record = self.finish().await?;
        self.record = Some(record.clone());
        Ok(record)
    }

    async fn publish(self: Box<Self>) -> Result<(), FilesError> {
        let record = self.record.as_ref().ok_or(FilesError::Fault("an upload was published before its end"))?;
        let expires_at = self.shared.after(self.shared.config.unattached());
        let mut write = self.shared.store.begin_write().await?;
        rows::lock(&mut write, &record.scenario, &record.case).await?;
        if !rows::publish(&mut write, record, expires_at).await? {
            return Err(FilesError::UploadLost);
        }
        let back = record.bytes as i64 - self.reserved as i64;
        rows::hold(&mut write, &record.scenario, &record.case, back).await?;
        tickets::spend_upload(&mut write, self.id, self.shared.now().as_millisecond()).await?;
        write.commit().await?;
        Ok(())
    }

    async fn discard(self: Box<Self>) -> Result<(), FilesError> {
        let (shared, id) = (self.shared.clone(), self.id);
        drop(self);
        if rows::give_up(shared.store.pool(), id).await? {
            shared.erase(id).await?;
        }
        Ok(())
    }
}
