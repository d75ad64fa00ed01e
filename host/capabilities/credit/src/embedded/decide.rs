//! Deciding petitions.

use zhongtai_store::WriteTransaction;

use super::{
    Decision, EmbeddedCredit, file, find,
    history::{Line, remember},
    publish,
};
use crate::{CreditError, Petition, PetitionKind, PetitionState, State};

pub(super) async fn decide(host: &EmbeddedCredit, decision: Decision<'_>) -> Result<Petition, CreditError> {
    let petition = file::must(host, decision.petition).await?;
    let mut write = host.store().begin_write().await?;
    // The record first, as when it is filed: two transactions that take the same rows take them in the same order.
    lock(&mut write, &petition).await?;
    let outcome = if decision.is_upheld { PetitionState::Upheld } else { PetitionState::Dismissed };
    if !close(host, &mut write, &decision, outcome).await? {
        write.rollback().await?;
        return Err(CreditError::Decided(file::must(host, decision.petition).await?.state));
    }
    let (what, by) = (format!("{}-{}", petition.kind.as_str(), outcome.as_str()), decision.by);
    remember(host, &mut write, petition.about, Line { what: &what, by, reason: Some(decision.reason) }).await?;
    effect(host, &mut write, &petition, decision.is_upheld, by).await?;
    write.commit().await?;
    publish::changed(host, petition.about).await?;
    file::must(host, decision.petition).await
}

async fn lock(write: &mut WriteTransaction, petition: &Petition) -> Result<(), CreditError> {
    let sql = "UPDATE credit_entries SET held = held WHERE id = $1";
    sqlx::query(sql).bind(petition.about.to_string()).execute(&mut **write).await?;
    Ok(())
}

/// False when somebody else decided it.
async fn close(
    host: &EmbeddedCredit,
    write: &mut WriteTransaction,
    decision: &Decision<'_>,
    outcome: PetitionState,
) -> Result<bool, CreditError> {
    let id = decision.petition.to_string();
    let sql = "UPDATE credit_petitions SET state = $2, decided_at = $3, decided_by = $4, reason_sealed = $5 \
               WHERE id = $1 AND state = 'open'";
    let done = sqlx::query(sql)
        .bind(&id)
        .bind(outcome.as_str())
        .bind(host.now().as_millisecond())
        .bind(decision.by)
        .bind(host.vault().seal(&["decision", &id], decision.reason)?)
        .execute(&mut **write)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// What the decision does to the record.
async fn effect(
    host: &EmbeddedCredit,
    write: &mut WriteTransaction,
    petition: &Petition,
    is_upheld: bool,
    by: &str,
) -> Result<(), CreditError> {
    let sql = match (petition.kind, is_upheld) {
        (PetitionKind::Objection, true) => {
            "UPDATE credit_entries SET state = 'withdrawn', held = 0 WHERE id = $1 AND state <> 'withdrawn'"
        }
        (PetitionKind::Objection, false) => "UPDATE credit_entries SET held = 0 WHERE id = $1",
        (PetitionKind::Repair, true) => {
            "UPDATE credit_entries SET state = 'repaired' WHERE id = $1 AND state = 'published'"
        }
        (PetitionKind::Repair, false) => return Ok(()),
    };
    let done = sqlx::query(sql).bind(petition.about.to_string()).execute(&mut **write).await?;
    if done.rows_affected() == 0 {
        return Err(CreditError::State(state(host, petition).await?));
    }
    if petition.kind == PetitionKind::Objection && is_upheld {
        publish::close_petitions(host, write, petition.about, by).await?;
    }
    Ok(())
}

async fn state(host: &EmbeddedCredit, petition: &Petition) -> Result<State, CreditError> {
    Ok(find::must(host, petition.about).await?.record.state)
}
