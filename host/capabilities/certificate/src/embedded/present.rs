use zhongtai_kernel::{ScenarioId, Timestamp};
use zhongtai_store::StoreError;

use super::{EmbeddedCertificates, act, count, find as certificates};
use crate::{
    Certificate, CertificateError, NewPresentation, Presentation, PresentationToken, PurposeName, Standing,
    TokenRefusal, Verifier, presentation::TokenHash, usage::Counted,
};

/// `certificate`, `fields`, `purpose`, `verifier`, `expires_at`, `redeemed_at`.
type Row = (String, String, String, String, i64, Option<i64>);

pub(super) async fn make(
    host: &EmbeddedCertificates,
    by: &ScenarioId,
    new: NewPresentation,
) -> Result<PresentationToken, CertificateError> {
    let certificate = certificates::must(host, new.certificate).await?;
    let now = host.now();
    match certificate.standing(now) {
        Standing::Valid => {}
        standing => return Err(CertificateError::Standing(standing)),
    }
    let token = PresentationToken::generate()?;
    let mut write = host.store().begin_write().await?;
    let sql = "INSERT INTO certificate_presentations (token_hash, certificate, fields, purpose, verifier, made_at, \
               expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7)";
    sqlx::query(sql)
        .bind(TokenHash::of(&token).0)
        .bind(new.certificate.to_string())
        .bind(serde_json::Value::from(new.fields).to_string())
        .bind(new.purpose.as_str())
        .bind(new.verifier.to_string())
        .bind(now.as_millisecond())
        .bind(new.expires_at.as_millisecond())
        .execute(&mut *write)
        .await?;
    act::remember(&mut write, new.certificate, ("presented", by.as_str(), Some(new.purpose.as_str())), now).await?;
    count::add(&mut write, certificate.kind.name(), &new.verifier.to_string(), Counted::Presented).await?;
    write.commit().await?;
    Ok(token)
}

pub(super) async fn find(
    host: &EmbeddedCertificates,
    token: &PresentationToken,
) -> Result<Presentation, CertificateError> {
    let hash = TokenHash::of(token);
    let sql = "SELECT certificate, fields, purpose, verifier, expires_at, redeemed_at FROM certificate_presentations \
               WHERE token_hash = $1";
    let row: Option<Row> = sqlx::query_as(sql).bind(&hash.0).fetch_optional(host.store().pool()).await?;
    Ok(presentation(hash.short(), row.ok_or(TokenRefusal::Unknown)?)?)
}

fn presentation(
    id: String,
    (certificate, fields, purpose, verifier, expires_at, redeemed_at): Row,
) -> Result<Presentation, StoreError> {
    let corrupt = |_| StoreError::corrupt("certificate_presentations", "it can't be parsed");
    let fields = serde_json::from_str(&fields)
        .map_err(|_| StoreError::corrupt("certificate_presentations.fields", "it is not a JSON array of texts"))?;
    let shows = NewPresentation {
        certificate: certificates::id(&certificate)?,
        fields,
        purpose: purpose.parse().map_err(corrupt)?,
        verifier: verifier.parse().map_err(corrupt)?,
        expires_at: certificates::time(expires_at)?,
    };
    Ok(Presentation { id, shows, redeemed_at: redeemed_at.map(certificates::time).transpose()? })
}

pub(super) async fn redeem(
    host: &EmbeddedCertificates,
    by: &ScenarioId,
    token: &PresentationToken,
    verifiers: &[Verifier],
    purpose: &PurposeName,
) -> Result<Certificate, CertificateError> {
    let presentation = find(host, token).await?;
    let now = host.now();
    check(&presentation, verifiers, purpose, now)?;
    let certificate = certificates::must(host, presentation.shows.certificate).await?;
    match certificate.standing(now) {
        Standing::Valid => {}
        standing => return Err(TokenRefusal::NotValid(standing).into()),
    }
    let mut write = host.store().begin_write().await?;
    let sql = "UPDATE certificate_presentations SET redeemed_at = $2, redeemed_by = $3 \
               WHERE token_hash = $1 AND redeemed_at IS NULL";
    let done = sqlx::query(sql)
        .bind(TokenHash::of(token).0)
        .bind(now.as_millisecond())
        .bind(by.as_str())
        .execute(&mut *write)
        .await?;
    if done.rows_affected() == 0 {
        return Err(TokenRefusal::Used.into());
    }
    act::remember(&mut write, certificate.id, ("redeemed", by.as_str(), Some(purpose.as_str())), now).await?;
    let verifier = presentation.shows.verifier.to_string();
    count::use_once(&mut write, &certificate, &verifier, now).await?;
    write.commit().await?;
    Ok(certificate)
}

fn check(
    presentation: &Presentation,
    verifiers: &[Verifier],
    purpose: &PurposeName,
    now: Timestamp,
) -> Result<(), TokenRefusal> {
    let shows = &presentation.shows;
    if !verifiers.contains(&shows.verifier) {
        return Err(TokenRefusal::OtherVerifier);
    }
    if shows.purpose != *purpose {
        return Err(TokenRefusal::OtherPurpose);
    }
    if presentation.redeemed_at.is_some() {
        return Err(TokenRefusal::Used);
    }
    if shows.expires_at <= now {
        return Err(TokenRefusal::Expired);
    }
    Ok(())
}
