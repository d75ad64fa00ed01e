//! Electronic certificates (电子证照): issue, find, read, verify, show once, take back. Needs a grant for `certificate`.

use serde::{Serialize, de::DeserializeOwned};

use crate::{Problem, Purpose, host, problem};

/// Issues a certificate. It can't be undone, only revoked; the same key gives the same certificate.
///
/// # Errors
/// `?` turns a refusal into 403, fields that do not fit into 422 with their names, and what is only for now into 503.
pub fn issue(issue: &Issue) -> Result<Issued, Error> {
    host::issue_certificate(issue)
}

/// Issues a certificate anew, with the same serial and the next version. The one before is superseded.
///
/// # Errors
/// As for [`issue`]; 409 when the certificate has no next issue.
pub fn reissue(reissue: &Reissue) -> Result<Issued, Error> {
    host::reissue_certificate(reissue)
}

/// Takes a certificate back for good. The same key again is fine.
///
/// # Errors
/// As for [`issue`]; 409 when it is not valid any more.
pub fn revoke(id: &str, reason: &str, why: &Why, once: &str) -> Result<Summary, Error> {
    host::revoke_certificate(id, reason, why, once)
}

/// The certificates of whoever asks that policy lets this plugin see, the newest first.
///
/// # Errors
/// 403 when policy refuses, 500 for a purpose that the manifest does not declare.
pub fn mine(purpose: Purpose<'_>) -> Result<Vec<Summary>, Error> {
    host::my_certificates(purpose.0)
}

/// The same of any holder.
///
/// # Errors
/// As for [`mine`].
pub fn held_by(holder: &Holder, why: &Why) -> Result<Vec<Summary>, Error> {
    host::certificates_of(holder, why)
}

/// A certificate with the named fields (all, when none is named) that policy lets this plugin see. 四免: what it says
/// need not be asked for.
///
/// # Errors
/// As for [`mine`]; 404 when there is none.
pub fn read(id: &str, names: &[&str], why: &Why) -> Result<Content, Error> {
    host::read_certificate(id, names, why)
}

/// What happened to a certificate, the oldest first.
///
/// # Errors
/// As for [`read`].
pub fn history(id: &str, why: &Why) -> Result<Vec<HistoryEntry>, Error> {
    host::certificate_history(id, why)
}

/// Whether a number (GB/T 36904) is real and how the certificate stands; nothing of what it says.
///
/// # Errors
/// 422 when it is no number, 404 when nobody issued it.
pub fn verify(number: &str, purpose: Purpose<'_>) -> Result<Summary, Error> {
    host::verify_certificate(number, purpose.0)
}

/// Makes a token by which one verifier may see the certificate once.
///
/// # Errors
/// As for [`read`].
pub fn present(id: &str, presenting: &Presenting) -> Result<Presentation, Error> {
    host::present_certificate(id, presenting)
}

/// What a holder presented to this department: once. Takes the token or the text of the QR code.
///
/// # Errors
/// 409 when it is expired or was used, 403 when it is for somebody else.
pub fn redeem(token: &str, purpose: Purpose<'_>) -> Result<Content, Error> {
    host::redeem_certificate(token, purpose.0)
}

/// How a certificate stands today.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// It has its number; its sealed files are being made.
    Issuing,
    /// Its first day has not come.
    NotYetValid,
    /// It holds.
    Valid,
    /// Its last day is over.
    Expired,
    /// Taken back for good.
    Revoked,
    /// A newer issue has taken its place.
    Superseded,
}

/// Whose a certificate is.
#[derive(Clone, PartialEq, Eq)]
pub enum Holder {
    /// Whoever asks.
    Asker,
    /// A subject, by its handle.
    Subject(String),
    /// 统一社会信用代码.
    CreditCode(String),
    /// 公民身份号码.
    ResidentId(String),
}

impl std::fmt::Debug for Holder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Asker => "Asker",
            Self::Subject(_) => "Subject(..)",
            Self::CreditCode(_) => "CreditCode(..)",
            Self::ResidentId(_) => "ResidentId(..)",
        })
    }
}

/// Why something is done: what policy and the record see.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Why {
    /// One of the purposes in the manifest.
    pub purpose: Option<String>,
    /// The legal ground, such as `statutory-duty`.
    pub basis: Option<String>,
    /// The id of the person's consent.
    pub consent: Option<String>,
    /// The id of the case.
    pub case: Option<String>,
}

