//! Reading certificates back.

use jiff::civil::Date;
use zhongtai_kernel::Timestamp;
use zhongtai_store::StoreError;

use super::{EmbeddedCertificates, types};
use crate::{Certificate, CertificateError, CertificateId, CertificateNumber, HistoryEntry, Holder, PaperFile, State};

/// `id`, `number`, `type`, `type_version`, `holder_sealed`, `fields_sealed`, `state`, `issued_at`, `valid_from`,
/// `valid_until`, `previous`, `scenario`, `case_id`.
type Row = (
    String,
    String,
    String,
    i64,
    Vec<u8>,
    Vec<u8>,
    String,
    i64,
    String,
    Option<String>,
    Option<String>,
    String,
    Option<String>,
);

/// Certificates in one answer.
const MOST: i64 = 100;

pub(super) async fn by_id(
    host: &EmbeddedCertificates,
    id: CertificateId,
) -> Result<Option<Certificate>, CertificateError> {
    let sql = "SELECT id, number, type, type_version, holder_sealed, fields_sealed, state, issued_at, valid_from, \
               valid_until, previous, scenario, case_id FROM certificates WHERE id = $1";
    let row: Option<Row> = sqlx::query_as(sql).bind(id.to_string()).fetch_optional(host.store().pool()).await?;
    match row {
        Some(row) => Ok(Some(certificate(host, row).await?)),
        None => Ok(None),
    }
}

/// A certificate that must be there.
pub(super) async fn must(host: &EmbeddedCertificates, id: CertificateId) -> Result<Certificate, CertificateError> {
    by_id(host, id).await?.ok_or(CertificateError::NotFound)
}

pub(super) async fn by_number(
    host: &EmbeddedCertificates,
    number: &CertificateNumber,
) -> Result<Option<Certificate>, CertificateError> {
    let sql = "SELECT id FROM certificates WHERE number = $1";
    let id: Option<String> =
        sqlx::query_scalar(sql).bind(number.to_string()).fetch_optional(host.store().pool()).await?;
    match id {
        Some(id) => by_id(host, self::id(&id)?).await,
        None => Ok(None),
    }
}

pub(super) async fn held_by(
    host: &EmbeddedCertificates,
    holders: &[Holder],
) -> Result<Vec<Certificate>, CertificateError> {
    let sql = "SELECT id, number, type, type_version, holder_sealed, fields_sealed, state, issued_at, valid_from, \
               valid_until, previous, scenario, case_id FROM certificates WHERE holder_index = $1 ORDER BY id DESC LIMIT $2";
    let mut found = Vec::new();
    for holder in holders {
        let index = host.vault().index(holder);
        let rows: Vec<Row> = sqlx::query_as(sql).bind(index).bind(MOST).fetch_all(host.store().pool()).await?;
        for row in rows {
            found.push(certificate(host, row).await?);
        }
    }
    found.sort_by_key(|certificate| std::cmp::Reverse(certificate.id));
    found.truncate(MOST as usize);
    Ok(found)
}

pub(super) async fn history(
    host: &EmbeddedCertificates,
    id: CertificateId,
) -> Result<Vec<HistoryEntry>, CertificateError> {
    let sql = "SELECT at, what, actor, reason FROM certificate_history WHERE certificate = $1 ORDER BY at, id";
    let rows: Vec<(i64, String, String, Option<String>)> =
        sqlx::query_as(sql).bind(id.to_string()).fetch_all(host.store().pool()).await?;
    let entry = |(at, what, by, reason)| Ok(HistoryEntry { at: time(at)?, what, by, reason });
    rows.into_iter().map(entry).collect()
}

async fn certificate(host: &EmbeddedCertificates, row: Row) -> Result<Certificate, CertificateError> {
    let (id, number, kind, version, holder, fields, state, issued_at, from, until, previous, scenario, case) = row;
    let id = self::id(&id)?;
    let holder = host.vault().open(id, "holder", &holder)?;
    let fields = host.vault().open(id, "fields", &fields)?;
    Ok(Certificate {
        id,
        number: number.parse().map_err(|_| corrupt("certificates.number"))?,
        kind: types::version(host, &kind, version).await?,
        holder: Holder::parse(&holder).ok_or_else(|| corrupt("certificates.holder_sealed"))?,
        fields: serde_json::from_str(&fields).map_err(|_| corrupt("certificates.fields_sealed"))?,
        scenario: scenario.parse().map_err(|_| corrupt("certificates.scenario"))?,
        case,
        state: State::parse(&state).ok_or_else(|| corrupt("certificates.state"))?,
        issued_at: time(issued_at)?,
        valid_from: day(&from)?,
        valid_until: until.as_deref().map(day).transpose()?,
        previous: previous.as_deref().map(self::id).transpose()?,
        papers: papers(host, id).await?,
    })
}

async fn papers(host: &EmbeddedCertificates, id: CertificateId) -> Result<Vec<PaperFile>, CertificateError> {
    let sql = "SELECT name, media_type, sha256, sm3 FROM certificate_papers WHERE certificate = $1 ORDER BY name";
    let rows: Vec<(String, String, String, String)> =
        sqlx::query_as(sql).bind(id.to_string()).fetch_all(host.store().pool()).await?;
    let file = |(name, media_type, sha256, sm3): (String, String, String, String)| {
        Ok(PaperFile { name, media_type, sha256: digest(&sha256)?, sm3: digest(&sm3)? })
    };
    rows.into_iter().map(file).collect()
}

/// A paper's bytes, when they are what was kept.
pub(super) async fn paper(
    host: &EmbeddedCertificates,
    id: CertificateId,
    name: &str,
) -> Result<Option<Vec<u8>>, CertificateError> {
    let sql = "SELECT content_sealed FROM certificate_papers WHERE certificate = $1 AND name = $2";
    let sealed: Option<Option<Vec<u8>>> =
        sqlx::query_scalar(sql).bind(id.to_string()).bind(name).fetch_optional(host.store().pool()).await?;
    let open = |sealed: Vec<u8>| host.vault().open_bytes(id, &format!("paper {name}"), &sealed);
    Ok(sealed.flatten().map(open).transpose()?)
}

fn corrupt(what: &'static str) -> StoreError {
    StoreError::corrupt(what, "it can't be parsed")
}

pub(super) fn id(text: &str) -> Result<CertificateId, StoreError> {
    text.parse().map_err(|_| corrupt("certificate id"))
}

pub(super) fn time(millis: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_millisecond(millis).map_err(|_| corrupt("certificate time"))
}

fn day(text: &str) -> Result<Date, StoreError> {
    text.parse().map_err(|_| corrupt("certificates date"))
}

fn digest(text: &str) -> Result<[u8; 32], StoreError> {
    let mut bytes = [0; 32];
    hex::decode_to_slice(text, &mut bytes).map_err(|_| corrupt("certificate_papers digest"))?;
    Ok(bytes)
}
