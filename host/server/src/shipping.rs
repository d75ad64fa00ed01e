//! Shipments, wired: carriers by the configuration, recipients by the accounts.

use std::{collections::BTreeMap, sync::Arc};

use anyhow::{Context, bail};
use serde::Deserialize;
use zhongtai_cap_logistics::{
    Book, COURIER, Carrier, Carriers, CourierDesk, Dispatcher, PostalAddress, Recipients, Schedule, Shipments,
};
use zhongtai_cap_subject::Handles;
use zhongtai_conn_logistics_express::{Express, ExpressConfig};
use zhongtai_kernel::{AccountId, Clock, DepartmentId};
use zhongtai_outbound::Outbound;

/// The `[logistics]` table of `zt.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct LogisticsSection {
    /// Who carries what names no carrier.
    pub(crate) carrier: String,
    /// Where carriers collect what a department ships.
    pub(crate) senders: BTreeMap<DepartmentId, PostalAddress>,
    /// When carriers are asked again.
    pub(crate) schedule: Schedule,
    /// Carriers with the HTTP interface of the connector `express`, by name.
    pub(crate) express: BTreeMap<String, ExpressConfig>,
}

impl Default for LogisticsSection {
    fn default() -> Self {
        let (senders, express) = (BTreeMap::new(), BTreeMap::new());
        Self { carrier: COURIER.to_owned(), senders, schedule: Schedule::default(), express }
    }
}

/// Whoever the departments' handles are of.
struct HandledRecipients(Arc<Handles>);

impl Recipients for HandledRecipients {
    fn open(&self, department: &DepartmentId, handle: &str) -> Option<AccountId> {
        self.0.open(department, handle)
    }
}

/// The shipments, and what works on them.
pub(crate) fn open(
    section: &LogisticsSection,
    book: &Book,
    outbound: &Outbound,
    clock: &Arc<dyn Clock>,
    handles: &Arc<Handles>,
) -> anyhow::Result<(Arc<Shipments>, Dispatcher)> {
    let mut all: BTreeMap<String, Arc<dyn Carrier>> = BTreeMap::new();
    all.insert(COURIER.to_owned(), Arc::new(CourierDesk(book.clone())));
    for (name, config) in &section.express {
        if !is_name(name) || all.contains_key(name) {
            bail!("logistics.express.{name}: expected another name, of a-z, 0-9 and `-`; `courier` is taken");
        }
        let carrier = Express::new(name, config, outbound, clock.clone());
        all.insert(name.clone(), Arc::new(carrier.with_context(|| format!("logistics.express.{name}"))?));
    }
    let carriers = Carriers::new(section.carrier.clone(), all)?;
    let recipients = Arc::new(HandledRecipients(handles.clone()));
    let shipments = Shipments::new(book.clone(), carriers.clone(), section.senders.clone(), recipients);
    Ok((Arc::new(shipments), Dispatcher::new(book.clone(), carriers, section.senders.clone())))
}

/// It stands in the path of callbacks.
fn is_name(text: &str) -> bool {
    (1..=32).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_read_and_an_unknown_key_refused_by_name() {
        let text = r#"
            carrier = "sf"
            [senders."441802-chengguan"]
            name = "政务服务中心"
            phone = "0763-3365888"
            region = "441802"
            detail = "清城区人民一路5号"
            [express.sf]
            base_url = "https://open.express.example.cn"
            partner = "qingcheng"
            key = { env = "SF_KEY" }
        "#;
        let section: LogisticsSection = toml::from_str(text).unwrap();
        assert_eq!((section.senders.len(), section.express.len()), (1, 1));
        let error = toml::from_str::<LogisticsSection>("carier = \"sf\"").unwrap_err().to_string();
        assert!(error.contains("unknown field `carier`"), "{error}");
        let error = toml::from_str::<LogisticsSection>(&text.replace("441802\"\n", "44\"\n")).unwrap_err().to_string();
        assert!(error.contains("region: expected"), "{error}");
    }
}
