//! The idempotency ledger: an irreversible act happens once for a key of its scenario.

use std::sync::{Mutex, PoisonError};

use zhongtai_kernel::Timestamp;
use zhongtai_store::{StoreError, WriteTransaction};

use crate::{Act, CertificateError, CertificateId};

/// What a key stands for.
pub(super) enum Claim {
    /// Nothing yet: it is this act's now, if the transaction is committed.
    New,
    /// The same request, made before: its certificate.
    Done(CertificateId),
}

/// Takes the key of `act` for a request, told from others by its digest. A second transaction waits here for the first
/// one to end.
pub(super) async fn claim(
    write: &mut WriteTransaction,
    act: &Act,
    request: &str,
    certificate: CertificateId,
    now: Timestamp,
) -> Result<Claim, CertificateError> {
    let sql = "INSERT INTO certificate_acts (scenario, key, request, certificate, at) VALUES ($1, $2, $3, $4, $5) \
               ON CONFLICT (scenario, key) DO NOTHING";
    let done = sqlx::query(sql)
        .bind(act.scenario.as_str())
        .bind(act.key.as_str())
        .bind(request)
        .bind(certificate.to_string())
        .bind(now.as_millisecond())
        .execute(&mut **write)
        .await?;
    if done.rows_affected() == 1 {
        return Ok(Claim::New);
    }
    let sql = "SELECT request, certificate FROM certificate_acts WHERE scenario = $1 AND key = $2";
    let (known, certificate): (String, String) =
        sqlx::query_as(sql).bind(act.scenario.as_str()).bind(act.key.as_str()).fetch_one(&mut **write).await?;
    if known != request {
        return Err(CertificateError::KeyReused);
    }
    let corrupt = |_| StoreError::corrupt("certificate_acts.certificate", "it is no id");
    Ok(Claim::Done(certificate.parse().map_err(corrupt)?))
}

/// Adds a line to a certificate's history.
pub(super) async fn remember(
    write: &mut WriteTransaction,
    certificate: CertificateId,
    (what, by, reason): (&str, &str, Option<&str>),
    now: Timestamp,
) -> Result<(), CertificateError> {
    let sql =
        "INSERT INTO certificate_history (id, certificate, at, what, actor, reason) VALUES ($1, $2, $3, $4, $5, $6)";
    sqlx::query(sql)
        .bind(next_id())
        .bind(certificate.to_string())
        .bind(now.as_millisecond())
        .bind(what)
        .bind(by)
        .bind(reason)
        .execute(&mut **write)
        .await?;
    Ok(())
}

/// Ids of the history in the order in which this host wrote them: things happen in one millisecond, too.
fn next_id() -> String {
    static IDS: Mutex<ulid::Generator> = Mutex::new(ulid::Generator::new());
    let mut ids = IDS.lock().unwrap_or_else(PoisonError::into_inner);
    // After 2^80 in one millisecond the order is lost, and nothing else.
    ids.generate().unwrap_or_else(|_| ulid::Ulid::generate()).to_string()
}
