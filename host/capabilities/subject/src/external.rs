use zhongtai_kernel::{AccountId, Assurance, DepartmentId, SubjectKind};

use crate::{
    Account, Accounts, AttributeName, Attributes, InvalidValue, LoginName, NewAccount, Password, SubjectError, row,
};

/// Somebody who signed in at an identity provider, as its connector checked it.
#[derive(Debug, Clone)]
pub struct ExternalIdentity {
    /// The provider's issuer identifier.
    pub issuer: String,
    /// The provider's id of the subject, which it gives to nobody else.
    pub subject: String,
    /// What the subject is.
    pub kind: SubjectKind,
    /// What the provider says about the subject.
    pub attributes: Attributes,
    /// An officer's department.
    pub department: Option<DepartmentId>,
    /// How sure the sign-in is.
    pub assurance: Assurance,
    /// The provider's id of its session, if it names one.
    pub session: Option<String>,
}

/// How the account of an external identity was come by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Linked {
    /// It was linked before.
    Known,
    /// It has the identity's resident ID or credit code, and is linked now.
    Found,
    /// It was made.
    Made,
}

/// Which accounts are whose at identity providers. Cheap to clone.
#[derive(Clone)]
pub struct Links(Accounts);

// === impl Links ===

impl Links {
    /// The links of those accounts.
    pub fn new(accounts: Accounts) -> Self {
        Self(accounts)
    }

    /// The account of somebody who signed in elsewhere.
    ///
    /// Issuer and subject decide, where they are linked. Otherwise an account is linked that has the same verified
    /// resident ID or credit code, is of the same kind, and that `may_link` allows - never by a name, a phone number or
    /// an e-mail address, which pass from one person to another, and never for a sign-in that is not sure itself. Else
    /// one is made: without a role, without a clearance, without a password that anybody knows.
    pub async fn account(
        &self,
        who: &ExternalIdentity,
        may_link: impl Fn(&Account) -> bool,
    ) -> Result<(Account, Linked), SubjectError> {
        check(who)?;
        if let Some(account) = self.linked(who).await? {
            return usable(account, Linked::Known);
        }
        if let Some(account) = self.identified(who).await?
            && may_link(&account)
        {
            let (account, linked) = usable(account, Linked::Found)?;
            return Ok((self.link(who, account).await?, linked));
        }
        let made = self.0.create(new_account(who)?).await?;
        let id = made.subject.account;
        let linked = self.link(who, made).await?;
        if linked.subject.account != id {
            // Another request made one at the same time, which counts; this one has nobody.
            self.0.disable(id).await?;
        }
        usable(linked, Linked::Made)
    }

    async fn linked(&self, who: &ExternalIdentity) -> Result<Option<Account>, SubjectError> {
        let account: Option<String> =
            sqlx::query_scalar("SELECT account FROM subject_links WHERE issuer = $1 AND subject = $2")
                .bind(&who.issuer)
                .bind(&who.subject)
                .fetch_optional(self.0.store().pool())
                .await?;
        let Some(account) = account else { return Ok(None) };
        self.0.get(row::parse("subject_links.account", &account)?).await
    }

    async fn identified(&self, who: &ExternalIdentity) -> Result<Option<Account>, SubjectError> {
        if who.assurance < Assurance::Substantial {
            return Ok(None);
        }
        let name = match who.kind {
            SubjectKind::LegalPerson => AttributeName::CreditCode,
            SubjectKind::NaturalPerson | SubjectKind::Officer => AttributeName::ResidentId,
        };
        let Some(value) = who.attributes.get(name) else { return Ok(None) };
        let Some(id) = self.0.identified(name, value).await? else { return Ok(None) };
        Ok(self.0.get(id).await?.filter(|account| account.subject.kind == who.kind))
    }

    /// The first one to link an identity decides; whoever comes second gets that account.
    async fn link(&self, who: &ExternalIdentity, account: Account) -> Result<Account, SubjectError> {
        sqlx::query(
            "INSERT INTO subject_links (issuer, subject, account, created_at) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (issuer, subject) DO NOTHING",
        )
        .bind(&who.issuer)
        .bind(&who.subject)
        .bind(account.subject.account.to_string())
        .bind(self.0.millis())
        .execute(self.0.store().pool())
        .await?;
        Ok(self.linked(who).await?.unwrap_or(account))
    }
}

fn usable(account: Account, linked: Linked) -> Result<(Account, Linked), SubjectError> {
    if account.disabled_at.is_some() { Err(SubjectError::Disabled) } else { Ok((account, linked)) }
}

fn check(who: &ExternalIdentity) -> Result<(), InvalidValue> {
    let plain = |text: &str, longest| (1..=longest).contains(&text.len()) && !text.chars().any(char::is_control);
    if !plain(&who.issuer, 2_048) || !plain(&who.subject, 255) {
        return Err(InvalidValue::new("external identity", "an issuer, and a subject of 1 to 255 characters"));
    }
    Ok(())
}

fn new_account(who: &ExternalIdentity) -> Result<NewAccount, SubjectError> {
    let login: LoginName = format!("ext-{}", AccountId::generate()).parse()?;
    let is_officer = who.kind == SubjectKind::Officer;
    Ok(NewAccount {
        login,
        password: Password::generate()?,
        kind: who.kind,
        assurance: who.assurance,
        department: who.department.clone().filter(|_| is_officer),
        roles: Vec::new(),
        clearance: None,
        attributes: who.attributes.clone(),
    })
}
