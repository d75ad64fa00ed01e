//! Issuing, first and again. The number is taken with the record in one transaction; the papers are made after it, and
//! the certificate is valid when they are remembered. What is cut off between goes on by the same key, or at the start.

use std::{collections::BTreeMap, sync::Arc};

use jiff::{ToSpan, civil::Date};
use zhongtai_kernel::Timestamp;
use zhongtai_store::{StoreError, WriteTransaction};

use super::{
    EmbeddedCertificates,
    act::{self, Claim},
    count, find, types,
};
use crate::{
    Act, Certificate, CertificateError, CertificateId, CertificateNumber, CertificateType, Fields, Holder, Issue,
    NewCertificate, Paper, PaperFile, Reissue, Serial, Standing, State, certificate::day_of, paper, usage::Counted,
};

/// A certificate that has everything but its number.
struct Draft {
    kind: Arc<CertificateType>,
    holder: Holder,
    fields: Fields,
    valid_from: Date,
    valid_until: Option<Date>,
    previous: Option<Certificate>,
    reason: Option<String>,
}

pub(super) async fn first(
    host: &EmbeddedCertificates,
    act: &Act,
    new: NewCertificate,
) -> Result<Certificate, CertificateError> {
    let kind = types::newest(host, &new.kind).await?;
    kind.check(&new.fields)?;
    // As it was asked for: a first day that nobody named is another one tomorrow, and the request the same.
    let from = new.valid_from.map(|day| day.to_string()).unwrap_or_default();
    let what = [&*new.kind, &new.holder.to_text(), &from];
    let request = request(host, "issue", act, &what, &new.fields, new.valid_until);
    let valid_from = new.valid_from.unwrap_or_else(|| day_of(host.now()));
    let valid_until = last_day(&kind, valid_from, new.valid_until)?;
    let (holder, fields) = (new.holder, new.fields);
    let draft = Draft { kind, holder, fields, valid_from, valid_until, previous: None, reason: None };
    begin(host, act, &request, draft).await
}

pub(super) async fn again(
    host: &EmbeddedCertificates,
    act: &Act,
    new: Reissue,
) -> Result<Certificate, CertificateError> {
    let previous = find::must(host, new.previous).await?;
    let kind = types::newest(host, previous.kind.name()).await?;
    kind.check(&new.fields)?;
    let id = new.previous.to_string();
    let request = request(host, "reissue", act, &[&id, &new.reason], &new.fields, new.valid_until);
    let valid_from = day_of(host.now());
    let valid_until = last_day(&kind, valid_from, new.valid_until)?;
    let (holder, fields, reason) = (previous.holder.clone(), new.fields, Some(new.reason));
    let draft = Draft { kind, holder, fields, valid_from, valid_until, previous: Some(previous), reason };
    begin(host, act, &request, draft).await
}

/// Makes the papers that certificates wait for. One that can't be made does not hold up the others.
pub(super) async fn resume(host: &EmbeddedCertificates) -> Result<usize, CertificateError> {
    let sql = "SELECT id FROM certificates WHERE state = 'issuing' ORDER BY id";
    let waiting: Vec<String> = sqlx::query_scalar(sql).fetch_all(host.store().pool()).await?;
    let mut finished = 0;
    for id in waiting {
        let certificate = find::must(host, find::id(&id)?).await?;
        match go_on(host, certificate).await {
            Ok(_) => finished += 1,
            Err(error) => tracing::warn!(certificate = id, %error, "a certificate still waits for its papers"),
        }
    }
    Ok(finished)
}

/// Takes the key and the number and stores the record, all or nothing; then goes on to the papers.
async fn begin(
    host: &EmbeddedCertificates,
    act: &Act,
    request: &str,
    draft: Draft,
) -> Result<Certificate, CertificateError> {
    let (id, now) = (CertificateId::generate(), host.now());
    let mut write = host.store().begin_write().await?;
    let id = match act::claim(&mut write, act, request, id, now).await? {
        Claim::Done(earlier) => {
            write.rollback().await?;
            earlier
        }
        Claim::New => {
            replaceable(&draft, now)?;
            let number = number(&mut write, &draft, now).await?;
            insert(host, &mut write, act, (id, &number), &draft).await?;
            write.commit().await?;
            id
        }
    };
    go_on(host, find::must(host, id).await?).await
}

