//! The only way from a caller to money: check, authorise, act.

mod ask;
mod pay;
mod receipt;
mod reconcile;
mod refund;
mod settle;
mod work;

pub use reconcile::Reconciled;
pub use work::Worked;

use std::sync::Arc;

use zhongtai_kernel::{AccountId, DepartmentId};
use zhongtai_runtime::{Asker, Services};

use crate::{
    Act, ActKey, Books, FeeItem, Gateway, ItemStatus, ItemVersion, NewLine, NewNotice, Notice, NoticeNumber,
    OrderRecord, Payers, PaymentConfig, PaymentError, Receipts, Ticket, Treasury,
};

/// Payments as callers get them: policy is asked, and the answer recorded, before anything is told or done.
pub struct Payments {
    treasury: Treasury,
    gateways: Vec<Arc<dyn Gateway>>,
    payers: Arc<dyn Payers>,
    receipts: Arc<dyn Receipts>,
    /// What the host asks policy by when it settles: as anybody else, and on record.
    services: Arc<Services>,
    config: PaymentConfig,
}

/// What a notice is asked for with.
#[derive(Debug, Clone)]
pub struct Request {
    /// Who has to pay.
    pub payer: AccountId,
    /// What for.
    pub lines: Vec<NewLine>,
    /// The case.
    pub case: Option<String>,
    /// How long it may be paid, minutes.
    pub valid_minutes: Option<u32>,
}

/// A case's id goes into events and the audit log, where nothing personal may be.
const LONGEST_CASE: usize = 64;

// === impl Payments ===

impl Payments {
    /// `gateways` have different names.
    pub fn new(
        treasury: Treasury,
        gateways: Vec<Arc<dyn Gateway>>,
        (payers, receipts): (Arc<dyn Payers>, Arc<dyn Receipts>),
        services: Arc<Services>,
        config: PaymentConfig,
    ) -> Self {
        Self { treasury, gateways, payers, receipts, services, config }
    }

    /// What keeps the books: for the host's own use. It asks nobody.
    pub fn treasury(&self) -> &Treasury {
        &self.treasury
    }

    /// The channels, in the order they were configured.
    pub fn channels(&self) -> Vec<String> {
        self.gateways.iter().map(|gateway| gateway.name().to_owned()).collect()
    }

    fn gateway(&self, channel: &str) -> Result<&Arc<dyn Gateway>, PaymentError> {
        // The guest chose the text: an error must not repeat all of it.
        let unknown = || PaymentError::UnknownChannel(channel.chars().take(32).collect());
        self.gateways.iter().find(|gateway| gateway.name() == channel).ok_or_else(unknown)
    }

    /// The account of a handle that the department was given.
    pub fn payer_of(&self, department: &DepartmentId, handle: &str) -> Result<AccountId, PaymentError> {
        let account = self.payers.open(department, handle);
        account.ok_or_else(|| PaymentError::invalid("payer", "a handle of this department"))
    }

    /// The fee items of the asker's own department. The list is public: nobody is asked.
    pub async fn items(&self, department: &DepartmentId) -> Result<Vec<ItemVersion>, PaymentError> {
        let items = self.treasury.items().await?;
        Ok(items.into_iter().filter(|item| item.item.owner == *department).collect())
    }

    /// Asks somebody to pay (`payment:notice` on every item).
    pub async fn notice(&self, asker: &mut Asker, key: ActKey, request: Request) -> Result<Notice, PaymentError> {
        if !(1..=NewNotice::MOST_LINES).contains(&request.lines.len()) {
            return Err(PaymentError::invalid("lines", format!("1 to {} lines", NewNotice::MOST_LINES)));
        }
        if request.case.as_deref().is_some_and(|case| !is_case(case)) {
            let expected = "1 to 64 of A-Z, a-z, 0-9, `-`, `_`, `.`, `:` and `/`";
            return Err(PaymentError::invalid("case-id", expected));
        }
        let items = self.items_of(asker, &request).await?;
        let parts = parts(&request);
        let act = Act::new(asker.scenario().as_str(), key, &parts.iter().map(String::as_str).collect::<Vec<_>>());
        let new = NewNotice {
            scenario: asker.scenario().clone(),
            payer: request.payer,
            lines: request.lines,
            case: request.case,
            valid_minutes: request.valid_minutes,
        };
        self.treasury.notice(&act, new, &items).await
    }

