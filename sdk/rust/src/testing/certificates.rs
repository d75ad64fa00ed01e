//! The mock's certificates and anchors: what was issued in this test, to whoever asks.

use super::{
    answers::{allowed, declared},
    state::{State, with},
};
use crate::{
    certificate::{
        Content, Error, Field, HistoryEntry, Holder, Issue, Issued, Presentation, Presenting, Reissue, Standing,
        Summary, TokenRefusal, Why,
    },
    evidence,
};

/// A certificate that the mock issued.
#[derive(Clone, Debug)]
pub struct MockCertificate {
    /// What is known about it.
    pub summary: Summary,
    /// Whose it is.
    pub holder: Holder,
    /// What it says.
    pub fields: serde_json::Map<String, serde_json::Value>,
    /// The idempotency key that it was issued by.
    pub once: String,
}

/// A presentation, and whether it was redeemed.
#[derive(Clone, Debug)]
pub struct MockPresentation {
    pub certificate: String,
    pub shows: Presenting,
    pub used: bool,
}

pub fn issue_certificate(issue: &Issue) -> Result<Issued, Error> {
    with(|host| {
        allowed(host, "certificate:issue").map_err(Error::Denied)?;
        let holder = named(host, &issue.holder)?;
        issue_as(host, (&issue.kind, &holder, &issue.fields, &issue.once), issue.valid_until.clone())
    })
}

/// Whoever asks has a handle.
fn named(host: &State, holder: &Holder) -> Result<Holder, Error> {
    match (holder, &host.person) {
        (Holder::Asker, None) => Err(Error::Invalid("nobody signed in".into())),
        (Holder::Asker, Some(person)) => Ok(Holder::Subject(person.subject.handle.clone())),
        (other, _) => Ok(other.clone()),
    }
}

fn issue_as(
    host: &mut State,
    (kind, holder, fields, once): (&str, &Holder, &str, &str),
    valid_until: Option<String>,
) -> Result<Issued, Error> {
    let fields = serde_json::from_str(fields).map_err(|_| Error::Invalid("fields: expected a JSON object".into()))?;
    if let Some(known) = host.certificates.iter().find(|known| known.once == once) {
        let same = known.fields == fields && known.summary.kind == kind;
        let issued = Issued { summary: known.summary.clone(), papers: Vec::new() };
        return if same { Ok(issued) } else { Err(Error::KeyReused) };
    }
    let count = host.certificates.len() + 1;
    let summary = Summary {
        id: format!("mock-certificate-{count}"),
        number: format!("mock-number-{count}"),
        kind: kind.into(),
        title: kind.into(),
        standing: Standing::Valid,
        valid_from: "2026-01-01".into(),
        valid_until,
    };
    let (holder, once) = (holder.clone(), once.into());
    host.certificates.push(MockCertificate { summary: summary.clone(), holder, fields, once });
    Ok(Issued { summary, papers: Vec::new() })
}

pub fn reissue_certificate(reissue: &Reissue) -> Result<Issued, Error> {
    with(|host| {
        allowed(host, "certificate:issue").map_err(Error::Denied)?;
        let old = find(host, &reissue.id)?.clone();
        let what = (old.summary.kind.as_str(), &old.holder, reissue.fields.as_str(), reissue.once.as_str());
        let issued = issue_as(host, what, reissue.valid_until.clone())?;
        find(host, &reissue.id)?.summary.standing = Standing::Superseded;
        Ok(issued)
    })
}

pub fn revoke_certificate(id: &str, _: &str, _: &Why, _: &str) -> Result<Summary, Error> {
    with(|host| {
        allowed(host, "certificate:revoke").map_err(Error::Denied)?;
        let certificate = find(host, id)?;
        certificate.summary.standing = Standing::Revoked;
        Ok(certificate.summary.clone())
    })
}

pub fn my_certificates(purpose: &str) -> Result<Vec<Summary>, Error> {
    of(&Holder::Asker, Some(purpose))
}

pub fn certificates_of(holder: &Holder, why: &Why) -> Result<Vec<Summary>, Error> {
    of(holder, why.purpose.as_deref())
}

fn of(holder: &Holder, purpose: Option<&str>) -> Result<Vec<Summary>, Error> {
    with(|host| {
        check(host, purpose)?;
        let holder = named(host, holder)?;
        let theirs = host.certificates.iter().rev().filter(|one| one.holder == holder);
        Ok(theirs.map(|one| one.summary.clone()).collect())
    })
}

pub fn read_certificate(id: &str, names: &[&str], why: &Why) -> Result<Content, Error> {
    with(|host| {
        check(host, why.purpose.as_deref())?;
        let denied = host.denied.clone();
        let certificate = find(host, id)?;
        let is_shown = |name: &str| {
            let wanted = names.is_empty() || names.contains(&name);
            wanted && !denied.contains(&format!("certificate:read-field/{name}"))
        };
        Ok(content(certificate, is_shown))
    })
}

