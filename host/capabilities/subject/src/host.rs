//! The capability as guests see it: authorise, ask the provider, convert.

use std::{collections::BTreeMap, sync::Arc};

use wasmtime::component::{HasSelf, Linker};
use zhongtai_kernel::{Access, Assurance, Subject, SubjectKind};
use zhongtai_runtime::{Invocation, Refusal, slow_lane};

use crate::{Handles, SubjectProvider, provider::FIELDS};

wasmtime::component::bindgen!({
    inline: "
        package zhongtai:host-subject;
        world host { import zhongtai:subject/current@0.1.0; }
    ",
    path: "../../../wit/subject",
    world: "zhongtai:host-subject/host",
    imports: { default: async | trappable },
});

use zhongtai::subject::current as wit;

/// Names in one call: each is a decision and a line of the audit log, so a guest may not ask for any number.
const NAMES: usize = 32;

pub(crate) fn add_to_linker(linker: &mut Linker<Invocation>) -> wasmtime::Result<()> {
    wit::add_to_linker::<_, HasSelf<Invocation>>(linker, |invocation| invocation)
}

impl wit::Host for Invocation {
    async fn current(&mut self) -> wasmtime::Result<Option<wit::Subject>> {
        let Some(subject) = self.subject().cloned() else { return Ok(None) };
        // Refused looks like anonymous to the guest; the record tells the two apart.
        if self.authorise_own("subject:identify").is_err() {
            return Ok(None);
        }
        let handles = self.provider::<Arc<Handles>>()?;
        let handle = handles.seal(self.release().scenario().department(), subject.account);
        Ok(Some(convert(&subject, handle)))
    }

    async fn fields(
        &mut self,
        names: Vec<String>,
        purpose: String,
    ) -> wasmtime::Result<Result<Vec<wit::Field>, wit::Error>> {
        let Some(account) = self.account() else { return Ok(Err(wit::Error::Anonymous)) };
        if !self.release().declares(&purpose) {
            return Ok(Err(wit::Error::UndeclaredPurpose(purpose)));
        }
        if names.len() > NAMES {
            return Ok(Err(wit::Error::Other(format!(
                "{} names in one call, at most {NAMES} are allowed",
                names.len()
            ))));
        }
        let Ok(allowed) = allowed(self, &names, &purpose) else {
            return Ok(Err(wit::Error::Other("the decision can't be recorded; try again later".to_owned())));
        };
        if allowed.is_empty() {
            return Ok(Ok(Vec::new()));
        }
        let provider = self.provider::<Arc<dyn SubjectProvider>>()?;
        slow_lane().await;
        Ok(match provider.fields(account, &allowed).await {
            Ok(fields) => Ok(in_order(&allowed, fields)),
            Err(error) => {
                tracing::error!(request = %self.request_id(), %error, "a subject's fields can't be read");
                Err(wit::Error::Other("the fields can't be read; try again later".to_owned()))
            }
        })
    }
}

/// The names that exist and that policy allows, each once, in the order asked for. An error when a decision can't
/// be recorded.
fn allowed(invocation: &mut Invocation, names: &[String], purpose: &str) -> Result<Vec<&'static str>, Refusal> {
    let mut allowed = Vec::new();
    let mut asked = Vec::new();
    for name in names.iter().filter_map(|name| FIELDS.into_iter().find(|field| field == name)) {
        if asked.contains(&name) {
            continue;
        }
        asked.push(name);
        let access = Access::declared("subject:read-field", "Field", format!("subject.{name}")).for_purpose(purpose);
        match invocation.authorise(&access) {
            Ok(()) => allowed.push(name),
            Err(Refusal::Denied(_)) => {}
            Err(Refusal::Unrecorded) => return Err(Refusal::Unrecorded),
        }
    }
    Ok(allowed)
}

/// Only what was allowed, whatever a provider returns.
fn in_order(allowed: &[&str], mut fields: BTreeMap<String, String>) -> Vec<wit::Field> {
    let take = |name: &&str| fields.remove(*name).map(|value| wit::Field { name: (*name).to_owned(), value });
    allowed.iter().filter_map(take).collect()
}

fn convert(subject: &Subject, handle: String) -> wit::Subject {
    wit::Subject {
        handle,
        kind: match subject.kind {
            SubjectKind::NaturalPerson => wit::Kind::NaturalPerson,
            SubjectKind::LegalPerson => wit::Kind::LegalPerson,
            SubjectKind::Officer => wit::Kind::Officer,
        },
        assurance: match subject.assurance {
            Assurance::Low => wit::Assurance::Low,
            Assurance::Substantial => wit::Assurance::Substantial,
            Assurance::High => wit::Assurance::High,
        },
        roles: subject.roles.clone(),
    }
}
