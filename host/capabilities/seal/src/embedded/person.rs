//! Signing keys of persons (电子签名). Whatever says whose a key is, is encrypted at rest: the certificate, the face, the
//! data of GB/T 38540.

use zhongtai_impression::{Design, Drawing};
use zhongtai_kernel::AccountId;
use zhongtai_ofd::ESeal;
use zhongtai_pki::{Algorithm, Subject};
use zhongtai_store::StoreError;

use super::{
    EmbeddedSeals,
    authority::{Role, time},
    change, create, credential,
};
use crate::{Cause, SealError, SigningKey, Status};

/// For how long a person's certificate is made.
const DAYS: u32 = 1095;

/// `id`, `generation`, `state`, `valid_from`, `valid_until`, `uses`.
type Row = (String, i64, String, i64, i64, i64);

pub(super) async fn newest(host: &EmbeddedSeals, account: AccountId) -> Result<Option<SigningKey>, SealError> {
    Ok(with_generation(host, account).await?.map(|(_, key)| key))
}

async fn with_generation(host: &EmbeddedSeals, account: AccountId) -> Result<Option<(i64, SigningKey)>, SealError> {
    let sql = "SELECT id, generation, state, valid_from, valid_until, uses FROM seal_signing_keys WHERE account = $1 \
               ORDER BY generation DESC LIMIT 1";
    let row: Option<Row> = sqlx::query_as(sql).bind(account.to_string()).fetch_optional(host.store().pool()).await?;
    let Some((id, generation, state, from, until, uses)) = row else { return Ok(None) };
    let (serials, _) = credential::serials(host, &id).await?;
    let key = SigningKey {
        id,
        state: state.parse()?,
        valid_from: time(from)?,
        valid_until: time(until)?,
        serials,
        uses: u64::try_from(uses).unwrap_or_default(),
    };
    Ok(Some((generation, key)))
}

/// A person's key that can be used, or is only suspended, stays; otherwise a new one is made.
pub(super) async fn enrol(
    host: &EmbeddedSeals,
    account: AccountId,
    name: &str,
    by: &str,
) -> Result<SigningKey, SealError> {
    let last = with_generation(host, account).await?;
    let generation = last.as_ref().map_or(0, |(generation, _)| *generation) + 1;
    let stays = |key: &SigningKey| matches!(key.status(host.now()), Status::Valid | Status::Suspended);
    if let Some((_, key)) = last.filter(|(_, key)| stays(key)) {
        return Ok(key);
    }
    match make(host, (account, generation), name, by).await {
        // Another host was asked for it at the same time.
        Err(SealError::Store(error)) if error.is_duplicate() => {}
        other => other?,
    }
    newest(host, account).await?.ok_or(SealError::NotFound("signing key"))
}

async fn make(
    host: &EmbeddedSeals,
    (account, generation): (AccountId, i64),
    name: &str,
    by: &str,
) -> Result<(), SealError> {
    let id = ulid::Ulid::generate().to_string();
    let from = time(host.now().as_second() * 1000)?;
    let until = time(from.as_millisecond() + i64::from(DAYS) * 86_400_000)?;
    let subject = Subject::new(name)?;
    let authorities = host.authorities();
    let p256 = authorities.issuer(Role::Persons, Algorithm::EcdsaP256Sha256).await?;
    let p256 = credential::enrol(host, &id, (&p256, &subject, DAYS))?;
    let sm2 = authorities.issuer(Role::Persons, Algorithm::Sm2Sm3).await?;
    let sm2 = credential::enrol(host, &id, (&sm2, &subject, DAYS))?;
    // A name that is too long for a face, or not in the font, still signs PDF files, without a mark.
    let face = match host.pen().draw(&Design::square(name)).await {
        Ok(face) => Some(face),
        Err(SealError::Design(_)) => None,
        Err(error) => return Err(error),
    };
    let (face_sealed, eseal_sealed) = match &face {
        None => (None, None),
        Some(face) => {
            let certificate = sm2.credential.certificate()?.clone();
            let kind = zhongtai_ofd::SealKind::Person;
            let eseal = create::eseal(host, (&id, name, kind), (from, until), face, certificate).await?;
            let face = host.vault().seal(&place(&id, "face"), create::json(face)?.as_bytes())?;
            (Some(face), Some(host.vault().seal(&place(&id, "eseal"), &eseal.to_der()?)?))
        }
    };

    let mut write = host.store().begin_write().await?;
    let sql = "INSERT INTO seal_signing_keys (id, account, generation, state, face, valid_from, valid_until, eseal, uses) \
               VALUES ($1, $2, $3, 'valid', $4, $5, $6, $7, 0)";
    sqlx::query(sql)
        .bind(&id)
        .bind(account.to_string())
        .bind(generation)
        .bind(face_sealed)
        .bind(from.as_millisecond())
        .bind(until.as_millisecond())
        .bind(eseal_sealed)
        .execute(&mut *write)
        .await?;
    for fresh in [p256, sm2] {
        credential::insert(host, &mut write, &id, fresh).await?;
    }
    change::remember(&mut write, &id, ("made", by, None), host.now()).await?;
    write.commit().await?;
    Ok(())
}

pub(super) async fn retire(
    host: &EmbeddedSeals,
    account: AccountId,
    by: &str,
    (cause, reason): (Cause, &str),
) -> Result<SigningKey, SealError> {
    let key = newest(host, account).await?.ok_or(SealError::NotFound("signing key"))?;
    let mut write = host.store().begin_write().await?;
    let sql = "UPDATE seal_signing_keys SET state = 'revoked' WHERE id = $1 AND state <> 'revoked'";
    if sqlx::query(sql).bind(&key.id).execute(&mut *write).await?.rows_affected() == 1 {
        credential::revoke(host, &mut write, &key.id, cause).await?;
        let reason = format!("{cause}: {reason}");
        change::remember(&mut write, &key.id, ("revoked", by, Some(&reason)), host.now()).await?;
        write.commit().await?;
    } else {
        write.rollback().await?;
    }
    newest(host, account).await?.ok_or(SealError::NotFound("signing key"))
}

/// The mark that a PDF shows; none for a name that can't be drawn.
pub(super) async fn face(host: &EmbeddedSeals, id: &str) -> Result<Option<Drawing>, SealError> {
    let sql = "SELECT face FROM seal_signing_keys WHERE id = $1";
    let face: Option<Vec<u8>> = sqlx::query_scalar(sql).bind(id).fetch_one(host.store().pool()).await?;
    let Some(face) = face else { return Ok(None) };
    let face = host.vault().open(&place(id, "face"), &face)?;
    Ok(Some(serde_json::from_slice(&face).map_err(|error| StoreError::corrupt("seal_signing_keys.face", error))?))
}

pub(super) async fn eseal(host: &EmbeddedSeals, id: &str) -> Result<Option<ESeal>, SealError> {
    let sql = "SELECT eseal FROM seal_signing_keys WHERE id = $1";
    let eseal: Option<Vec<u8>> = sqlx::query_scalar(sql).bind(id).fetch_one(host.store().pool()).await?;
    let Some(eseal) = eseal else { return Ok(None) };
    Ok(Some(ESeal::from_der(&host.vault().open(&place(id, "eseal"), &eseal)?)?))
}

fn place(id: &str, column: &str) -> String {
    format!("key/{id}/{column}")
}
