//! Payments, wired: channels by the configuration, payers by the accounts, receipts by documents and seals.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::Context;
use async_trait::async_trait;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::sync::watch;
use zhongtai_cap_document::{DocumentError, Documents, Rendered};
use zhongtai_cap_payment::{
    CodeLayout, LateMoney, Payers, PaymentConfig, Payments, ReceiptDraft, ReceiptFile, Receipts, ReceiptsError,
    Treasury,
};
use zhongtai_cap_seal::{ActKey, Facts, Paper as Unsealed, Place, SealError, SealName, Seals, by_the_host};
use zhongtai_cap_subject::{Handles, SubjectProvider};
use zhongtai_kernel::{AccountId, Clock, DepartmentId, chain};
use zhongtai_outbound::Outbound;
use zhongtai_runtime::Services;
use zhongtai_store::Store;

use crate::gateways::{GatewayTable, gateways};

/// How often what waits is looked at.
const WORK_INTERVAL: Duration = Duration::from_secs(2);
/// How often yesterday's bills are asked for, until they are there.
const BILL_INTERVAL: Duration = Duration::from_secs(600);
/// The stage of a case that its receipt is sealed from (制证).
const STAGE: &str = "issue";

/// The `[payment]` table of `zt.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct PaymentSection {
    /// The layout of payment codes (缴款识别码); see `host/capabilities/payment/README.md`.
    pub(crate) payment_code: CodeLayout,
    /// How long a notice may be paid where nobody says otherwise, days.
    pub(crate) due_days: u16,
    /// `return` money that came too late, or open a `ticket`.
    pub(crate) late_money: LateMoney,
    /// Whether receipts are given without a seal where the department has none.
    pub(crate) unsealed_receipts: bool,
    /// The name of every department's seal for receipts (票据专用章), such as `receipt` for `441802-chengguan/receipt`.
    pub(crate) receipt_seal: String,
    /// The template of receipts; one is in the gallery.
    pub(crate) receipt_template: String,
    /// The channels, by name.
    pub(crate) gateways: BTreeMap<String, GatewayTable>,
}

impl Default for PaymentSection {
    fn default() -> Self {
        let config = PaymentConfig::default();
        Self {
            payment_code: config.layout,
            due_days: config.due_days,
            late_money: config.late_money,
            unsealed_receipts: config.unsealed_receipts,
            receipt_seal: "receipt".to_owned(),
            receipt_template: "payment-receipt".to_owned(),
            gateways: BTreeMap::new(),
        }
    }
}

/// What payments are made of.
pub(crate) struct Parts<'a> {
    pub(crate) store: &'a Store,
    pub(crate) clock: &'a Arc<dyn Clock>,
    /// Seals the ledger's entries.
    pub(crate) key: [u8; 32],
    pub(crate) outbound: &'a Outbound,
    pub(crate) subjects: Arc<dyn SubjectProvider>,
    pub(crate) handles: &'a Arc<Handles>,
    pub(crate) documents: &'a Arc<Documents>,
    pub(crate) seals: &'a Arc<Seals>,
    pub(crate) services: &'a Arc<Services>,
}

/// The payments of a host.
pub(crate) fn open(section: &PaymentSection, parts: Parts<'_>) -> anyhow::Result<Arc<Payments>> {
    let config = PaymentConfig {
        layout: section.payment_code.clone(),
        due_days: section.due_days,
        late_money: section.late_money,
        unsealed_receipts: section.unsealed_receipts,
    };
    config.check().context("[payment]")?;
    let channels = gateways(&section.gateways, parts.outbound, parts.clock).context("[payment.gateways]")?;
    let (layout, days) = (config.layout.clone(), config.due_days);
    let treasury = Treasury::new(parts.store.clone(), parts.clock.clone(), parts.key, layout, days);
    let receipts = SealedReceipts {
        documents: parts.documents.clone(),
        seals: parts.seals.clone(),
        services: parts.services.clone(),
        subjects: parts.subjects,
        seal: section.receipt_seal.clone(),
        template: section.receipt_template.clone(),
    };
    let people = (Arc::new(HandledPayers(parts.handles.clone())) as _, Arc::new(receipts) as _);
    Ok(Arc::new(Payments::new(treasury, channels, people, parts.services.clone(), config)))
}

