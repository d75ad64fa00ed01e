use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use zhongtai_kernel::{AccountId, Assurance, Clock, DepartmentId, SubjectKind, Timestamp};
use zhongtai_store::{Store, StoreError, WriteTransaction};

use crate::{
    Account, AttributeName, Attributes, LoginName, NewAccount, Password, SubjectError,
    hashing::{Hashing, NOBODY},
    identifier::Identifiers,
    row, throttle,
    vault::Vault,
};

/// Local accounts. Cheap to clone.
#[derive(Clone)]
pub struct Accounts(Arc<Inner>);

struct Inner {
    store: Store,
    clock: Arc<dyn Clock>,
    vault: Vault,
    identifiers: Identifiers,
    hashing: Hashing,
    changes: AtomicU64,
}

/// `id`, `login`, `created_at`, `disabled_at`, then [`row::SubjectColumns`].
type Row = (String, String, i64, Option<i64>, String, i64, Option<String>, String, i64);

// === impl Accounts ===

impl Accounts {
    /// The accounts of a store that has [`crate::MIGRATIONS`]. `key` seals attributes at rest: every host of a
    /// database needs the same one.
    pub fn new(store: Store, clock: Arc<dyn Clock>, key: [u8; 32]) -> Self {
        let (vault, identifiers, hashing) = (Vault::new(&key), Identifiers::new(&key), Hashing::new());
        Self(Arc::new(Inner { store, clock, vault, identifiers, hashing, changes: AtomicU64::new(0) }))
    }

    /// Makes an account. A taken login name is an error.
    pub async fn create(&self, new: NewAccount) -> Result<Account, SubjectError> {
        let new = new.checked()?;
        let hash = self.0.hashing.hash(new.password.clone()).await?;
        let mut write = self.0.store.begin_write().await?;
        let id = self.insert(&mut write, &new, &hash).await?;
        write.commit().await?;
        self.get(id).await?.ok_or(SubjectError::NoAccount)
    }

