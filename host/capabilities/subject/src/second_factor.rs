use zhongtai_kernel::{AccountId, Timestamp};
use zhongtai_store::WriteTransaction;

use crate::{
    Account, Accounts, LoginName, RecoveryCode, SubjectError, recovery, row, throttle,
    totp::{self, SECRET},
};

/// What is sealed with a TOTP secret, beside the account.
const LABEL: &str = "totp";

/// Second factors: an authenticator app's codes, and recovery codes for when it is lost. Cheap to clone.
#[derive(Clone)]
pub struct SecondFactors {
    accounts: Accounts,
    issuer: String,
}

/// What an account has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FactorState {
    /// Since when codes count; `None` when there is no second factor.
    pub since: Option<Timestamp>,
    /// Recovery codes that were not used.
    pub recovery_codes: u32,
    /// True when an app was shown a secret that nobody confirmed yet.
    pub is_being_enrolled: bool,
}

/// What an authenticator app has to know. Shown until it is confirmed; never prints itself.
#[derive(Clone, PartialEq, Eq)]
pub struct Enrolment {
    /// The secret in base 32, for typing.
    pub secret: String,
    /// `otpauth://totp/...`, for a QR code.
    pub uri: String,
}

/// What a code turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Factor {
    /// An authenticator app's.
    Totp,
    /// One of the codes for when that is lost.
    RecoveryCode,
}

/// `sealed`, `confirmed_at`, `last_step`, `next_sealed`.
type Row = (Option<Vec<u8>>, Option<i64>, i64, Option<Vec<u8>>);

// === impl SecondFactors ===

impl SecondFactors {
    /// Those of the accounts; `issuer` is the name that authenticator apps show.
    pub fn new(accounts: Accounts, issuer: &str) -> Self {
        Self { accounts, issuer: issuer.to_owned() }
    }

    /// What an account has.
    pub async fn state(&self, account: AccountId) -> Result<FactorState, SubjectError> {
        let row = self.row(account).await?;
        let left: i64 =
            sqlx::query_scalar("SELECT COUNT(*) FROM subject_recovery_codes WHERE account = $1 AND used_at IS NULL")
                .bind(account.to_string())
                .fetch_one(self.accounts.store().pool())
                .await?;
        let (confirmed, next) = row.map_or((None, None), |(_, confirmed, _, next)| (confirmed, next));
        Ok(FactorState {
            since: confirmed.map(|millis| row::time("subject_totp.confirmed_at", millis)).transpose()?,
            recovery_codes: u32::try_from(left).unwrap_or_default(),
            is_being_enrolled: next.is_some(),
        })
    }

    /// True when an account has one, so that a password alone does not sign it in.
    pub async fn is_enrolled(&self, account: AccountId) -> Result<bool, SubjectError> {
        Ok(self.row(account).await?.is_some_and(|(sealed, ..)| sealed.is_some()))
    }

    /// Makes a secret for an authenticator app. The one that counted before still does until the new one is
    /// [confirmed](Self::confirm).
    pub async fn enrol(&self, account: &Account) -> Result<Enrolment, SubjectError> {
        let mut secret = [0_u8; SECRET];
        getrandom::fill(&mut secret)?;
        let id = account.subject.account;
        let sql = "INSERT INTO subject_totp (account, last_step, next_sealed) VALUES ($1, 0, $2) \
                   ON CONFLICT (account) DO UPDATE SET next_sealed = excluded.next_sealed";
        sqlx::query(sql)
            .bind(id.to_string())
            .bind(self.accounts.vault().seal_bytes(id, LABEL, &secret)?)
            .execute(self.accounts.store().pool())
            .await?;
        Ok(self.enrolment(&account.login, &secret))
    }

    /// The secret that waits to be confirmed, once more: the first code was mistyped.
    pub async fn enrolling(&self, account: &Account) -> Result<Option<Enrolment>, SubjectError> {
        let row = self.row(account.subject.account).await?;
        let Some((.., Some(next))) = row else { return Ok(None) };
        let secret = self.open(account.subject.account, &next)?;
        Ok(Some(self.enrolment(&account.login, &secret)))
    }

    /// Puts the secret in force that `code` shows to be in an app, and makes new recovery codes: the only time that
    /// they can be seen. A wrong code counts as a failure.
    pub async fn confirm(&self, account: AccountId, code: &str) -> Result<Vec<RecoveryCode>, SubjectError> {
        let Some((.., Some(next))) = self.row(account).await? else { return Err(SubjectError::NoFactor) };
        self.enter(account).await?;
        let secret = self.open(account, &next)?;
        let code = totp::parse(code).ok_or(SubjectError::WrongCode)?;
        let step = totp::step_of(&secret, code, self.accounts.now().as_second(), 0).ok_or(SubjectError::WrongCode)?;
        let codes = (0..recovery::CODES).map(|_| RecoveryCode::generate()).collect::<Result<Vec<_>, _>>()?;
        let mut write = self.accounts.store().begin_write().await?;
        // Only the secret that was checked: another one may have been made meanwhile.
        let done = sqlx::query(
            "UPDATE subject_totp SET sealed = next_sealed, next_sealed = NULL, confirmed_at = $3, last_step = $4 \
             WHERE account = $1 AND next_sealed = $2",
        )
        .bind(account.to_string())
        .bind(next)
        .bind(self.accounts.millis())
        .bind(step)
        .execute(&mut *write)
        .await?;
        if done.rows_affected() == 0 {
            return Err(SubjectError::WrongCode);
        }
        replace_codes(&mut write, account, &codes).await?;
        write.commit().await?;
        throttle::clear(self.accounts.store(), &key(account)).await?;
        Ok(codes)
    }

