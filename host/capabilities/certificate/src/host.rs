//! The capability as guests see it: parse, hand over to [`Certificates`], convert.

use std::sync::Arc;

use jiff::civil::Date;
use wasmtime::component::{HasSelf, Linker};
use zhongtai_kernel::Timestamp;
use zhongtai_runtime::{Invocation, slow_lane};

use crate::{
    ActKey, Certificate, CertificateError, Certificates, FieldProblem, Fields, Holder, NewCertificate, PaperFile,
    ShownField, Standing, TokenRefusal, Why,
};

wasmtime::component::bindgen!({
    inline: "
        package zhongtai:host-certificate;
        world host { import zhongtai:certificate/certificates@0.1.0; }
    ",
    path: "../../../wit/certificate",
    world: "zhongtai:host-certificate/host",
    imports: { default: async | trappable },
});

use zhongtai::certificate::certificates as wit;

pub(crate) fn add_to_linker(linker: &mut Linker<Invocation>) -> wasmtime::Result<()> {
    wit::add_to_linker::<_, HasSelf<Invocation>>(linker, |invocation| invocation)
}

/// A guest's answer; the outer result traps.
type Answer<T> = wasmtime::Result<Result<T, wit::Error>>;

impl wit::Host for Invocation {
    async fn issue(&mut self, request: wit::IssueRequest) -> Answer<wit::Issued> {
        let certificates = at_hand(self).await?;
        let issued = async {
            let new = NewCertificate {
                kind: request.kind,
                holder: holder(&certificates, self, request.holder)?,
                fields: fields(&request.fields)?,
                valid_from: day("valid-from", request.valid_from)?,
                valid_until: day("valid-until", request.valid_until)?,
            };
            let key = ActKey::try_from(request.idempotency_key)?;
            certificates.issue(self.asker(), (&why(request.why), key), new).await
        };
        let issued = issued.await.map(|certificate| issued_as(&certificate, self.now()));
        Ok(issued.map_err(|error| answer(self, error)))
    }

    async fn reissue(&mut self, request: wit::ReissueRequest) -> Answer<wit::Issued> {
        let certificates = at_hand(self).await?;
        let issued = async {
            let until = day("valid-until", request.valid_until)?;
            let new = (request.id.parse()?, fields(&request.fields)?, until, request.reason);
            let key = ActKey::try_from(request.idempotency_key)?;
            certificates.reissue(self.asker(), (&why(request.why), key), new).await
        };
        let issued = issued.await.map(|certificate| issued_as(&certificate, self.now()));
        Ok(issued.map_err(|error| answer(self, error)))
    }

    async fn revoke(
        &mut self,
        id: String,
        reason: String,
        reasons: wit::Why,
        idempotency_key: String,
    ) -> Answer<wit::Summary> {
        let certificates = at_hand(self).await?;
        let revoked = async {
            let key = ActKey::try_from(idempotency_key)?;
            certificates.revoke(self.asker(), (&why(reasons), key), id.parse()?, reason).await
        };
        let revoked = revoked.await.map(|certificate| summary(&certificate, self.now()));
        Ok(revoked.map_err(|error| answer(self, error)))
    }

    async fn mine(&mut self, purpose: String) -> Answer<Vec<wit::Summary>> {
        let certificates = at_hand(self).await?;
        let found = certificates.mine(self.asker(), &Why::purpose(purpose)).await;
        Ok(found.map(|found| summaries(&found, self.now())).map_err(|error| answer(self, error)))
    }

    async fn held_by(&mut self, whose: wit::Holder, reasons: wit::Why) -> Answer<Vec<wit::Summary>> {
        let certificates = at_hand(self).await?;
        let found = async {
            let holder = holder(&certificates, self, whose)?;
            certificates.held_by(self.asker(), &why(reasons), holder).await
        };
        let found = found.await.map(|found| summaries(&found, self.now()));
        Ok(found.map_err(|error| answer(self, error)))
    }