fn content(certificate: &MockCertificate, is_shown: impl Fn(&str) -> bool) -> Content {
    let shown = certificate.fields.iter().filter(|(name, _)| is_shown(name));
    let field = |(name, value): (&String, &serde_json::Value)| {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        Field { name: name.clone(), title: name.clone(), value }
    };
    Content { summary: certificate.summary.clone(), fields: shown.map(field).collect() }
}

pub fn certificate_history(id: &str, why: &Why) -> Result<Vec<HistoryEntry>, Error> {
    with(|host| {
        check(host, why.purpose.as_deref())?;
        find(host, id)?;
        let (at, by) = ("2026-01-01T00:00:00Z".into(), "mock".into());
        Ok(vec![HistoryEntry { at, what: "issued".into(), by, reason: None }])
    })
}

pub fn verify_certificate(number: &str, purpose: &str) -> Result<Summary, Error> {
    with(|host| {
        declared(host, purpose).map_err(Error::UndeclaredPurpose)?;
        allowed(host, "certificate:verify").map_err(Error::Denied)?;
        let found = host.certificates.iter().find(|one| one.summary.number == number);
        found.map(|one| one.summary.clone()).ok_or(Error::NotFound)
    })
}

pub fn present_certificate(id: &str, presenting: &Presenting) -> Result<Presentation, Error> {
    with(|host| {
        allowed(host, "certificate:present").map_err(Error::Denied)?;
        let certificate = find(host, id)?.summary.id.clone();
        host.presentations.push(MockPresentation { certificate, shows: presenting.clone(), used: false });
        let token = format!("mock-token-{}", host.presentations.len());
        Ok(Presentation { qr: token.clone(), token, expires_at: "2026-01-01T01:00:00Z".into() })
    })
}

pub fn redeem_certificate(token: &str, purpose: &str) -> Result<Content, Error> {
    with(|host| {
        declared(host, purpose).map_err(Error::UndeclaredPurpose)?;
        allowed(host, "certificate:redeem").map_err(Error::Denied)?;
        let position = token.strip_prefix("mock-token-").and_then(|number| number.parse::<usize>().ok());
        let found = position.and_then(|position| host.presentations.get_mut(position.checked_sub(1)?));
        let presentation = found.ok_or(Error::Token(TokenRefusal::Unknown))?;
        if presentation.shows.purpose != purpose {
            return Err(Error::Token(TokenRefusal::OtherPurpose));
        }
        if std::mem::replace(&mut presentation.used, true) {
            return Err(Error::Token(TokenRefusal::Used));
        }
        let presentation = presentation.clone();
        let certificate = find(host, &presentation.certificate)?;
        Ok(content(certificate, |name| presentation.shows.fields.iter().any(|shown| shown == name)))
    })
}

pub fn anchor(hash: &str, purpose: &str, reference: &str) -> Result<evidence::Anchor, evidence::Error> {
    with(|host| {
        allowed(host, "evidence:anchor").map_err(evidence::Error::Denied)?;
        let digits = hash.strip_prefix("sha256:").or_else(|| hash.strip_prefix("sm3:")).unwrap_or_default();
        if digits.len() != 64 || !digits.bytes().all(|b| b.is_ascii_hexdigit() && !b.is_ascii_uppercase()) {
            return Err(evidence::Error::Invalid("hash: expected `sha256:` or `sm3:` and 64 hex digits".into()));
        }
        let anchored = [hash, purpose, reference].map(str::to_owned);
        let position = host.anchors.iter().position(|known| *known == anchored).unwrap_or_else(|| {
            host.anchors.push(anchored);
            host.anchors.len() - 1
        });
        Ok(evidence::Anchor { id: format!("mock-anchor-{}", position + 1), at: "2026-01-01T00:00:00Z".into() })
    })
}

pub fn prove(id: &str) -> Result<String, evidence::Error> {
    with(|host| {
        allowed(host, "evidence:prove").map_err(evidence::Error::Denied)?;
        let position = id.strip_prefix("mock-anchor-").and_then(|number| number.parse::<usize>().ok());
        let known = position.and_then(|position| host.anchors.get(position.checked_sub(1)?));
        let [hash, purpose, reference] = known.ok_or(evidence::Error::NotFound)?;
        Ok(serde_json::json!({ "anchor": { "hash": hash, "purpose": purpose, "reference": reference } }).to_string())
    })
}

fn check(host: &State, purpose: Option<&str>) -> Result<(), Error> {
    purpose.map_or(Ok(()), |purpose| declared(host, purpose)).map_err(Error::UndeclaredPurpose)?;
    allowed(host, "certificate:read").map_err(Error::Denied)
}

fn find<'a>(host: &'a mut State, id: &str) -> Result<&'a mut MockCertificate, Error> {
    host.certificates.iter_mut().find(|one| one.summary.id == id).ok_or(Error::NotFound)
}