/// Makes what is still missing.
async fn go_on(host: &EmbeddedCertificates, certificate: Certificate) -> Result<Certificate, CertificateError> {
    if certificate.state != State::Issuing {
        return Ok(certificate);
    }
    let papers = match (host.papers(), certificate.kind.papers()) {
        (Some(maker), Some(_)) => {
            let papers = maker.make(&certificate).await.map_err(CertificateError::Papers)?;
            paper::check(&papers)?;
            papers
        }
        _ => Vec::new(),
    };
    finish(host, &certificate, &papers).await?;
    find::must(host, certificate.id).await
}

/// Remembers the papers and makes the certificate valid; the one before is superseded in the same moment.
async fn finish(
    host: &EmbeddedCertificates,
    certificate: &Certificate,
    papers: &[Paper],
) -> Result<(), CertificateError> {
    let (id, now) = (certificate.id, host.now());
    let mut write = host.store().begin_write().await?;
    // The older one first, as in `revoke`: two transactions that take the same rows take them in the same order.
    if let Some(previous) = certificate.previous {
        let sql = "UPDATE certificates SET state = 'superseded' WHERE id = $1 AND state = 'issued'";
        sqlx::query(sql).bind(previous.to_string()).execute(&mut *write).await?;
    }
    let sql = "UPDATE certificates SET state = 'issued' WHERE id = $1 AND state = 'issuing'";
    let done = sqlx::query(sql).bind(id.to_string()).execute(&mut *write).await?;
    if done.rows_affected() == 0 {
        // Another one finished it, or revoked what it was to replace: what is stored says which.
        write.rollback().await?;
        return Ok(());
    }
    for paper in papers {
        keep(host, &mut write, id, paper).await?;
    }
    let (scenario, reason) = origin(&mut write, id).await?;
    act::remember(&mut write, id, ("issued", &scenario, reason.as_deref()), now).await?;
    if let Some(previous) = certificate.previous {
        act::remember(&mut write, previous, ("superseded", &scenario, reason.as_deref()), now).await?;
    }
    count::add(&mut write, certificate.kind.name(), certificate.kind.owner().as_str(), Counted::Issued).await?;
    write.commit().await?;
    Ok(())
}

/// The scenario that asked for it, and why.
async fn origin(write: &mut WriteTransaction, id: CertificateId) -> Result<(String, Option<String>), CertificateError> {
    let sql = "SELECT scenario, reason FROM certificates WHERE id = $1";
    Ok(sqlx::query_as(sql).bind(id.to_string()).fetch_one(&mut **write).await?)
}

async fn keep(
    host: &EmbeddedCertificates,
    write: &mut WriteTransaction,
    id: CertificateId,
    paper: &Paper,
) -> Result<(), CertificateError> {
    let file = PaperFile::of(paper);
    let sealed = host.vault().seal(id, &format!("paper {}", file.name), &paper.bytes)?;
    let sql = "INSERT INTO certificate_papers (certificate, name, media_type, sha256, sm3, content_sealed) \
               VALUES ($1, $2, $3, $4, $5, $6)";
    sqlx::query(sql)
        .bind(id.to_string())
        .bind(&file.name)
        .bind(&file.media_type)
        .bind(hex::encode(file.sha256))
        .bind(hex::encode(file.sm3))
        .bind(sealed)
        .execute(&mut **write)
        .await?;
    Ok(())
}

/// Only what was issued and not taken back has a next issue.
fn replaceable(draft: &Draft, now: Timestamp) -> Result<(), CertificateError> {
    match draft.previous.as_ref().map(|previous| previous.standing(now)) {
        None | Some(Standing::Valid | Standing::Expired | Standing::NotYetValid) => Ok(()),
        Some(standing) => Err(CertificateError::Standing(standing)),
    }
}

