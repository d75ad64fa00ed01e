//! Making a seal: keys, certificates, face and the data of GB/T 38540, stored all or nothing.

use std::time::{Duration, SystemTime};

use zhongtai_impression::Drawing;
use zhongtai_kernel::Timestamp;
use zhongtai_ofd::{ESeal, Picture, SealFacts};
use zhongtai_pki::{Algorithm, Certificate};
use zhongtai_store::StoreError;

use super::{
    EmbeddedSeals,
    authority::{Role, time},
    change, credential, find,
};
use crate::{NewSeal, Seal, SealError, SealKind, document::checked_text, seal::MOST_DAYS};

/// Everything of a seal that goes into one transaction.
struct Made {
    id: String,
    face: Drawing,
    eseal: ESeal,
    valid: (Timestamp, Timestamp),
    credentials: [credential::Fresh; 2],
}

pub(super) async fn create(host: &EmbeddedSeals, new: NewSeal, by: &str) -> Result<Seal, SealError> {
    check(&new)?;
    if let Some(known) = find::by_name(host, &new.name).await? {
        return same(known, &new);
    }
    let made = make(host, &new).await?;
    match store(host, &new, made, by).await {
        // Another host was asked for it at the same time.
        Err(SealError::Store(error)) if error.is_duplicate() => same(find::must(host, &new.name).await?, &new),
        other => other,
    }
}

fn check(new: &NewSeal) -> Result<(), SealError> {
    checked_text("title", &new.title, 64)?;
    let stage = (1..=40).contains(&new.stage.len())
        && new.stage.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if !stage {
        return Err(SealError::invalid("stage", "1 to 40 of a-z, 0-9 and `-`, such as issue"));
    }
    if !(1..=MOST_DAYS).contains(&new.days) {
        return Err(SealError::invalid("days", format!("1 to {MOST_DAYS}")));
    }
    Ok(())
}

/// The seal that is there, if it is the one that was asked for.
fn same(known: Seal, new: &NewSeal) -> Result<Seal, SealError> {
    let is_same = known.title == new.title
        && known.kind == new.kind
        && known.design == new.design
        && known.stage == new.stage
        && known.token_key.as_deref() == new.token.as_ref().map(|token| token.key.as_str());
    if is_same { Ok(known) } else { Err(SealError::Exists) }
}

async fn make(host: &EmbeddedSeals, new: &NewSeal) -> Result<Made, SealError> {
    let face = host.pen().draw(&new.design).await?;
    // Whole seconds: certificates have no others, and the seal must not begin before its maker's.
    let from = time(host.now().as_second() * 1000)?;
    let until = time(from.as_millisecond() + i64::from(new.days) * 86_400_000)?;
    let id = ulid::Ulid::generate().to_string();
    let authorities = host.authorities();
    let subject = authorities.subject(&new.title)?.unit(new.name.department().as_str())?;
    let role = Role::Department(new.name.department());
    let p256 = match &new.token {
        Some(token) => credential::import(host, token).await?,
        None => {
            let issuer = authorities.issuer(role, Algorithm::EcdsaP256Sha256).await?;
            credential::enrol(host, &id, (&issuer, &subject, new.days))?
        }
    };
    // An imported certificate may end earlier than was asked for.
    let end = p256.credential.certificate()?.tbs_certificate().validity().not_after.to_system_time();
    let until = until.min(Timestamp::try_from(end).map_err(|error| SealError::Fault(error.to_string()))?);
    let issuer = authorities.issuer(role, Algorithm::Sm2Sm3).await?;
    let sm2 = credential::enrol(host, &id, (&issuer, &subject, new.days))?;
    let kind = match new.kind {
        SealKind::Official | SealKind::Special => zhongtai_ofd::SealKind::Organisation,
        SealKind::Personal => zhongtai_ofd::SealKind::Person,
    };
    let certificate = sm2.credential.certificate()?.clone();
    let eseal = eseal(host, (&id, &new.title, kind), (from, until), &face, certificate).await?;
    Ok(Made { id, face, eseal, valid: (from, until), credentials: [p256, sm2] })
}

/// The data of GB/T 38540, which the platform's seal maker signs.
pub(super) async fn eseal(
    host: &EmbeddedSeals,
    (id, name, kind): (&str, &str, zhongtai_ofd::SealKind),
    (from, until): (Timestamp, Timestamp),
    face: &Drawing,
    signer: Certificate,
) -> Result<ESeal, SealError> {
    let maker = host.authorities().issuer(Role::Maker, Algorithm::Sm2Sm3).await?;
    // A maker that was made in this second began after its first instant.
    let begins = maker.credential.certificate()?.tbs_certificate().validity().not_before.to_system_time();
    let facts = SealFacts {
        id: id.to_owned(),
        name: name.to_owned(),
        kind,
        created: SystemTime::from(from),
        valid_from: SystemTime::from(from).max(begins),
        valid_until: SystemTime::from(until).max(begins + Duration::from_secs(1)),
    };
    Ok(ESeal::make(&facts, &Picture::of(face), &[signer], &maker.credential)?)
}

async fn store(host: &EmbeddedSeals, new: &NewSeal, made: Made, by: &str) -> Result<Seal, SealError> {
    let mut write = host.store().begin_write().await?;
    let sql = "INSERT INTO seals (id, name, department, title, kind, design, face, stage, state, valid_from, valid_until, \
               eseal, uses) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'valid', $9, $10, $11, 0)";
    sqlx::query(sql)
        .bind(&made.id)
        .bind(new.name.as_str())
        .bind(new.name.department().as_str())
        .bind(&new.title)
        .bind(new.kind.as_str())
        .bind(json(&new.design)?)
        .bind(json(&made.face)?)
        .bind(&new.stage)
        .bind(made.valid.0.as_millisecond())
        .bind(made.valid.1.as_millisecond())
        .bind(made.eseal.to_der()?)
        .execute(&mut *write)
        .await?;
    for fresh in made.credentials {
        credential::insert(host, &mut write, &made.id, fresh).await?;
    }
    change::remember(&mut write, &made.id, ("made", by, None), host.now()).await?;
    write.commit().await?;
    find::must(host, &new.name).await
}

pub(super) fn json(value: &impl serde::Serialize) -> Result<String, SealError> {
    Ok(serde_json::to_string(value).map_err(|error| StoreError::corrupt("a face", error))?)
}