    async fn read(&mut self, id: String, names: Vec<String>, reasons: wit::Why) -> Answer<wit::Content> {
        let certificates = at_hand(self).await?;
        let read = async { certificates.read(self.asker(), &why(reasons), id.parse()?, &names).await };
        let read = read.await.map(|(certificate, fields)| content(&certificate, fields, self.now()));
        Ok(read.map_err(|error| answer(self, error)))
    }

    async fn history(&mut self, id: String, reasons: wit::Why) -> Answer<Vec<wit::HistoryEntry>> {
        let certificates = at_hand(self).await?;
        let found = async { certificates.history(self.asker(), &why(reasons), id.parse()?).await };
        let entry = |entry: crate::HistoryEntry| wit::HistoryEntry {
            at: entry.at.to_string(),
            what: entry.what,
            by: entry.by,
            reason: entry.reason,
        };
        Ok(found.await.map(|found| found.into_iter().map(entry).collect()).map_err(|error| answer(self, error)))
    }

    async fn verify(&mut self, number: String, purpose: String) -> Answer<wit::Summary> {
        let number = match number.parse() {
            Ok(number) => number,
            Err(error) => return Ok(Err(answer(self, CertificateError::Number(error)))),
        };
        let certificates = at_hand(self).await?;
        let found = certificates.verify(self.asker(), &Why::purpose(purpose), &number).await;
        Ok(found.map(|certificate| summary(&certificate, self.now())).map_err(|error| answer(self, error)))
    }

    async fn present(&mut self, id: String, request: wit::Presenting) -> Answer<wit::Presentation> {
        let certificates = at_hand(self).await?;
        let shared = async {
            let what = (request.fields, request.purpose.parse()?, request.verifier.parse()?);
            certificates.present(self.asker(), id.parse()?, what, request.minutes).await
        };
        let shared = shared.await.map(|shared| wit::Presentation {
            token: shared.token.expose().to_owned(),
            qr: shared.qr,
            expires_at: shared.expires_at.to_string(),
        });
        Ok(shared.map_err(|error| answer(self, error)))
    }

    async fn redeem(&mut self, token: String, purpose: String) -> Answer<wit::Content> {
        let certificates = at_hand(self).await?;
        let presented = async { certificates.redeem(self.asker(), &token.parse()?, &purpose.parse()?).await };
        let presented = presented.await.map(|seen| content(&seen.certificate, seen.fields, self.now()));
        Ok(presented.map_err(|error| answer(self, error)))
    }
}

/// Every call asks the database: it leaves the fast lane first.
async fn at_hand(invocation: &Invocation) -> wasmtime::Result<Arc<Certificates>> {
    let certificates = invocation.provider::<Arc<Certificates>>()?;
    slow_lane().await;
    Ok(certificates)
}

fn why(why: wit::Why) -> Why {
    Why { purpose: why.purpose, basis: why.basis, consent: why.consent, case: why.case_id }
}

fn holder(
    certificates: &Certificates,
    invocation: &Invocation,
    holder: wit::Holder,
) -> Result<Holder, CertificateError> {
    let invalid = |error: zhongtai_kernel::InvalidCode| CertificateError::invalid("holder", error.to_string());
    match holder {
        wit::Holder::Asker => invocation.account().map(Holder::Account).ok_or(CertificateError::Anonymous),
        wit::Holder::Subject(handle) => certificates.holder_of(invocation.release().scenario().department(), &handle),
        wit::Holder::CreditCode(code) => code.parse().map(Holder::Enterprise).map_err(invalid),
        wit::Holder::ResidentId(id) => id.parse().map(Holder::Person).map_err(invalid),
    }
}

fn fields(json: &str) -> Result<Fields, CertificateError> {
    serde_json::from_str(json).map_err(|_| CertificateError::invalid("fields", "a JSON object"))
}

fn day(what: &'static str, text: Option<String>) -> Result<Option<Date>, CertificateError> {
    let parse = |text: String| text.parse().map_err(|_| CertificateError::invalid(what, "a day, YYYY-MM-DD"));
    text.map(parse).transpose()
}

fn summaries(found: &[Certificate], now: Timestamp) -> Vec<wit::Summary> {
    found.iter().map(|certificate| summary(certificate, now)).collect()
}

