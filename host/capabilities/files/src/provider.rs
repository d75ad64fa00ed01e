use std::fmt;

use async_trait::async_trait;
use bytes::Bytes;
use zhongtai_kernel::{AccountId, DepartmentId, Digest, ScenarioId, Timestamp};

use crate::{CaseRef, FileId, FileKind, FileName, FilesError, TicketSecret};

/// How sensitive files are: what people hand in holds copies of their papers.
pub const LEVEL: i64 = 3;
/// Files of one case.
pub const MAX_FILES: u32 = 100;

/// Where files are.
#[async_trait]
pub trait FilesProvider: Send + Sync + 'static {
    /// A ticket for handing in one file.
    async fn upload_ticket(&self, file: NewFile) -> Result<Ticket, FilesError>;

    /// A ticket for fetching a file that is there.
    async fn download_ticket(&self, file: &FileRecord, link: Link) -> Result<Ticket, FilesError>;

    /// What a ticket is for, if it is valid now. Does not use it.
    async fn ticket(&self, secret: &TicketSecret) -> Result<Option<Grant>, FilesError>;

    /// Uses a ticket for an upload: no other request can until this one has ended. Reserves what was announced of the
    /// quotas, or all that the ticket allows.
    async fn begin(&self, secret: &TicketSecret, announced: Announced) -> Result<Box<dyn Upload>, FilesError>;

    /// The same without a ticket: for results that the host itself makes (办理结果).
    async fn begin_own(&self, file: NewFile, announced: Announced) -> Result<Box<dyn Upload>, FilesError>;

    /// Uses a ticket for a download up.
    async fn redeem(&self, secret: &TicketSecret) -> Result<(FileRecord, Box<dyn Content>), FilesError>;

    /// What is known about a scenario's file.
    async fn stat(&self, scenario: &ScenarioId, id: FileId) -> Result<Option<FileRecord>, FilesError>;

    /// The files of a case, the oldest first; only those of `of`, if it is given.
    async fn list(
        &self,
        scenario: &ScenarioId,
        case: &CaseRef,
        of: Option<AccountId>,
    ) -> Result<Vec<FileRecord>, FilesError>;

    /// A scenario's file and its bytes.
    async fn open(
        &self,
        scenario: &ScenarioId,
        id: FileId,
    ) -> Result<Option<(FileRecord, Box<dyn Content>)>, FilesError>;

    /// Keeps a scenario's file for good. False when there is none.
    async fn attach(&self, scenario: &ScenarioId, id: FileId) -> Result<bool, FilesError>;

    /// Removes a scenario's file. False when there is none.
    async fn remove(&self, scenario: &ScenarioId, id: FileId) -> Result<bool, FilesError>;
}

/// A file on its way in. It is seen by nobody before it is published; dropped without an end, it is swept later.
#[async_trait]
pub trait Upload: Send {
    /// Takes more of the file. After an error the upload must be discarded.
    async fn write(&mut self, bytes: Bytes) -> Result<(), FilesError>;

    /// Ends the file: all of it is on the disk and was examined. Still nobody sees it, so that what it is can be
    /// recorded first.
    async fn complete(&mut self) -> Result<FileRecord, FilesError>;

    /// Lets the scenario see a complete file, and uses its ticket up.
    async fn publish(self: Box<Self>) -> Result<(), FilesError>;

    /// Gives the upload up: its bytes are removed, its quota is given back, its ticket can be used again.
    async fn discard(self: Box<Self>) -> Result<(), FilesError>;
}

/// A stored file's bytes.
#[async_trait]
pub trait Content: Send {
    /// Bytes from `offset`, at most `length`; fewer only at the end. Bytes that were changed since they were stored
    /// are an error, and never given out.
    async fn read(&mut self, offset: u64, length: usize) -> Result<Bytes, FilesError>;
}

/// What may be handed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewFile {
    /// Whose case it is for.
    pub scenario: ScenarioId,
    /// The case.
    pub case: CaseRef,
    /// Why.
    pub purpose: String,
    /// What is taken.
    pub kinds: Vec<FileKind>,
    /// The largest that is taken, bytes; cut at what the provider takes at all.
    pub max_bytes: u64,
    /// Whose file it will be.
    pub account: AccountId,
}

/// Who may fetch a file, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Who.
    pub account: AccountId,
    /// Why.
    pub purpose: String,
}

/// What a client says about a file before it sends it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Announced {
    /// How many bytes, if it knows.
    pub bytes: Option<u64>,
    /// What it calls the file.
    pub name: Option<FileName>,
}

/// A new ticket.
#[derive(Debug, Clone)]
pub struct Ticket {
    /// What lets its account use it.
    pub secret: TicketSecret,
    /// Until when.
    pub expires_at: Timestamp,
}

/// What a valid ticket is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// An upload, or the download of which file.
    pub download: Option<FileId>,
    /// The scenario that gave it.
    pub scenario: ScenarioId,
    /// Why.
    pub purpose: String,
    /// Who may use it.
    pub account: AccountId,
}

/// A file that has arrived whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileRecord {
    /// Its id.
    pub id: FileId,
    /// The scenario that it was handed in to.
    pub scenario: ScenarioId,
    /// The case.
    pub case: CaseRef,
    /// What it was handed in for.
    pub purpose: String,
    /// Whose it is.
    pub account: AccountId,
    /// What it is.
    pub kind: FileKind,
    /// Its size.
    pub bytes: u64,
    /// FIPS 180-4.
    pub sha256: Digest,
    /// GB/T 32905.
    pub sm3: Sm3Digest,
    /// What its sender called it.
    pub name: Option<FileName>,
    /// When it had arrived.
    pub stored_at: Timestamp,
    /// True when the case relies on it.
    pub attached: bool,
}

// === impl FileRecord ===

impl FileRecord {
    /// The department that answers for it.
    pub fn department(&self) -> &DepartmentId {
        self.scenario.department()
    }
}

/// An SM3 digest (GB/T 32905-2016), written as 64 hex digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Sm3Digest(pub [u8; 32]);

impl fmt::Display for Sm3Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Sm3Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sm3:{self}")
    }
}
