//! The only way from a caller to a provider: check, authorise, act.

use std::sync::Arc;

use jiff::{SignedDuration, civil::Date};
use zhongtai_kernel::{Access, Attribute, DepartmentId};
use zhongtai_runtime::Asker;

use crate::{
    Act, ActKey, Certificate, CertificateError, CertificateId, CertificateNumber, CertificateProvider, Fields,
    HistoryEntry, Holder, Holders, MOST_MINUTES, NewCertificate, NewPresentation, PaperFile, PresentationToken,
    PurposeName, Reissue, Verifier, Why, certificate::Standing,
};

/// That somebody holds a certificate is internal data; what it says has levels of its own.
const RECORD_LEVEL: i64 = 2;
/// A reason for a revocation or a new issue, characters.
const LONGEST_REASON: usize = 500;

/// Certificates as callers get them: policy is asked, and the answer recorded, before anything is told or done.
pub struct Certificates {
    provider: Arc<dyn CertificateProvider>,
    holders: Arc<dyn Holders>,
    page: Option<String>,
}

/// A field as its caller may see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownField {
    /// Its name in the schema.
    pub name: String,
    /// What people call it.
    pub title: String,
    /// A text as it is, anything else as JSON; masked where policy says so.
    pub value: String,
}

/// What the holder lets a verifier see.
#[derive(Debug, Clone)]
pub struct Presented {
    /// The certificate; of its fields only [`fields`](Self::fields) may be told.
    pub certificate: Certificate,
    /// Those that the holder chose.
    pub fields: Vec<ShownField>,
}

/// A certificate that is shown once.
pub struct Shared {
    /// Given to the holder, once.
    pub token: PresentationToken,
    /// What a QR code holds.
    pub qr: String,
    /// From when on it is no good.
    pub expires_at: zhongtai_kernel::Timestamp,
}

/// An irreversible act, as a caller asks for it.
type Once<'a> = (&'a Why, ActKey);

// === impl Certificates ===

impl Certificates {
    /// `page` is the address of a page that a QR code opens; without one it holds the bare token.
    pub fn new(provider: Arc<dyn CertificateProvider>, holders: Arc<dyn Holders>, page: Option<String>) -> Self {
        Self { provider, holders, page }
    }

    /// What keeps the certificates: for the host's own use, such as counting. It asks nobody.
    pub fn provider(&self) -> &Arc<dyn CertificateProvider> {
        &self.provider
    }

    /// The holder of a handle that the department was given.
    pub fn holder_of(&self, department: &DepartmentId, handle: &str) -> Result<Holder, CertificateError> {
        let account = self.holders.open(department, handle);
        account.map(Holder::Account).ok_or_else(|| CertificateError::invalid("holder", "a handle of this department"))
    }

    /// Issues a certificate for a case (`certificate:issue` on its type).
    pub async fn issue(
        &self,
        asker: &mut Asker,
        (why, key): Once<'_>,
        new: NewCertificate,
    ) -> Result<Certificate, CertificateError> {
        why.check(asker)?;
        let kind = self.provider.find_type(&new.kind).await?;
        kind.check(&new.fields)?;
        may_issue(asker, why, kind.name(), kind.owner().as_str()).await?;
        asker.committed().await?;
        self.provider.issue(&act(asker, why, key), new).await
    }

    /// Issues a certificate anew (`certificate:issue` on its type).
    pub async fn reissue(
        &self,
        asker: &mut Asker,
        (why, key): Once<'_>,
        new: (CertificateId, Fields, Option<Date>, String),
    ) -> Result<Certificate, CertificateError> {
        why.check(asker)?;
        let (id, fields, valid_until, reason) = new;
        let reason = checked_reason(reason)?;
        let previous = self.provider.get(id).await?.ok_or(CertificateError::NotFound)?;
        may_issue(asker, why, previous.kind.name(), previous.kind.owner().as_str()).await?;
        asker.committed().await?;
        let new = Reissue { previous: id, fields, valid_until, reason };
        self.provider.reissue(&act(asker, why, key), new).await
    }

    /// Takes a certificate back (`certificate:revoke`).
    pub async fn revoke(
        &self,
        asker: &mut Asker,
        (why, key): Once<'_>,
        id: CertificateId,
        reason: String,
    ) -> Result<Certificate, CertificateError> {
        why.check(asker)?;
        let reason = checked_reason(reason)?;
        let certificate = self.provider.get(id).await?.ok_or(CertificateError::NotFound)?;
        let own = self.identities(asker).await?;
        authorise(asker, "certificate:revoke", &certificate, &own, why).await?;
        asker.committed().await?;
        self.provider.revoke(&act(asker, why, key), id, &reason).await
    }

