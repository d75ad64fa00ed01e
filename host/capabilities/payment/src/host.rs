//! The capability as guests see it: parse, hand over to [`Payments`], convert.

use std::sync::Arc;

use wasmtime::component::{HasSelf, Linker};
use zhongtai_runtime::{Invocation, slow_lane};

use crate::{
    ActKey, Fen, ItemStatus, ItemVersion, Line, NewLine, Notice, NoticeNumber, OrderRecord, OrderStanding,
    PaymentError, Payments, Price, Receipt, RefundRecord, RefundStanding, Request, Standing,
};

wasmtime::component::bindgen!({
    inline: "
        package zhongtai:host-payment;
        world host { import zhongtai:payment/payments@0.1.0; }
    ",
    path: "../../../wit/payment",
    world: "zhongtai:host-payment/host",
    imports: { default: async | trappable },
});

use zhongtai::payment::payments as wit;

pub(crate) fn add_to_linker(linker: &mut Linker<Invocation>) -> wasmtime::Result<()> {
    wit::add_to_linker::<_, HasSelf<Invocation>>(linker, |invocation| invocation)
}

/// A guest's answer; the outer result traps.
type Answer<T> = wasmtime::Result<Result<T, wit::Error>>;

impl wit::Host for Invocation {
    async fn items(&mut self) -> Answer<Vec<wit::FeeItem>> {
        let payments = at_hand(self).await?;
        let found = payments.items(self.release().scenario().department()).await;
        Ok(found.map(|found| found.into_iter().map(item).collect()).map_err(|error| answer(self, error)))
    }

    async fn channels(&mut self) -> wasmtime::Result<Vec<String>> {
        Ok(self.provider::<Arc<Payments>>()?.channels())
    }

    async fn open(&mut self, new: wit::NewNotice) -> Answer<wit::Notice> {
        let payments = at_hand(self).await?;
        let made = async {
            let payer = match new.payer {
                wit::Payer::Asker => self.account().ok_or(PaymentError::Anonymous)?,
                wit::Payer::Subject(handle) => payments.payer_of(self.release().scenario().department(), &handle)?,
            };
            let line = |line: wit::NewLine| NewLine { item: line.item, quantity: line.quantity, amount: line.amount };
            let lines = new.lines.into_iter().map(line).collect();
            let key = ActKey::try_from(new.idempotency_key)?;
            let request = Request { payer, lines, case: new.case_id, valid_minutes: new.valid_minutes };
            payments.notice(self.asker(), key, request).await
        };
        Ok(made.await.map(notice).map_err(|error| answer(self, error)))
    }

    async fn find(&mut self, number: String) -> Answer<wit::Notice> {
        let payments = at_hand(self).await?;
        let found = async { payments.find(self.asker(), &parse(&number)?).await };
        Ok(found.await.map(notice).map_err(|error| answer(self, error)))
    }

    async fn pay(&mut self, number: String, channel: String, idempotency_key: String) -> Answer<wit::Order> {
        let payments = at_hand(self).await?;
        let begun = async {
            let key = ActKey::try_from(idempotency_key)?;
            payments.pay(self.asker(), &parse(&number)?, (&channel, key)).await
        };
        Ok(begun.await.map(order).map_err(|error| answer(self, error)))
    }

    async fn latest_order(&mut self, number: String) -> Answer<Option<wit::Order>> {
        let payments = at_hand(self).await?;
        let found = async { payments.order(self.asker(), &parse(&number)?).await };
        Ok(found.await.map(|found| found.map(order)).map_err(|error| answer(self, error)))
    }

    async fn close(&mut self, number: String, idempotency_key: String) -> Answer<wit::Notice> {
        let payments = at_hand(self).await?;
        let closed = async {
            let key = ActKey::try_from(idempotency_key)?;
            payments.close(self.asker(), &parse(&number)?, key).await
        };
        Ok(closed.await.map(notice).map_err(|error| answer(self, error)))
    }

    async fn request_refund(
        &mut self,
        number: String,
        amount: i64,
        reason: String,
        idempotency_key: String,
    ) -> Answer<wit::Refund> {
        let payments = at_hand(self).await?;
        let asked = async {
            let key = ActKey::try_from(idempotency_key)?;
            payments.request_refund(self.asker(), &parse(&number)?, (amount, reason, key)).await
        };
        Ok(asked.await.map(refund).map_err(|error| answer(self, error)))
    }

    async fn refunds(&mut self, number: String) -> Answer<Vec<wit::Refund>> {
        let payments = at_hand(self).await?;
        let found = async { payments.refunds(self.asker(), &parse(&number)?).await };
        let found = found.await.map(|found| found.into_iter().map(refund).collect());
        Ok(found.map_err(|error| answer(self, error)))
    }

    async fn receipt_of(&mut self, number: String) -> Answer<wit::Receipt> {
        let payments = at_hand(self).await?;
        let found = async { payments.receipt(self.asker(), &parse(&number)?).await };
        Ok(found.await.map(receipt).map_err(|error| answer(self, error)))
    }
}

/// Every call asks the database: it leaves the fast lane first.
async fn at_hand(invocation: &Invocation) -> wasmtime::Result<Arc<Payments>> {
    let payments = invocation.provider::<Arc<Payments>>()?;
    slow_lane().await;
    Ok(payments)
}

fn parse(number: &str) -> Result<NoticeNumber, PaymentError> {
    number.parse()
}

