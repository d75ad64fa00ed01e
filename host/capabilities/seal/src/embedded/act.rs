//! Using keys, once for an idempotency key.
//!
//! A claim is stored, the document is sealed, and what the keys gave is stored with the digest of the result: only then
//! does anybody get it. Cut off before that, nothing has left the host, and the same request seals anew. Cut off after
//! it, the same request makes the same bytes again (see [`crate::replay`]). Two at once may both seal, but one result is
//! stored, and both answer with that one.

use std::time::SystemTime;

use sha2::{Digest as _, Sha256};
use zhongtai_impression::Drawing;
use zhongtai_kernel::{AccountId, Timestamp};
use zhongtai_ofd::ESeal;
use zhongtai_pades::{SealAppearance, SignatureFacts};
use zhongtai_pki::{Algorithm, Credential, TimeStampAuthority};
use zhongtai_store::{StoreError, WriteTransaction};

use super::{EmbeddedSeals, credential, find, person};
use crate::{
    Act, Format, Order, Place, SealError, SealName, Sealed, Status,
    replay::{Given, Tape},
};

/// Whose key is used.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Seal,
    Person,
}

/// A seal or a signing key that is asked to be used.
struct Holder {
    kind: Kind,
    id: String,
    status: Status,
    /// What a PDF says of the signer beside the certificate.
    name: Option<String>,
}

/// What an act stands for.
enum Claim {
    /// It is to be done.
    Open,
    /// It was done: what the keys gave, and the digest of the result.
    Done(Given, String),
}

/// A document, and everything that a seal is put on it with.
struct Press {
    credential: Credential,
    stamper: TimeStampAuthority,
    face: Option<Drawing>,
    eseal: Option<ESeal>,
    name: Option<String>,
    format: Format,
    document: Vec<u8>,
    place: Place,
    reason: Option<String>,
}

/// A document that was looked at.
struct Looked {
    order: Order,
    format: Format,
    digest: [u8; 32],
}

pub(super) async fn apply(host: &EmbeddedSeals, act: &Act, name: &SealName, order: Order) -> Result<Sealed, SealError> {
    let (id, seal) = find::with_id(host, name).await?.ok_or(SealError::NotFound("seal"))?;
    let holder = Holder { kind: Kind::Seal, id, status: seal.status(host.now()), name: Some(seal.title) };
    run(host, act, &holder, look(order).await?).await
}

pub(super) async fn sign(
    host: &EmbeddedSeals,
    act: &Act,
    account: AccountId,
    order: Order,
) -> Result<Sealed, SealError> {
    let key = person::newest(host, account).await?.ok_or(SealError::NotFound("signing key"))?;
    let status = key.status(host.now());
    let holder = Holder { kind: Kind::Person, id: key.id, status, name: None };
    run(host, act, &holder, look(order).await?).await
}

/// A large document's digest takes a while: off the threads that answer others.
async fn look(order: Order) -> Result<Looked, SealError> {
    let format = Format::of(&order.document).ok_or(SealError::Format)?;
    let look = move || Looked { digest: Sha256::digest(&order.document).into(), format, order };
    Ok(tokio::task::spawn_blocking(look).await?)
}

async fn run(host: &EmbeddedSeals, act: &Act, holder: &Holder, looked: Looked) -> Result<Sealed, SealError> {
    let request = request(host, holder, &looked);
    match claim(host, act, &request, holder).await? {
        Claim::Done(given, sealed) => again(press(host, holder, looked).await?, given, sealed).await.map(|done| done.1),
        Claim::Open => {
            let (case, document) = (looked.order.facts.case.clone().unwrap_or_default(), looked.digest);
            let format = looked.format;
            let tape = Tape::new(host.now());
            let (press, sealed) = work(press(host, holder, looked).await?, tape.clone()).await?;
            let used = Used { case: &case, document, format, sealed: sealed.sha256 };
            match finish(host, act, holder, &used, &tape.given()).await? {
                Claim::Open => Ok(sealed),
                // Another request with the same key was first: its result is the answer.
                Claim::Done(given, sealed) => again(press, given, sealed).await.map(|done| done.1),
            }
        }
    }
}

/// Everything that the result depends on.
fn request(host: &EmbeddedSeals, holder: &Holder, looked: &Looked) -> String {
    let Order { place, facts, .. } = &looked.order;
    let place = format!("{} {} {}", place.page, place.x_mm, place.y_mm);
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let (case, stage, reason) = (text(&facts.case), text(&facts.stage), text(&facts.reason));
    let parts = [holder.id.as_str(), &place, &case, &stage, &reason].map(str::as_bytes);
    host.vault().digest(&[&parts[..], &[looked.digest.as_slice()]].concat())
}

