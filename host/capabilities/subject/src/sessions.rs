use std::{sync::Arc, time::Duration};

use zhongtai_kernel::{AccountId, Assurance};
use zhongtai_store::StoreError;

use crate::{
    Account, Accounts, Acting, CookieSecret, Credential, InvalidValue, Listener, MandateId, Proof, Session, SessionId,
    SessionRecord, SubjectError, mandates, recent::Recent, row, secret::CookieHash,
};

/// How often a session's last use is written down: not with every request.
const SEEN: Duration = Duration::from_secs(60);

/// Sessions of one account at once; with one more, the one that was not used for longest ends. A browser that forgets
/// its cookies would fill the table otherwise.
const AT_ONCE: i64 = 50;

/// How long ended sessions stay.
const REMEMBERED: Duration = Duration::from_secs(24 * 60 * 60);

/// How long sessions last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionLimits {
    idle: Duration,
    absolute: Duration,
}

/// Sessions of browsers: begun, resolved to who sends the cookie, ended.
pub struct Sessions {
    accounts: Accounts,
    limits: SessionLimits,
    /// Whose cookies were, when the database was asked.
    recent: Recent<(Listener, CookieHash), Option<Session>>,
}

/// `id`, `account`, `listener`, `assurance`, `device`, `created_at`, `seen_at`, `expires_at`.
type Row = (String, String, String, i64, String, i64, i64, i64);

/// Session `id`, `assurance`, `seen_at`, `expires_at`, `mandate`; account `id`, then [`row::SubjectColumns`].
type SessionRow = (String, i64, i64, i64, Option<String>, String, String, i64, Option<String>, String, i64);

/// Where somebody signed in elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct External {
    /// The provider's issuer identifier.
    pub issuer: String,
    /// The provider's id of the subject.
    pub subject: String,
    /// The provider's id of its session, which it names when it ends.
    pub session: Option<String>,
    /// How sure that sign-in is.
    pub assurance: Assurance,
}

// === impl SessionLimits ===

impl SessionLimits {
    /// A session ends when it was not used for `idle`, and at the latest `absolute` after it began. Clamped: an idle
    /// session ends within 5 minutes to 12 hours, as a browser is left open on a desk; none outlives a day, nor is
    /// shorter than a form takes to fill in.
    pub fn new(idle: Duration, absolute: Duration) -> Self {
        const MINUTE: Duration = Duration::from_secs(60);
        const HOUR: Duration = Duration::from_secs(60 * 60);
        Self { idle: idle.clamp(5 * MINUTE, 12 * HOUR), absolute: absolute.clamp(15 * MINUTE, 24 * HOUR) }
    }

    /// The longest time without use.
    pub fn idle(&self) -> Duration {
        self.idle
    }

    /// The longest time at all.
    pub fn absolute(&self) -> Duration {
        self.absolute
    }
}

impl Default for SessionLimits {
    fn default() -> Self {
        Self::new(Duration::from_secs(30 * 60), Duration::from_secs(8 * 60 * 60))
    }
}

// === impl Sessions ===

impl Sessions {
    /// The sessions of those accounts. One per host: a session that ends through another one is seen a second later.
    pub fn new(accounts: Accounts, limits: SessionLimits) -> Self {
        Self { recent: Recent::new(accounts.clone()), accounts, limits }
    }

    /// How long they last.
    pub fn limits(&self) -> SessionLimits {
        self.limits
    }

    /// Begins a session of somebody who has just signed in, with a secret that nobody has seen before.
    pub async fn begin(
        &self,
        listener: Listener,
        account: &Account,
        proof: Proof,
        device: &str,
    ) -> Result<(SessionRecord, CookieSecret), SubjectError> {
        self.make(listener, account, account.assurance_by(proof), None, device).await
    }

    /// The same for somebody who signed in at an identity provider: as sure as that was.
    pub async fn begin_external(
        &self,
        listener: Listener,
        account: &Account,
        external: &External,
        device: &str,
    ) -> Result<(SessionRecord, CookieSecret), SubjectError> {
        self.make(listener, account, external.assurance, Some(external), device).await
    }