fn item(known: ItemVersion) -> wit::FeeItem {
    let item = known.item;
    let (unit_price, least, most) = match item.price {
        Price::Unit(price) => (Some(price.get()), price.get(), Fen::MOST),
        Price::Free { least, most } => (None, least.get(), most.get()),
    };
    let listed = item.status == ItemStatus::Listed;
    wit::FeeItem { code: item.code, title: item.title, unit: item.unit, unit_price, least, most, listed }
}

fn notice(notice: Notice) -> wit::Notice {
    let is_paid = matches!(notice.standing, Standing::Paid | Standing::Refunded);
    wit::Notice {
        number: notice.number.to_string(),
        standing: standing(notice.standing),
        lines: notice.lines.into_iter().map(line).collect(),
        total: notice.total.get(),
        refunded: notice.reserved,
        case_id: notice.case,
        created_at: notice.created_at.to_string(),
        expires_at: notice.expires_at.to_string(),
        paid_at: notice.ended_at.filter(|_| is_paid).map(|at| at.to_string()),
        channel: notice.channel,
    }
}

fn line(line: Line) -> wit::Line {
    wit::Line {
        item: line.item,
        title: line.title,
        unit: line.unit,
        quantity: line.quantity,
        unit_price: line.unit_price.map(Fen::get),
        amount: line.amount.get(),
    }
}

fn standing(standing: Standing) -> wit::Standing {
    match standing {
        Standing::Due => wit::Standing::Due,
        Standing::Paid => wit::Standing::Paid,
        Standing::Refunded => wit::Standing::Refunded,
        Standing::Closed => wit::Standing::Closed,
    }
}

fn order(order: OrderRecord) -> wit::Order {
    let standing = match order.standing {
        OrderStanding::Preparing => wit::OrderStanding::Preparing,
        OrderStanding::Open => wit::OrderStanding::Open,
        OrderStanding::Paid => wit::OrderStanding::Paid,
        OrderStanding::Closed => wit::OrderStanding::Closed,
        OrderStanding::Late => wit::OrderStanding::Late,
    };
    wit::Order {
        id: order.id.to_string(),
        number: order.notice.to_string(),
        channel: order.channel,
        standing,
        amount: order.amount.get(),
        qr: order.qr,
        expires_at: order.expires_at.to_string(),
    }
}

fn refund(refund: RefundRecord) -> wit::Refund {
    let standing = match refund.standing {
        RefundStanding::Requested => wit::RefundStanding::Requested,
        RefundStanding::Rejected => wit::RefundStanding::Rejected,
        RefundStanding::Sending => wit::RefundStanding::Sending,
        RefundStanding::Done => wit::RefundStanding::Done,
        RefundStanding::Failed => wit::RefundStanding::Failed,
    };
    wit::Refund {
        id: refund.id.to_string(),
        number: refund.notice.to_string(),
        amount: refund.amount.get(),
        reason: refund.reason,
        standing,
    }
}

fn receipt(receipt: Receipt) -> wit::Receipt {
    wit::Receipt {
        number: receipt.number,
        notice: receipt.notice.to_string(),
        amount: receipt.amount.get(),
        capitals: receipt.amount.capitals(),
        issued_at: receipt.issued_at.to_string(),
        sealed: receipt.is_sealed,
        sha256: receipt.sha256,
    }
}

/// What the guest may know of a failure; faults of ours are logged.
fn answer(invocation: &Invocation, error: PaymentError) -> wit::Error {
    match error {
        PaymentError::Denied(reference) => wit::Error::Denied(reference),
        PaymentError::Invalid { field, expected } => wit::Error::Invalid(wit::InvalidField { field, expected }),
        PaymentError::Anonymous => wit::Error::Invalid(wit::InvalidField {
            field: "payer".to_owned(),
            expected: "somebody who signed in".to_owned(),
        }),
        PaymentError::UnknownItem(at) => wit::Error::UnknownItem(at),
        PaymentError::NotListed(code) => wit::Error::ItemNotListed(code),
        PaymentError::NotFound(_) => wit::Error::NotFound,
        PaymentError::NotAllowedWhile(now) => wit::Error::NotAllowedWhile(standing(now)),
        PaymentError::Expired => wit::Error::Expired,
        PaymentError::KeyReused => wit::Error::KeyReused,
        PaymentError::UnknownChannel(name) => wit::Error::UnknownChannel(name),
        PaymentError::Channel { ref channel, .. } => {
            tracing::warn!(request = %invocation.request_id(), error = %zhongtai_kernel::chain(&error), "a payment channel can't be used");
            wit::Error::ChannelUnavailable(channel.clone())
        }
        PaymentError::RefundExceeds(left) => wit::Error::RefundExceeds(left),
        PaymentError::ReceiptPending(ref cause) => {
            tracing::warn!(request = %invocation.request_id(), %cause, "a receipt can't be made yet");
            wit::Error::ReceiptPending
        }
        PaymentError::NoReceipt(why) => wit::Error::NoReceipt(why),
        PaymentError::Unrecorded | PaymentError::RefundNotAllowedWhile(_) | PaymentError::NoNumbers => {
            wit::Error::Other(error.to_string())
        }
        PaymentError::Store(_) | PaymentError::Payers(_) | PaymentError::Event(_) | PaymentError::Fault(_) => {
            tracing::error!(request = %invocation.request_id(), error = %zhongtai_kernel::chain(&error), "payments can't be had");
            wit::Error::Other("payments can't be had; try again later".to_owned())
        }
    }
}
