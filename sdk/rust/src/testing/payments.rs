//! The mock's payments: fee items that a test puts on the list, one channel `cashdesk`, and payers who pay when the test
//! says so.

use super::{
    answers::allowed,
    state::{State, with},
};
use crate::payment::{
    Error, FeeItem, Fen, Line, NewLine, NewNotice, Notice, Order, OrderStanding, Payer, Receipt, Refund,
    RefundStanding, Standing,
};

/// A notice that a plugin asked for, and how far it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MockNotice {
    /// The notice.
    pub notice: Notice,
    /// The handle of who has to pay.
    pub payer: String,
    /// The idempotency key that it was asked for by.
    pub once: String,
    /// The latest order, with its key.
    pub order: Option<(Order, String)>,
    /// The refunds that were asked for, each with its key.
    pub refunds: Vec<(Refund, String)>,
    pub(super) asked: NewNotice,
}

const CHANNEL: &str = "cashdesk";
const AT: &str = "2026-01-01T00:00:00Z";
const LATER: &str = "2026-01-16T00:00:00Z";
/// As in the real host: ten billion yuan.
const MOST: i64 = 1_000_000_000_000;

pub fn open_notice(new: NewNotice) -> Result<Notice, Error> {
    with(|host| {
        key(&new.once)?;
        if !(1..=50).contains(&new.lines.len()) {
            return Err(invalid("lines", "1 to 50 lines"));
        }
        let lines = new.lines.iter().enumerate().map(|(at, line)| priced(host, at, line));
        let lines = lines.collect::<Result<Vec<_>, Error>>()?;
        allowed(host, "payment:notice").map_err(Error::Denied)?;
        let asker = host.person.as_ref().map(|person| person.subject.handle.clone());
        let payer = match &new.payer {
            Payer::Asker => asker.ok_or_else(|| invalid("payer", "somebody who signed in"))?,
            Payer::Subject(handle) => handle.clone(),
        };
        if let Some(known) = host.notices.iter().find(|known| known.once == new.once) {
            return if known.asked == new { Ok(known.notice.clone()) } else { Err(Error::KeyReused) };
        }
        let total = lines.iter().map(|line| line.amount.0).sum();
        let notice = Notice {
            number: format!("4418020000260101{:08}", host.notices.len() + 1),
            standing: Standing::Due,
            lines,
            total: Fen(total),
            refunded: Fen(0),
            case: new.case.clone(),
            created_at: AT.into(),
            expires_at: LATER.into(),
            paid_at: None,
            channel: None,
        };
        let (once, order, refunds) = (new.once.clone(), None, Vec::new());
        host.notices.push(MockNotice { notice: notice.clone(), payer, once, order, refunds, asked: new });
        Ok(notice)
    })
}

/// What the real host refuses, too.
fn priced(host: &State, at: usize, line: &NewLine) -> Result<Line, Error> {
    let item = host.fee_items.iter().find(|item| item.code == line.item);
    let item = item.ok_or_else(|| Error::UnknownItem(format!("lines/{at}/item")))?;
    if !item.listed {
        return Err(Error::NotListed(item.code.clone()));
    }
    if !(1..=1_000_000).contains(&line.quantity) {
        return Err(invalid(&format!("lines/{at}/quantity"), "1 to 1000000"));
    }
    let wrong = |expected: &str| invalid(&format!("lines/{at}/amount"), expected);
    let amount = match (item.unit_price, line.amount) {
        (Some(price), named) => {
            let amount = price.0.checked_mul(line.quantity).filter(|amount| *amount <= MOST);
            let amount =
                amount.ok_or_else(|| invalid(&format!("lines/{at}/quantity"), "a line within ten billion yuan"))?;
            if named.is_some_and(|named| named.0 != amount) {
                return Err(wrong("nothing, or quantity times price"));
            }
            amount
        }
        (None, Some(amount)) if (item.least..=item.most).contains(&amount) => amount.0,
        (None, _) => return Err(wrong("an amount within the item's bounds")),
    };
    Ok(Line {
        item: item.code.clone(),
        title: item.title.clone(),
        unit: item.unit.clone(),
        quantity: line.quantity,
        unit_price: item.unit_price,
        amount: Fen(amount),
    })
}

pub fn find_notice(number: &str) -> Result<Notice, Error> {
    with(|host| {
        allowed(host, "payment:read").map_err(Error::Denied)?;
        Ok(find(host, number)?.notice.clone())
    })
}

pub fn pay_notice(number: &str, channel: &str, once: &str) -> Result<Order, Error> {
    with(|host| {
        key(once)?;
        if channel != CHANNEL {
            return Err(Error::UnknownChannel(channel.into()));
        }
        allowed(host, "payment:pay").map_err(Error::Denied)?;
        let asker = host.person.as_ref().map(|person| person.subject.handle.clone());
        let known = find(host, number)?;
        if asker.as_ref() != Some(&known.payer) {
            return Err(Error::Denied("mock/0".into()));
        }
        match &known.order {
            Some((order, _)) => return Ok(order.clone()),
            None if known.notice.standing != Standing::Due => {
                return Err(Error::NotAllowedWhile(known.notice.standing));
            }
            None => {}
        }
        let order = Order {
            id: format!("mock-order-{number}"),
            number: number.into(),
            channel: channel.into(),
            standing: OrderStanding::Open,
            amount: known.notice.total,
            qr: Some(format!("cashdesk://{number}")),
            expires_at: LATER.into(),
        };
        known.order = Some((order.clone(), once.into()));
        Ok(order)
    })
}