    async fn make(
        &self,
        listener: Listener,
        account: &Account,
        assurance: Assurance,
        external: Option<&External>,
        device: &str,
    ) -> Result<(SessionRecord, CookieSecret), SubjectError> {
        check(device)?;
        self.forget_old(account.subject.account).await?;
        let now = row::time("now", self.accounts.millis())?;
        let expires_at =
            now.checked_add(self.limits.absolute).map_err(|error| SubjectError::Fault(error.to_string()))?;
        let secret = CookieSecret::generate()?;
        let record = SessionRecord {
            id: SessionId::generate(),
            account: account.subject.account,
            listener,
            assurance,
            device: device.to_owned(),
            created_at: now,
            seen_at: now,
            expires_at,
        };
        self.insert(&record, &secret, external).await?;
        Ok((record, secret))
    }

    /// Whose cookie `secret` is: nobody's when it is unknown, of another door, ended or not used for too long, or the
    /// account is disabled.
    pub async fn resolve(&self, listener: Listener, secret: &CookieSecret) -> Result<Option<Session>, SubjectError> {
        if let Some(answer) = self.resolve_at_hand(listener, secret) {
            return Ok(answer);
        }
        let key = (listener, secret.hash());
        let asked = self.recent.asked();
        let session = self.load(listener, &key.1).await?;
        self.recent.keep(key, asked, session.clone());
        Ok(session.filter(|session| self.is_current(session)))
    }

    /// The same from memory; `None` when the database has to be asked.
    pub fn resolve_at_hand(&self, listener: Listener, secret: &CookieSecret) -> Option<Option<Session>> {
        Some(self.recent.get(&(listener, secret.hash()))?.filter(|session| self.is_current(session)))
    }

    /// Makes a session as sure as a second factor is, under another secret: who knew the old one has nothing.
    pub async fn step_up(&self, session: SessionId, account: &Account) -> Result<CookieSecret, SubjectError> {
        let secret = CookieSecret::generate()?;
        let mut write = self.accounts.store().begin_write().await?;
        let done = sqlx::query(
            "UPDATE subject_sessions SET secret_hash = $3, assurance = $4 \
             WHERE id = $1 AND account = $2 AND ended_at IS NULL",
        )
        .bind(session.to_string())
        .bind(account.subject.account.to_string())
        .bind(secret.hash().hex())
        .bind(account.assurance_by(Proof::SecondFactor) as i64)
        .execute(&mut *write)
        .await?;
        if done.rows_affected() == 0 {
            return Err(SubjectError::NoSession);
        }
        self.accounts.commit_change(write).await?;
        Ok(secret)
    }

    /// Ends one session of an account: at once on this host, within a second on others. Already ended is fine.
    pub async fn end(&self, account: AccountId, session: SessionId) -> Result<(), SubjectError> {
        let mut write = self.accounts.store().begin_write().await?;
        let sql = "UPDATE subject_sessions SET ended_at = COALESCE(ended_at, $3) WHERE id = $1 AND account = $2";
        let done = sqlx::query(sql)
            .bind(session.to_string())
            .bind(account.to_string())
            .bind(self.accounts.millis())
            .execute(&mut *write)
            .await?;
        if done.rows_affected() == 0 {
            return Err(SubjectError::NoSession);
        }
        self.accounts.commit_change(write).await
    }

    /// Signs an account out everywhere: every session, and every token that was had by signing in. Programs keep
    /// theirs.
    pub async fn end_all(&self, account: AccountId) -> Result<(), SubjectError> {
        let mut write = self.accounts.store().begin_write().await?;
        self.accounts.end_sessions(&mut write, account).await?;
        let sql = "UPDATE subject_tokens SET revoked_at = $2 \
                   WHERE account = $1 AND revoked_at IS NULL AND assurance IS NOT NULL";
        sqlx::query(sql).bind(account.to_string()).bind(self.accounts.millis()).execute(&mut *write).await?;
        self.accounts.commit_change(write).await
    }

