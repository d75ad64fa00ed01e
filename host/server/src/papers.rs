//! The sealed files of certificates: a document of the type's template, sealed with its department's seal.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::{Map, Value};
use zhongtai_cap_certificate::{Certificate, Paper, PaperPlan, Papers, PapersError};
use zhongtai_cap_document::{Documents, Rendered};
use zhongtai_cap_seal::{ActKey, Facts, Paper as Unsealed, Place, SealName, Seals, by_the_host};
use zhongtai_kernel::chain;
use zhongtai_runtime::Services;

/// The stage of a case that its certificate is sealed from (制证).
const STAGE: &str = "issue";

/// Makes a certificate's PDF and OFD.
pub(crate) struct SealedPapers {
    pub(crate) documents: Arc<Documents>,
    pub(crate) seals: Arc<Seals>,
    /// What the host asks policy by when it seals: as anybody else who seals, and on record.
    pub(crate) services: Arc<Services>,
}

// === impl SealedPapers ===

#[async_trait]
impl Papers for SealedPapers {
    async fn make(&self, certificate: &Certificate) -> Result<Vec<Paper>, PapersError> {
        let none = || PapersError(format!("the type `{}` has no plan for papers", certificate.kind.name()));
        let plan = certificate.kind.papers().ok_or_else(none)?;
        let seal: SealName = plan.seal.parse().map_err(failed("papers.seal"))?;
        // Everything but the certificate is left out: the same one has the same bytes, whenever it is made.
        let made = self.documents.render(&plan.template, None, inputs(certificate, plan), certificate.issued_at).await;
        let made = made.map_err(failed("the document"))?;
        let place = self.place(&made, &seal).await?;
        let papers = [&made.pdf, &made.ofd].map(|document| Unsealed { document: document.clone(), place });
        // With the template's digest: a paper that could not be made is made by a template that was mended meanwhile.
        let key = ActKey::try_from(format!("certificate {} {}", certificate.id, made.digest));
        let key = key.map_err(failed("the seal"))?;
        let facts = Facts {
            case: certificate.case.clone(),
            stage: Some(STAGE.to_owned()),
            reason: Some(certificate.kind.title().to_owned()),
        };
        let mut host = by_the_host(&certificate.scenario, self.services.clone()).map_err(failed("the seal"))?;
        let sealed = self.seals.apply_papers(&mut host, &seal, (papers.to_vec(), facts), key).await;
        let sealed = sealed.map_err(failed("the seal"))?;
        let names = [("certificate.pdf", "application/pdf"), ("certificate.ofd", "application/ofd")];
        let named = names.into_iter().zip(sealed).map(|((name, media_type), sealed)| Paper {
            name: name.to_owned(),
            media_type: media_type.to_owned(),
            bytes: sealed.bytes,
        });
        Ok(named.collect())
    }
}

impl SealedPapers {
    /// The seal's face in the middle of the box that the template keeps for it.
    async fn place(&self, made: &Rendered, seal: &SealName) -> Result<Place, PapersError> {
        let none = || PapersError(format!("the template `{}` has no place labelled <seal>", made.template));
        let place = made.seal_place("").ok_or_else(none)?;
        let face = self.seals.provider().face(seal).await.map_err(failed("the seal"))?;
        Ok(Place {
            page: place.page,
            x_mm: place.x_mm + (place.width_mm - face.width_mm) / 2.0,
            y_mm: place.y_mm + (place.height_mm - face.height_mm) / 2.0,
        })
    }
}

/// What the template is filled in with: the fields, and what `PAPER_FACTS` names.
fn inputs(certificate: &Certificate, plan: &PaperPlan) -> Map<String, Value> {
    let day = |at: jiff::Timestamp| at.to_zoned(jiff::tz::offset(8).to_time_zone()).date().to_string();
    let facts = [
        ("number", Some(certificate.number.to_string())),
        ("issuer", Some(plan.issuer.clone())),
        ("issued_on", Some(day(certificate.issued_at))),
        ("valid_from", Some(certificate.valid_from.to_string())),
        ("valid_until", certificate.valid_until.map(|day| day.to_string())),
    ];
    let facts = facts.into_iter().filter_map(|(name, text)| Some((name.to_owned(), Value::from(text?))));
    certificate.fields.clone().into_iter().chain(facts).collect()
}

/// For the log: the causes name templates and seals, never what is filled in.
fn failed<E: std::error::Error>(what: &'static str) -> impl FnOnce(E) -> PapersError {
    move |error| PapersError(format!("{what}: {}", chain(&error)))
}