/// Looks at what waits, until it is told to stop; and holds yesterday's bills against the ledger.
pub(crate) async fn run(payments: Arc<Payments>, mut stop: watch::Receiver<bool>) {
    let mut reconciled: Option<Instant> = None;
    loop {
        tokio::select! {
            _ = tokio::time::sleep(WORK_INTERVAL) => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
        if let Err(error) = payments.work().await {
            tracing::warn!(error = %chain(&error), "payments that wait can't be looked at");
        }
        if reconciled.is_none_or(|reconciled| reconciled.elapsed() >= BILL_INTERVAL) {
            if let Err(error) = payments.reconcile_yesterday().await {
                tracing::warn!(error = %chain(&error), "yesterday's bills can't be held against the ledger");
            }
            reconciled = Some(Instant::now());
        }
    }
}

/// Whoever the departments' handles are of.
struct HandledPayers(Arc<Handles>);

impl Payers for HandledPayers {
    fn open(&self, department: &DepartmentId, handle: &str) -> Option<AccountId> {
        self.0.open(department, handle)
    }
}

/// Makes a receipt's PDF: a document of the template, sealed with its department's seal for receipts.
struct SealedReceipts {
    documents: Arc<Documents>,
    seals: Arc<Seals>,
    services: Arc<Services>,
    subjects: Arc<dyn SubjectProvider>,
    seal: String,
    template: String,
}

#[async_trait]
impl Receipts for SealedReceipts {
    async fn make(&self, draft: &ReceiptDraft, may_be_unsealed: bool) -> Result<ReceiptFile, ReceiptsError> {
        let name = format!("{}/{}", draft.owner, self.seal);
        let seal: SealName = name.parse().map_err(failed("payment.receipt_seal"))?;
        let face = match self.seals.provider().face(&seal).await {
            Ok(face) => Some(face),
            Err(SealError::NotFound(_)) if may_be_unsealed => None,
            Err(SealError::NotFound(_)) => return Err(ReceiptsError::NoSeal),
            Err(error) => return Err(failed("the seal")(error)),
        };
        let made = self.render(draft, face.is_some()).await?;
        let Some(face) = face else { return Ok(ReceiptFile { pdf: made.pdf.to_vec(), is_sealed: false }) };
        let box_ = made.seal_place("").ok_or_else(|| {
            ReceiptsError::Failed(format!("the template `{}` has no place labelled <seal>", made.template))
        })?;
        let place = Place {
            page: box_.page,
            x_mm: box_.x_mm + (box_.width_mm - face.width_mm) / 2.0,
            y_mm: box_.y_mm + (box_.height_mm - face.height_mm) / 2.0,
        };
        let key = ActKey::try_from(format!("receipt {} {}", draft.number, made.digest)).map_err(failed("the seal"))?;
        // What is paid without a case is a case of its own.
        let case = draft.case.clone().unwrap_or_else(|| draft.notice.to_string());
        let facts = Facts { case: Some(case), stage: Some(STAGE.to_owned()), reason: Some("电子票据".to_owned()) };
        let mut host = by_the_host(&draft.scenario, self.services.clone()).map_err(failed("the seal"))?;
        let papers = vec![Unsealed { document: made.pdf.clone(), place }];
        let sealed =
            self.seals.apply_papers(&mut host, &seal, (papers, facts), key).await.map_err(failed("the seal"))?;
        let first = sealed.into_iter().next();
        let sealed = first.ok_or_else(|| ReceiptsError::Failed("the seal gave no document".to_owned()))?;
        Ok(ReceiptFile { pdf: sealed.bytes, is_sealed: true })
    }
}

// === impl SealedReceipts ===

impl SealedReceipts {
    async fn render(&self, draft: &ReceiptDraft, is_sealed: bool) -> Result<Rendered, ReceiptsError> {
        let fields = self.subjects.fields(draft.payer, &["name"]).await.map_err(failed("the payer"))?;
        let payer = fields.get("name").filter(|name| !name.is_empty()).cloned();
        let inputs = inputs(draft, payer.as_deref().unwrap_or("（未实名）"), is_sealed);
        let made = self.documents.render(&self.template, None, inputs, draft.issued_at).await;
        made.map_err(|error| match error {
            DocumentError::UnknownTemplate(name) => ReceiptsError::Failed(format!(
                "there is no template `{name}`: put the gallery's `payment-receipt` online"
            )),
            error => failed("the document")(error),
        })
    }
}

/// What the template is filled in with.
fn inputs(draft: &ReceiptDraft, payer: &str, is_sealed: bool) -> Map<String, Value> {
    let day = |at: jiff::Timestamp| at.to_zoned(jiff::tz::offset(8).to_time_zone()).date().to_string();
    let line = |line: &zhongtai_cap_payment::Line| {
        json!({
            "title": line.title,
            "unit": line.unit,
            "quantity": line.quantity,
            "price": line.unit_price.map(|price| price.to_string()).unwrap_or_default(),
            "amount": line.amount.to_string(),
        })
    };
    let inputs = json!({
        "number": draft.number,
        "notice": draft.notice.as_str(),
        "department": draft.owner.as_str(),
        "payer": payer,
        "paid_on": day(draft.paid_at),
        "issued_on": day(draft.issued_at),
        "channel": draft.channel,
        "lines": draft.lines.iter().map(line).collect::<Vec<_>>(),
        "total": draft.total.to_string(),
        "capitals": draft.total.capitals(),
        "sealed": is_sealed,
    });
    match inputs {
        Value::Object(inputs) => inputs,
        _ => Map::new(),
    }
}

/// For the log: the causes name templates and seals, never what is filled in.
fn failed<E: std::error::Error>(what: &'static str) -> impl FnOnce(E) -> ReceiptsError {
    move |error| ReceiptsError::Failed(format!("{what}: {}", chain(&error)))
}
