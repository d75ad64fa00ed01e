//! The capability as guests see it: parse, take the file, hand over to [`Seals`], put the result, convert.

use std::sync::Arc;

use wasmtime::component::{HasSelf, Linker};
use zhongtai_kernel::chain;
use zhongtai_runtime::{Invocation, slow_lane};

use crate::{
    ActKey, Facts, Order, Place, Problem, Report, SealError, SealName, Sealed, Seals, Shelf, Signature, Status, Verdict,
};

wasmtime::component::bindgen!({
    inline: "
        package zhongtai:host-seal;
        world host { import zhongtai:seal/seals@0.1.0; }
    ",
    path: "../../../wit/seal",
    world: "zhongtai:host-seal/host",
    imports: { default: async | trappable },
});

use zhongtai::seal::seals as wit;

pub(crate) fn add_to_linker(linker: &mut Linker<Invocation>) -> wasmtime::Result<()> {
    wit::add_to_linker::<_, HasSelf<Invocation>>(linker, |invocation| invocation)
}

/// What guests' calls need: seals, and where files are.
#[derive(Clone)]
pub(crate) struct AtHand {
    pub(crate) seals: Arc<Seals>,
    pub(crate) shelf: Arc<dyn Shelf>,
}

/// A guest's answer; the outer result traps.
type Answer<T> = wasmtime::Result<Result<T, wit::Error>>;

impl wit::Host for Invocation {
    async fn apply(
        &mut self,
        seal: String,
        file: String,
        place: wit::Place,
        reasons: wit::Reasons,
        idempotency_key: String,
    ) -> Answer<wit::Sealed> {
        let hand = at_hand(self).await?;
        let applied = async {
            let (name, key) = (seal.parse::<SealName>()?, ActKey::try_from(idempotency_key)?);
            let order = order(self, &hand, &file, place, reasons).await?;
            let sealed = hand.seals.apply(self.asker(), &name, order, key).await?;
            put(self, &hand, &file, &sealed).await
        };
        let applied = applied.await;
        Ok(applied.map_err(|error| answer(self, error)))
    }

    async fn verify(&mut self, file: String, purpose: String) -> Answer<wit::Report> {
        let hand = at_hand(self).await?;
        let verified = async {
            hand.seals.may_verify(self.asker(), &purpose).await?;
            let taken = hand.shelf.take(self.asker(), &file, &purpose, hand.seals.most_bytes()).await?;
            hand.seals.examine(taken.bytes, self.now()).await
        };
        let verified = verified.await;
        Ok(verified.map(report).map_err(|error| answer(self, error)))
    }

    async fn sign(
        &mut self,
        file: String,
        place: wit::Place,
        reasons: wit::Reasons,
        idempotency_key: String,
    ) -> Answer<wit::Sealed> {
        let hand = at_hand(self).await?;
        let signed = async {
            let key = ActKey::try_from(idempotency_key)?;
            let order = order(self, &hand, &file, place, reasons).await?;
            let sealed = hand.seals.sign(self.asker(), order, key).await?;
            put(self, &hand, &file, &sealed).await
        };
        let signed = signed.await;
        Ok(signed.map_err(|error| answer(self, error)))
    }
}

/// Every call asks the database: it leaves the fast lane first.
async fn at_hand(invocation: &Invocation) -> wasmtime::Result<AtHand> {
    let hand = invocation.provider::<AtHand>()?;
    slow_lane().await;
    Ok(hand)
}

/// The file, if the asker may read it, and what is asked for.
async fn order(
    invocation: &mut Invocation,
    hand: &AtHand,
    file: &str,
    place: wit::Place,
    reasons: wit::Reasons,
) -> Result<Order, SealError> {
    let wit::Reasons { case_id, stage, purpose, note } = reasons;
    let facts = Facts { case: Some(case_id), stage: Some(stage), reason: note };
    facts.check()?;
    let taken = hand.shelf.take(invocation.asker(), file, &purpose, hand.seals.most_bytes()).await?;
    // What is on record is what happened: a file of one case is not sealed for another.
    if facts.case.as_deref() != Some(taken.case.as_str()) {
        return Err(SealError::invalid("case", "the case that the file is of"));
    }
    let document = taken.bytes;
    Ok(Order { document, place: Place { page: place.page, x_mm: place.x_mm, y_mm: place.y_mm }, facts })
}

async fn put(invocation: &mut Invocation, hand: &AtHand, of: &str, sealed: &Sealed) -> Result<wit::Sealed, SealError> {
    let file = hand.shelf.put(invocation.asker(), of, sealed).await?;
    Ok(wit::Sealed { file, sha256: hex::encode(sealed.sha256), sm3: hex::encode(sealed.sm3) })
}

fn report(report: Report) -> wit::Report {
    wit::Report {
        verdict: match report.verdict {
            Verdict::Valid => wit::Verdict::Valid,
            Verdict::Invalid => wit::Verdict::Invalid,
            Verdict::Unsigned => wit::Verdict::Unsigned,
            Verdict::Unreadable => wit::Verdict::Unreadable,
        },
        zh: report.words.zh,
        en: report.words.en,
        sha256: report.sha256,
        signatures: report.signatures.into_iter().map(signature).collect(),
        bytes_after_last: report.after_last.map_or(0, |after| after.bytes),
    }
}

fn signature(signature: Signature) -> wit::Signature {
    let problem = |Problem { code, words }: Problem| wit::Problem { code, zh: words.zh, en: words.en };
    wit::Signature {
        valid: signature.valid,
        name: signature.name,
        signer: signature.signer,
        page: signature.page,
        at: signature.at.map(|at| at.to_string()),
        stamped: signature.stamped,
        whole_file: signature.whole_file,
        problems: signature.problems.into_iter().map(problem).collect(),
    }
}

fn standing(status: Status) -> wit::Standing {
    match status {
        Status::Valid => wit::Standing::Valid,
        Status::Suspended => wit::Standing::Suspended,
        Status::Revoked => wit::Standing::Revoked,
        Status::Expired => wit::Standing::Expired,
    }
}

/// What the guest may know of a failure; faults of ours are logged.
fn answer(invocation: &Invocation, error: SealError) -> wit::Error {
    match error {
        SealError::Denied(reference) => wit::Error::Denied(reference),
        SealError::UndeclaredPurpose(purpose) => wit::Error::UndeclaredPurpose(purpose),
        SealError::Anonymous => wit::Error::Anonymous,
        SealError::NotFound(what) => wit::Error::NotFound(what.to_owned()),
        SealError::Standing { status, .. } => wit::Error::NotAllowedWhile(standing(status)),
        SealError::Stage { needed } => wit::Error::NotAtStage(needed),
        SealError::KeyReused => wit::Error::KeyReused,
        SealError::Unrecorded => wit::Error::Other(error.to_string()),
        SealError::Invalid { .. }
        | SealError::TooLarge(_)
        | SealError::Format
        | SealError::NoFace
        | SealError::NotAgain(_)
        | SealError::Exists
        | SealError::Design(_)
        | SealError::Subject(_)
        | SealError::Chain(_) => wit::Error::Invalid(error.to_string()),
        // What is wrong with a document is for whoever asked; what is wrong with keys is not.
        SealError::Pdf(_) | SealError::Ofd(_) if error.kind() != zhongtai_kernel::ErrorKind::Internal => {
            wit::Error::Invalid(chain(&error))
        }
        error => {
            let (request, error) = (invocation.request_id(), chain(&error));
            tracing::error!(%request, error, "a document can't be sealed or verified");
            wit::Error::Other("seals can't be had; try again later".to_owned())
        }
    }
}
