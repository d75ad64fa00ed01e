use std::io;

use zhongtai_kernel::ErrorKind;
use zhongtai_store::StoreError;

use crate::FileKind;

/// A file can't be taken, found or given out. No text holds a name or a content.
#[derive(Debug, thiserror::Error)]
pub enum FilesError {
    /// The ticket does not exist, is over, or was used.
    #[error("the ticket is not valid: it is used once, within its time; ask the scenario for another")]
    NoTicket,
    /// Another request uses the ticket at this moment.
    #[error("the ticket is being used by another request; wait until that has ended")]
    TicketBusy,
    /// No kinds, or some that are not taken here.
    #[error("files of these kinds are not taken here")]
    KindsNotTaken,
    /// The first bytes, or what is in the archive, are of a kind that is not wanted.
    #[error("the content is not of a wanted kind: expected {}", words(.wanted))]
    WrongKind {
        /// What the ticket is for.
        wanted: Vec<FileKind>,
    },
    /// The content could harm who opens it, or can't be examined.
    #[error(transparent)]
    Unsafe(#[from] UnsafeContent),
    /// More bytes than the ticket is for.
    #[error("the file is larger than the {0} bytes that are taken here")]
    TooLarge(u64),
    /// The file arrived too slowly.
    #[error("the file did not arrive in time; try again with a faster connection or a smaller file")]
    TooSlow,
    /// A case or a department holds as much as it may.
    #[error("the {0} holds as much as it may")]
    QuotaExceeded(&'static str),
    /// The upload was given up elsewhere, such as by a sweep.
    #[error("the upload was given up; begin again")]
    UploadLost,
    /// The stored bytes are not those that were stored.
    #[error("the stored file was changed, cut or replaced: bring it back from a backup")]
    Tampered,
    /// The folder can't be read or written.
    #[error("the folder of files failed: {doing}")]
    Folder {
        /// What was about to be done, without a path.
        doing: &'static str,
        /// Why it failed.
        source: io::Error,
    },
    /// There is no room on the disk.
    #[error("there is no room left for files")]
    NoRoom,
    /// Randomness, or a task of the host, failed.
    #[error("a part of the host failed: {0}")]
    Fault(&'static str),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn words(kinds: &[FileKind]) -> String {
    kinds.iter().map(|kind| kind.as_str()).collect::<Vec<_>>().join(", ")
}

// === impl FilesError ===

impl FilesError {
    /// What sort of failure it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::NoTicket => ErrorKind::NotFound,
            Self::TicketBusy | Self::UploadLost | Self::QuotaExceeded(_) => ErrorKind::Conflict,
            Self::KindsNotTaken | Self::WrongKind { .. } | Self::Unsafe(_) | Self::TooSlow => ErrorKind::Invalid,
            Self::TooLarge(_) => ErrorKind::TooLarge,
            Self::Folder { .. } | Self::NoRoom => ErrorKind::Unavailable,
            Self::Tampered | Self::Fault(_) => ErrorKind::Internal,
            Self::Store(error) => error.kind(),
        }
    }

    /// The word that a client's program goes by.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoTicket => "no-ticket",
            Self::TicketBusy => "ticket-busy",
            Self::KindsNotTaken | Self::WrongKind { .. } => "wrong-kind",
            Self::Unsafe(_) => "unsafe-content",
            Self::TooLarge(_) => "file-too-large",
            Self::TooSlow => "too-slow",
            Self::QuotaExceeded(_) => "quota-exceeded",
            Self::UploadLost => "upload-lost",
            Self::Tampered => "file-tampered",
            Self::NoRoom => "no-room",
            Self::Folder { .. } | Self::Fault(_) | Self::Store(_) => "files",
        }
    }

    /// What failed while `doing` something with the folder. A full disk is told apart: it is the operator's to mend.
    pub(crate) fn folder(doing: &'static str) -> impl Fn(io::Error) -> Self {
        move |source| match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => Self::NoRoom,
            _ => Self::Folder { doing, source },
        }
    }
}

impl From<sqlx::Error> for FilesError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

impl From<getrandom::Error> for FilesError {
    fn from(_: getrandom::Error) -> Self {
        Self::Fault("the system gives no randomness")
    }
}

/// Why a content is not taken although it is of a wanted kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UnsafeContent {
    /// It is not what its first bytes say, or is cut.
    #[error("the file is broken: its content can't be read as what its first bytes say")]
    Broken,
    /// An image of too many pixels.
    #[error("the image has more pixels than are taken here")]
    Pixels,
    /// An archive of too many entries.
    #[error("the archive has more entries than are taken here")]
    Entries,
    /// An archive that unpacks to too much, or by too high a ratio.
    #[error("the archive unpacks to more than is taken here")]
    Unpacked,
    /// An archive in an archive, deeper than is taken, or of a format that can't be examined.
    #[error("the archive holds archives that are not taken here")]
    Nested,
    /// An entry that would be written outside of the folder that the archive is unpacked into, or a link.
    #[error("the archive has an entry that leads out of it")]
    Escapes,
    /// Protected by a password.
    #[error("the archive is encrypted: it can't be examined")]
    Encrypted,
}

/// A text that breaks its rule. Does not repeat the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidText {
    /// A file's name.
    #[error("a file's name has 1 to 255 characters")]
    NameLength,
    /// A file's name.
    #[error("a file's name has no `/`, `\\`, `:` and no control characters")]
    NameCharacter,
    /// A file's name.
    #[error("a file's name has no characters that hide or turn text")]
    NameDeceptive,
    /// A file's name.
    #[error("a file's name neither begins nor ends with a dot or a blank")]
    NameEdge,
    /// A file's name.
    #[error("a file's name is not that of a device, such as CON")]
    NameDevice,
    /// A case.
    #[error("a case is named by 1 to 128 of letters, digits, `-`, `_` and `.`")]
    Case,
    /// A file's id.
    #[error("a file's id has 32 lower-case hex digits")]
    Id,
    /// A ticket.
    #[error("a ticket has 43 characters of base64url")]
    Ticket,
}

// === impl InvalidText ===

impl InvalidText {
    /// What sort of failure it is.
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::Invalid
    }
}
