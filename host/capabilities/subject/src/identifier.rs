//! Who has a resident ID or a credit code. Both are sealed at rest, so they are found by a keyed digest: equal values
//! have equal digests, and nobody without the key can try values out.

use hmac::{Hmac, KeyInit as _, Mac};
use sha2::Sha256;
use zhongtai_kernel::AccountId;
use zhongtai_store::WriteTransaction;

use crate::{Accounts, AttributeName, Attributes, SubjectError, row};

/// The attributes that name one person or enterprise in the whole country.
const NAMING: [AttributeName; 2] = [AttributeName::ResidentId, AttributeName::CreditCode];

/// Makes digests of identifiers.
pub(crate) struct Identifiers([u8; 32]);

// === impl Identifiers ===

impl Identifiers {
    /// Of the key that seals attributes, by another label: one is no use for the other.
    pub(crate) fn new(key: &[u8; 32]) -> Self {
        Self(keyed(key, &[b"zhongtai identifiers"]))
    }

    fn digest(&self, name: AttributeName, value: &str) -> String {
        hex::encode(keyed(&self.0, &[name.as_str().as_bytes(), b"\0", value.as_bytes()]))
    }
}

fn keyed(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key of 32 bytes");
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().into()
}

impl Accounts {
    /// The account of a resident ID or a credit code, in its normal form; none when nobody has it, or several do: then
    /// nobody can say whose it is.
    pub async fn identified(&self, name: AttributeName, value: &str) -> Result<Option<AccountId>, SubjectError> {
        let found: Vec<String> =
            sqlx::query_scalar("SELECT account FROM subject_identifiers WHERE name = $1 AND digest = $2 LIMIT 2")
                .bind(name.as_str())
                .bind(self.identifiers().digest(name, value))
                .fetch_all(self.store().pool())
                .await?;
        match found.as_slice() {
            [one] => Ok(Some(row::parse("subject_identifiers.account", one)?)),
            _ => Ok(None),
        }
    }

    /// Lets accounts be found that were made before there were digests. To be called when a host starts.
    pub async fn index_identifiers(&self) -> Result<u64, SubjectError> {
        let rows: Vec<(String, String, Vec<u8>)> = sqlx::query_as(
            "SELECT a.account, a.name, a.sealed FROM subject_attributes a \
             WHERE a.name IN ('resident-id', 'credit-code') AND NOT EXISTS \
                 (SELECT 1 FROM subject_identifiers i WHERE i.account = a.account AND i.name = a.name)",
        )
        .fetch_all(self.store().pool())
        .await?;
        let mut write = self.store().begin_write().await?;
        let mut made = 0;
        for (account, name, sealed) in rows {
            let account = row::parse("subject_attributes.account", &account)?;
            let name: AttributeName = row::parse("subject_attributes.name", &name)?;
            let value = self.vault().open(account, name, &sealed)?;
            self.insert_identifier(&mut write, account, name, &value).await?;
            made += 1;
        }
        write.commit().await?;
        Ok(made)
    }

    /// Replaces what an account is found by.
    pub(crate) async fn set_identifiers(
        &self,
        write: &mut WriteTransaction,
        account: AccountId,
        attributes: &Attributes,
    ) -> Result<(), SubjectError> {
        sqlx::query("DELETE FROM subject_identifiers WHERE account = $1")
            .bind(account.to_string())
            .execute(&mut **write)
            .await?;
        for (name, value) in attributes.iter().filter(|(name, _)| NAMING.contains(name)) {
            self.insert_identifier(write, account, name, value).await?;
        }
        Ok(())
    }

    async fn insert_identifier(
        &self,
        write: &mut WriteTransaction,
        account: AccountId,
        name: AttributeName,
        value: &str,
    ) -> Result<(), SubjectError> {
        sqlx::query(
            "INSERT INTO subject_identifiers (account, name, digest) VALUES ($1, $2, $3) \
             ON CONFLICT (account, name) DO NOTHING",
        )
        .bind(account.to_string())
        .bind(name.as_str())
        .bind(self.identifiers().digest(name, value))
        .execute(&mut **write)
        .await?;
        Ok(())
    }
}
