//! The idempotency ledger: what is filed or reported happens once for a key of its account or scenario.

use zhongtai_kernel::Timestamp;
use zhongtai_store::WriteTransaction;

use crate::{ActKey, CreditError};

/// Whose key it is, and for what.
pub(super) struct Act<'a> {
    pub(super) scope: String,
    pub(super) key: &'a ActKey,
    /// What tells this request from another one with the same key.
    pub(super) request: String,
}

/// Takes the key for a new target. Some target is what the same request made before. A second transaction waits here
/// for the first one to end.
pub(super) async fn claim(
    write: &mut WriteTransaction,
    act: &Act<'_>,
    target: &str,
    now: Timestamp,
) -> Result<Option<String>, CreditError> {
    let sql = "INSERT INTO credit_acts (scope, key, request, target, at) VALUES ($1, $2, $3, $4, $5) \
               ON CONFLICT (scope, key) DO NOTHING";
    let done = sqlx::query(sql)
        .bind(&act.scope)
        .bind(act.key.as_str())
        .bind(&act.request)
        .bind(target)
        .bind(now.as_millisecond())
        .execute(&mut **write)
        .await?;
    if done.rows_affected() == 1 {
        return Ok(None);
    }
    let sql = "SELECT request, target FROM credit_acts WHERE scope = $1 AND key = $2";
    let (request, target): (String, String) =
        sqlx::query_as(sql).bind(&act.scope).bind(act.key.as_str()).fetch_one(&mut **write).await?;
    if request == act.request { Ok(Some(target)) } else { Err(CreditError::KeyReused) }
}