/// The next number. Taken in the transaction that stores the certificate: a number that was not used is not lost.
async fn number(
    write: &mut WriteTransaction,
    draft: &Draft,
    now: Timestamp,
) -> Result<CertificateNumber, CertificateError> {
    if let Some(previous) = &draft.previous {
        let number = &previous.number;
        let issue = number.issue().next().ok_or(CertificateError::NoNumbers("999 versions"))?;
        let (kind, issuer, serial) = (number.kind().clone(), number.issuer().clone(), number.serial().clone());
        return Ok(CertificateNumber::new(kind, issuer, serial, issue));
    }
    let (kind, issuer, year) = (draft.kind.code(), draft.kind.issuer(), day_of(now).year());
    let sql = "INSERT INTO certificate_serials (type_code, issuer, year, last) VALUES ($1, $2, $3, 1) \
               ON CONFLICT (type_code, issuer, year) DO UPDATE SET last = certificate_serials.last + 1 RETURNING last";
    let count: i64 = sqlx::query_scalar(sql)
        .bind(kind.as_str())
        .bind(issuer.as_str())
        .bind(i64::from(year))
        .fetch_one(&mut **write)
        .await?;
    let serial = Serial::of_year(year, count).ok_or(CertificateError::NoNumbers("9,999,999 in a year"))?;
    Ok(CertificateNumber::new(kind.clone(), issuer.clone(), serial, Issue::FIRST))
}

async fn insert(
    host: &EmbeddedCertificates,
    write: &mut WriteTransaction,
    act: &Act,
    (id, number): (CertificateId, &CertificateNumber),
    draft: &Draft,
) -> Result<(), CertificateError> {
    let fields = serde_json::Value::Object(draft.fields.clone()).to_string();
    let sql = "INSERT INTO certificates (id, number, type, type_version, holder_index, holder_sealed, fields_sealed, \
               state, scenario, case_id, issued_at, valid_from, valid_until, previous, reason) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, 'issuing', $8, $9, $10, $11, $12, $13, $14)";
    let done = sqlx::query(sql)
        .bind(id.to_string())
        .bind(number.to_string())
        .bind(draft.kind.name())
        .bind(i64::from(draft.kind.version()))
        .bind(host.vault().index(&draft.holder))
        .bind(host.vault().seal(id, "holder", draft.holder.to_text().as_bytes())?)
        .bind(host.vault().seal(id, "fields", fields.as_bytes())?)
        .bind(act.scenario.as_str())
        .bind(act.case.as_deref())
        .bind(host.now().as_millisecond())
        .bind(draft.valid_from.to_string())
        .bind(draft.valid_until.map(|day| day.to_string()))
        .bind(draft.previous.as_ref().map(|previous| previous.id.to_string()))
        .bind(draft.reason.as_deref())
        .execute(&mut **write)
        .await
        .map_err(StoreError::from);
    match done {
        // Two asked for the next issue of the same certificate at once.
        Err(error) if error.is_duplicate() => Err(CertificateError::Standing(Standing::Superseded)),
        other => Ok(other.map(drop)?),
    }
}

/// The last day: as asked for, by the type, or none.
fn last_day(kind: &CertificateType, first: Date, asked: Option<Date>) -> Result<Option<Date>, CertificateError> {
    let by_type = || {
        let days = kind.validity_days().map(|days| i64::from(days) - 1);
        days.map(|days| first.checked_add(days.days())).transpose()
    };
    let too_far = |_| CertificateError::invalid("valid-until", "a day of this calendar");
    let last = asked.map_or_else(|| by_type().map_err(too_far), |day| Ok(Some(day)))?;
    match last {
        Some(last) if last < first => Err(CertificateError::invalid("valid-until", "the first day or a later one")),
        last => Ok(last),
    }
}

/// What tells this request from another with the same key.
fn request(
    host: &EmbeddedCertificates,
    verb: &str,
    act: &Act,
    what: &[&str],
    fields: &Fields,
    until: Option<Date>,
) -> String {
    // In the order of names: the same request may come with another order.
    let fields = fields.iter().collect::<BTreeMap<_, _>>();
    let fields = serde_json::to_string(&fields).unwrap_or_default();
    let until = until.map(|day| day.to_string()).unwrap_or_default();
    let case = act.case.as_deref().unwrap_or_default();
    let parts: Vec<&str> = [verb, case, &fields, &until].into_iter().chain(what.iter().copied()).collect();
    host.vault().digest(&parts)
}