    /// The certificates of whoever asks: those that policy lets the asker see (`certificate:read`).
    pub async fn mine(&self, asker: &mut Asker, why: &Why) -> Result<Vec<Certificate>, CertificateError> {
        why.check(asker)?;
        let own = self.identities(asker).await?;
        if own.is_empty() {
            return Err(CertificateError::Anonymous);
        }
        self.seen(asker, why, &own, &own).await
    }

    /// The certificates of a holder: those that policy lets the asker see (`certificate:read`).
    pub async fn held_by(
        &self,
        asker: &mut Asker,
        why: &Why,
        holder: Holder,
    ) -> Result<Vec<Certificate>, CertificateError> {
        why.check(asker)?;
        let own = self.identities(asker).await?;
        let holders = match holder {
            Holder::Account(account) => self.holders.identities(account).await?,
            other => vec![other],
        };
        self.seen(asker, why, &holders, &own).await
    }

    async fn seen(
        &self,
        asker: &mut Asker,
        why: &Why,
        holders: &[Holder],
        own: &[Holder],
    ) -> Result<Vec<Certificate>, CertificateError> {
        let mut seen = Vec::new();
        for certificate in self.provider.held_by(holders).await? {
            let attributes = attributes(&certificate, own, asker);
            let id = certificate.id.to_string();
            let access = why.of(Access::described("certificate:read", "Certificate", id, &attributes));
            // A list is not masked: whoever may only see it hidden does not see it.
            if asker.show(&access).await?.is_some() {
                seen.push(certificate);
            }
        }
        Ok(seen)
    }

    /// A certificate and those of the fields named (all when none is named) that policy lets the asker see, as it may
    /// be seen (`certificate:read`, then `certificate:read-field` for each). Read for a case, it counts as used.
    pub async fn read(
        &self,
        asker: &mut Asker,
        why: &Why,
        id: CertificateId,
        names: &[String],
    ) -> Result<(Certificate, Vec<ShownField>), CertificateError> {
        why.check(asker)?;
        let certificate = self.provider.get(id).await?.ok_or(CertificateError::NotFound)?;
        let own = self.identities(asker).await?;
        authorise(asker, "certificate:read", &certificate, &own, why).await?;
        let mut fields = Vec::new();
        for field in wanted(&certificate, names) {
            fields.extend(shown(asker, why, &certificate, &own, &field).await?);
        }
        if why.case.is_some() && !fields.is_empty() {
            self.provider.used(id, asker.scenario()).await?;
        }
        Ok((certificate, fields))
    }

    /// A sealed file of a certificate (`certificate:read`, then `certificate:read-field` for each field). It shows all
    /// that the certificate says: whoever may see only a part of that gets none of it.
    pub async fn paper(
        &self,
        asker: &mut Asker,
        why: &Why,
        id: CertificateId,
        name: &str,
    ) -> Result<(PaperFile, Vec<u8>), CertificateError> {
        let (certificate, seen) = self.read(asker, why, id, &[]).await?;
        let all: Vec<ShownField> =
            wanted(&certificate, &[]).iter().filter_map(|name| plain(&certificate, name)).collect();
        if seen != all {
            return Err(CertificateError::Partly);
        }
        let file = certificate.papers.iter().find(|file| file.name == name).ok_or(CertificateError::NotFound)?;
        let bytes = self.provider.paper(id, name).await?.ok_or(CertificateError::NotFound)?;
        Ok((file.clone(), bytes))
    }

    /// What happened to a certificate (`certificate:read`).
    pub async fn history(
        &self,
        asker: &mut Asker,
        why: &Why,
        id: CertificateId,
    ) -> Result<Vec<HistoryEntry>, CertificateError> {
        why.check(asker)?;
        let certificate = self.provider.get(id).await?.ok_or(CertificateError::NotFound)?;
        let own = self.identities(asker).await?;
        authorise(asker, "certificate:read", &certificate, &own, why).await?;
        self.provider.history(id).await
    }

