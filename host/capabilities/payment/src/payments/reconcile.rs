//! A day's bill against the ledger (对账): every difference is a ticket.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::Serialize;

use super::{Payments, ask};
use crate::{
    BillKind, BillRow, DayReport, Gateway, GatewayError, GatewayState, Money, NewTicket, OrderId, PaymentError,
    RefundId, RefundState, TicketKind,
};

/// What a day's reconciliation found, channel by channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reconciled {
    /// The channels that have a bill.
    pub days: Vec<DayReport>,
    /// The channels that have none yet, or do not answer; and why.
    pub open: Vec<(String, String)>,
}

/// What a row is about: an order or a refund, by the id that we gave it.
type Key = (bool, String);

// === impl Payments ===

impl Payments {
    /// Holds the bills of a day against the ledger (`payment:reconcile` on each channel, as the host).
    pub async fn reconcile(&self, day: Date) -> Result<Reconciled, PaymentError> {
        let mut done = Reconciled { days: Vec::new(), open: Vec::new() };
        for gateway in &self.gateways {
            let mut host = ask::the_platform(self.services.clone())?;
            ask::channel(&mut host, gateway.name()).await?;
            match gateway.bill(day).await {
                Ok(bill) => done.days.push(self.compare(gateway.as_ref(), day, bill).await?),
                Err(error) => done.open.push((gateway.name().to_owned(), error.to_string())),
            }
        }
        Ok(done)
    }

    /// The same for yesterday, where it is not done yet. Called now and then by the host.
    pub async fn reconcile_yesterday(&self) -> Result<(), PaymentError> {
        let Ok(day) = crate::treasury::day_of(self.treasury.now()).yesterday() else { return Ok(()) };
        for gateway in &self.gateways {
            if self.treasury.is_reconciled(gateway.name(), day).await? {
                continue;
            }
            let mut host = ask::the_platform(self.services.clone())?;
            ask::channel(&mut host, gateway.name()).await?;
            match gateway.bill(day).await {
                Ok(bill) => drop(self.compare(gateway.as_ref(), day, bill).await?),
                Err(GatewayError::NoBill) => {}
                Err(error) => tracing::warn!(channel = gateway.name(), %error, "a bill can't be had"),
            }
        }
        Ok(())
    }

    async fn compare(&self, gateway: &dyn Gateway, day: Date, bill: Vec<BillRow>) -> Result<DayReport, PaymentError> {
        let channel = gateway.name().to_owned();
        // What was told to nobody is asked for first: a callback that was lost is no difference.
        for row in &bill {
            self.catch_up(gateway, row).await?;
        }
        let mut ours: BTreeMap<Key, Money> = BTreeMap::new();
        for money in self.treasury.money_of(&channel, day).await? {
            ours.insert((money.refund.is_some(), money.refund.clone().unwrap_or_else(|| money.order.clone())), money);
        }
        let rows = i64::try_from(bill.len()).unwrap_or(i64::MAX);
        let (mut matched, mut found) = (0, Vec::new());
        for row in bill {
            match ours.remove(&key(&row)) {
                Some(money) if money.amount.get() == row.amount && money.transaction == row.transaction => matched += 1,
                Some(money) if money.amount.get() == row.amount => {
                    let detail = "ledger and bill have different numbers of the payment".to_owned();
                    found.push((TicketKind::BillStateDiffers, key(&row).1, money.amount.get(), row.amount, detail));
                }
                Some(money) => {
                    let detail = "ledger and bill have different amounts".to_owned();
                    found.push((TicketKind::BillAmountDiffers, key(&row).1, money.amount.get(), row.amount, detail));
                }
                None => found.push(self.not_here(&row).await?),
            }
        }
        for ((_, id), money) in ours {
            let detail = "the ledger has it, the bill does not".to_owned();
            found.push((TicketKind::MissingThere, id, money.amount.get(), 0, detail));
        }
        let differences = i64::try_from(found.len()).unwrap_or(i64::MAX);
        for (kind, about, ours, theirs, detail) in found {
            let (channel, day) = (channel.clone(), Some(day.to_string()));
            self.treasury.open_ticket(&NewTicket { kind, channel, about, day, ours, theirs, detail }).await?;
        }
        let report = DayReport { channel, day, rows, matched, differences };
        self.treasury.reconciled(&report).await?;
        Ok(report)
    }

    /// An order or refund of ours on the bill that is still open here: the gateway is asked, and what it says taken.
    async fn catch_up(&self, gateway: &dyn Gateway, row: &BillRow) -> Result<(), PaymentError> {
        match &row.kind {
            BillKind::Payment => {
                let Ok(id) = row.order.parse::<OrderId>() else { return Ok(()) };
                let order = self.treasury.order(id).await?.filter(|order| order.channel == gateway.name());
                let Some(order) = order.filter(|order| order.transaction.is_none()) else { return Ok(()) };
                if let Ok(GatewayState::Paid(payment)) = gateway.query(&order.id).await {
                    self.take(gateway.name(), &row.order, &payment).await?;
                }
            }
            BillKind::Refund(id) => {
                let Ok(id) = id.parse::<RefundId>() else { return Ok(()) };
                let refund = self.treasury.refund(id).await?.filter(|refund| refund.channel == gateway.name());
                let Some(refund) = refund.filter(|refund| refund.done_at.is_none()) else { return Ok(()) };
                let order = crate::RefundOrder {
                    id,
                    order: refund.order,
                    amount: refund.amount,
                    total: refund.total,
                    reason: refund.reason.clone(),
                };
                if let Ok(state @ RefundState::Done(_)) = gateway.query_refund(&order).await {
                    self.refund_is(&refund, state).await?;
                }
            }
        }
        Ok(())
    }

    /// A row that the ledger does not have on that day: of an order that stands otherwise here, or of none.
    async fn not_here(&self, row: &BillRow) -> Result<(TicketKind, String, i64, i64, String), PaymentError> {
        let (is_refund, id) = key(row);
        let known = match (is_refund, id.parse::<OrderId>(), id.parse::<RefundId>()) {
            (false, Ok(order), _) => {
                self.treasury.order(order).await?.map(|order| (order.amount, order.standing.as_str()))
            }
            (true, _, Ok(refund)) => {
                self.treasury.refund(refund).await?.map(|refund| (refund.amount, refund.standing.as_str()))
            }
            _ => None,
        };
        let id = id.chars().filter(|c| !c.is_control()).take(64).collect();
        Ok(match known {
            Some((amount, standing)) => {
                let detail = format!("the bill has it, in the ledger it is {standing} or of another day");
                (TicketKind::BillStateDiffers, id, amount.get(), row.amount, detail)
            }
            None => (TicketKind::MissingHere, id, 0, row.amount, "the bill has it, the ledger does not".to_owned()),
        })
    }
}

fn key(row: &BillRow) -> Key {
    match &row.kind {
        BillKind::Payment => (false, row.order.clone()),
        BillKind::Refund(id) => (true, id.clone()),
    }
}
