use std::{sync::Arc, time::Duration};

use zhongtai_kernel::{AccountId, Assurance};
use zhongtai_store::StoreError;

use crate::{
    Accounts, Acting, Credential, InvalidValue, Proof, Session, SubjectError, Token, TokenId, TokenRecord,
    account::is_word, recent::Recent, row, token::TokenHash,
};

/// The longest lifetime: a token that nobody renews for a year is one that nobody watches.
const LONGEST: Duration = Duration::from_secs(366 * 24 * 60 * 60);

/// How long expired tokens stay in the list.
const REMEMBERED: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Bearer tokens: issued, revoked, and resolved to who sends them.
pub struct Tokens {
    accounts: Accounts,
    /// What tokens were good for, when the database was asked.
    recent: Recent<TokenHash, Option<Session>>,
}

/// `id`, `account`, `scopes`, `label`, `created_at`, `expires_at`, `revoked_at`.
type Row = (String, String, String, String, i64, i64, Option<i64>);

/// Token `id`, `scopes`, `expires_at`, `assurance`; account `id`, then [`row::SubjectColumns`].
type SessionRow = (String, String, i64, Option<i64>, String, String, i64, Option<String>, String, i64);

// === impl Tokens ===

impl Tokens {
    /// The tokens of those accounts. One per host: a revocation made through another one is seen a second later.
    pub fn new(accounts: Accounts) -> Self {
        Self { recent: Recent::new(accounts.clone()), accounts }
    }

    /// Issues a token to an account that is not disabled: for a program, as sure as the account is. Its text is in the
    /// answer, and nowhere else. Lifetimes are 1 second to 366 days.
    pub async fn issue(
        &self,
        account: AccountId,
        scopes: &[&str],
        lifetime: Duration,
        label: &str,
    ) -> Result<(TokenRecord, Token), SubjectError> {
        self.make(account, scopes, lifetime, label, None).await
    }

    /// The same for somebody who has just signed in: as sure as that was.
    pub async fn sign_in(
        &self,
        account: AccountId,
        scopes: &[&str],
        lifetime: Duration,
        assurance: Assurance,
    ) -> Result<(TokenRecord, Token), SubjectError> {
        self.make(account, scopes, lifetime, "sign-in", Some(assurance)).await
    }

    async fn make(
        &self,
        account: AccountId,
        scopes: &[&str],
        lifetime: Duration,
        label: &str,
        assurance: Option<Assurance>,
    ) -> Result<(TokenRecord, Token), SubjectError> {
        check(scopes, lifetime, label)?;
        self.usable(account).await?;
        self.forget_expired(account).await?;
        let now = row::time("now", self.accounts.millis())?;
        let expires_at = now.checked_add(lifetime).map_err(|error| SubjectError::Fault(error.to_string()))?;
        let token = Token::generate()?;
        let record = TokenRecord {
            id: TokenId::generate(),
            account,
            scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
            label: label.to_owned(),
            created_at: now,
            expires_at,
            revoked_at: None,
        };
        self.insert(&record, &token, assurance).await?;
        Ok((record, token))
    }

    /// Revokes a token: at once on this host, within a second on others. Already revoked is fine.
    pub async fn revoke(&self, id: TokenId) -> Result<(), SubjectError> {
        let mut write = self.accounts.store().begin_write().await?;
        let sql = "UPDATE subject_tokens SET revoked_at = COALESCE(revoked_at, $2) WHERE id = $1";
        let done = sqlx::query(sql).bind(id.to_string()).bind(self.accounts.millis()).execute(&mut *write).await?;
        if done.rows_affected() == 0 {
            return Err(SubjectError::NoToken);
        }
        self.accounts.commit_change(write).await
    }

    /// Revokes every token of an account.
    pub async fn revoke_all(&self, account: AccountId) -> Result<(), SubjectError> {
        let mut write = self.accounts.store().begin_write().await?;
        self.accounts.revoke_tokens(&mut write, account).await?;
        self.accounts.commit_change(write).await
    }

    /// The tokens of an account, the newest first; those that expired over 30 days ago may be gone.
    pub async fn list(&self, account: AccountId) -> Result<Vec<TokenRecord>, SubjectError> {
        let sql = "SELECT id, account, scopes, label, created_at, expires_at, revoked_at FROM subject_tokens \
                   WHERE account = $1 ORDER BY created_at DESC, id DESC";
        let rows: Vec<Row> =
            sqlx::query_as(sql).bind(account.to_string()).fetch_all(self.accounts.store().pool()).await?;
        Ok(rows.into_iter().map(record).collect::<Result<_, _>>()?)
    }

    /// Who sends `text` as a token: nobody when it is unknown, expired or revoked, or its account is disabled.
    pub async fn resolve(&self, text: &str) -> Result<Option<Session>, SubjectError> {
        if let Some(answer) = self.resolve_at_hand(text) {
            return Ok(answer);
        }
        let Some(hash) = TokenHash::of(text) else { return Ok(None) };
        let asked = self.recent.asked();
        let session = self.load(&hash).await?;
        self.recent.keep(hash, asked, session.clone());
        Ok(session.filter(|session| self.is_current(session)))
    }