    /// Whether a certificate is real and how it stands; nothing of what it says (`certificate:verify`). The question is
    /// recorded for a number that nobody issued, too.
    pub async fn verify(
        &self,
        asker: &mut Asker,
        why: &Why,
        number: &CertificateNumber,
    ) -> Result<Certificate, CertificateError> {
        why.check(asker)?;
        let Some(certificate) = self.provider.find(number).await? else {
            let department = asker.scenario().department().to_string();
            let attributes = record_attributes(&department, "", "unknown");
            let access = Access::described("certificate:verify", "Certificate", "unknown", &attributes);
            asker.authorise(&why.of(access)).await?;
            return Err(CertificateError::NotFound);
        };
        authorise(asker, "certificate:verify", &certificate, &[], why).await?;
        Ok(certificate)
    }

    /// Makes a token by which one verifier may see a certificate once (`certificate:present`).
    pub async fn present(
        &self,
        asker: &mut Asker,
        id: CertificateId,
        (fields, purpose, verifier): (Vec<String>, PurposeName, Verifier),
        minutes: u32,
    ) -> Result<Shared, CertificateError> {
        if !(1..=MOST_MINUTES).contains(&minutes) {
            return Err(CertificateError::invalid("minutes", format!("1 to {MOST_MINUTES}")));
        }
        let certificate = self.provider.get(id).await?.ok_or(CertificateError::NotFound)?;
        if fields.iter().any(|name| !certificate.kind.fields().contains_key(name)) {
            return Err(CertificateError::invalid("fields", "names of the certificate's fields"));
        }
        let own = self.identities(asker).await?;
        let why = Why::purpose(purpose.as_str());
        authorise(asker, "certificate:present", &certificate, &own, &why).await?;
        let expires_at = asker.now().checked_add(SignedDuration::from_mins(i64::from(minutes)));
        let expires_at = expires_at.map_err(|error| CertificateError::Fault(error.to_string()))?;
        let new = NewPresentation { certificate: id, fields, purpose, verifier, expires_at };
        let token = self.provider.present(asker.scenario(), new).await?;
        let qr = token.qr_payload(self.page.as_deref());
        Ok(Shared { token, qr, expires_at })
    }

    /// What a holder presented to the asker (`certificate:redeem`): once.
    pub async fn redeem(
        &self,
        asker: &mut Asker,
        token: &PresentationToken,
        purpose: &PurposeName,
    ) -> Result<Presented, CertificateError> {
        let why = Why::purpose(purpose.as_str());
        why.check(asker)?;
        let presentation = self.provider.presentation(token).await?;
        let verifiers = self.verifiers(asker).await?;
        let account = asker.account().map(|account| account.to_string()).unwrap_or_default();
        let bound = match &presentation.shows.verifier {
            Verifier::Department(department) => {
                ("department", Attribute::Entity("Department".into(), department.as_str().into()))
            }
            // Somebody else's account has no name here: no account is an empty text.
            own if verifiers.contains(own) => ("account", Attribute::Text(account.as_str().into())),
            Verifier::Enterprise(_) => ("account", Attribute::Text("".into())),
        };
        let for_purpose = ("purpose", Attribute::Text(presentation.shows.purpose.as_str().into()));
        let attributes = [bound, for_purpose];
        let access = Access::described("certificate:redeem", "Presentation", presentation.id, &attributes);
        asker.authorise(&why.of(access)).await?;
        asker.committed().await?;
        let certificate = self.provider.redeem(asker.scenario(), token, &verifiers, purpose).await?;
        let fields = named(&certificate, &presentation.shows.fields);
        let fields = fields.into_iter().filter_map(|name| plain(&certificate, &name)).collect();
        Ok(Presented { certificate, fields })
    }

    /// Everything that the asker may verify as.
    async fn verifiers(&self, asker: &Asker) -> Result<Vec<Verifier>, CertificateError> {
        let mut verifiers = vec![Verifier::Department(asker.scenario().department().clone())];
        verifiers.extend(self.identities(asker).await?.into_iter().filter_map(|identity| match identity {
            Holder::Enterprise(code) => Some(Verifier::Enterprise(code)),
            _ => None,
        }));
        Ok(verifiers)
    }

    /// Everything that the asker may hold certificates under; nothing when nobody signed in.
    async fn identities(&self, asker: &Asker) -> Result<Vec<Holder>, CertificateError> {
        match asker.account() {
            Some(account) => self.holders.identities(account).await,
            None => Ok(Vec::new()),
        }
    }
}

