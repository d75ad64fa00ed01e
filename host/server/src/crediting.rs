//! Public credit, wired: the platform's own records, those of an upper-level platform where one is configured, the
//! decision table, and people by the accounts.

use std::sync::Arc;

use anyhow::Context;
use async_trait::async_trait;
use serde::Deserialize;
use zhongtai_cap_credit::{
    CreditConfig, CreditError, CreditProvider, CreditSubject, Credits, EmbeddedCredit, KeptByScenarios, People,
    RuleBook, Together,
};
use zhongtai_cap_subject::{Handles, SubjectProvider};
use zhongtai_conn_credit_upper::{UpperConfig, UpperCredit};
use zhongtai_kernel::{AccountId, Clock, DepartmentId};
use zhongtai_outbound::Outbound;
use zhongtai_store::Store;

/// The `[credit]` table of `zt.toml`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreditSection {
    /// The platform's own records.
    #[serde(flatten)]
    pub(crate) own: CreditConfig,
    /// Another platform whose records count as well.
    pub(crate) upper: Option<UpperConfig>,
}

/// The platform's accounts as subjects of records.
pub(crate) struct Identified {
    pub(crate) subjects: Arc<dyn SubjectProvider>,
    pub(crate) handles: Arc<Handles>,
}

#[async_trait]
impl People for Identified {
    fn open(&self, department: &DepartmentId, handle: &str) -> Option<AccountId> {
        self.handles.open(department, handle)
    }

    async fn identities(&self, account: AccountId) -> Result<Vec<CreditSubject>, CreditError> {
        let fields = self.subjects.fields(account, &["resident-id", "credit-code"]).await;
        let fields = fields.map_err(|error| CreditError::People(error.to_string()))?;
        let code = |name: &str| fields.get(name).map(String::as_str).unwrap_or_default();
        let enterprise = code("credit-code").parse().ok().map(CreditSubject::Enterprise);
        let person = code("resident-id").parse().ok().map(CreditSubject::Person);
        Ok(enterprise.into_iter().chain(person).collect())
    }
}

/// Everything about credit. Records of before they were sealed are sealed here.
pub(crate) async fn open(
    section: &CreditSection,
    (store, key): (&Store, &[u8; 32]),
    clock: &Arc<dyn Clock>,
    outbound: &Outbound,
    people: Identified,
) -> anyhow::Result<Arc<Credits>> {
    section.own.check()?;
    let own = Arc::new(EmbeddedCredit::new(store.clone(), clock.clone(), key, section.own.clone()));
    let sealed = own.take_over().await.context("credit records can't be sealed")?;
    if sealed > 0 {
        tracing::info!(sealed, "credit records were sealed");
    }
    let rules = RuleBook::open(store.clone(), clock.clone()).await.context("the credit rules can't be read")?;
    let provider: Arc<dyn CreditProvider> = match &section.upper {
        None => own.clone(),
        Some(upper) => {
            let upper = UpperCredit::new(upper, outbound, clock.clone()).context("credit.upper")?;
            Arc::new(Together(vec![own.clone(), Arc::new(upper)]))
        }
    };
    let (rules, people, cases) = (Arc::new(rules), Arc::new(people), Arc::new(KeptByScenarios));
    Ok(Arc::new(Credits::new((provider, own), rules, people, cases)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_key_of_credit_is_refused_by_name_and_another_platform_is_asked_when_it_is_named() {
        let section: CreditSection = toml::from_str("objection = 'keep'\nobjection_days = 7").unwrap();
        assert!(section.upper.is_none() && section.own.objection_days == 7 && section.own.repair_days == 15);
        let unknown = toml::from_str::<CreditSection>("objections = 'keep'").unwrap_err().to_string();
        assert!(unknown.contains("unknown field `objections`"), "{unknown}");
        let upper = "[upper]\nbase_url = 'https://credit.example.gov.cn'\napp_id = 'a'\nkey = { env = 'K' }";
        assert!(toml::from_str::<CreditSection>(upper).unwrap().upper.is_some());
    }
}
