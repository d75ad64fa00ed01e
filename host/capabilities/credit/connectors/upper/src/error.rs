use zhongtai_cap_credit::CreditError;
use zhongtai_kernel::{ErrorKind, chain};
use zhongtai_outbound::OutboundError;

/// The platform gave no records. Never says whom they are about, nor what it said.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UpperError {
    /// There was no answer.
    #[error(transparent)]
    Outbound(#[from] OutboundError),
    /// It refused, or has a fault.
    #[error("it answered with status {0}")]
    Status(u16),
    /// Its answer can't be believed, or not be read.
    #[error("its answer is refused")]
    Answer(#[from] AnswerFault),
    /// The request can't be made.
    #[error("the request can't be made: {0}")]
    Request(&'static str),
}

/// What is wrong with an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AnswerFault {
    /// Not signed with our key, not for this request, or changed on the way.
    #[error("its signature does not verify")]
    Signature,
    /// Signed too long ago, or in the future.
    #[error("its time is not now")]
    Time,
    /// Not JSON.
    #[error("it is not JSON")]
    NotJson,
    /// A field is missing, or not what it must be.
    #[error("{0} is missing or not what it must be")]
    Field(&'static str),
    /// About somebody else.
    #[error("it is about another subject")]
    OtherSubject,
    /// The platform left some out: what it left out might bar somebody.
    #[error("it is not complete")]
    Incomplete,
    /// More than can be meant.
    #[error("it has more than {0} records")]
    TooMany(usize),
    /// The same record twice.
    #[error("it has one record twice")]
    Twice,
}

// === impl UpperError ===

impl UpperError {
    /// What sort of failure it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Outbound(error) => error.kind(),
            Self::Status(_) | Self::Answer(_) => ErrorKind::Unavailable,
            Self::Request(_) => ErrorKind::Internal,
        }
    }

    pub(crate) fn of(&self, platform: &str) -> CreditError {
        CreditError::Unavailable { platform: platform.to_owned(), problem: chain(self) }
    }
}
