use std::{sync::Arc, time::Duration};

use zhongtai_kernel::{AccountId, CreditCode, Subject, SubjectKind};
use zhongtai_store::StoreError;

use crate::{
    Accounts, AttributeName, InvalidValue, Mandate, MandateId, MandateScope, NewMandate, SessionId, SubjectError,
    recent::Recent, row,
};

/// The longest validity: what nobody renews for five years is forgotten by both.
const LONGEST: Duration = Duration::from_secs(5 * 366 * 24 * 60 * 60);

/// Mandates: given, taken back, and used. One per host: what another one takes back ends here a second later.
pub struct Mandates {
    accounts: Accounts,
    /// Whom an agent may act for, by the enterprise's account, when the database was asked.
    recent: Recent<(AccountId, AccountId), Option<Mandate>>,
}

/// `id`, `principal`, `agent`, `scenarios`, `actions`, `valid_from`, `valid_until`, `given_by`, `revoked_at`.
pub(crate) type Row = (String, String, String, String, String, i64, i64, String, Option<i64>);

// === impl Mandates ===

impl Mandates {
    /// The mandates between those accounts.
    pub fn new(accounts: Accounts) -> Self {
        Self { recent: Recent::new(accounts.clone()), accounts }
    }

    /// Gives a mandate. One that the same two have already ends: there is never a question which one counts.
    pub async fn give(&self, new: NewMandate, given_by: AccountId) -> Result<Mandate, SubjectError> {
        check(&new)?;
        self.must_be(new.principal, SubjectKind::LegalPerson, "the enterprise").await?;
        self.must_be(new.agent, SubjectKind::NaturalPerson, "the agent").await?;
        let id = MandateId::generate();
        let NewMandate { principal, agent, scope, actions, from, until } = new;
        let mandate = Mandate { id, principal, agent, scope, actions, from, until, given_by, revoked_at: None };
        let mut write = self.accounts.store().begin_write().await?;
        let ends = "UPDATE subject_mandates SET revoked_at = $3 \
                    WHERE principal = $1 AND agent = $2 AND revoked_at IS NULL";
        sqlx::query(ends)
            .bind(principal.to_string())
            .bind(agent.to_string())
            .bind(self.accounts.millis())
            .execute(&mut *write)
            .await?;
        insert(&mut write, &mandate).await?;
        self.accounts.commit_change(write).await?;
        Ok(mandate)
    }

    /// Takes a mandate back: at once on this host, within a second on others. Already taken back is fine.
    pub async fn revoke(&self, id: MandateId) -> Result<(), SubjectError> {
        let mut write = self.accounts.store().begin_write().await?;
        let sql = "UPDATE subject_mandates SET revoked_at = COALESCE(revoked_at, $2) WHERE id = $1";
        let done = sqlx::query(sql).bind(id.to_string()).bind(self.accounts.millis()).execute(&mut *write).await?;
        if done.rows_affected() == 0 {
            return Err(SubjectError::NoMandate);
        }
        self.accounts.commit_change(write).await
    }

    /// A mandate, whatever its state.
    pub async fn get(&self, id: MandateId) -> Result<Option<Mandate>, SubjectError> {
        let sql = "SELECT id, principal, agent, scenarios, actions, valid_from, valid_until, given_by, revoked_at \
                   FROM subject_mandates WHERE id = $1";
        let pool = self.accounts.store().pool();
        let row: Option<Row> = sqlx::query_as(sql).bind(id.to_string()).fetch_optional(pool).await?;
        Ok(row.map(mandate).transpose()?)
    }

    /// Those that an enterprise gave, and those that a person has, the newest first; at most 500.
    pub async fn of(&self, account: AccountId) -> Result<Vec<Mandate>, SubjectError> {
        let sql = "SELECT id, principal, agent, scenarios, actions, valid_from, valid_until, given_by, revoked_at \
                   FROM subject_mandates WHERE principal = $1 OR agent = $1 ORDER BY id DESC LIMIT 500";
        let pool = self.accounts.store().pool();
        let rows: Vec<Row> = sqlx::query_as(sql).bind(account.to_string()).fetch_all(pool).await?;
        Ok(rows.into_iter().map(mandate).collect::<Result<_, _>>()?)
    }

    /// Whom `agent` acts for who names an enterprise by its credit code: nobody without a mandate that holds now.
    pub async fn acting_for(&self, agent: &Subject, code: &CreditCode) -> Result<Option<Arc<Subject>>, SubjectError> {
        let Some(principal) = self.accounts.identified(AttributeName::CreditCode, code.as_str()).await? else {
            return Ok(None);
        };
        let key = (agent.account, principal);
        if let Some(kept) = self.recent.get(&key) {
            return Ok(self.subject(agent, kept));
        }
        let asked = self.recent.asked();
        let found = self.between(agent.account, principal).await?;
        self.recent.keep(key, asked, found.clone());
        Ok(self.subject(agent, found))
    }

    fn subject(&self, agent: &Subject, mandate: Option<Mandate>) -> Option<Arc<Subject>> {
        let mandate = mandate.filter(|mandate| mandate.is_valid(self.accounts.now()))?;
        Some(Arc::new(for_principal(agent, &mandate)))
    }