    /// For each administrator's role that no account has, makes an officer of that login name and role, and returns it
    /// with its generated password: the only time that it can be seen.
    pub async fn bootstrap_administrators(&self, roles: &[&str]) -> Result<Vec<(Account, Password)>, SubjectError> {
        let mut made = Vec::new();
        for role in self.missing(roles).await? {
            let password = Password::generate()?;
            match self.create(administrator(role, password.clone())?).await {
                Ok(account) => made.push((account, password)),
                // Another host was first, and has told its password.
                Err(SubjectError::LoginTaken) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(made)
    }

    /// The roles that no account has.
    async fn missing<'r>(&self, roles: &[&'r str]) -> Result<Vec<&'r str>, SubjectError> {
        let held: Vec<String> =
            sqlx::query_scalar("SELECT roles FROM subject_accounts WHERE kind = 'officer' AND roles <> '[]'")
                .fetch_all(self.store().pool())
                .await?;
        let held: Vec<Vec<String>> =
            held.iter().map(|json| row::texts("subject_accounts.roles", json)).collect::<Result<_, _>>()?;
        let is_held = |role: &&str| held.iter().flatten().any(|known| known == *role);
        Ok(roles.iter().copied().filter(|role| !is_held(role)).collect())
    }

    /// The account with that id.
    pub async fn get(&self, id: AccountId) -> Result<Option<Account>, SubjectError> {
        let sql = "SELECT id, login, created_at, disabled_at, kind, assurance, department, roles, clearance \
                   FROM subject_accounts WHERE id = $1";
        let row: Option<Row> = sqlx::query_as(sql).bind(id.to_string()).fetch_optional(self.store().pool()).await?;
        Ok(row.map(account).transpose()?)
    }

    /// The account with that login name.
    pub async fn find(&self, login: &LoginName) -> Result<Option<Account>, SubjectError> {
        let sql = "SELECT id, login, created_at, disabled_at, kind, assurance, department, roles, clearance \
                   FROM subject_accounts WHERE login = $1";
        let row: Option<Row> = sqlx::query_as(sql).bind(login.as_str()).fetch_optional(self.store().pool()).await?;
        Ok(row.map(account).transpose()?)
    }

    /// A page of accounts in the order of their ids, beginning after `after`; at most 500.
    pub async fn list(&self, after: Option<AccountId>, limit: u32) -> Result<Vec<Account>, SubjectError> {
        let sql = "SELECT id, login, created_at, disabled_at, kind, assurance, department, roles, clearance \
                   FROM subject_accounts WHERE id > $1 ORDER BY id LIMIT $2";
        let rows: Vec<Row> = sqlx::query_as(sql)
            .bind(after.map(|id| id.to_string()).unwrap_or_default())
            .bind(i64::from(limit.min(500)))
            .fetch_all(self.store().pool())
            .await?;
        Ok(rows.into_iter().map(account).collect::<Result<_, _>>()?)
    }

    /// Shuts an account out, and ends its tokens and sessions for good. Already disabled is fine.
    pub async fn disable(&self, id: AccountId) -> Result<(), SubjectError> {
        let mut write = self.0.store.begin_write().await?;
        let sql = "UPDATE subject_accounts SET disabled_at = COALESCE(disabled_at, $2) WHERE id = $1";
        let done = sqlx::query(sql).bind(id.to_string()).bind(self.millis()).execute(&mut *write).await?;
        found(done.rows_affected())?;
        self.revoke_credentials(&mut write, id).await?;
        self.commit_change(write).await
    }

    /// Lets a disabled account sign in again.
    pub async fn enable(&self, id: AccountId) -> Result<(), SubjectError> {
        let sql = "UPDATE subject_accounts SET disabled_at = NULL WHERE id = $1";
        let done = sqlx::query(sql).bind(id.to_string()).execute(self.store().pool()).await?;
        found(done.rows_affected())
    }

    /// Sets another password, ends every token and session of the account, and forgets failed sign-ins.
    pub async fn set_password(&self, id: AccountId, password: Password) -> Result<(), SubjectError> {
        let login = self.get(id).await?.ok_or(SubjectError::NoAccount)?.login;
        let hash = self.0.hashing.hash(password).await?;
        let mut write = self.0.store.begin_write().await?;
        sqlx::query("UPDATE subject_accounts SET password_hash = $2 WHERE id = $1")
            .bind(id.to_string())
            .bind(hash)
            .execute(&mut *write)
            .await?;
        self.revoke_credentials(&mut write, id).await?;
        self.commit_change(write).await?;
        throttle::clear(self.store(), login.as_str()).await
    }

    /// Replaces all that is known about a subject.
    pub async fn set_attributes(&self, id: AccountId, attributes: &Attributes) -> Result<(), SubjectError> {
        self.get(id).await?.ok_or(SubjectError::NoAccount)?;
        let mut write = self.0.store.begin_write().await?;
        sqlx::query("DELETE FROM subject_attributes WHERE account = $1")
            .bind(id.to_string())
            .execute(&mut *write)
            .await?;
        self.insert_attributes(&mut write, id, attributes).await?;
        Ok(write.commit().await?)
    }

    /// How a subject wants to be notified, if they said so.
    pub async fn preferred_channel(&self, id: AccountId) -> Result<Option<String>, SubjectError> {
        const NAME: AttributeName = AttributeName::PreferredChannel;
        Ok(self.attributes(id, &[NAME]).await?.get(NAME).map(str::to_owned))
    }

    /// Sets how a subject wants to be notified (`inbox`, `sms`, `email` or `webhook`), or forgets it.
    pub async fn set_preferred_channel(&self, id: AccountId, channel: Option<&str>) -> Result<(), SubjectError> {
        const NAME: AttributeName = AttributeName::PreferredChannel;
        let checked = channel.map(|channel| Attributes::new().with(NAME, channel)).transpose()?;
        self.get(id).await?.ok_or(SubjectError::NoAccount)?;
        let mut write = self.0.store.begin_write().await?;
        sqlx::query("DELETE FROM subject_attributes WHERE account = $1 AND name = $2")
            .bind(id.to_string())
            .bind(NAME.as_str())
            .execute(&mut *write)
            .await?;
        if let Some(channel) = checked.as_ref().and_then(|checked| checked.get(NAME)) {
            // Two requests at the same moment: one of them is the later one.
            sqlx::query(
                "INSERT INTO subject_attributes (account, name, sealed) VALUES ($1, $2, $3) \
                 ON CONFLICT (account, name) DO UPDATE SET sealed = $3",
            )
            .bind(id.to_string())
            .bind(NAME.as_str())
            .bind(self.0.vault.seal(id, NAME, channel)?)
            .execute(&mut *write)
            .await?;
        }
        Ok(write.commit().await?)
    }

    /// What is known about a subject, of `names` only: the others are not even decrypted.
    pub async fn attributes(&self, id: AccountId, names: &[AttributeName]) -> Result<Attributes, SubjectError> {
        let sql = "SELECT name, sealed FROM subject_attributes WHERE account = $1";
        let rows: Vec<(String, Vec<u8>)> =
            sqlx::query_as(sql).bind(id.to_string()).fetch_all(self.store().pool()).await?;
        let mut attributes = Attributes::new();
        for (name, sealed) in rows {
            let name: AttributeName = row::parse("subject_attributes.name", &name)?;
            if names.contains(&name) {
                attributes.restore(name, self.0.vault.open(id, name, &sealed)?);
            }
        }
        Ok(attributes)
    }

    /// Checks a login name and password as they were typed. Costs the same for an unknown name as for a wrong
    /// password. After five failures within 15 minutes the name is refused, on every host, until the first of them
    /// is 15 minutes old; a try that is still being checked counts as one, so that guessing in parallel gains
    /// nothing.
    pub async fn sign_in(&self, login: &str, password: &str) -> Result<Account, SubjectError> {
        // What can't be a login name or a password is nobody's: nothing is given away by answering at once.
        let (Ok(login), Ok(password)) = (login.parse::<LoginName>(), Password::new(password)) else {
            return Err(SubjectError::WrongCredentials);
        };
        let place = self.0.hashing.place()?;
        throttle::enter(self.store(), login.as_str(), self.now()).await?;
        let known = self.password_hash(&login).await?;
        let hash = known.unwrap_or_else(|| NOBODY.to_owned());
        if !place.verify(password, hash).await? {
            return Err(SubjectError::WrongCredentials);
        }
        let account = self.find(&login).await?.ok_or(SubjectError::WrongCredentials)?;
        throttle::clear(self.store(), login.as_str()).await?;
        match account.disabled_at {
            None => Ok(account),
            Some(_) => Err(SubjectError::Disabled),
        }
    }

    pub(crate) fn store(&self) -> &Store {
        &self.0.store
    }

    pub(crate) fn vault(&self) -> &Vault {
        &self.0.vault
    }

    pub(crate) fn identifiers(&self) -> &Identifiers {
        &self.0.identifiers
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    pub(crate) fn millis(&self) -> i64 {
        self.now().as_millisecond()
    }

    /// Grows with every change on this host after which a token may not be what it was.
    pub(crate) fn changes(&self) -> u64 {
        self.0.changes.load(Ordering::Acquire)
    }

    /// Commits such a change. Counted after the commit: what was read before it carries the older number.
    pub(crate) async fn commit_change(&self, write: WriteTransaction) -> Result<(), SubjectError> {
        let committed = write.commit().await;
        // Also when it failed: the database may have committed without our hearing of it.
        self.0.changes.fetch_add(1, Ordering::AcqRel);
        Ok(committed?)
    }

    pub(crate) async fn revoke_tokens(&self, write: &mut WriteTransaction, id: AccountId) -> Result<(), SubjectError> {
        sqlx::query("UPDATE subject_tokens SET revoked_at = $2 WHERE account = $1 AND revoked_at IS NULL")
            .bind(id.to_string())
            .bind(self.millis())
            .execute(&mut **write)
            .await?;
        Ok(())
    }

    pub(crate) async fn end_sessions(&self, write: &mut WriteTransaction, id: AccountId) -> Result<(), SubjectError> {
        sqlx::query("UPDATE subject_sessions SET ended_at = $2 WHERE account = $1 AND ended_at IS NULL")
            .bind(id.to_string())
            .bind(self.millis())
            .execute(&mut **write)
            .await?;
        sqlx::query("DELETE FROM subject_pending WHERE account = $1")
            .bind(id.to_string())
            .execute(&mut **write)
            .await?;
        Ok(())
    }

    /// Tokens, sessions, and sign-ins that wait for a second factor.
    pub(crate) async fn revoke_credentials(
        &self,
        write: &mut WriteTransaction,
        id: AccountId,
    ) -> Result<(), SubjectError> {
        self.revoke_tokens(write, id).await?;
        self.end_sessions(write, id).await
    }

    async fn password_hash(&self, login: &LoginName) -> Result<Option<String>, SubjectError> {
        let sql = "SELECT password_hash FROM subject_accounts WHERE login = $1";
        Ok(sqlx::query_scalar(sql).bind(login.as_str()).fetch_optional(self.store().pool()).await?)
    }

    async fn insert(
        &self,
        write: &mut WriteTransaction,
        new: &NewAccount,
        hash: &str,
    ) -> Result<AccountId, SubjectError> {
        let id = AccountId::generate();
        let done = sqlx::query(
            "INSERT INTO subject_accounts \
             (id, login, kind, assurance, department, roles, clearance, password_hash, created_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (login) DO NOTHING",
        )
        .bind(id.to_string())
        .bind(new.login.as_str())
        .bind(new.kind.as_str())
        .bind(new.assurance as i64)
        .bind(new.department.as_ref().map(DepartmentId::as_str))
        .bind(row::json(&new.roles))
        .bind(i64::from(new.clearance.unwrap_or(1)))
        .bind(hash)
        .bind(self.millis())
        .execute(&mut **write)
        .await?;
        // Not left to the constraint: PostgreSQL's error would quote the login name.
        if done.rows_affected() == 0 {
            return Err(SubjectError::LoginTaken);
        }
        self.insert_attributes(write, id, &new.attributes).await?;
        Ok(id)
    }

    async fn insert_attributes(
        &self,
        write: &mut WriteTransaction,
        id: AccountId,
        attributes: &Attributes,
    ) -> Result<(), SubjectError> {
        self.set_identifiers(write, id, attributes).await?;
        for (name, value) in attributes.iter() {
            sqlx::query("INSERT INTO subject_attributes (account, name, sealed) VALUES ($1, $2, $3)")
                .bind(id.to_string())
                .bind(name.as_str())
                .bind(self.0.vault.seal(id, name, value)?)
                .execute(&mut **write)
                .await?;
        }
        Ok(())
    }
}

fn found(rows: u64) -> Result<(), SubjectError> {
    if rows == 0 { Err(SubjectError::NoAccount) } else { Ok(()) }
}

fn account(
    (id, login, created, disabled, kind, assurance, department, roles, clearance): Row,
) -> Result<Account, StoreError> {
    let id = row::parse("subject_accounts.id", &id)?;
    Ok(Account {
        subject: Arc::new(row::subject(id, (kind, assurance, department, roles, clearance))?),
        login: row::parse("subject_accounts.login", &login)?,
        created_at: row::time("subject_accounts.created_at", created)?,
        disabled_at: disabled.map(|millis| row::time("subject_accounts.disabled_at", millis)).transpose()?,
    })
}

fn administrator(role: &str, password: Password) -> Result<NewAccount, SubjectError> {
    Ok(NewAccount {
        login: role.parse()?,
        password,
        kind: SubjectKind::Officer,
        assurance: Assurance::Low,
        department: None,
        roles: vec![role.to_owned()],
        clearance: None,
        attributes: Attributes::new(),
    })
}
