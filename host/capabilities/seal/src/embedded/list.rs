//! Revocation lists: signed anew when something is taken back, and before they run out.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use der::Encode as _;
use jiff::SignedDuration;
use zhongtai_kernel::Timestamp;
use zhongtai_pki::{Authority, Credential, Revoked, certificates, x509_cert::serial_number::SerialNumber};
use zhongtai_store::{StoreError, WriteTransaction};

use super::authority::{Authorities, time};
use crate::{AuthorityState, Cause, SealError};

/// How long a list may be relied on.
const IN_FORCE: Duration = Duration::from_secs(7 * 86_400);
/// A list that is in force for less is signed anew: hosts that are down for a weekend leave no gap.
const RENEW_BEFORE: SignedDuration = SignedDuration::from_hours(5 * 24);

/// A list, DER, and until when it is in force.
pub(super) fn sign(
    authority: &Authority,
    number: u64,
    revoked: &[Revoked],
    now: Timestamp,
) -> Result<(Vec<u8>, i64), SealError> {
    let list = authority.revocation_list(number, revoked, IN_FORCE)?;
    let list = list.to_der().map_err(|error| SealError::Fault(format!("a list can't be encoded: {error}")))?;
    let until = now.as_millisecond().saturating_add(i64::try_from(IN_FORCE.as_millis()).unwrap_or(i64::MAX));
    Ok((list, until))
}

/// Signs an authority's list anew; with `due`, only one that runs out before. The row is locked first, so that lists
/// follow each other and none is signed from what was read before another's revocation.
pub(super) async fn renew(
    all: &Authorities,
    write: &mut WriteTransaction,
    id: &str,
    due: Option<Timestamp>,
) -> Result<bool, SealError> {
    let sql = "UPDATE seal_authorities SET list_number = list_number + 1 WHERE id = $1 AND list_until <= $2 \
               RETURNING list_number, key_sealed, chain";
    let due = due.map_or(i64::MAX, Timestamp::as_millisecond);
    let row: Option<(i64, Vec<u8>, String)> =
        sqlx::query_as(sql).bind(id).bind(due).fetch_optional(&mut **write).await?;
    let Some((number, key, chain)) = row else { return Ok(false) };
    let sql = "SELECT serial, since, cause FROM seal_revocations WHERE authority = $1 ORDER BY since, serial";
    let rows: Vec<(String, i64, String)> = sqlx::query_as(sql).bind(id).fetch_all(&mut **write).await?;
    let revoked = rows.into_iter().map(revoked).collect::<Result<Vec<_>, SealError>>()?;

    let key = all.vault.keys.open(&key, &format!("authority/{id}"))?;
    let credential = Credential::new(Arc::new(key), certificates(&chain)?)?;
    let authority = Authority::load(credential, all.clock.clone())?;
    let (list, until) = sign(&authority, u64::try_from(number).unwrap_or_default(), &revoked, all.clock.now())?;
    let sql = "UPDATE seal_authorities SET list = $2, list_until = $3 WHERE id = $1";
    sqlx::query(sql).bind(id).bind(list).bind(until).execute(&mut **write).await?;
    Ok(true)
}

fn revoked((serial, since, cause): (String, i64, String)) -> Result<Revoked, SealError> {
    let corrupt = || StoreError::corrupt("seal_revocations.serial", "it is no serial number");
    let bytes = hex::decode(serial).map_err(|_| corrupt())?;
    let serial = SerialNumber::new(&bytes).map_err(|_| corrupt())?;
    let cause: Cause = cause.parse()?;
    Ok(Revoked { serial, since: SystemTime::from(time(since)?), reason: cause.reason() })
}

/// Signs those lists anew that will run out. Returns how many.
pub(super) async fn tick(all: &Authorities) -> Result<usize, SealError> {
    let now = all.clock.now();
    let due = now.checked_add(RENEW_BEFORE).unwrap_or(Timestamp::MAX);
    // A list of an authority that has expired would be relied on by nobody; the last one before stays.
    let sql = "SELECT id FROM seal_authorities WHERE list_until <= $1 AND valid_until > $2 ORDER BY id";
    let ids: Vec<String> = sqlx::query_scalar(sql)
        .bind(due.as_millisecond())
        .bind(now.as_millisecond())
        .fetch_all(all.store.pool())
        .await?;
    let mut renewed = 0;
    for id in ids {
        let mut write = all.store.begin_write().await?;
        renewed += usize::from(renew(all, &mut write, &id, Some(due)).await?);
        write.commit().await?;
    }
    Ok(renewed)
}

/// How every authority and its list stand.
pub(super) async fn states(all: &Authorities) -> Result<Vec<AuthorityState>, SealError> {
    let sql = "SELECT a.id, a.valid_until, a.list_until, a.list_number, \
               (SELECT COUNT(*) FROM seal_revocations r WHERE r.authority = a.id) \
               FROM seal_authorities a ORDER BY a.id";
    let rows: Vec<(String, i64, Option<i64>, i64, i64)> = sqlx::query_as(sql).fetch_all(all.store.pool()).await?;
    let state = |(id, valid_until, list_until, list_number, revoked): (String, i64, Option<i64>, i64, i64)| {
        let list_until = list_until.map(time).transpose()?;
        Ok(AuthorityState { id, valid_until: time(valid_until)?, list_until, list_number, revoked })
    };
    rows.into_iter().map(state).collect()
}

/// The newest list of an authority, DER.
pub(super) async fn newest(all: &Authorities, id: &str) -> Result<Option<Vec<u8>>, SealError> {
    let sql = "SELECT list FROM seal_authorities WHERE id = $1";
    let found: Option<Option<Vec<u8>>> = sqlx::query_scalar(sql).bind(id).fetch_optional(all.store.pool()).await?;
    Ok(found.flatten())
}