    async fn between(&self, agent: AccountId, principal: AccountId) -> Result<Option<Mandate>, SubjectError> {
        let row: Option<Row> = sqlx::query_as(
            "SELECT m.id, m.principal, m.agent, m.scenarios, m.actions, m.valid_from, m.valid_until, m.given_by, \
                    m.revoked_at \
             FROM subject_mandates m JOIN subject_accounts p ON p.id = m.principal \
             WHERE m.agent = $1 AND m.principal = $2 AND m.revoked_at IS NULL AND p.disabled_at IS NULL",
        )
        .bind(agent.to_string())
        .bind(principal.to_string())
        .fetch_optional(self.accounts.store().pool())
        .await?;
        Ok(row.map(mandate).transpose()?)
    }

    /// Lets a session act by a mandate of who is signed in, or for themselves again. The choice ends with the session.
    pub async fn choose(
        &self,
        agent: AccountId,
        session: SessionId,
        choice: Option<MandateId>,
    ) -> Result<(), SubjectError> {
        if let Some(id) = choice {
            let mandate = self.get(id).await?.filter(|mandate| mandate.agent == agent);
            mandate.filter(|mandate| mandate.is_valid(self.accounts.now())).ok_or(SubjectError::NoMandate)?;
        }
        let mut write = self.accounts.store().begin_write().await?;
        let sql = "UPDATE subject_sessions SET mandate = $3 WHERE id = $1 AND account = $2 AND ended_at IS NULL";
        let done = sqlx::query(sql)
            .bind(session.to_string())
            .bind(agent.to_string())
            .bind(choice.map(|id| id.to_string()))
            .execute(&mut *write)
            .await?;
        if done.rows_affected() == 0 {
            return Err(SubjectError::NoSession);
        }
        self.accounts.commit_change(write).await
    }

    async fn must_be(&self, id: AccountId, kind: SubjectKind, what: &'static str) -> Result<(), SubjectError> {
        let account = self.accounts.get(id).await?.ok_or(SubjectError::NoAccount)?;
        if account.subject.kind != kind {
            return Err(InvalidValue::new(what, format!("an account of kind {}", kind.as_str())).into());
        }
        Ok(())
    }
}

/// The enterprise, as the agent is who asks: no surer than the agent is.
pub(crate) fn for_principal(agent: &Subject, mandate: &Mandate) -> Subject {
    Subject {
        account: mandate.principal,
        kind: SubjectKind::LegalPerson,
        assurance: agent.assurance,
        department: None,
        roles: Vec::new(),
        clearance: 1,
        agent: Some(mandate.agent()),
    }
}

async fn insert(write: &mut zhongtai_store::WriteTransaction, mandate: &Mandate) -> Result<(), SubjectError> {
    let actions: Vec<String> = mandate.actions.iter().map(|action| action.as_str().to_owned()).collect();
    sqlx::query(
        "INSERT INTO subject_mandates (id, principal, agent, scenarios, actions, valid_from, valid_until, given_by) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(mandate.id.to_string())
    .bind(mandate.principal.to_string())
    .bind(mandate.agent.to_string())
    .bind(row::json(&mandate.scope.texts()))
    .bind(row::json(&actions))
    .bind(mandate.from.as_millisecond())
    .bind(mandate.until.as_millisecond())
    .bind(mandate.given_by.to_string())
    .execute(&mut **write)
    .await?;
    Ok(())
}

fn check(new: &NewMandate) -> Result<(), InvalidValue> {
    if new.actions.is_empty() {
        return Err(InvalidValue::new("actions", "at least one of apply, pay, sign"));
    }
    let length = Duration::try_from(new.until.duration_since(new.from));
    if !length.is_ok_and(|length| !length.is_zero() && length <= LONGEST) {
        return Err(InvalidValue::new("validity", "an end after the beginning, at most five years later"));
    }
    Ok(())
}

/// What a row of `subject_mandates` says.
pub(crate) fn mandate(
    (id, principal, agent, scenarios, actions, from, until, given_by, revoked): Row,
) -> Result<Mandate, StoreError> {
    let corrupt = |what| move |_| StoreError::corrupt(what, "it can't be read");
    let scenarios = row::texts("subject_mandates.scenarios", &scenarios)?;
    let actions = row::texts("subject_mandates.actions", &actions)?;
    let actions = actions.iter().map(|action| action.parse()).collect::<Result<_, InvalidValue>>();
    Ok(Mandate {
        id: row::parse("subject_mandates.id", &id)?,
        principal: row::parse("subject_mandates.principal", &principal)?,
        agent: row::parse("subject_mandates.agent", &agent)?,
        scope: MandateScope::parse(&scenarios).map_err(corrupt("subject_mandates.scenarios"))?,
        actions: actions.map_err(corrupt("subject_mandates.actions"))?,
        from: row::time("subject_mandates.valid_from", from)?,
        until: row::time("subject_mandates.valid_until", until)?,
        given_by: row::parse("subject_mandates.given_by", &given_by)?,
        revoked_at: revoked.map(|millis| row::time("subject_mandates.revoked_at", millis)).transpose()?,
    })
}