pub fn latest_order(number: &str) -> Result<Option<Order>, Error> {
    with(|host| {
        allowed(host, "payment:read").map_err(Error::Denied)?;
        Ok(find(host, number)?.order.as_ref().map(|(order, _)| order.clone()))
    })
}

pub fn close_notice(number: &str, once: &str) -> Result<Notice, Error> {
    with(|host| {
        key(once)?;
        allowed(host, "payment:close").map_err(Error::Denied)?;
        let known = find(host, number)?;
        match known.notice.standing {
            Standing::Due | Standing::Closed => known.notice.standing = Standing::Closed,
            standing => return Err(Error::NotAllowedWhile(standing)),
        }
        if let Some((order, _)) = &mut known.order {
            (order.standing, order.qr) = (OrderStanding::Closed, None);
        }
        Ok(known.notice.clone())
    })
}

pub fn request_refund(number: &str, fen: i64, reason: &str, once: &str) -> Result<Refund, Error> {
    with(|host| {
        key(once)?;
        if !(1..=MOST).contains(&fen) {
            return Err(invalid("amount", "an amount is 1 to 1000000000000 fen"));
        }
        allowed(host, "payment:request-refund").map_err(Error::Denied)?;
        let known = find(host, number)?;
        let refund = Refund {
            id: format!("mock-refund-{number}-{}", known.refunds.len() + 1),
            number: number.into(),
            amount: Fen(fen),
            reason: reason.into(),
            standing: RefundStanding::Requested,
        };
        if let Some((earlier, _)) = known.refunds.iter().find(|(_, key)| key == once) {
            let is_same = (earlier.amount, &earlier.reason) == (refund.amount, &refund.reason);
            return if is_same { Ok(earlier.clone()) } else { Err(Error::KeyReused) };
        }
        if known.notice.standing != Standing::Paid {
            return Err(Error::NotAllowedWhile(known.notice.standing));
        }
        let left = known.notice.total.0 - known.notice.refunded.0;
        if fen > left {
            return Err(Error::RefundExceeds(Fen(left)));
        }
        known.notice.refunded = Fen(known.notice.refunded.0 + fen);
        known.refunds.push((refund.clone(), once.into()));
        Ok(refund)
    })
}

pub fn refunds(number: &str) -> Result<Vec<Refund>, Error> {
    with(|host| {
        allowed(host, "payment:read").map_err(Error::Denied)?;
        Ok(find(host, number)?.refunds.iter().map(|(refund, _)| refund.clone()).collect())
    })
}

pub fn payment_receipt(number: &str) -> Result<Receipt, Error> {
    with(|host| {
        allowed(host, "payment:read").map_err(Error::Denied)?;
        let notice = &find(host, number)?.notice;
        if !matches!(notice.standing, Standing::Paid | Standing::Refunded) {
            return Err(Error::NotAllowedWhile(notice.standing));
        }
        Ok(Receipt {
            number: format!("R{number}"),
            notice: number.into(),
            amount: notice.total,
            // The real host writes it out.
            capitals: format!("{}元", notice.total),
            issued_at: AT.into(),
            sealed: true,
            sha256: "0".repeat(64),
        })
    })
}

pub fn fee_items() -> Result<Vec<FeeItem>, Error> {
    with(|host| Ok(host.fee_items.clone()))
}

pub fn payment_channels() -> Vec<String> {
    vec![CHANNEL.into()]
}

/// The payer pays: the notice is paid. What the plugin is told of it.
pub fn settle(host: &mut State, number: &str) -> Result<(Option<String>, serde_json::Value), Error> {
    let known = find(host, number)?;
    if known.notice.standing != Standing::Due {
        return Err(Error::NotAllowedWhile(known.notice.standing));
    }
    (known.notice.standing, known.notice.paid_at) = (Standing::Paid, Some(AT.into()));
    known.notice.channel = Some(CHANNEL.into());
    if let Some((order, _)) = &mut known.order {
        (order.standing, order.qr) = (OrderStanding::Paid, None);
    }
    let total = known.notice.total.0;
    let data = serde_json::json!({ "notice": number, "amount_fen": total, "total_fen": total, "channel": CHANNEL });
    Ok((known.notice.case.clone(), data))
}

fn find<'a>(host: &'a mut State, number: &str) -> Result<&'a mut MockNotice, Error> {
    host.notices.iter_mut().find(|known| known.notice.number == number).ok_or(Error::NotFound)
}

fn key(once: &str) -> Result<(), Error> {
    let is_valid = (1..=128).contains(&once.chars().count()) && !once.chars().any(char::is_control);
    if is_valid {
        Ok(())
    } else {
        Err(invalid("idempotency-key", "1 to 128 characters, none of them a control character"))
    }
}

fn invalid(field: &str, expected: &str) -> Error {
    Error::Invalid { field: field.into(), expected: expected.into() }
}