fn act(asker: &Asker, why: &Why, key: ActKey) -> Act {
    Act { scenario: asker.scenario().clone(), key, case: why.case.clone() }
}

fn checked_reason(reason: String) -> Result<String, CertificateError> {
    let fits = (1..=LONGEST_REASON).contains(&reason.chars().count()) && !reason.chars().any(char::is_control);
    if fits { Ok(reason) } else { Err(CertificateError::invalid("reason", "1 to 500 characters in one line")) }
}

/// May the asker issue certificates of this type?
async fn may_issue(asker: &mut Asker, why: &Why, kind: &str, owner: &str) -> Result<(), CertificateError> {
    let attributes = [("owner", Attribute::Entity("Department".into(), owner.into()))];
    let access = Access::described("certificate:issue", "CertificateType", kind, &attributes);
    Ok(asker.authorise(&why.of(access)).await?)
}

async fn authorise(
    asker: &mut Asker,
    action: &'static str,
    certificate: &Certificate,
    own: &[Holder],
    why: &Why,
) -> Result<(), CertificateError> {
    let attributes = attributes(certificate, own, asker);
    let access = Access::described(action, "Certificate", certificate.id.to_string(), &attributes);
    Ok(asker.authorise(&why.of(access)).await?)
}

/// One field, if policy lets the asker see it.
async fn shown(
    asker: &mut Asker,
    why: &Why,
    certificate: &Certificate,
    own: &[Holder],
    name: &str,
) -> Result<Option<ShownField>, CertificateError> {
    let Some(field) = certificate.kind.fields().get(name) else { return Ok(None) };
    let holder = holder(certificate, own, asker);
    let attributes = [
        ("owner", Attribute::Entity("Department".into(), certificate.kind.owner().as_str().into())),
        ("holder", Attribute::Text(holder.into())),
        ("level", Attribute::Number(i64::from(field.level))),
        ("content", Attribute::Text(field.content.as_str().into())),
    ];
    let id = format!("{}/{name}", certificate.kind.name());
    let access = Access::described("certificate:read-field", "CertificateField", id, &attributes);
    let how = asker.show(&why.of(access)).await?;
    Ok(how.zip(plain(certificate, name)).map(|(how, field)| ShownField { value: how.apply(field.value), ..field }))
}

/// A field as it is.
fn plain(certificate: &Certificate, name: &str) -> Option<ShownField> {
    let (value, field) = (certificate.fields.get(name)?, certificate.kind.fields().get(name)?);
    let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    Some(ShownField { name: name.to_owned(), title: field.title.clone(), value })
}

/// The fields asked for that there are, each once; all of them when none is named.
fn wanted(certificate: &Certificate, names: &[String]) -> Vec<String> {
    let is_wanted = |name: &&String| names.is_empty() || names.contains(name);
    certificate
        .kind
        .fields()
        .keys()
        .filter(is_wanted)
        .filter(|name| certificate.fields.contains_key(*name))
        .cloned()
        .collect()
}

/// The fields that were named; none when none is.
fn named(certificate: &Certificate, names: &[String]) -> Vec<String> {
    if names.is_empty() { Vec::new() } else { wanted(certificate, names) }
}

/// What policy sees of a certificate.
fn attributes(certificate: &Certificate, own: &[Holder], asker: &Asker) -> [(&'static str, Attribute<'static>); 4] {
    let standing: Standing = certificate.standing(asker.now());
    record_attributes(certificate.kind.owner().as_str(), &holder(certificate, own, asker), standing.as_str())
}

fn record_attributes(owner: &str, holder: &str, status: &str) -> [(&'static str, Attribute<'static>); 4] {
    [
        ("owner", Attribute::Entity("Department".into(), owner.to_owned().into())),
        ("holder", Attribute::Text(holder.to_owned().into())),
        ("status", Attribute::Text(status.to_owned().into())),
        ("level", Attribute::Number(RECORD_LEVEL)),
    ]
}

/// The holder's account as policy knows it: the asker's when the certificate is the asker's own, under whichever
/// identity; another account's id; and an empty text for a person without account. A resident ID never gets there.
fn holder(certificate: &Certificate, own: &[Holder], asker: &Asker) -> String {
    match (&certificate.holder, asker.account()) {
        (holder, Some(account)) if own.contains(holder) => account.to_string(),
        (Holder::Account(account), _) => account.to_string(),
        _ => String::new(),
    }
}
