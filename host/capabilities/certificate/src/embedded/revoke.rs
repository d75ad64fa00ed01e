use super::{
    EmbeddedCertificates,
    act::{self, Claim},
    find,
};
use crate::{Act, Certificate, CertificateError, CertificateId, State};

/// Takes a certificate back, and with it a next issue that is still being made.
pub(super) async fn revoke(
    host: &EmbeddedCertificates,
    act: &Act,
    id: CertificateId,
    reason: &str,
) -> Result<Certificate, CertificateError> {
    let (request, now) = (host.vault().digest(&["revoke", &id.to_string(), reason]), host.now());
    let mut write = host.store().begin_write().await?;
    if let Claim::Done(id) = act::claim(&mut write, act, &request, id, now).await? {
        write.rollback().await?;
        return find::must(host, id).await;
    }
    let sql = "UPDATE certificates SET state = 'revoked' WHERE id = $1 AND state = 'issued'";
    let done = sqlx::query(sql).bind(id.to_string()).execute(&mut *write).await?;
    if done.rows_affected() == 0 {
        write.rollback().await?;
        let standing = find::must(host, id).await?.standing(now);
        return Err(CertificateError::Standing(standing));
    }
    let sql = "UPDATE certificates SET state = 'revoked' WHERE previous = $1 AND state = 'issuing'";
    sqlx::query(sql).bind(id.to_string()).execute(&mut *write).await?;
    act::remember(&mut write, id, ("revoked", act.scenario.as_str(), Some(reason)), now).await?;
    write.commit().await?;
    let certificate = find::must(host, id).await?;
    debug_assert_eq!(certificate.state, State::Revoked);
    Ok(certificate)
}
