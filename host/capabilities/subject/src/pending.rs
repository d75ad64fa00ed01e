use std::time::Duration;

use zhongtai_kernel::AccountId;

use crate::{Accounts, CookieSecret, SubjectError, row};

/// What a browser waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// The password was right, and a second factor is to come.
    SecondFactor,
    /// The browser was sent to an identity provider, and is to come back.
    Provider,
}

/// What a browser has begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Begun {
    /// Who it is, when that is known already.
    pub account: Option<AccountId>,
    /// What has to be there when it goes on, as whoever began it wrote it.
    pub detail: String,
}

/// Sign-ins that were begun and not finished: minutes long, each bound to one browser's cookie and used once.
#[derive(Clone)]
pub struct Pending(Accounts);

// === impl Wait ===

impl Wait {
    fn as_str(self) -> &'static str {
        match self {
            Self::SecondFactor => "second-factor",
            Self::Provider => "provider",
        }
    }

    /// How long a browser may take.
    pub fn patience(self) -> Duration {
        match self {
            Self::SecondFactor => Duration::from_secs(5 * 60),
            Self::Provider => Duration::from_secs(10 * 60),
        }
    }
}

// === impl Pending ===

impl Pending {
    /// Those of the accounts' database.
    pub fn new(accounts: Accounts) -> Self {
        Self(accounts)
    }

    /// Remembers what was begun; the secret is for the browser's cookie.
    pub async fn begin(&self, wait: Wait, begun: &Begun) -> Result<CookieSecret, SubjectError> {
        let (secret, now) = (CookieSecret::generate()?, self.0.millis());
        let pool = self.0.store().pool();
        sqlx::query("DELETE FROM subject_pending WHERE expires_at <= $1").bind(now).execute(pool).await?;
        let patience = i64::try_from(wait.patience().as_millis()).unwrap_or(i64::MAX);
        sqlx::query(
            "INSERT INTO subject_pending (secret_hash, wait, account, detail, expires_at) VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(secret.hash().hex())
        .bind(wait.as_str())
        .bind(begun.account.map(|account| account.to_string()))
        .bind(&begun.detail)
        .bind(now + patience)
        .execute(pool)
        .await?;
        Ok(secret)
    }

    /// What this browser has begun, if it is not too late.
    pub async fn peek(&self, wait: Wait, secret: &CookieSecret) -> Result<Option<Begun>, SubjectError> {
        let sql =
            "SELECT account, detail FROM subject_pending WHERE secret_hash = $1 AND wait = $2 AND expires_at > $3";
        self.ask(sql, wait, secret).await
    }

    /// The same, once: whoever comes second has nothing.
    pub async fn take(&self, wait: Wait, secret: &CookieSecret) -> Result<Option<Begun>, SubjectError> {
        let sql = "DELETE FROM subject_pending WHERE secret_hash = $1 AND wait = $2 AND expires_at > $3 \
                   RETURNING account, detail";
        self.ask(sql, wait, secret).await
    }

    async fn ask(&self, sql: &'static str, wait: Wait, secret: &CookieSecret) -> Result<Option<Begun>, SubjectError> {
        let row: Option<(Option<String>, String)> = sqlx::query_as(sql)
            .bind(secret.hash().hex())
            .bind(wait.as_str())
            .bind(self.0.millis())
            .fetch_optional(self.0.store().pool())
            .await?;
        let Some((account, detail)) = row else { return Ok(None) };
        let account = account.map(|id| row::parse("subject_pending.account", &id)).transpose()?;
        Ok(Some(Begun { account, detail }))
    }
}