    /// The items of the lines, each of which the asker may ask money for. They are one executing unit's: it is in the
    /// payment code.
    async fn items_of(&self, asker: &mut Asker, request: &Request) -> Result<Vec<FeeItem>, PaymentError> {
        let mut items: Vec<FeeItem> = Vec::new();
        for (at, line) in request.lines.iter().enumerate() {
            if let Some(known) = items.iter().find(|known| known.code == line.item) {
                items.push(known.clone());
                continue;
            }
            let unknown = || PaymentError::UnknownItem(format!("lines/{at}/item"));
            let found = match crate::item::is_code(&line.item) {
                true => self.treasury.item(&line.item).await?,
                false => None,
            };
            let item = found.ok_or_else(unknown)?.item;
            ask::item(asker, "payment:notice", &item, request.case.as_deref()).await?;
            if item.status != ItemStatus::Listed {
                return Err(PaymentError::NotListed(item.code));
            }
            if items
                .first()
                .is_some_and(|first| (&first.owner, &first.executing_unit) != (&item.owner, &item.executing_unit))
            {
                let expected = "an item of the same department and executing unit as the first line's";
                return Err(PaymentError::invalid(format!("lines/{at}/item"), expected));
            }
            items.push(item);
        }
        Ok(items)
    }

    /// A notice (`payment:read`).
    pub async fn find(&self, asker: &mut Asker, number: &NoticeNumber) -> Result<Notice, PaymentError> {
        self.readable(asker, number).await
    }

    /// The latest order of a notice (`payment:read`).
    pub async fn order(&self, asker: &mut Asker, number: &NoticeNumber) -> Result<Option<OrderRecord>, PaymentError> {
        self.readable(asker, number).await?;
        self.treasury.latest_order(number).await
    }

    /// A notice that the asker may see. That there is none is told only to who might see it.
    async fn readable(&self, asker: &mut Asker, number: &NoticeNumber) -> Result<Notice, PaymentError> {
        let Some(notice) = self.treasury.find(number).await? else {
            ask::unknown(asker, "payment:read").await?;
            return Err(PaymentError::NotFound("notice"));
        };
        ask::notice(asker, "payment:read", &notice, None).await?;
        Ok(notice)
    }

    /// Withdraws a notice that nobody paid (`payment:close`).
    pub async fn close(&self, asker: &mut Asker, number: &NoticeNumber, key: ActKey) -> Result<Notice, PaymentError> {
        let act = Act::new(asker.scenario().as_str(), key, &["close", number.as_str()]);
        if self.treasury.known(&act).await?.is_some() {
            return self.readable(asker, number).await;
        }
        let notice = self.treasury.find(number).await?;
        let Some(notice) = notice else {
            ask::unknown(asker, "payment:close").await?;
            return Err(PaymentError::NotFound("notice"));
        };
        ask::notice(asker, "payment:close", &notice, None).await?;
        self.close_by(Some(&act), number, "withdrawn").await
    }

    /// Registers a fee item: the operator's act, which the API records.
    pub async fn put_item(&self, item: &FeeItem) -> Result<ItemVersion, PaymentError> {
        self.treasury.put_item(item).await
    }

    /// Do the books balance?
    pub async fn books(&self) -> Result<Books, PaymentError> {
        self.treasury.books().await
    }

    /// What somebody has to look at.
    pub async fn tickets(&self, only_open: bool) -> Result<Vec<Ticket>, PaymentError> {
        self.treasury.tickets(only_open).await
    }
}

/// What tells one request for a notice from another.
fn parts(request: &Request) -> Vec<String> {
    let number = |number: Option<i64>| number.map_or_else(String::new, |number| number.to_string());
    let mut parts = vec![
        "notice".to_owned(),
        request.payer.to_string(),
        request.case.clone().unwrap_or_default(),
        number(request.valid_minutes.map(i64::from)),
    ];
    for line in &request.lines {
        parts.extend([line.item.clone(), line.quantity.to_string(), number(line.amount)]);
    }
    parts
}

fn is_case(text: &str) -> bool {
    (1..=LONGEST_CASE).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.:/".contains(&b))
}
