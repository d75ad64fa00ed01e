//! The address that somebody keeps with the platform for results.

use zhongtai_kernel::AccountId;
use zhongtai_store::WriteTransaction;

use super::Book;
use crate::{LogisticsError, PostalAddress};

impl Book {
    /// Keeps an account's address in place of the one before.
    pub async fn keep_address(&self, account: AccountId, address: &PostalAddress) -> Result<(), LogisticsError> {
        let row = account.to_string();
        let sql = "INSERT INTO logistics_addresses (account, address_sealed, kept_at) VALUES ($1, $2, $3) \
                   ON CONFLICT (account) DO UPDATE SET address_sealed = $2, kept_at = $3";
        sqlx::query(sql)
            .bind(&row)
            .bind(self.vault().seal_address(&row, address)?)
            .bind(self.now_ms())
            .execute(self.store().pool())
            .await?;
        Ok(())
    }

    /// The address that an account keeps.
    pub async fn kept_address(&self, account: AccountId) -> Result<Option<PostalAddress>, LogisticsError> {
        let row = account.to_string();
        let sql = "SELECT address_sealed FROM logistics_addresses WHERE account = $1";
        let sealed: Option<Vec<u8>> = sqlx::query_scalar(sql).bind(&row).fetch_optional(self.store().pool()).await?;
        Ok(sealed.map(|sealed| self.vault().open_address(&row, &sealed)).transpose()?)
    }

    /// Keeps no address of an account any more.
    pub async fn forget_address(&self, account: AccountId) -> Result<(), LogisticsError> {
        let sql = "DELETE FROM logistics_addresses WHERE account = $1";
        sqlx::query(sql).bind(account.to_string()).execute(self.store().pool()).await?;
        Ok(())
    }

    pub(super) async fn kept_in(
        &self,
        write: &mut WriteTransaction,
        account: AccountId,
    ) -> Result<Option<PostalAddress>, LogisticsError> {
        let row = account.to_string();
        let sql = "SELECT address_sealed FROM logistics_addresses WHERE account = $1";
        let sealed: Option<Vec<u8>> = sqlx::query_scalar(sql).bind(&row).fetch_optional(&mut **write).await?;
        Ok(sealed.map(|sealed| self.vault().open_address(&row, &sealed)).transpose()?)
    }
}
