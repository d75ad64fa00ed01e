//! The capability as guests see it: parse, authorise, anchor or prove.

use std::sync::Arc;

use wasmtime::component::{HasSelf, Linker};
use zhongtai_kernel::{Access, Attribute};
use zhongtai_runtime::{Invocation, Refusal, slow_lane};

use crate::{AnchorId, EvidenceError, EvidenceProvider, NewAnchor};

wasmtime::component::bindgen!({
    inline: "
        package zhongtai:host-evidence;
        world host { import zhongtai:evidence/anchors@0.1.0; }
    ",
    path: "../../../wit/evidence",
    world: "zhongtai:host-evidence/host",
    imports: { default: async | trappable },
});

use zhongtai::evidence::anchors as wit;

pub(crate) fn add_to_linker(linker: &mut Linker<Invocation>) -> wasmtime::Result<()> {
    wit::add_to_linker::<_, HasSelf<Invocation>>(linker, |invocation| invocation)
}

/// A guest's answer; the outer result traps.
type Answer<T> = wasmtime::Result<Result<T, wit::Error>>;

impl wit::Host for Invocation {
    async fn anchor(&mut self, hash: String, purpose: String, reference: String) -> Answer<wit::Anchored> {
        let new = match parse(self, &hash, &purpose, &reference) {
            Ok(new) => new,
            Err(error) => return Ok(Err(answer(self, error))),
        };
        if let Err(refusal) = may_anchor(self, &purpose).await {
            return Ok(Err(refused(refusal)));
        }
        let provider = self.provider::<Arc<dyn EvidenceProvider>>()?;
        slow_lane().await;
        let anchored = provider.anchor(new).await;
        let anchored = anchored.map(|anchor| wit::Anchored { id: anchor.id.to_string(), at: anchor.at.to_string() });
        Ok(anchored.map_err(|error| answer(self, error)))
    }

    async fn prove(&mut self, id: String) -> Answer<String> {
        let Ok(id) = id.parse::<AnchorId>() else { return Ok(Err(wit::Error::NotFound)) };
        let provider = self.provider::<Arc<dyn EvidenceProvider>>()?;
        slow_lane().await;
        let anchor = match provider.find(id).await {
            Ok(Some(anchor)) => anchor,
            Ok(None) => return Ok(Err(wit::Error::NotFound)),
            Err(error) => return Ok(Err(answer(self, error))),
        };
        let owner = [("owner", Attribute::Entity("Scenario".into(), anchor.scenario.as_str().into()))];
        if let Err(refusal) =
            self.authorise(&Access::described("evidence:prove", "Anchor", id.to_string(), &owner)).await
        {
            return Ok(Err(refused(refusal)));
        }
        let bundle = provider.prove(id).await;
        let text = bundle.map(|bundle| serde_json::to_string(&bundle).unwrap_or_default());
        Ok(text.map_err(|error| answer(self, error)))
    }
}

fn parse(invocation: &Invocation, hash: &str, purpose: &str, reference: &str) -> Result<NewAnchor, EvidenceError> {
    Ok(NewAnchor {
        scenario: invocation.release().scenario().clone(),
        hash: hash.parse()?,
        purpose: purpose.parse()?,
        reference: reference.parse()?,
    })
}

/// A scenario anchors what is its own.
async fn may_anchor(invocation: &mut Invocation, purpose: &str) -> Result<(), Refusal> {
    let release = invocation.release().clone();
    let scenario = release.scenario();
    let attributes = [
        ("owner", Attribute::Entity("Department".into(), scenario.department().as_str().into())),
        ("access", Attribute::Text(release.manifest().plugin.access.as_str().into())),
    ];
    let access = Access::described("evidence:anchor", "Scenario", scenario.as_str(), &attributes);
    invocation.authorise(&access.for_purpose(purpose)).await
}

fn refused(refusal: Refusal) -> wit::Error {
    match refusal {
        Refusal::Denied(reference) => wit::Error::Denied(reference),
        Refusal::Unrecorded => wit::Error::Other("the decision can't be recorded; try again later".to_owned()),
    }
}

/// What the guest may know of a failure; faults of ours are logged.
fn answer(invocation: &Invocation, error: EvidenceError) -> wit::Error {
    match error {
        EvidenceError::Invalid { .. } => wit::Error::Invalid(error.to_string()),
        EvidenceError::NotFound => wit::Error::NotFound,
        EvidenceError::Elsewhere(_) => wit::Error::Other(error.to_string()),
        EvidenceError::Store(_) | EvidenceError::Log(_) | EvidenceError::Mismatch(_) => {
            let error = zhongtai_kernel::chain(&error);
            tracing::error!(request = %invocation.request_id(), error, "evidence can't be anchored or proved");
            wit::Error::Other("evidence can't be had; try again later".to_owned())
        }
    }
}