    /// Checks a code of the app, or a recovery code. Each counts once, on all hosts together; after five failures
    /// within 15 minutes the account has to wait.
    pub async fn verify(&self, account: AccountId, code: &str) -> Result<Factor, SubjectError> {
        let Some((Some(sealed), _, last, _)) = self.row(account).await? else { return Err(SubjectError::NoFactor) };
        self.enter(account).await?;
        let factor = match (totp::parse(code), RecoveryCode::parse(code)) {
            (Some(code), _) => self.use_code(account, &sealed, code, last).await?.then_some(Factor::Totp),
            (_, Some(code)) => self.use_recovery_code(account, &code).await?.then_some(Factor::RecoveryCode),
            _ => None,
        };
        let factor = factor.ok_or(SubjectError::WrongCode)?;
        throttle::clear(self.accounts.store(), &key(account)).await?;
        Ok(factor)
    }

    /// Takes an account's second factor away, for somebody who lost it, and ends its sessions and tokens.
    pub async fn reset(&self, account: AccountId) -> Result<(), SubjectError> {
        self.accounts.get(account).await?.ok_or(SubjectError::NoAccount)?;
        let mut write = self.accounts.store().begin_write().await?;
        for sql in
            ["DELETE FROM subject_totp WHERE account = $1", "DELETE FROM subject_recovery_codes WHERE account = $1"]
        {
            sqlx::query(sql).bind(account.to_string()).execute(&mut *write).await?;
        }
        self.accounts.revoke_credentials(&mut write, account).await?;
        self.accounts.commit_change(write).await?;
        throttle::clear(self.accounts.store(), &key(account)).await
    }

    async fn row(&self, account: AccountId) -> Result<Option<Row>, SubjectError> {
        let sql = "SELECT sealed, confirmed_at, last_step, next_sealed FROM subject_totp WHERE account = $1";
        let pool = self.accounts.store().pool();
        Ok(sqlx::query_as(sql).bind(account.to_string()).fetch_optional(pool).await?)
    }

    async fn enter(&self, account: AccountId) -> Result<(), SubjectError> {
        throttle::enter(self.accounts.store(), &key(account), self.accounts.now()).await
    }

    fn open(&self, account: AccountId, sealed: &[u8]) -> Result<Vec<u8>, SubjectError> {
        Ok(self.accounts.vault().open_bytes(account, LABEL, sealed, "subject_totp.sealed")?)
    }

    /// Two that come at once with one code: the database lets one of them in.
    async fn use_code(&self, account: AccountId, sealed: &[u8], code: u32, last: i64) -> Result<bool, SubjectError> {
        let secret = self.open(account, sealed)?;
        let Some(step) = totp::step_of(&secret, code, self.accounts.now().as_second(), last) else { return Ok(false) };
        let sql = "UPDATE subject_totp SET last_step = $2 WHERE account = $1 AND last_step < $2 AND sealed = $3";
        let done = sqlx::query(sql)
            .bind(account.to_string())
            .bind(step)
            .bind(sealed)
            .execute(self.accounts.store().pool())
            .await?;
        Ok(done.rows_affected() == 1)
    }

    async fn use_recovery_code(&self, account: AccountId, code: &RecoveryCode) -> Result<bool, SubjectError> {
        let sql = "UPDATE subject_recovery_codes SET used_at = $3 \
                   WHERE account = $1 AND code_hash = $2 AND used_at IS NULL";
        let done = sqlx::query(sql)
            .bind(account.to_string())
            .bind(code.hash(account))
            .bind(self.accounts.millis())
            .execute(self.accounts.store().pool())
            .await?;
        Ok(done.rows_affected() == 1)
    }

    /// The Key URI Format that authenticator apps read.
    fn enrolment(&self, login: &LoginName, secret: &[u8]) -> Enrolment {
        let secret = totp::base32(secret);
        let (issuer, login) = (encoded(&self.issuer), encoded(login.as_str()));
        let uri = format!(
            "otpauth://totp/{issuer}:{login}?secret={secret}&issuer={issuer}&algorithm=SHA1&digits=6&period={}",
            totp::STEP
        );
        Enrolment { secret, uri }
    }
}

impl std::fmt::Debug for Enrolment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Enrolment(..)")
    }
}

async fn replace_codes(
    write: &mut WriteTransaction,
    account: AccountId,
    codes: &[RecoveryCode],
) -> Result<(), SubjectError> {
    let sql = "DELETE FROM subject_recovery_codes WHERE account = $1";
    sqlx::query(sql).bind(account.to_string()).execute(&mut **write).await?;
    for code in codes {
        sqlx::query("INSERT INTO subject_recovery_codes (account, code_hash) VALUES ($1, $2)")
            .bind(account.to_string())
            .bind(code.hash(account))
            .execute(&mut **write)
            .await?;
    }
    Ok(())
}

/// Where failures are counted: no login name has a colon.
fn key(account: AccountId) -> String {
    format!("totp:{account}")
}

/// Percent-encoded but for what stands for itself (RFC 3986, 2.3).
fn encoded(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
    text.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}
