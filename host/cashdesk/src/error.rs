use std::path::PathBuf;

use zhongtai_kernel::ErrorKind;
use zhongtai_outbound::{OutboundError, SecretError};
use zhongtai_store::StoreError;

/// The desk can't do its work.
#[derive(Debug, thiserror::Error)]
pub enum CashDeskError {
    /// The folder can't be made.
    #[error("{} can't be made", path.display())]
    Folder {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The socket can't be had, or broke.
    #[error("the desk can't listen")]
    Listen(#[source] std::io::Error),
    /// The file can't be read or written.
    #[error("the desk's file can't be used")]
    Store(#[from] StoreError),
    /// The file can't be read or written.
    #[error("the desk's file can't be used")]
    Sql(#[from] sqlx::Error),
    /// A row is not as the desk wrote it.
    #[error("the desk's file is damaged: {0}")]
    Row(&'static str),
    /// The secret can't be had.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The callback's address can't be used.
    #[error("the callback's address can't be used: {0}")]
    Callback(&'static str),
    /// The callback can't be sent.
    #[error(transparent)]
    Outbound(#[from] OutboundError),
    /// A page can't be shown.
    #[error("the page can't be rendered")]
    Page(#[from] minijinja::Error),
    /// There is no randomness.
    #[error("there is no randomness")]
    Random,
}

// === impl CashDeskError ===

impl CashDeskError {
    /// What sort of failure it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Secret(_) | Self::Callback(_) => ErrorKind::Invalid,
            Self::Outbound(error) => error.kind(),
            _ => ErrorKind::Internal,
        }
    }
}
