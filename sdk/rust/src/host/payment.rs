//! Calls to the payment capability, through the generated bindings.

use crate::{
    bindings::zhongtai::payment::payments as wit,
    payment::{
        Error, FeeItem, Fen, Line, NewLine, NewNotice, Notice, Order, OrderStanding, Payer, Receipt, Refund,
        RefundStanding, Standing,
    },
};

pub fn open_notice(new: NewNotice) -> Result<Notice, Error> {
    Ok(wit::open(&new.into())?.into())
}

pub fn find_notice(number: &str) -> Result<Notice, Error> {
    Ok(wit::find(number)?.into())
}

pub fn pay_notice(number: &str, channel: &str, once: &str) -> Result<Order, Error> {
    Ok(wit::pay(number, channel, once)?.into())
}

pub fn latest_order(number: &str) -> Result<Option<Order>, Error> {
    Ok(wit::latest_order(number)?.map(Into::into))
}

pub fn close_notice(number: &str, once: &str) -> Result<Notice, Error> {
    Ok(wit::close(number, once)?.into())
}

pub fn request_refund(number: &str, fen: i64, reason: &str, once: &str) -> Result<Refund, Error> {
    Ok(wit::request_refund(number, fen, reason, once)?.into())
}

pub fn refunds(number: &str) -> Result<Vec<Refund>, Error> {
    Ok(wit::refunds(number)?.into_iter().map(Into::into).collect())
}

pub fn payment_receipt(number: &str) -> Result<Receipt, Error> {
    Ok(wit::receipt_of(number)?.into())
}

pub fn fee_items() -> Result<Vec<FeeItem>, Error> {
    Ok(wit::items()?.into_iter().map(Into::into).collect())
}

pub fn payment_channels() -> Vec<String> {
    wit::channels()
}

impl From<NewNotice> for wit::NewNotice {
    fn from(new: NewNotice) -> Self {
        let line = |line: NewLine| wit::NewLine {
            item: line.item,
            quantity: line.quantity,
            amount: line.amount.map(|amount| amount.0),
        };
        Self {
            payer: match new.payer {
                Payer::Asker => wit::Payer::Asker,
                Payer::Subject(handle) => wit::Payer::Subject(handle),
            },
            lines: new.lines.into_iter().map(line).collect(),
            case_id: new.case,
            valid_minutes: new.valid_minutes,
            idempotency_key: new.once,
        }
    }
}

impl From<wit::Standing> for Standing {
    fn from(standing: wit::Standing) -> Self {
        match standing {
            wit::Standing::Due => Self::Due,
            wit::Standing::Paid => Self::Paid,
            wit::Standing::Refunded => Self::Refunded,
            wit::Standing::Closed => Self::Closed,
        }
    }
}

impl From<wit::Line> for Line {
    fn from(line: wit::Line) -> Self {
        Self {
            item: line.item,
            title: line.title,
            unit: line.unit,
            quantity: line.quantity,
            unit_price: line.unit_price.map(Fen),
            amount: Fen(line.amount),
        }
    }
}

impl From<wit::Notice> for Notice {
    fn from(notice: wit::Notice) -> Self {
        Self {
            number: notice.number,
            standing: notice.standing.into(),
            lines: notice.lines.into_iter().map(Into::into).collect(),
            total: Fen(notice.total),
            refunded: Fen(notice.refunded),
            case: notice.case_id,
            created_at: notice.created_at,
            expires_at: notice.expires_at,
            paid_at: notice.paid_at,
            channel: notice.channel,
        }
    }
}

impl From<wit::Order> for Order {
    fn from(order: wit::Order) -> Self {
        Self {
            id: order.id,
            number: order.number,
            channel: order.channel,
            standing: match order.standing {
                wit::OrderStanding::Preparing => OrderStanding::Preparing,
                wit::OrderStanding::Open => OrderStanding::Open,
                wit::OrderStanding::Paid => OrderStanding::Paid,
                wit::OrderStanding::Closed => OrderStanding::Closed,
                wit::OrderStanding::Late => OrderStanding::Late,
            },
            amount: Fen(order.amount),
            qr: order.qr,
            expires_at: order.expires_at,
        }
    }
}

impl From<wit::Refund> for Refund {
    fn from(refund: wit::Refund) -> Self {
        Self {
            id: refund.id,
            number: refund.number,
            amount: Fen(refund.amount),
            reason: refund.reason,
            standing: match refund.standing {
                wit::RefundStanding::Requested => RefundStanding::Requested,
                wit::RefundStanding::Rejected => RefundStanding::Rejected,
                wit::RefundStanding::Sending => RefundStanding::Sending,
                wit::RefundStanding::Done => RefundStanding::Done,
                wit::RefundStanding::Failed => RefundStanding::Failed,
            },
        }
    }
}

impl From<wit::Receipt> for Receipt {
    fn from(receipt: wit::Receipt) -> Self {
        let wit::Receipt { number, notice, amount, capitals, issued_at, sealed, sha256 } = receipt;
        Self { number, notice, amount: Fen(amount), capitals, issued_at, sealed, sha256 }
    }
}

impl From<wit::FeeItem> for FeeItem {
    fn from(item: wit::FeeItem) -> Self {
        let wit::FeeItem { code, title, unit, unit_price, least, most, listed } = item;
        let (unit_price, least, most) = (unit_price.map(Fen), Fen(least), Fen(most));
        Self { code, title, unit, unit_price, least, most, listed }
    }
}

impl From<wit::Error> for Error {
    fn from(error: wit::Error) -> Self {
        match error {
            wit::Error::Denied(decision) => Self::Denied(decision),
            wit::Error::Invalid(wit::InvalidField { field, expected }) => Self::Invalid { field, expected },
            wit::Error::UnknownItem(at) => Self::UnknownItem(at),
            wit::Error::ItemNotListed(code) => Self::NotListed(code),
            wit::Error::NotFound => Self::NotFound,
            wit::Error::NotAllowedWhile(standing) => Self::NotAllowedWhile(standing.into()),
            wit::Error::Expired => Self::Expired,
            wit::Error::KeyReused => Self::KeyReused,
            wit::Error::UnknownChannel(name) => Self::UnknownChannel(name),
            wit::Error::ChannelUnavailable(name) => Self::ChannelUnavailable(name),
            wit::Error::RefundExceeds(left) => Self::RefundExceeds(Fen(left)),
            wit::Error::ReceiptPending => Self::ReceiptPending,
            wit::Error::NoReceipt(why) => Self::NoReceipt(why),
            wit::Error::Other(what) => Self::Other(what),
        }
    }
}