impl Why {
    /// For a purpose.
    pub fn purpose(purpose: Purpose<'_>) -> Self {
        Self { purpose: Some(purpose.0.into()), ..Self::default() }
    }

    /// For a case.
    pub fn case(id: impl Into<String>) -> Self {
        Self { case: Some(id.into()), ..Self::default() }
    }

    /// The same for a case.
    #[must_use]
    pub fn for_case(mut self, id: impl Into<String>) -> Self {
        self.case = Some(id.into());
        self
    }

    /// The same on a legal ground.
    #[must_use]
    pub fn on_basis(mut self, basis: impl Into<String>) -> Self {
        self.basis = Some(basis.into());
        self
    }
}

/// What is to be issued.
#[derive(Clone, Debug)]
pub struct Issue {
    /// The type's name, such as `excavation-permit`.
    pub kind: String,
    /// Whose it will be.
    pub holder: Holder,
    /// A JSON object that fits the type's schema.
    pub fields: String,
    /// First day, `YYYY-MM-DD`; today when nothing is said.
    pub valid_from: Option<String>,
    /// Last day; by the type when nothing is said.
    pub valid_until: Option<String>,
    /// For which case.
    pub why: Why,
    /// The idempotency key.
    pub once: String,
}

impl Issue {
    /// A certificate for a case, from today on; `once` makes it happen once.
    ///
    /// # Errors
    /// 500 when the fields are no JSON object.
    pub fn new(kind: &str, holder: Holder, fields: &impl Serialize, why: Why, once: &str) -> Result<Self, Problem> {
        let fields = json(fields)?;
        let (kind, once) = (kind.into(), once.into());
        Ok(Self { kind, holder, fields, valid_from: None, valid_until: None, why, once })
    }

    /// The same with a last day, `YYYY-MM-DD`.
    #[must_use]
    pub fn until(mut self, day: impl Into<String>) -> Self {
        self.valid_until = Some(day.into());
        self
    }
}

/// What is to take a certificate's place.
#[derive(Clone, Debug)]
pub struct Reissue {
    /// The certificate whose place it takes.
    pub id: String,
    /// A JSON object that fits the type's schema.
    pub fields: String,
    /// Last day; by the type when nothing is said.
    pub valid_until: Option<String>,
    /// Why there is a new issue, in a sentence.
    pub reason: String,
    /// For which case.
    pub why: Why,
    /// The idempotency key.
    pub once: String,
}

impl Reissue {
    /// A new issue for a case.
    ///
    /// # Errors
    /// 500 when the fields are no JSON object.
    pub fn new(id: &str, fields: &impl Serialize, reason: &str, why: Why, once: &str) -> Result<Self, Problem> {
        let (fields, id, reason) = (json(fields)?, id.into(), reason.into());
        Ok(Self { id, fields, valid_until: None, reason, why, once: once.into() })
    }
}

fn json(fields: &impl Serialize) -> Result<String, Problem> {
    serde_json::to_string(fields).map_err(|error| problem::internal("the fields are no JSON").caused_by(error))
}

/// What is known about a certificate without reading it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// The platform's own id.
    pub id: String,
    /// 证照标识, GB/T 36904.
    pub number: String,
    /// The type's name.
    #[serde(rename = "type")]
    pub kind: String,
    /// What people call the type.
    pub title: String,
    /// How it stands today.
    pub standing: Standing,
    /// First day.
    pub valid_from: String,
    /// Last day; nothing when it is for ever.
    pub valid_until: Option<String>,
}

/// A sealed file (版式文件), by its digests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Paper {
    /// Its name.
    pub name: String,
    /// Such as `application/pdf`.
    pub media_type: String,
    /// 64 hex digits.
    pub sha256: String,
    /// 64 hex digits, GB/T 32905.
    pub sm3: String,
}

/// A certificate that was issued.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Issued {
    /// The certificate.
    #[serde(flatten)]
    pub summary: Summary,
    /// Empty: the host makes no papers, there is the record only.
    pub papers: Vec<Paper>,
}

/// A field as this plugin may see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Field {
    /// Its name in the schema.
    pub name: String,
    /// What people call it.
    pub title: String,
    /// A text as it is, anything else as JSON; masked where policy says so.
    pub value: String,
}

