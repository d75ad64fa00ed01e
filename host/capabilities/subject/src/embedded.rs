//! The accounts table as a provider.

use std::collections::BTreeMap;

use async_trait::async_trait;
use zhongtai_kernel::AccountId;

use crate::{Accounts, AttributeName, Contact, SubjectError, SubjectProvider, provider::FIELDS};

#[async_trait]
impl SubjectProvider for Accounts {
    async fn fields(&self, account: AccountId, names: &[&str]) -> Result<BTreeMap<String, String>, SubjectError> {
        let readable = |name: &&&str| FIELDS.contains(*name);
        let wanted: Vec<AttributeName> = names.iter().filter(readable).filter_map(|name| name.parse().ok()).collect();
        let attributes = self.attributes(account, &wanted).await?;
        let mut fields: BTreeMap<_, _> =
            attributes.iter().map(|(name, value)| (name.as_str().to_owned(), value.to_owned())).collect();
        if names.contains(&"department")
            && let Some(found) = self.get(account).await?
            && let Some(department) = &found.subject.department
        {
            fields.insert("department".to_owned(), department.to_string());
        }
        Ok(fields)
    }

    async fn contact(&self, account: AccountId) -> Result<Option<Contact>, SubjectError> {
        if self.get(account).await?.is_none() {
            return Ok(None);
        }
        let names =
            [AttributeName::Email, AttributeName::Webhook, AttributeName::Phone, AttributeName::PreferredChannel];
        let attributes = self.attributes(account, &names).await?;
        let value = |name| attributes.get(name).map(str::to_owned);
        Ok(Some(Contact {
            email: value(AttributeName::Email),
            webhook: value(AttributeName::Webhook),
            phone: value(AttributeName::Phone),
            preferred: value(AttributeName::PreferredChannel),
        }))
    }
}
