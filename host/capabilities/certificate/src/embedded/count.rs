//! 用证率: what is counted, in the transaction of what it counts.

use zhongtai_kernel::{ScenarioId, Timestamp};
use zhongtai_store::WriteTransaction;

use super::{EmbeddedCertificates, find};
use crate::{Certificate, CertificateError, CertificateId, Usage, UsageRate, usage::Counted};

/// Adds one to a count of a department.
pub(super) async fn add(
    write: &mut WriteTransaction,
    kind: &str,
    department: &str,
    counted: Counted,
) -> Result<(), CertificateError> {
    let sql = "INSERT INTO certificate_usage (type, department, issued, presented, used) VALUES ($1, $2, $3, $4, $5) \
               ON CONFLICT (type, department) DO UPDATE SET issued = certificate_usage.issued + excluded.issued, \
               presented = certificate_usage.presented + excluded.presented, \
               used = certificate_usage.used + excluded.used";
    let one = |which: Counted| i64::from(which == counted);
    sqlx::query(sql)
        .bind(kind)
        .bind(department)
        .bind(one(Counted::Issued))
        .bind(one(Counted::Presented))
        .bind(one(Counted::Used))
        .execute(&mut **write)
        .await?;
    Ok(())
}

/// Counts a use, and that this certificate is one of those that are used.
pub(super) async fn use_once(
    write: &mut WriteTransaction,
    certificate: &Certificate,
    department: &str,
    now: Timestamp,
) -> Result<(), CertificateError> {
    let sql = "UPDATE certificates SET first_used_at = COALESCE(first_used_at, $2) WHERE id = $1";
    sqlx::query(sql).bind(certificate.id.to_string()).bind(now.as_millisecond()).execute(&mut **write).await?;
    add(write, certificate.kind.name(), department, Counted::Used).await
}

pub(super) async fn used(
    host: &EmbeddedCertificates,
    id: CertificateId,
    by: &ScenarioId,
) -> Result<(), CertificateError> {
    let certificate = find::must(host, id).await?;
    let mut write = host.store().begin_write().await?;
    use_once(&mut write, &certificate, by.department().as_str(), host.now()).await?;
    write.commit().await?;
    Ok(())
}

pub(super) async fn usage(host: &EmbeddedCertificates) -> Result<Vec<Usage>, CertificateError> {
    let sql = "SELECT type, department, issued, presented, used FROM certificate_usage ORDER BY type, department";
    let rows: Vec<(String, String, i64, i64, i64)> = sqlx::query_as(sql).fetch_all(host.store().pool()).await?;
    let usage = |(kind, department, issued, presented, used)| Usage {
        kind,
        department,
        issued: number(issued),
        presented: number(presented),
        used: number(used),
    };
    Ok(rows.into_iter().map(usage).collect())
}

pub(super) async fn rates(host: &EmbeddedCertificates) -> Result<Vec<UsageRate>, CertificateError> {
    let sql = "SELECT type, COUNT(*), COUNT(first_used_at) FROM certificates WHERE state <> 'issuing' \
               GROUP BY type ORDER BY type";
    let rows: Vec<(String, i64, i64)> = sqlx::query_as(sql).fetch_all(host.store().pool()).await?;
    let rate = |(kind, issued, used)| UsageRate { kind, issued: number(issued), used: number(used) };
    Ok(rows.into_iter().map(rate).collect())
}

/// A count is never negative.
fn number(count: i64) -> u64 {
    u64::try_from(count).unwrap_or_default()
}
