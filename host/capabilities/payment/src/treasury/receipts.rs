//! Electronic receipts: a number taken once, then the PDF, kept.

use sha2::{Digest as _, Sha256};
use zhongtai_kernel::Timestamp;

use super::{Treasury, day_of, rows};
use crate::{Notice, NoticeNumber, PaymentError, Standing};

/// A receipt (电子票据).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiptRecord {
    /// Its number: year, department's area and a serial, 20 digits.
    pub number: String,
    /// The notice.
    pub notice: NoticeNumber,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// Whether it bears a seal, and the SHA-256 of its PDF in hex; `None` while the PDF is not made.
    pub made: Option<(bool, String)>,
}

/// `number`, `issued_at`, `sealed`, `sha256`.
type Row = (String, i64, Option<i64>, Option<String>);

const FIND: &str = "SELECT number, issued_at, sealed, sha256 FROM payment_receipts WHERE notice = $1";

pub(super) async fn number(treasury: &Treasury, notice: &Notice) -> Result<ReceiptRecord, PaymentError> {
    let mut write = treasury.store().begin_write().await?;
    let notice = rows::lock(&mut write, &notice.number).await?.ok_or(PaymentError::NotFound("notice"))?;
    if !matches!(notice.standing, Standing::Paid | Standing::Refunded) {
        return Err(PaymentError::NotAllowedWhile(notice.standing));
    }
    let row: Option<Row> = sqlx::query_as(FIND).bind(notice.number.as_str()).fetch_optional(&mut *write).await?;
    if let Some(row) = row {
        write.rollback().await?;
        return record(&notice.number, row);
    }
    let now = treasury.now();
    let prefix = format!("{:04}{}", day_of(now).year(), notice.owner.area());
    let sql = "INSERT INTO payment_serials (prefix, last) VALUES ($1, 1) \
               ON CONFLICT (prefix) DO UPDATE SET last = payment_serials.last + 1 RETURNING last";
    let serial: i64 = sqlx::query_scalar(sql).bind(format!("receipt {prefix}")).fetch_one(&mut *write).await?;
    let number = format!("{prefix}{serial:010}");
    let sql = "INSERT INTO payment_receipts (notice, number, issued_at) VALUES ($1, $2, $3)";
    sqlx::query(sql).bind(notice.number.as_str()).bind(&number).bind(now.as_millisecond()).execute(&mut *write).await?;
    write.commit().await?;
    record(&notice.number, (number, now.as_millisecond(), None, None))
}

pub(super) async fn keep(
    treasury: &Treasury,
    notice: &NoticeNumber,
    pdf: &[u8],
    is_sealed: bool,
) -> Result<ReceiptRecord, PaymentError> {
    // The first one stays: what somebody fetched is what everybody gets.
    let sql =
        "UPDATE payment_receipts SET sealed = $2, sha256 = $3, content = $4 WHERE notice = $1 AND content IS NULL";
    sqlx::query(sql)
        .bind(notice.as_str())
        .bind(i64::from(is_sealed))
        .bind(hex::encode(Sha256::digest(pdf)))
        .bind(pdf.to_vec())
        .execute(treasury.store().pool())
        .await?;
    let row: Option<Row> = sqlx::query_as(FIND).bind(notice.as_str()).fetch_optional(treasury.store().pool()).await?;
    record(notice, row.ok_or(PaymentError::NotFound("receipt"))?)
}

pub(super) async fn pdf(treasury: &Treasury, notice: &NoticeNumber) -> Result<Option<Vec<u8>>, PaymentError> {
    let sql = "SELECT content FROM payment_receipts WHERE notice = $1";
    let content: Option<Option<Vec<u8>>> =
        sqlx::query_scalar(sql).bind(notice.as_str()).fetch_optional(treasury.store().pool()).await?;
    Ok(content.flatten())
}

fn record(notice: &NoticeNumber, row: Row) -> Result<ReceiptRecord, PaymentError> {
    let (number, issued_at, sealed, sha256) = row;
    let made = sealed.map(|sealed| sealed == 1).zip(sha256);
    Ok(ReceiptRecord { number, notice: notice.clone(), issued_at: rows::time(issued_at)?, made })
}
