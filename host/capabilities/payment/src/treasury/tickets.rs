//! What somebody has to look at. The same finding is one ticket, however often it is found.

use super::{Treasury, rows};
use crate::{NewTicket, PaymentError, Resolution, Ticket, TicketKind, item::check_line};

/// `id`, `kind`, `channel`, `about`, `day`, `ours`, `theirs`, `detail`, `opened_at`, `resolved_at`, `resolved_by`, `note`.
type Row = (
    String,
    String,
    String,
    String,
    Option<String>,
    i64,
    i64,
    String,
    i64,
    Option<i64>,
    Option<String>,
    Option<String>,
);

/// Tickets in one answer.
const MOST: i64 = 200;

pub(super) async fn open(treasury: &Treasury, new: &NewTicket) -> Result<(), PaymentError> {
    let sql = "INSERT INTO payment_tickets (id, kind, channel, about, day, ours, theirs, detail, opened_at) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (kind, channel, about, theirs) DO NOTHING";
    let done = sqlx::query(sql)
        .bind(ulid::Ulid::generate().to_string())
        .bind(new.kind.as_str())
        .bind(&new.channel)
        .bind(&new.about)
        .bind(new.day.as_deref())
        .bind(new.ours)
        .bind(new.theirs)
        .bind(&new.detail)
        .bind(treasury.now().as_millisecond())
        .execute(treasury.store().pool())
        .await?;
    if done.rows_affected() == 1 {
        tracing::warn!(
            kind = new.kind.as_str(),
            channel = new.channel,
            about = new.about,
            "a payment ticket was opened"
        );
    }
    Ok(())
}

pub(super) async fn list(treasury: &Treasury, only_open: bool) -> Result<Vec<Ticket>, PaymentError> {
    let sql = "SELECT id, kind, channel, about, day, ours, theirs, detail, opened_at, resolved_at, resolved_by, note \
               FROM payment_tickets WHERE $1 = 0 OR resolved_at IS NULL ORDER BY id DESC LIMIT $2";
    let rows: Vec<Row> =
        sqlx::query_as(sql).bind(i64::from(only_open)).bind(MOST).fetch_all(treasury.store().pool()).await?;
    rows.into_iter().map(ticket).collect()
}

pub(super) async fn resolve(treasury: &Treasury, id: &str, by: &str, note: &str) -> Result<Ticket, PaymentError> {
    check_line("note", note, 500)?;
    let sql = "UPDATE payment_tickets SET resolved_at = $2, resolved_by = $3, note = $4 \
               WHERE id = $1 AND resolved_at IS NULL";
    let done = sqlx::query(sql)
        .bind(id)
        .bind(treasury.now().as_millisecond())
        .bind(by)
        .bind(note)
        .execute(treasury.store().pool())
        .await?;
    let sql = "SELECT id, kind, channel, about, day, ours, theirs, detail, opened_at, resolved_at, resolved_by, note \
               FROM payment_tickets WHERE id = $1";
    let row: Option<Row> = sqlx::query_as(sql).bind(id).fetch_optional(treasury.store().pool()).await?;
    let ticket = ticket(row.ok_or(PaymentError::NotFound("ticket"))?)?;
    let is_ours = |resolved: &Resolution| resolved.by == by && resolved.note == note;
    match (done.rows_affected(), &ticket.resolved) {
        (0, Some(resolved)) if !is_ours(resolved) => {
            Err(PaymentError::invalid("ticket", "one that is open: somebody else resolved it"))
        }
        _ => Ok(ticket),
    }
}

fn ticket(row: Row) -> Result<Ticket, PaymentError> {
    let (id, kind, channel, about, day, ours, theirs, detail, opened_at, resolved_at, by, note) = row;
    let kind = TicketKind::parse(&kind).ok_or_else(|| rows::corrupt("payment_tickets.kind"))?;
    let resolved = match (resolved_at, by, note) {
        (Some(at), Some(by), Some(note)) => Some(Resolution { by, at: rows::time(at)?, note }),
        _ => None,
    };
    let ticket = NewTicket { kind, channel, about, day, ours, theirs, detail };
    Ok(Ticket { id, ticket, opened_at: rows::time(opened_at)?, resolved })
}
