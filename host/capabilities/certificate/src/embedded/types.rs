//! The registry of types: every version stays, since certificates were issued by it.

use std::sync::Arc;

use zhongtai_store::StoreError;

use super::EmbeddedCertificates;
use crate::{CertificateError, CertificateType};

type Row = (i64, String);

pub(super) async fn put(host: &EmbeddedCertificates, kind: CertificateType) -> Result<u32, CertificateError> {
    let mut write = host.store().begin_write().await?;
    let newest: Option<Row> = sqlx::query_as(NEWEST).bind(kind.name()).fetch_optional(&mut *write).await?;
    let newest = newest.map(parse).transpose()?;
    if let Some(newest) = &newest {
        if newest.is_same(&kind) {
            return Ok(newest.version());
        }
        if newest.owner() != kind.owner() {
            let expected = format!("`{}`, whose type it is already", newest.owner());
            return Err(CertificateError::invalid("owner", expected));
        }
    }
    let version = newest.map_or(0, |newest| newest.version()) + 1;
    let sql = "INSERT INTO certificate_types (name, version, definition, created_at) VALUES ($1, $2, $3, $4)";
    sqlx::query(sql)
        .bind(kind.name())
        .bind(i64::from(version))
        .bind(kind.to_json())
        .bind(host.now().as_millisecond())
        .execute(&mut *write)
        .await?;
    write.commit().await?;
    Ok(version)
}

const NEWEST: &str = "SELECT version, definition FROM certificate_types WHERE name = $1 ORDER BY version DESC LIMIT 1";

pub(super) async fn newest(host: &EmbeddedCertificates, name: &str) -> Result<Arc<CertificateType>, CertificateError> {
    let sql = "SELECT MAX(version) FROM certificate_types WHERE name = $1";
    let newest: Option<i64> = sqlx::query_scalar(sql).bind(name).fetch_one(host.store().pool()).await?;
    // The name may be anything that a guest sent: an error must not repeat all of it.
    let unknown = || CertificateError::UnknownType(name.chars().take(64).collect());
    version(host, name, newest.ok_or_else(unknown)?).await
}

/// A version never changes: once its schema is compiled it is kept.
pub(super) async fn version(
    host: &EmbeddedCertificates,
    name: &str,
    version: i64,
) -> Result<Arc<CertificateType>, CertificateError> {
    let key = (name.to_owned(), version);
    if let Some(kind) = host.kinds().get(&key) {
        return Ok(kind);
    }
    let sql = "SELECT version, definition FROM certificate_types WHERE name = $1 AND version = $2";
    let row: Row = sqlx::query_as(sql).bind(name).bind(version).fetch_one(host.store().pool()).await?;
    let kind = Arc::new(parse(row)?);
    host.kinds().insert(key, kind.clone());
    Ok(kind)
}

pub(super) async fn all(host: &EmbeddedCertificates) -> Result<Vec<Arc<CertificateType>>, CertificateError> {
    let sql = "SELECT version, definition FROM certificate_types t WHERE version = \
               (SELECT MAX(version) FROM certificate_types n WHERE n.name = t.name) ORDER BY name";
    let rows: Vec<Row> = sqlx::query_as(sql).fetch_all(host.store().pool()).await?;
    Ok(rows.into_iter().map(|row| parse(row).map(Arc::new)).collect::<Result<_, _>>()?)
}

fn parse((version, definition): Row) -> Result<CertificateType, StoreError> {
    let corrupt = |problem: String| StoreError::corrupt("certificate_types", problem);
    let version = u32::try_from(version).map_err(|_| corrupt("the version is no number of a version".to_owned()))?;
    CertificateType::parse_version(definition.as_bytes(), version).map_err(|error| corrupt(error.to_string()))
}
