//! Electronic receipts (电子票据), and what payments need of accounts: made elsewhere, wired by the server.

use async_trait::async_trait;
use zhongtai_kernel::{AccountId, DepartmentId, Timestamp};

use crate::{Fen, Line, NoticeNumber, ReceiptRecord};

/// Knows who accounts are. The server wires it to the accounts.
pub trait Payers: Send + Sync + 'static {
    /// The account of a department's handle; `None` when it is none.
    fn open(&self, department: &DepartmentId, handle: &str) -> Option<AccountId>;
}

/// What a receipt says.
#[derive(Debug, Clone)]
pub struct ReceiptDraft {
    /// Its number.
    pub number: String,
    /// The notice.
    pub notice: NoticeNumber,
    /// The scenario that asked for the money.
    pub scenario: zhongtai_kernel::ScenarioId,
    /// The department that took it.
    pub owner: DepartmentId,
    /// Who paid: whoever makes the receipt looks the name up.
    pub payer: AccountId,
    /// What for.
    pub lines: Vec<Line>,
    /// How much.
    pub total: Fen,
    /// When it was paid.
    pub paid_at: Timestamp,
    /// When the receipt was issued.
    pub issued_at: Timestamp,
    /// The case.
    pub case: Option<String>,
    /// By which channel.
    pub channel: String,
}

/// A receipt as a PDF.
#[derive(Clone)]
pub struct ReceiptFile {
    /// The file.
    pub pdf: Vec<u8>,
    /// Whether it bears the department's seal.
    pub is_sealed: bool,
}

impl std::fmt::Debug for ReceiptFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ReceiptFile({} bytes, sealed: {})", self.pdf.len(), self.is_sealed)
    }
}

/// A receipt can't be made.
#[derive(Debug, thiserror::Error)]
pub enum ReceiptsError {
    /// The department has no seal for receipts, and none is given without.
    #[error("the department has no seal for receipts")]
    NoSeal,
    /// Something that may work later.
    #[error("{0}")]
    Failed(String),
}

/// Renders and seals a receipt. The server wires it to documents and seals.
#[async_trait]
pub trait Receipts: Send + Sync + 'static {
    /// The receipt as a PDF. `may_be_unsealed`: where the department has no seal, it is made without one. Asked again
    /// for the same number it gives the same bytes.
    async fn make(&self, draft: &ReceiptDraft, may_be_unsealed: bool) -> Result<ReceiptFile, ReceiptsError>;
}

/// A receipt, as it is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// Its number.
    pub number: String,
    /// The notice.
    pub notice: NoticeNumber,
    /// How much.
    pub amount: Fen,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// Whether its PDF bears a seal.
    pub is_sealed: bool,
    /// SHA-256 of its PDF, hex.
    pub sha256: String,
}

// === impl Receipt ===

impl Receipt {
    /// `None` while its PDF is not made.
    pub(crate) fn of(record: ReceiptRecord, amount: Fen) -> Option<Self> {
        let (is_sealed, sha256) = record.made?;
        Some(Self {
            number: record.number,
            notice: record.notice,
            amount,
            issued_at: record.issued_at,
            is_sealed,
            sha256,
        })
    }
}
