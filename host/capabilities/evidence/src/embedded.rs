use std::sync::Arc;

use async_trait::async_trait;
use zhongtai_kernel::{Clock, Timestamp};
use zhongtai_store::{Store, StoreError};

use crate::{Anchor, AnchorId, AnchorLog, Bundle, EvidenceError, EvidenceProvider, NewAnchor, Proof};

/// Anchors in the platform's own database and log.
pub struct EmbeddedEvidence {
    store: Store,
    clock: Arc<dyn Clock>,
    log: Arc<dyn AnchorLog>,
}

/// `id`, `scenario`, `hash`, `purpose`, `reference`, `at`, `log`, `written`, `proof`.
type Row = (String, String, String, String, String, i64, String, i64, Option<String>);

/// An anchor and how far it has come.
struct Kept {
    anchor: Anchor,
    log: String,
    is_written: bool,
    proof: Option<Proof>,
}

// === impl EmbeddedEvidence ===

impl EmbeddedEvidence {
    /// Anchors of a store that has [`crate::MIGRATIONS`], in this host's log.
    pub fn new(store: Store, clock: Arc<dyn Clock>, log: Arc<dyn AnchorLog>) -> Self {
        Self { store, clock, log }
    }

    /// The row comes first, so that two hosts that are asked at once agree on one anchor; then the record.
    async fn keep(&self, new: &NewAnchor) -> Result<Kept, EvidenceError> {
        let sql = "INSERT INTO evidence_anchors (id, scenario, hash, purpose, reference, at, log, written) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, 0) ON CONFLICT (scenario, hash, purpose, reference) DO NOTHING";
        sqlx::query(sql)
            .bind(AnchorId::generate().to_string())
            .bind(new.scenario.as_str())
            .bind(new.hash.to_string())
            .bind(new.purpose.as_str())
            .bind(new.reference.as_str())
            .bind(self.clock.now().as_millisecond())
            .bind(self.log.name())
            .execute(self.store.pool())
            .await?;
        let sql = "SELECT id, scenario, hash, purpose, reference, at, log, written, proof FROM evidence_anchors \
                   WHERE scenario = $1 AND hash = $2 AND purpose = $3 AND reference = $4";
        let row: Row = sqlx::query_as(sql)
            .bind(new.scenario.as_str())
            .bind(new.hash.to_string())
            .bind(new.purpose.as_str())
            .bind(new.reference.as_str())
            .fetch_one(self.store.pool())
            .await?;
        Ok(kept(row)?)
    }

    async fn load(&self, id: AnchorId) -> Result<Option<Kept>, EvidenceError> {
        let sql = "SELECT id, scenario, hash, purpose, reference, at, log, written, proof FROM evidence_anchors \
                   WHERE id = $1";
        let row: Option<Row> = sqlx::query_as(sql).bind(id.to_string()).fetch_optional(self.store.pool()).await?;
        Ok(row.map(kept).transpose()?)
    }

    /// Writes the record if it may not be there. One that a crash hid from the database is written once more: the
    /// first of them is as good.
    async fn write(&self, kept: &Kept) -> Result<(), EvidenceError> {
        if kept.is_written {
            return Ok(());
        }
        if kept.log != self.log.name() {
            return Err(EvidenceError::Elsewhere(kept.log.clone()));
        }
        self.log.write(&kept.anchor).await?;
        let sql = "UPDATE evidence_anchors SET written = 1 WHERE id = $1";
        sqlx::query(sql).bind(kept.anchor.id.to_string()).execute(self.store.pool()).await?;
        Ok(())
    }

    /// The proof, which is kept once it was made: the log may drop old records, the proof stays.
    async fn proof(&self, kept: Kept) -> Result<Bundle, EvidenceError> {
        if let Some(proof) = kept.proof {
            return Ok(Bundle { anchor: kept.anchor, proof });
        }
        self.write(&kept).await?;
        let proof = match self.log.prove(&kept.anchor).await? {
            Some(proof) => proof,
            None => return Err(EvidenceError::Elsewhere(kept.log)),
        };
        let text = serde_json::to_string(&proof).map_err(|error| StoreError::corrupt("a proof", error))?;
        let sql = "UPDATE evidence_anchors SET proof = COALESCE(proof, $2) WHERE id = $1";
        sqlx::query(sql).bind(kept.anchor.id.to_string()).bind(text).execute(self.store.pool()).await?;
        Ok(Bundle { anchor: kept.anchor, proof })
    }
}

#[async_trait]
impl EvidenceProvider for EmbeddedEvidence {
    async fn anchor(&self, new: NewAnchor) -> Result<Anchor, EvidenceError> {
        let kept = self.keep(&new).await?;
        self.write(&kept).await?;
        Ok(kept.anchor)
    }

    async fn find(&self, id: AnchorId) -> Result<Option<Anchor>, EvidenceError> {
        Ok(self.load(id).await?.map(|kept| kept.anchor))
    }

    async fn prove(&self, id: AnchorId) -> Result<Bundle, EvidenceError> {
        let kept = self.load(id).await?.ok_or(EvidenceError::NotFound)?;
        self.proof(kept).await
    }

    async fn settle(&self) -> Result<usize, EvidenceError> {
        let sql = "SELECT id, scenario, hash, purpose, reference, at, log, written, proof FROM evidence_anchors \
                   WHERE log = $1 AND proof IS NULL ORDER BY id LIMIT 1000";
        let rows: Vec<Row> = sqlx::query_as(sql).bind(self.log.name()).fetch_all(self.store.pool()).await?;
        let mut settled = 0;
        for row in rows {
            self.proof(kept(row)?).await?;
            settled += 1;
        }
        Ok(settled)
    }
}

fn kept((id, scenario, hash, purpose, reference, at, log, written, proof): Row) -> Result<Kept, StoreError> {
    let corrupt = || StoreError::corrupt("evidence_anchors", "it can't be parsed");
    let anchor = Anchor {
        id: id.parse().map_err(|_| corrupt())?,
        scenario: scenario.parse().map_err(|_| corrupt())?,
        hash: hash.parse().map_err(|_| corrupt())?,
        purpose: purpose.parse().map_err(|_| corrupt())?,
        reference: reference.parse().map_err(|_| corrupt())?,
        at: Timestamp::from_millisecond(at).map_err(|_| corrupt())?,
    };
    let proof = proof.map(|text| serde_json::from_str(&text)).transpose().map_err(|_| corrupt())?;
    Ok(Kept { anchor, log, is_written: written != 0, proof })
}
