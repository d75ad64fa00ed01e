//! The two credentials of a seal or a signing key: P-256 for PDF, SM2 for OFD.

use std::sync::Arc;

use zhongtai_pki::{Algorithm, Authority, Credential, Profile, Signer, SoftwareKey, Subject, certificates};
use zhongtai_store::{StoreError, WriteTransaction};

use super::{
    EmbeddedSeals,
    authority::{self, Issuer, word},
};
use crate::{Cause, SealError, TokenCredential};

/// A credential that is not stored yet.
pub(super) struct Fresh {
    algorithm: Algorithm,
    authority: Option<String>,
    pub(super) credential: Credential,
    key_sealed: Option<Vec<u8>>,
    token_key: Option<String>,
}

/// Where a stored one comes from: `authority`, `key_sealed`, `token_key`, `chain`.
type Row = (Option<String>, Option<Vec<u8>>, Option<String>, Vec<u8>);

fn place(holder: &str, algorithm: Algorithm) -> String {
    format!("{holder}/{}", word(algorithm))
}

/// A new key with a certificate of `issuer`.
pub(super) fn enrol(
    host: &EmbeddedSeals,
    holder: &str,
    (issuer, subject, days): (&Issuer, &Subject, u32),
) -> Result<Fresh, SealError> {
    let algorithm = issuer.credential.signer.algorithm();
    let authority: Authority = issuer.authority(host.authorities())?;
    let key = Arc::new(SoftwareKey::generate(algorithm)?);
    let key_sealed = Some(host.vault().keys.seal(&key, &place(holder, algorithm))?);
    let credential = authority.enrol(key, subject, Profile::DocumentSigner, days)?;
    Ok(Fresh { algorithm, authority: Some(issuer.id.clone()), credential, key_sealed, token_key: None })
}

/// A key in the token with the chain that another authority gave it.
pub(super) async fn import(host: &EmbeddedSeals, token: &TokenCredential) -> Result<Fresh, SealError> {
    let signer = host.tokens().key(&token.key).await?;
    let credential = Credential::import(signer, &token.chain)?;
    let (algorithm, token_key) = (Algorithm::EcdsaP256Sha256, Some(token.key.clone()));
    Ok(Fresh { algorithm, authority: None, credential, key_sealed: None, token_key })
}

pub(super) async fn insert(
    host: &EmbeddedSeals,
    write: &mut WriteTransaction,
    holder: &str,
    fresh: Fresh,
) -> Result<(), SealError> {
    let serial = hex::encode(fresh.credential.certificate()?.tbs_certificate().serial_number().as_bytes());
    // It may name a person.
    let chain = authority::certificates_pem(&fresh.credential.chain)?;
    let chain = host.vault().seal(&place(holder, fresh.algorithm), chain.as_bytes())?;
    let sql = "INSERT INTO seal_credentials (holder, algorithm, authority, serial, key_sealed, token_key, chain) \
               VALUES ($1, $2, $3, $4, $5, $6, $7)";
    sqlx::query(sql)
        .bind(holder)
        .bind(word(fresh.algorithm))
        .bind(fresh.authority)
        .bind(serial)
        .bind(fresh.key_sealed)
        .bind(fresh.token_key)
        .bind(chain)
        .execute(&mut **write)
        .await?;
    Ok(())
}

/// A stored credential, ready to sign.
pub(super) async fn load(host: &EmbeddedSeals, holder: &str, algorithm: Algorithm) -> Result<Credential, SealError> {
    let sql = "SELECT authority, key_sealed, token_key, chain FROM seal_credentials \
               WHERE holder = $1 AND algorithm = $2";
    let row: Row = sqlx::query_as(sql).bind(holder).bind(word(algorithm)).fetch_one(host.store().pool()).await?;
    let (_, key, token_key, chain) = row;
    let place = place(holder, algorithm);
    let signer: Arc<dyn Signer> = match (key, token_key) {
        (Some(key), _) => Arc::new(host.vault().keys.open(&key, &place)?),
        (None, Some(label)) => host.tokens().key(&label).await?,
        (None, None) => return Err(StoreError::corrupt("seal_credentials", "there is no key").into()),
    };
    let chain = String::from_utf8(host.vault().open(&place, &chain)?)
        .map_err(|_| StoreError::corrupt("seal_credentials.chain", "it is no text"))?;
    Ok(Credential::new(signer, certificates(&chain)?)?)
}

/// The serial numbers, P-256 first, and the label of a key in the token.
pub(super) async fn serials(host: &EmbeddedSeals, holder: &str) -> Result<(Vec<String>, Option<String>), SealError> {
    let sql = "SELECT serial, token_key FROM seal_credentials WHERE holder = $1 ORDER BY algorithm";
    let rows: Vec<(String, Option<String>)> = sqlx::query_as(sql).bind(holder).fetch_all(host.store().pool()).await?;
    let token = rows.iter().find_map(|(_, token)| token.clone());
    Ok((rows.into_iter().map(|(serial, _)| serial).collect(), token))
}

/// Puts the holder's certificates on the lists of their authorities. One of another authority is for that to revoke.
pub(super) async fn revoke(
    host: &EmbeddedSeals,
    write: &mut WriteTransaction,
    holder: &str,
    cause: Cause,
) -> Result<(), SealError> {
    // In the order of authorities: transactions that lock the same rows lock them in the same order.
    let sql = "SELECT authority, serial FROM seal_credentials WHERE holder = $1 AND authority IS NOT NULL \
               ORDER BY authority";
    let rows: Vec<(String, String)> = sqlx::query_as(sql).bind(holder).fetch_all(&mut **write).await?;
    for (authority, serial) in rows {
        host.authorities().revoke(write, (&authority, &serial), cause).await?;
    }
    Ok(())
}
