use std::fmt;

use zhongtai_kernel::{Assurance, CreditCode, DepartmentId, ResidentId, SubjectKind, Timestamp};

/// Who signed in at a provider. `issuer` and `subject` together are the identity: link accounts by both, and never by a
/// name, a phone number or an e-mail address. `Debug` shows no personal data.
#[derive(Clone)]
pub struct ExternalIdentity {
    /// The provider's issuer identifier.
    pub issuer: String,
    /// The provider's id of the subject, never given to anybody else: 1 to 255 ASCII characters.
    pub subject: String,
    /// What the provider says about the subject.
    pub claims: ExternalClaims,
    /// How the subject signed in, in the provider's words.
    pub acr: Option<String>,
    /// How sure that is, by the configuration; [`Assurance::Low`] for an `acr` that is not there.
    pub assurance: Assurance,
    /// When the subject signed in at the provider.
    pub auth_time: Option<Timestamp>,
    /// The provider's id of its session: what back-channel logout names.
    pub sid: Option<String>,
    /// To be kept with the session: [`Provider::end_session_url`](crate::Provider::end_session_url) takes it.
    pub id_token: IdTokenHint,
}

impl fmt::Debug for ExternalIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { issuer, acr, assurance, auth_time, .. } = self;
        f.debug_struct("ExternalIdentity")
            .field("issuer", issuer)
            .field("acr", acr)
            .field("assurance", assurance)
            .field("auth_time", auth_time)
            .finish_non_exhaustive()
    }
}

/// What a provider says about a subject: only what the configuration maps, each in its checked form.
#[derive(Clone, PartialEq, Eq)]
pub struct ExternalClaims {
    /// What the subject is.
    pub kind: SubjectKind,
    /// 姓名 or 名称, 1 to 100 characters.
    pub name: Option<String>,
    /// 5 to 15 digits, `+` before a country's code. Not there when the provider says that it was not verified.
    pub phone: Option<String>,
    /// An address. Not there when the provider says that it was not verified.
    pub email: Option<String>,
    /// 公民身份号码 (GB 11643).
    pub resident_id: Option<ResidentId>,
    /// 统一社会信用代码 (GB 32100-2015).
    pub credit_code: Option<CreditCode>,
    /// An officer's department.
    pub department: Option<DepartmentId>,
}

// === impl ExternalClaims ===

impl ExternalClaims {
    /// What is there, by the names of the subject capability's attributes.
    pub fn attributes(&self) -> impl Iterator<Item = (&'static str, &str)> {
        [
            ("name", self.name.as_deref()),
            ("phone", self.phone.as_deref()),
            ("email", self.email.as_deref()),
            ("resident-id", self.resident_id.as_ref().map(ResidentId::expose)),
            ("credit-code", self.credit_code.as_ref().map(CreditCode::as_str)),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
    }
}

impl fmt::Debug for ExternalClaims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.attributes().map(|(name, _)| name).collect();
        f.debug_struct("ExternalClaims").field("kind", &self.kind).field("has", &names).finish()
    }
}

/// The ID token of a sign-in, as a hint for signing out. It has claims in it: `Debug` shows nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct IdTokenHint(pub(crate) String);

// === impl IdTokenHint ===

impl IdTokenHint {
    /// One that was kept.
    pub fn new(token: impl Into<String>) -> Self {
        Self(token.into())
    }

    /// The token, to be kept sealed.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for IdTokenHint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IdTokenHint(..)")
    }
}