fn summary(certificate: &Certificate, now: Timestamp) -> wit::Summary {
    wit::Summary {
        id: certificate.id.to_string(),
        number: certificate.number.to_string(),
        kind: certificate.kind.name().to_owned(),
        title: certificate.kind.title().to_owned(),
        standing: standing(certificate.standing(now)),
        valid_from: certificate.valid_from.to_string(),
        valid_until: certificate.valid_until.map(|day| day.to_string()),
    }
}

fn standing(standing: Standing) -> wit::Standing {
    match standing {
        Standing::Issuing => wit::Standing::Issuing,
        Standing::NotYetValid => wit::Standing::NotYetValid,
        Standing::Valid => wit::Standing::Valid,
        Standing::Expired => wit::Standing::Expired,
        Standing::Revoked => wit::Standing::Revoked,
        Standing::Superseded => wit::Standing::Superseded,
    }
}

fn issued_as(certificate: &Certificate, now: Timestamp) -> wit::Issued {
    let paper = |file: &PaperFile| wit::Paper {
        name: file.name.clone(),
        media_type: file.media_type.clone(),
        sha256: hex::encode(file.sha256),
        sm3: hex::encode(file.sm3),
    };
    wit::Issued { summary: summary(certificate, now), papers: certificate.papers.iter().map(paper).collect() }
}

fn content(certificate: &Certificate, fields: Vec<ShownField>, now: Timestamp) -> wit::Content {
    let field = |field: ShownField| wit::Field { name: field.name, title: field.title, value: field.value };
    wit::Content { summary: summary(certificate, now), fields: fields.into_iter().map(field).collect() }
}

/// What the guest may know of a failure; faults of ours are logged.
fn answer(invocation: &Invocation, error: CertificateError) -> wit::Error {
    match error {
        CertificateError::Denied(reference) => wit::Error::Denied(reference),
        CertificateError::UndeclaredPurpose(purpose) => wit::Error::UndeclaredPurpose(purpose),
        CertificateError::UnknownType(name) => wit::Error::UnknownType(name),
        CertificateError::Fields(problems) => {
            wit::Error::InvalidFields(problems.into_iter().map(field_problem).collect())
        }
        CertificateError::NotFound => wit::Error::NotFound,
        CertificateError::Standing(now) => wit::Error::NotAllowedWhile(standing(now)),
        CertificateError::KeyReused => wit::Error::KeyReused,
        CertificateError::Token(refusal) => wit::Error::Token(token(refusal)),
        CertificateError::Papers(ref cause) => {
            tracing::warn!(request = %invocation.request_id(), %cause, "a certificate waits for its papers");
            wit::Error::PapersPending
        }
        CertificateError::Number(_)
        | CertificateError::Invalid { .. }
        | CertificateError::InvalidType(_)
        | CertificateError::NoNumbers(_)
        | CertificateError::Anonymous => wit::Error::Invalid(error.to_string()),
        CertificateError::Unrecorded | CertificateError::Partly => wit::Error::Other(error.to_string()),
        CertificateError::Store(_) | CertificateError::Holders(_) | CertificateError::Fault(_) => {
            tracing::error!(request = %invocation.request_id(), %error, "certificates can't be had");
            wit::Error::Other("certificates can't be had; try again later".to_owned())
        }
    }
}

fn field_problem(one: FieldProblem) -> wit::FieldProblem {
    let FieldProblem { field, title, problem } = one;
    wit::FieldProblem { field, title, zh: problem.zh, en: problem.en }
}

fn token(refusal: TokenRefusal) -> wit::TokenRefusal {
    match refusal {
        TokenRefusal::Unknown => wit::TokenRefusal::Unknown,
        TokenRefusal::Expired => wit::TokenRefusal::Expired,
        TokenRefusal::Used => wit::TokenRefusal::Used,
        TokenRefusal::OtherVerifier => wit::TokenRefusal::OtherVerifier,
        TokenRefusal::OtherPurpose => wit::TokenRefusal::OtherPurpose,
        TokenRefusal::NotValid(now) => wit::TokenRefusal::NotValid(standing(now)),
    }
}
