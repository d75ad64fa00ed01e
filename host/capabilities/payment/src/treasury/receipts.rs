//! Electronic receipts: a number taken once, then the PDF, kept. It says who paid: AES-256-GCM, bound to its notice.

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use sha2::{Digest as _, Sha256};
use zhongtai_kernel::Timestamp;
use zhongtai_store::StoreError;

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
        .bind(seal(treasury, notice, pdf)?)
        .execute(treasury.store().pool())
        .await?;
    let row: Option<Row> = sqlx::query_as(FIND).bind(notice.as_str()).fetch_optional(treasury.store().pool()).await?;
    record(notice, row.ok_or(PaymentError::NotFound("receipt"))?)
}

pub(super) async fn pdf(treasury: &Treasury, notice: &NoticeNumber) -> Result<Option<Vec<u8>>, PaymentError> {
    let sql = "SELECT content FROM payment_receipts WHERE notice = $1";
    let content: Option<Option<Vec<u8>>> =
        sqlx::query_scalar(sql).bind(notice.as_str()).fetch_optional(treasury.store().pool()).await?;
    let changed = || StoreError::corrupt("payment_receipts.content", "it was changed, or sealed with another key");
    let open = |sealed: Vec<u8>| open(treasury, notice, &sealed).ok_or_else(changed);
    Ok(content.flatten().map(open).transpose()?)
}

fn key(treasury: &Treasury) -> LessSafeKey {
    #[expect(clippy::expect_used, reason = "AES-256 takes every key of 32 bytes")]
    let key = UnboundKey::new(&AES_256_GCM, &treasury.key().derive("receipts")).expect("a key of 32 bytes");
    LessSafeKey::new(key)
}

/// A random nonce, the ciphertext and its tag.
fn seal(treasury: &Treasury, notice: &NoticeNumber, pdf: &[u8]) -> Result<Vec<u8>, PaymentError> {
    let fault = || PaymentError::Fault("a receipt can't be sealed".to_owned());
    let mut nonce = [0; NONCE_LEN];
    getrandom::fill(&mut nonce).map_err(|_| fault())?;
    let mut sealed = pdf.to_vec();
    let (bound, whole) = (Nonce::assume_unique_for_key(nonce), Aad::from(notice.as_str()));
    key(treasury).seal_in_place_append_tag(bound, whole, &mut sealed).map_err(|_| fault())?;
    Ok([nonce.as_slice(), &sealed].concat())
}

/// The PDF, unless it was changed, moved to another notice, or sealed with another key.
fn open(treasury: &Treasury, notice: &NoticeNumber, stored: &[u8]) -> Option<Vec<u8>> {
    let (nonce, sealed) = stored.split_first_chunk::<NONCE_LEN>()?;
    let (nonce, mut sealed) = (Nonce::assume_unique_for_key(*nonce), sealed.to_vec());
    let length = key(treasury).open_in_place(nonce, Aad::from(notice.as_str()), &mut sealed).ok()?.len();
    sealed.truncate(length);
    Some(sealed)
}

fn record(notice: &NoticeNumber, row: Row) -> Result<ReceiptRecord, PaymentError> {
    let (number, issued_at, sealed, sha256) = row;
    let made = sealed.map(|sealed| sealed == 1).zip(sha256);
    Ok(ReceiptRecord { number, notice: notice.clone(), issued_at: rows::time(issued_at)?, made })
}
