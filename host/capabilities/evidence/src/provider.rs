use async_trait::async_trait;

use crate::{Anchor, AnchorId, Bundle, EvidenceError, NewAnchor};

/// What keeps anchors and their proofs.
#[async_trait]
pub trait EvidenceProvider: Send + Sync + 'static {
    /// Anchors a hash. The same hash of the same scenario, purpose and reference is anchored once: the first answer is
    /// given again.
    async fn anchor(&self, new: NewAnchor) -> Result<Anchor, EvidenceError>;

    /// The anchor with that id.
    async fn find(&self, id: AnchorId) -> Result<Option<Anchor>, EvidenceError>;

    /// The proof of an anchor.
    async fn prove(&self, id: AnchorId) -> Result<Bundle, EvidenceError>;

    /// Finishes what was cut off: writes and proves this host's anchors that have no proof yet. Returns how many.
    async fn settle(&self) -> Result<usize, EvidenceError>;
}