    /// Ends the sessions that came from a provider's session, or without one all that came from its subject: it said
    /// that they are over there. Says how many.
    pub async fn end_external(
        &self,
        issuer: &str,
        session: Option<&str>,
        subject: Option<&str>,
    ) -> Result<u64, SubjectError> {
        let (column, value) = match (session, subject) {
            (Some(session), _) => ("external_session", session),
            (None, Some(subject)) => ("external_subject", subject),
            (None, None) => return Ok(0),
        };
        let mut write = self.accounts.store().begin_write().await?;
        let sql = format!(
            "UPDATE subject_sessions SET ended_at = $3 WHERE issuer = $1 AND {column} = $2 AND ended_at IS NULL"
        );
        let done = sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(issuer)
            .bind(value)
            .bind(self.accounts.millis())
            .execute(&mut *write)
            .await?;
        self.accounts.commit_change(write).await?;
        Ok(done.rows_affected())
    }

    /// The sessions of an account that go on, the latest used first.
    pub async fn list(&self, account: AccountId) -> Result<Vec<SessionRecord>, SubjectError> {
        let now = self.accounts.millis();
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT id, account, listener, assurance, device, created_at, seen_at, expires_at FROM subject_sessions \
             WHERE account = $1 AND ended_at IS NULL AND expires_at > $2 AND seen_at > $3 \
             ORDER BY seen_at DESC, id DESC",
        )
        .bind(account.to_string())
        .bind(now)
        .bind(now - millis(self.limits.idle))
        .fetch_all(self.accounts.store().pool())
        .await?;
        Ok(rows.into_iter().map(record).collect::<Result<_, _>>()?)
    }

    fn is_current(&self, session: &Session) -> bool {
        self.accounts.now() < session.expires_at
    }

    async fn load(&self, listener: Listener, hash: &CookieHash) -> Result<Option<Session>, SubjectError> {
        let now = self.accounts.millis();
        let row: Option<SessionRow> = sqlx::query_as(
            "SELECT s.id, s.assurance, s.seen_at, s.expires_at, s.mandate, \
                    a.id, a.kind, a.assurance, a.department, a.roles, a.clearance \
             FROM subject_sessions s JOIN subject_accounts a ON a.id = s.account \
             WHERE s.secret_hash = $1 AND s.listener = $2 AND s.ended_at IS NULL AND a.disabled_at IS NULL \
               AND s.seen_at > $3",
        )
        .bind(hash.hex())
        .bind(listener.as_str())
        .bind(now - millis(self.limits.idle))
        .fetch_optional(self.accounts.store().pool())
        .await?;
        let Some(row) = row else { return Ok(None) };
        if now - row.2 >= millis(SEEN) {
            self.see(&row.0, now).await?;
        }
        let mandate = row.4.as_deref().map(|id| row::parse("subject_sessions.mandate", id)).transpose()?;
        let mut session = session(listener, row)?;
        if let Some(id) = mandate {
            self.act(&mut session, id).await?;
        }
        Ok(Some(session))
    }

    /// Makes the session one of the enterprise that gave the mandate, while it holds.
    async fn act(&self, session: &mut Session, id: MandateId) -> Result<(), SubjectError> {
        let row: Option<mandates::Row> = sqlx::query_as(
            "SELECT m.id, m.principal, m.agent, m.scenarios, m.actions, m.valid_from, m.valid_until, m.given_by, \
                    m.revoked_at \
             FROM subject_mandates m JOIN subject_accounts p ON p.id = m.principal \
             WHERE m.id = $1 AND m.agent = $2 AND p.disabled_at IS NULL",
        )
        .bind(id.to_string())
        .bind(session.person.account.to_string())
        .fetch_optional(self.accounts.store().pool())
        .await?;
        let mandate = row.map(mandates::mandate).transpose()?;
        session.acting = match mandate.filter(|mandate| mandate.is_valid(self.accounts.now())) {
            Some(mandate) => {
                session.subject = Arc::new(mandates::for_principal(&session.person, &mandate));
                Acting::By(id)
            }
            None => Acting::Ended,
        };
        Ok(())
    }

    async fn see(&self, id: &str, now: i64) -> Result<(), SubjectError> {
        let sql = "UPDATE subject_sessions SET seen_at = $2 WHERE id = $1 AND seen_at < $2";
        sqlx::query(sql).bind(id).bind(now).execute(self.accounts.store().pool()).await?;
        Ok(())
    }

    async fn insert(
        &self,
        record: &SessionRecord,
        secret: &CookieSecret,
        external: Option<&External>,
    ) -> Result<(), SubjectError> {
        sqlx::query(
            "INSERT INTO subject_sessions \
             (id, secret_hash, account, listener, assurance, device, created_at, seen_at, expires_at, \
              issuer, external_subject, external_session) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8, $9, $10, $11)",
        )
        .bind(record.id.to_string())
        .bind(secret.hash().hex())
        .bind(record.account.to_string())
        .bind(record.listener.as_str())
        .bind(record.assurance as i64)
        .bind(&record.device)
        .bind(record.created_at.as_millisecond())
        .bind(record.expires_at.as_millisecond())
        .bind(external.map(|external| external.issuer.as_str()))
        .bind(external.map(|external| external.subject.as_str()))
        .bind(external.and_then(|external| external.session.as_deref()))
        .execute(self.accounts.store().pool())
        .await?;
        Ok(())
    }

    /// Deletes what ended a day ago, and the oldest beyond what an account may have at once.
    async fn forget_old(&self, account: AccountId) -> Result<(), SubjectError> {
        let before = self.accounts.millis() - millis(REMEMBERED);
        let sql = "DELETE FROM subject_sessions WHERE account = $1 AND (expires_at <= $2 OR ended_at <= $2)";
        let pool = self.accounts.store().pool();
        sqlx::query(sql).bind(account.to_string()).bind(before).execute(pool).await?;
        let sql = "DELETE FROM subject_sessions WHERE account = $1 AND id NOT IN \
                   (SELECT id FROM subject_sessions WHERE account = $1 ORDER BY seen_at DESC, id DESC LIMIT $2)";
        sqlx::query(sql).bind(account.to_string()).bind(AT_ONCE - 1).execute(pool).await?;
        Ok(())
    }
}