/// Takes the key of the act for a request, told from others by its digest.
async fn claim(host: &EmbeddedSeals, act: &Act, request: &str, holder: &Holder) -> Result<Claim, SealError> {
    if let Some(known) = known(host, act, request).await? {
        // What was done is told again, even if the seal could not be used any more.
        return match (known, holder.status) {
            (Claim::Open, status) if status != Status::Valid => Err(standing(holder.kind, status)),
            (known, _) => Ok(known),
        };
    }
    if holder.status != Status::Valid {
        return Err(standing(holder.kind, holder.status));
    }
    let sql = "INSERT INTO seal_acts (scope, key, request, begun_at) VALUES ($1, $2, $3, $4) \
               ON CONFLICT (scope, key) DO NOTHING";
    sqlx::query(sql)
        .bind(&act.scope)
        .bind(act.key.as_str())
        .bind(request)
        .bind(host.now().as_millisecond())
        .execute(host.store().pool())
        .await?;
    known(host, act, request).await?.ok_or_else(|| SealError::Fault("an act is gone".to_owned()))
}

async fn known(host: &EmbeddedSeals, act: &Act, request: &str) -> Result<Option<Claim>, SealError> {
    let sql = "SELECT request, given, sealed FROM seal_acts WHERE scope = $1 AND key = $2";
    let row: Option<(String, Option<String>, Option<String>)> =
        sqlx::query_as(sql).bind(&act.scope).bind(act.key.as_str()).fetch_optional(host.store().pool()).await?;
    match row {
        None => Ok(None),
        Some((known, ..)) if known != request => Err(SealError::KeyReused),
        Some((_, Some(given), Some(sealed))) => {
            let given = serde_json::from_str(&given).map_err(|error| StoreError::corrupt("seal_acts.given", error))?;
            Ok(Some(Claim::Done(given, sealed)))
        }
        Some(_) => Ok(Some(Claim::Open)),
    }
}

async fn press(host: &EmbeddedSeals, holder: &Holder, looked: Looked) -> Result<Press, SealError> {
    let algorithm = match looked.format {
        Format::Pdf => Algorithm::EcdsaP256Sha256,
        Format::Ofd => Algorithm::Sm2Sm3,
    };
    let (face, eseal) = match (holder.kind, looked.format) {
        (Kind::Seal, Format::Pdf) => (Some(find::face_of(host, &holder.id).await?), None),
        (Kind::Seal, Format::Ofd) => (None, Some(find::eseal(host, &holder.id).await?)),
        (Kind::Person, Format::Pdf) => (person::face(host, &holder.id).await?, None),
        (Kind::Person, Format::Ofd) => (None, Some(person::eseal(host, &holder.id).await?.ok_or(SealError::NoFace)?)),
    };
    Ok(Press {
        credential: credential::load(host, &holder.id, algorithm).await?,
        stamper: host.authorities().stamper(algorithm).await?,
        face,
        eseal,
        name: holder.name.clone(),
        format: looked.format,
        document: looked.order.document,
        place: looked.order.place,
        reason: looked.order.facts.reason,
    })
}

// === impl Press ===

impl Press {
    fn run(&self, tape: &Tape) -> Result<Vec<u8>, SealError> {
        let (credential, stamper) = (tape.credential(&self.credential), tape.stamper(&self.stamper));
        let at = SystemTime::from(tape.given().time());
        let Place { page, x_mm, y_mm } = self.place;
        if let Some(eseal) = &self.eseal {
            let place = zhongtai_ofd::Placement { page, x_mm, y_mm };
            return Ok(zhongtai_ofd::seal(&self.document, eseal, place, &credential, Some(&stamper), at)?);
        }
        let placement = zhongtai_pades::Placement { page, x_mm, y_mm };
        let appearance = self.face.as_ref().map(|drawing| SealAppearance { drawing, placement });
        let (name, reason) = (self.name.clone(), self.reason.clone());
        let facts = SignatureFacts { name, reason, ..SignatureFacts::at(at) };
        Ok(zhongtai_pades::sign(&self.document, appearance, &credential, Some(&stamper), &facts)?)
    }
}

