//! Making and closing notices.

use jiff::SignedDuration;
use zhongtai_store::StoreError;

use super::{Closing, Treasury, day_of, facts, rows, serials, tell};
use crate::{
    Act, FeeItem, Fen, Line, NewNotice, Notice, NoticeNumber, PaymentError, Standing,
    act::claim,
    ledger::{Entry, post},
};

/// A year, minutes: no notice may be paid longer.
const MOST_MINUTES: u32 = 366 * 24 * 60;
/// Serials that are tried: one may have been taken by another layout of the same digits.
const TRIES: u32 = 20;

/// Lines and total of a notice that was asked for: everything about it that can be wrong is found here.
fn lines(new: &NewNotice, items: &[FeeItem]) -> Result<(Vec<Line>, Fen), PaymentError> {
    let line = |(at, (line, item)): (usize, (&crate::NewLine, &FeeItem))| {
        let amount = item.amount(&format!("lines/{at}"), line.quantity, line.amount)?;
        let (title, unit) = (item.title.clone(), item.unit.clone());
        let (quantity, unit_price) = (line.quantity, item.unit_price());
        Ok(Line { item: line.item.clone(), title, unit, quantity, unit_price, amount })
    };
    let lines = new.lines.iter().zip(items).enumerate().map(line).collect::<Result<Vec<_>, PaymentError>>()?;
    let too_much = || PaymentError::invalid("lines", "1 to 50 lines that come to ten billion yuan at most");
    let total = Fen::sum(lines.iter().map(|line| line.amount)).ok_or_else(too_much)?;
    Ok((lines, total))
}

pub(super) async fn make(
    treasury: &Treasury,
    act: &Act,
    new: NewNotice,
    items: &[FeeItem],
) -> Result<Notice, PaymentError> {
    let (lines, total) = lines(&new, items)?;
    let first = items.first().ok_or_else(|| PaymentError::invalid("lines", "at least one line"))?;
    let minutes = new.valid_minutes.unwrap_or(treasury.0.default_minutes);
    if !(5..=MOST_MINUTES).contains(&minutes) {
        return Err(PaymentError::invalid("valid-minutes", format!("5 to {MOST_MINUTES}")));
    }
    let now = treasury.now();
    let expires_at = now.checked_add(SignedDuration::from_mins(i64::from(minutes)));
    let expires_at = expires_at.map_err(|_| PaymentError::invalid("valid-minutes", "a time of this calendar"))?;
    for _ in 0..TRIES {
        let number = number(treasury, first).await?;
        let notice = Notice {
            number,
            scenario: new.scenario.clone(),
            owner: first.owner.clone(),
            payer: new.payer,
            case: new.case.clone(),
            lines: lines.clone(),
            total,
            reserved: 0,
            returned: 0,
            standing: Standing::Due,
            created_at: now,
            expires_at,
            ended_at: None,
            paid_by: None,
            channel: None,
        };
        match keep(treasury, act, &notice).await? {
            Kept::New => return Ok(notice),
            Kept::Known(number) => return must(treasury, &number).await,
            Kept::Taken => {}
        }
    }
    Err(PaymentError::NoNumbers)
}

async fn number(treasury: &Treasury, item: &FeeItem) -> Result<NoticeNumber, PaymentError> {
    let (layout, today) = (treasury.layout(), day_of(treasury.now()));
    let prefix = layout.prefix(&item.owner, &item.executing_unit, today);
    let serial = serials::next(treasury, &prefix).await?;
    layout.number(&item.owner, &item.executing_unit, today, serial).ok_or(PaymentError::NoNumbers)
}

enum Kept {
    New,
    /// The act was done before.
    Known(NoticeNumber),
    /// Another notice has the number.
    Taken,
}

/// Key, notice and entry, all or nothing.
async fn keep(treasury: &Treasury, act: &Act, notice: &Notice) -> Result<Kept, PaymentError> {
    let now = treasury.now();
    let mut write = treasury.store().begin_write().await?;
    if let Some(known) = claim(&mut write, act, notice.number.as_str(), now).await? {
        write.rollback().await?;
        return Ok(Kept::Known(known.parse().map_err(|_| rows::corrupt("payment_acts.about"))?));
    }
    let lines = serde_json::to_string(&notice.lines);
    let lines = lines.map_err(|error| PaymentError::Fault(format!("lines can't be written: {error}")))?;
    let sql = "INSERT INTO payment_notices (number, scenario, owner, payer, case_id, lines, total, reserved, returned, \
               state, created_at, expires_at, locks) VALUES ($1, $2, $3, $4, $5, $6, $7, 0, 0, 'due', $8, $9, 0)";
    let done = sqlx::query(sql)
        .bind(notice.number.as_str())
        .bind(notice.scenario.as_str())
        .bind(notice.owner.as_str())
        .bind(notice.payer.to_string())
        .bind(notice.case.as_deref())
        .bind(lines)
        .bind(notice.total.get())
        .bind(notice.created_at.as_millisecond())
        .bind(notice.expires_at.as_millisecond())
        .execute(&mut *write)
        .await
        .map_err(StoreError::from);
    match done {
        Err(error) if error.is_duplicate() => return Ok(Kept::Taken),
        other => other?,
    };
    let entry = Entry::noticed(notice.number.as_str(), notice.owner.as_str(), notice.total, &notice.lines)?;
    post(&mut write, treasury.key(), entry, now).await?;
    write.commit().await?;
    Ok(Kept::New)
}

pub(super) async fn close(
    treasury: &Treasury,
    act: Option<&Act>,
    number: &NoticeNumber,
    why: &'static str,
) -> Result<Closing, PaymentError> {
    let now = treasury.now();
    let mut write = treasury.store().begin_write().await?;
    let notice = rows::lock(&mut write, number).await?.ok_or(PaymentError::NotFound("notice"))?;
    if let Some(act) = act
        && claim(&mut write, act, number.as_str(), now).await?.is_some()
    {
        write.rollback().await?;
        return Ok(Closing::Closed(Box::new(notice)));
    }
    if notice.standing != Standing::Due {
        return Err(PaymentError::NotAllowedWhile(notice.standing));
    }
    if let Some(order) = rows::live_order(&mut *write, number).await? {
        write.rollback().await?;
        return Ok(Closing::Live(Box::new(order)));
    }
    let sql = "UPDATE payment_notices SET state = 'closed', ended_at = $2 WHERE number = $1 AND state = 'due'";
    sqlx::query(sql).bind(number.as_str()).bind(now.as_millisecond()).execute(&mut *write).await?;
    let entry = Entry::closed(number.as_str(), notice.owner.as_str(), notice.total, &notice.lines)?;
    post(&mut write, treasury.key(), entry, now).await?;
    let mut data = facts(&notice, notice.total);
    if let Some(data) = data.as_object_mut() {
        data.insert("why".to_owned(), why.into());
    }
    tell(&mut write, &notice, "payment.closed", data, now).await?;
    write.commit().await?;
    Ok(Closing::Closed(Box::new(must(treasury, number).await?)))
}

async fn must(treasury: &Treasury, number: &NoticeNumber) -> Result<Notice, PaymentError> {
    rows::notice(treasury.store().pool(), number).await?.ok_or(PaymentError::NotFound("notice"))
}