/// A certificate and what of it may be seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Content {
    /// The certificate.
    pub summary: Summary,
    /// The fields.
    pub fields: Vec<Field>,
}

impl Content {
    /// A field's value, when there is one and policy allowed it.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|field| field.name == name).map(|field| field.value.as_str())
    }

    /// A field that is no text, such as a number.
    pub fn get_as<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        serde_json::from_str(self.get(name)?).ok()
    }
}

/// What a holder shows, to whom and how long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Presenting {
    /// Names of the fields that the verifier sees.
    pub fields: Vec<String>,
    /// What the verifier wants it for.
    pub purpose: String,
    /// A department, or a unified social credit code.
    pub verifier: String,
    /// 1 to 1440.
    pub minutes: u32,
}

/// A token that is shown once.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Presentation {
    /// For the verifier.
    pub token: String,
    /// The text of a QR code.
    pub qr: String,
    /// RFC 3339, UTC.
    pub expires_at: String,
}

/// Something that happened to a certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HistoryEntry {
    /// RFC 3339, UTC.
    pub at: String,
    /// `issued`, `superseded`, `revoked`, `presented` or `redeemed`.
    pub what: String,
    /// The scenario that did it.
    pub by: String,
    /// Why.
    pub reason: Option<String>,
}

/// Why a presentation is no good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenRefusal {
    /// Nobody made it.
    #[error("there is no such presentation")]
    Unknown,
    /// Its minutes are over.
    #[error("the presentation has expired")]
    Expired,
    /// It was redeemed before.
    #[error("the presentation was used before")]
    Used,
    /// It is for somebody else.
    #[error("the presentation is for another verifier")]
    OtherVerifier,
    /// It is for something else.
    #[error("the presentation is for another purpose")]
    OtherPurpose,
    /// The certificate is not valid any more.
    #[error("the certificate is not valid: {0:?}")]
    NotValid(Standing),
}

/// A field that does not fit: names the field and the rule, never the value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldProblem {
    /// Its name, or where in it: `places/0`. Empty for the whole.
    pub field: String,
    /// What people call it; empty when the type has no such field.
    pub title: String,
    /// What is wrong, in Chinese.
    pub zh: String,
    /// The same in English.
    pub en: String,
}

/// Why there is no certificate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Policy refused; carries the reference of the decision.
    #[error("policy refused (decision {0})")]
    Denied(String),
    /// The purpose is not one of those in the manifest.
    #[error("the purpose `{0}` is not declared")]
    UndeclaredPurpose(String),
    /// Nobody registered such a type.
    #[error("there is no certificate type `{0}`")]
    UnknownType(String),
    /// Fields do not fit the type.
    #[error("fields do not fit the type")]
    InvalidFields(Vec<FieldProblem>),
    /// Something else is not what it must be.
    #[error("{0}")]
    Invalid(String),
    /// There is no such certificate.
    #[error("there is no such certificate")]
    NotFound,
    /// The certificate's standing does not allow it.
    #[error("the certificate does not allow it: {0:?}")]
    NotAllowedWhile(Standing),
    /// The idempotency key was used for another request.
    #[error("the idempotency key was used for another request")]
    KeyReused,
    /// The presentation is no good.
    #[error(transparent)]
    Token(TokenRefusal),
    /// It has its number and waits for its sealed files: send the same request again.
    #[error("the certificate waits for its sealed files")]
    PapersPending,
    /// The capability failed.
    #[error("{0}")]
    Other(String),
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let text = error.to_string();
        match error {
            Error::Denied(decision) => problem::denied(decision),
            Error::UndeclaredPurpose(purpose) => problem::undeclared(&purpose),
            Error::UnknownType(_) => problem::internal(text),
            Error::InvalidFields(problems) => problem::unprocessable(text)
                .with_code("invalid-fields")
                .with("fields", serde_json::to_value(problems).unwrap_or_default()),
            Error::Invalid(what) => problem::unprocessable(what),
            Error::NotFound | Error::Token(TokenRefusal::Unknown) => problem::not_found(text),
            Error::Token(TokenRefusal::OtherVerifier | TokenRefusal::OtherPurpose) => problem::forbidden(text),
            Error::NotAllowedWhile(_) | Error::KeyReused | Error::Token(_) => problem::conflict(text),
            Error::PapersPending => problem::unavailable(text).with_code("papers-pending"),
            Error::Other(what) => problem::failed("certificate", what),
        }
    }
}