    /// The same from memory; `None` when the database has to be asked.
    pub fn resolve_at_hand(&self, text: &str) -> Option<Option<Session>> {
        let Some(hash) = TokenHash::of(text) else { return Some(None) };
        Some(self.recent.get(&hash)?.filter(|session| self.is_current(session)))
    }

    fn is_current(&self, session: &Session) -> bool {
        self.accounts.now() < session.expires_at
    }

    async fn load(&self, hash: &TokenHash) -> Result<Option<Session>, SubjectError> {
        let row: Option<SessionRow> = sqlx::query_as(
            "SELECT t.id, t.scopes, t.expires_at, t.assurance, a.id, a.kind, a.assurance, a.department, a.roles, a.clearance \
             FROM subject_tokens t JOIN subject_accounts a ON a.id = t.account \
             WHERE t.secret_hash = $1 AND t.revoked_at IS NULL AND a.disabled_at IS NULL",
        )
        .bind(hash.hex())
        .fetch_optional(self.accounts.store().pool())
        .await?;
        Ok(row.map(session).transpose()?)
    }

    async fn usable(&self, account: AccountId) -> Result<(), SubjectError> {
        let account = self.accounts.get(account).await?.ok_or(SubjectError::NoAccount)?;
        if account.disabled_at.is_some() { Err(SubjectError::Disabled) } else { Ok(()) }
    }

    async fn insert(
        &self,
        record: &TokenRecord,
        token: &Token,
        assurance: Option<Assurance>,
    ) -> Result<(), SubjectError> {
        let hash = TokenHash::of(token.expose()).ok_or_else(|| SubjectError::Fault("a token without hash".into()))?;
        sqlx::query(
            "INSERT INTO subject_tokens (id, secret_hash, account, scopes, label, created_at, expires_at, assurance) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(record.id.to_string())
        .bind(hash.hex())
        .bind(record.account.to_string())
        .bind(row::json(&record.scopes))
        .bind(&record.label)
        .bind(record.created_at.as_millisecond())
        .bind(record.expires_at.as_millisecond())
        .bind(assurance.map(|assurance| assurance as i64))
        .execute(self.accounts.store().pool())
        .await?;
        Ok(())
    }

    async fn forget_expired(&self, account: AccountId) -> Result<(), SubjectError> {
        let remembered = i64::try_from(REMEMBERED.as_millis()).unwrap_or(i64::MAX);
        sqlx::query("DELETE FROM subject_tokens WHERE account = $1 AND expires_at <= $2")
            .bind(account.to_string())
            .bind(self.accounts.millis() - remembered)
            .execute(self.accounts.store().pool())
            .await?;
        Ok(())
    }
}

fn check(scopes: &[&str], lifetime: Duration, label: &str) -> Result<(), InvalidValue> {
    if scopes.is_empty() || scopes.len() > 32 || !scopes.iter().all(|scope| is_word(scope)) {
        return Err(InvalidValue::new("scopes", "1 to 32, each 1 to 64 of a-z, 0-9, `-`, `_`, `.` and `:`"));
    }
    if !(Duration::from_secs(1)..=LONGEST).contains(&lifetime) {
        return Err(InvalidValue::new("lifetime", "1 second to 366 days"));
    }
    if label.chars().count() > 100 || label.chars().any(char::is_control) {
        return Err(InvalidValue::new("label", "at most 100 characters, no control characters"));
    }
    Ok(())
}

fn record((id, account, scopes, label, created, expires, revoked): Row) -> Result<TokenRecord, StoreError> {
    Ok(TokenRecord {
        id: row::parse("subject_tokens.id", &id)?,
        account: row::parse("subject_tokens.account", &account)?,
        scopes: row::texts("subject_tokens.scopes", &scopes)?,
        label,
        created_at: row::time("subject_tokens.created_at", created)?,
        expires_at: row::time("subject_tokens.expires_at", expires)?,
        revoked_at: revoked.map(|millis| row::time("subject_tokens.revoked_at", millis)).transpose()?,
    })
}

fn session(
    (id, scopes, expires, by, account, kind, assurance, department, roles, clearance): SessionRow,
) -> Result<Session, StoreError> {
    let account = row::parse("subject_accounts.id", &account)?;
    let by = by.map(|level| row::assurance("subject_tokens.assurance", level)).transpose()?;
    let mut subject = row::subject(account, (kind, assurance, department, roles, clearance))?;
    subject.assurance = by.unwrap_or(subject.assurance);
    let subject = Arc::new(subject);
    Ok(Session {
        person: subject.clone(),
        subject,
        acting: Acting::Oneself,
        scopes: row::texts("subject_tokens.scopes", &scopes)?.into(),
        credential: Credential::Token(row::parse("subject_tokens.id", &id)?),
        proof: Proof::of(by),
        expires_at: row::time("subject_tokens.expires_at", expires)?,
    })
}