fn check(device: &str) -> Result<(), InvalidValue> {
    if device.chars().count() > 100 || device.chars().any(char::is_control) {
        return Err(InvalidValue::new("device", "at most 100 characters, no control characters"));
    }
    Ok(())
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

fn record(
    (id, account, listener, assurance, device, created, seen, expires): Row,
) -> Result<SessionRecord, StoreError> {
    Ok(SessionRecord {
        id: row::parse("subject_sessions.id", &id)?,
        account: row::parse("subject_sessions.account", &account)?,
        listener: row::parse("subject_sessions.listener", &listener)?,
        assurance: row::assurance("subject_sessions.assurance", assurance)?,
        device,
        created_at: row::time("subject_sessions.created_at", created)?,
        seen_at: row::time("subject_sessions.seen_at", seen)?,
        expires_at: row::time("subject_sessions.expires_at", expires)?,
    })
}

fn session(
    listener: Listener,
    (id, by, _, expires, _, account, kind, assurance, department, roles, clearance): SessionRow,
) -> Result<Session, StoreError> {
    let account = row::parse("subject_accounts.id", &account)?;
    let by: Assurance = row::assurance("subject_sessions.assurance", by)?;
    let mut subject = row::subject(account, (kind, assurance, department, roles, clearance))?;
    subject.assurance = by;
    let subject = Arc::new(subject);
    Ok(Session {
        person: subject.clone(),
        subject,
        acting: Acting::Oneself,
        scopes: [listener.scope().to_owned()].into(),
        credential: Credential::Cookie(row::parse("subject_sessions.id", &id)?),
        proof: Proof::of(Some(by)),
        expires_at: row::time("subject_sessions.expires_at", expires)?,
    })
}
