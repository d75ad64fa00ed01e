//! Idempotency: the same key, the same answer; the same key for something else, a conflict.

use sha2::{Digest as _, Sha256};
use zhongtai_kernel::Timestamp;
use zhongtai_store::WriteTransaction;

use crate::PaymentError;

/// An idempotency key: 1 to 128 characters without control characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActKey(String);

// === impl ActKey ===

impl ActKey {
    /// The key's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ActKey {
    type Error = PaymentError;

    fn try_from(text: String) -> Result<Self, PaymentError> {
        // PostgreSQL's text can't hold a NUL, and nobody could read the others.
        let is_valid = (1..=128).contains(&text.chars().count()) && !text.chars().any(char::is_control);
        let expected = "1 to 128 characters, none of them a control character";
        if is_valid { Ok(Self(text)) } else { Err(PaymentError::invalid("idempotency-key", expected)) }
    }
}

/// An act that happens once: whose key it is, and what tells the request from others.
#[derive(Debug, Clone)]
pub struct Act {
    scope: String,
    key: ActKey,
    request: String,
}

// === impl Act ===

impl Act {
    /// Keys are the scope's own: a scenario's, or an account's within one. `parts` are everything that was asked for.
    pub fn new(scope: impl Into<String>, key: ActKey, parts: &[&str]) -> Self {
        let mut digest = Sha256::new();
        for part in parts {
            // Each with its length: no two different lists are one text.
            digest.update((part.len() as u64).to_le_bytes());
            digest.update(part.as_bytes());
        }
        Self { scope: scope.into(), key, request: hex::encode(digest.finalize()) }
    }

    fn answer(&self, known: (String, String)) -> Result<String, PaymentError> {
        let (request, about) = known;
        if request == self.request { Ok(about) } else { Err(PaymentError::KeyReused) }
    }
}

/// What the act's key stands for already.
pub(crate) async fn known(pool: &sqlx::AnyPool, act: &Act) -> Result<Option<String>, PaymentError> {
    let sql = "SELECT request, about FROM payment_acts WHERE scope = $1 AND key = $2";
    let known: Option<(String, String)> =
        sqlx::query_as(sql).bind(&act.scope).bind(act.key.as_str()).fetch_optional(pool).await?;
    known.map(|known| act.answer(known)).transpose()
}

/// Takes the key for `about`, or says what it stands for already. A second transaction waits here for the first to end.
pub(crate) async fn claim(
    write: &mut WriteTransaction,
    act: &Act,
    about: &str,
    now: Timestamp,
) -> Result<Option<String>, PaymentError> {
    let sql = "INSERT INTO payment_acts (scope, key, request, about, at) VALUES ($1, $2, $3, $4, $5) \
               ON CONFLICT (scope, key) DO NOTHING";
    let done = sqlx::query(sql)
        .bind(&act.scope)
        .bind(act.key.as_str())
        .bind(&act.request)
        .bind(about)
        .bind(now.as_millisecond())
        .execute(&mut **write)
        .await?;
    if done.rows_affected() == 1 {
        return Ok(None);
    }
    let sql = "SELECT request, about FROM payment_acts WHERE scope = $1 AND key = $2";
    let known: (String, String) =
        sqlx::query_as(sql).bind(&act.scope).bind(act.key.as_str()).fetch_one(&mut **write).await?;
    act.answer(known).map(Some)
}