/// Seals off the threads that answer others.
async fn work(press: Press, tape: Tape) -> Result<(Press, Sealed), SealError> {
    let work = move || {
        let bytes = press.run(&tape)?;
        let sealed = Sealed::new(bytes, press.format, tape.given().time());
        Ok((press, sealed))
    };
    tokio::task::spawn_blocking(work).await?
}

/// Makes what was made, from what the keys gave then.
async fn again(press: Press, given: Given, digest: String) -> Result<(Press, Sealed), SealError> {
    match work(press, Tape::of(given)).await {
        Ok(done) if hex::encode(done.1.sha256) == digest => Ok(done),
        // Another version of this platform writes other bytes around the same signature.
        _ => Err(SealError::NotAgain(digest)),
    }
}

/// What is remembered of a use.
struct Used<'a> {
    case: &'a str,
    document: [u8; 32],
    format: Format,
    sealed: [u8; 32],
}

/// Counts the use, if the seal can still be used, and stores what the keys gave. Done only once for an act.
async fn finish(
    host: &EmbeddedSeals,
    act: &Act,
    holder: &Holder,
    used: &Used<'_>,
    given: &Given,
) -> Result<Claim, SealError> {
    let now = host.now();
    let mut write = host.store().begin_write().await?;
    if !count(&mut write, holder, now).await? {
        write.rollback().await?;
        // Suspended or revoked while it was at work: what was made is thrown away.
        return Err(standing(holder.kind, status_now(host, holder).await?));
    }
    let sql = "UPDATE seal_acts SET given = $3, sealed = $4 WHERE scope = $1 AND key = $2 AND sealed IS NULL";
    let given = super::create::json(given)?;
    let done = sqlx::query(sql)
        .bind(&act.scope)
        .bind(act.key.as_str())
        .bind(given)
        .bind(hex::encode(used.sealed))
        .execute(&mut *write)
        .await?;
    if done.rows_affected() == 0 {
        write.rollback().await?;
        let sql = "SELECT request FROM seal_acts WHERE scope = $1 AND key = $2";
        let request: String =
            sqlx::query_scalar(sql).bind(&act.scope).bind(act.key.as_str()).fetch_one(host.store().pool()).await?;
        return known(host, act, &request).await?.ok_or_else(|| SealError::Fault("an act is gone".to_owned()));
    }
    remember(&mut write, act, holder, used, now).await?;
    write.commit().await?;
    Ok(Claim::Open)
}

/// Locks the row of the seal or key, so that a suspension comes before or after.
async fn count(write: &mut WriteTransaction, holder: &Holder, now: Timestamp) -> Result<bool, SealError> {
    let sql = match holder.kind {
        Kind::Seal => {
            "UPDATE seals SET uses = uses + 1, last_used_at = $2 WHERE id = $1 AND state = 'valid' AND valid_until > $2"
        }
        Kind::Person => {
            "UPDATE seal_signing_keys SET uses = uses + 1, last_used_at = $2 \
             WHERE id = $1 AND state = 'valid' AND valid_until > $2"
        }
    };
    let done = sqlx::query(sql).bind(&holder.id).bind(now.as_millisecond()).execute(&mut **write).await?;
    Ok(done.rows_affected() == 1)
}

async fn status_now(host: &EmbeddedSeals, holder: &Holder) -> Result<Status, SealError> {
    let sql = match holder.kind {
        Kind::Seal => "SELECT state FROM seals WHERE id = $1",
        Kind::Person => "SELECT state FROM seal_signing_keys WHERE id = $1",
    };
    let state: String = sqlx::query_scalar(sql).bind(&holder.id).fetch_one(host.store().pool()).await?;
    match state.parse()? {
        Status::Valid => Ok(Status::Expired),
        other => Ok(other),
    }
}

async fn remember(
    write: &mut WriteTransaction,
    act: &Act,
    holder: &Holder,
    used: &Used<'_>,
    now: Timestamp,
) -> Result<(), SealError> {
    let sql = "INSERT INTO seal_uses (id, holder, at, scenario, case_id, format, document, sealed) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    sqlx::query(sql)
        .bind(ulid::Ulid::generate().to_string())
        .bind(&holder.id)
        .bind(now.as_millisecond())
        .bind(act.scenario.as_str())
        .bind(used.case)
        .bind(used.format.as_str())
        .bind(hex::encode(used.document))
        .bind(hex::encode(used.sealed))
        .execute(&mut **write)
        .await?;
    Ok(())
}

fn standing(kind: Kind, status: Status) -> SealError {
    let what = match kind {
        Kind::Seal => "seal",
        Kind::Person => "signing key",
    };
    SealError::Standing { what, status }
}
