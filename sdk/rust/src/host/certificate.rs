//! Calls to the certificate and evidence capabilities, through the generated bindings.

use crate::{
    bindings::zhongtai::{certificate::certificates as wit, evidence::anchors as wit_evidence},
    certificate::{
        Content, Error, Field, FieldProblem, HistoryEntry, Holder, Issue, Issued, Paper, Presentation, Presenting,
        Reissue, Standing, Summary, TokenRefusal, Why,
    },
    evidence,
};

pub fn issue_certificate(issue: &Issue) -> Result<Issued, Error> {
    let issue = issue.clone();
    let request = wit::IssueRequest {
        kind: issue.kind,
        holder: issue.holder.into(),
        fields: issue.fields,
        valid_from: issue.valid_from,
        valid_until: issue.valid_until,
        why: issue.why.into(),
        idempotency_key: issue.once,
    };
    Ok(wit::issue(&request)?.into())
}

pub fn reissue_certificate(reissue: &Reissue) -> Result<Issued, Error> {
    let Reissue { id, fields, valid_until, reason, why, once } = reissue.clone();
    let request = wit::ReissueRequest { id, fields, valid_until, reason, why: why.into(), idempotency_key: once };
    Ok(wit::reissue(&request)?.into())
}

pub fn revoke_certificate(id: &str, reason: &str, why: &Why, once: &str) -> Result<Summary, Error> {
    Ok(wit::revoke(id, reason, &why.clone().into(), once)?.into())
}

pub fn my_certificates(purpose: &str) -> Result<Vec<Summary>, Error> {
    Ok(wit::mine(purpose)?.into_iter().map(Into::into).collect())
}

pub fn certificates_of(holder: &Holder, why: &Why) -> Result<Vec<Summary>, Error> {
    let found = wit::held_by(&holder.clone().into(), &why.clone().into())?;
    Ok(found.into_iter().map(Into::into).collect())
}

pub fn read_certificate(id: &str, names: &[&str], why: &Why) -> Result<Content, Error> {
    let names: Vec<_> = names.iter().map(|name| String::from(*name)).collect();
    Ok(wit::read(id, &names, &why.clone().into())?.into())
}

pub fn certificate_history(id: &str, why: &Why) -> Result<Vec<HistoryEntry>, Error> {
    let entry = |entry: wit::HistoryEntry| {
        let wit::HistoryEntry { at, what, by, reason } = entry;
        HistoryEntry { at, what, by, reason }
    };
    Ok(wit::history(id, &why.clone().into())?.into_iter().map(entry).collect())
}

pub fn verify_certificate(number: &str, purpose: &str) -> Result<Summary, Error> {
    Ok(wit::verify(number, purpose)?.into())
}

pub fn present_certificate(id: &str, presenting: &Presenting) -> Result<Presentation, Error> {
    let Presenting { fields, purpose, verifier, minutes } = presenting.clone();
    let wit::Presentation { token, qr, expires_at } =
        wit::present(id, &wit::Presenting { fields, purpose, verifier, minutes })?;
    Ok(Presentation { token, qr, expires_at })
}

pub fn redeem_certificate(token: &str, purpose: &str) -> Result<Content, Error> {
    Ok(wit::redeem(token, purpose)?.into())
}

pub fn anchor(hash: &str, purpose: &str, reference: &str) -> Result<evidence::Anchor, evidence::Error> {
    let wit_evidence::Anchored { id, at } = wit_evidence::anchor(hash, purpose, reference)?;
    Ok(evidence::Anchor { id, at })
}

pub fn prove(id: &str) -> Result<String, evidence::Error> {
    Ok(wit_evidence::prove(id)?)
}

impl From<Holder> for wit::Holder {
    fn from(holder: Holder) -> Self {
        match holder {
            Holder::Asker => Self::Asker,
            Holder::Subject(handle) => Self::Subject(handle),
            Holder::CreditCode(code) => Self::CreditCode(code),
            Holder::ResidentId(id) => Self::ResidentId(id),
        }
    }
}

impl From<Why> for wit::Why {
    fn from(why: Why) -> Self {
        let Why { purpose, basis, consent, case } = why;
        Self { purpose, basis, consent, case_id: case }
    }
}

impl From<wit::Standing> for Standing {
    fn from(standing: wit::Standing) -> Self {
        match standing {
            wit::Standing::Issuing => Self::Issuing,
            wit::Standing::NotYetValid => Self::NotYetValid,
            wit::Standing::Valid => Self::Valid,
            wit::Standing::Expired => Self::Expired,
            wit::Standing::Revoked => Self::Revoked,
            wit::Standing::Superseded => Self::Superseded,
        }
    }
}

impl From<wit::Summary> for Summary {
    fn from(summary: wit::Summary) -> Self {
        let wit::Summary { id, number, kind, title, standing, valid_from, valid_until } = summary;
        Self { id, number, kind, title, standing: standing.into(), valid_from, valid_until }
    }
}

impl From<wit::Issued> for Issued {
    fn from(issued: wit::Issued) -> Self {
        let paper = |paper: wit::Paper| {
            let wit::Paper { name, media_type, sha256, sm3 } = paper;
            Paper { name, media_type, sha256, sm3 }
        };
        Self { summary: issued.summary.into(), papers: issued.papers.into_iter().map(paper).collect() }
    }
}

impl From<wit::Content> for Content {
    fn from(content: wit::Content) -> Self {
        let field = |wit::Field { name, title, value }| Field { name, title, value };
        Self { summary: content.summary.into(), fields: content.fields.into_iter().map(field).collect() }
    }
}

impl From<wit::Error> for Error {
    fn from(error: wit::Error) -> Self {
        match error {
            wit::Error::Denied(decision) => Self::Denied(decision),
            wit::Error::UndeclaredPurpose(purpose) => Self::UndeclaredPurpose(purpose),
            wit::Error::UnknownType(name) => Self::UnknownType(name),
            wit::Error::InvalidFields(problems) => {
                let problem = |wit::FieldProblem { field, title, zh, en }| FieldProblem { field, title, zh, en };
                Self::InvalidFields(problems.into_iter().map(problem).collect())
            }
            wit::Error::Invalid(what) => Self::Invalid(what),
            wit::Error::NotFound => Self::NotFound,
            wit::Error::NotAllowedWhile(standing) => Self::NotAllowedWhile(standing.into()),
            wit::Error::KeyReused => Self::KeyReused,
            wit::Error::Token(refusal) => Self::Token(refusal.into()),
            wit::Error::PapersPending => Self::PapersPending,
            wit::Error::Other(what) => Self::Other(what),
        }
    }
}

impl From<wit::TokenRefusal> for TokenRefusal {
    fn from(refusal: wit::TokenRefusal) -> Self {
        match refusal {
            wit::TokenRefusal::Unknown => Self::Unknown,
            wit::TokenRefusal::Expired => Self::Expired,
            wit::TokenRefusal::Used => Self::Used,
            wit::TokenRefusal::OtherVerifier => Self::OtherVerifier,
            wit::TokenRefusal::OtherPurpose => Self::OtherPurpose,
            wit::TokenRefusal::NotValid(standing) => Self::NotValid(standing.into()),
        }
    }
}

impl From<wit_evidence::Error> for evidence::Error {
    fn from(error: wit_evidence::Error) -> Self {
        match error {
            wit_evidence::Error::Denied(decision) => Self::Denied(decision),
            wit_evidence::Error::Invalid(what) => Self::Invalid(what),
            wit_evidence::Error::NotFound => Self::NotFound,
            wit_evidence::Error::Other(what) => Self::Other(what),
        }
    }
}
