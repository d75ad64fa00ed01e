//! The capability as guests see it: authorise, ask the provider, convert.

use std::{collections::BTreeMap, sync::Arc};

use wasmtime::component::{HasSelf, Linker};
use zhongtai_kernel::{Access, AccountId, Agent, Assurance, Subject, SubjectKind};
use zhongtai_runtime::{Invocation, Refusal, Shown, slow_lane};

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
        if self.authorise_own("subject:identify").await.is_err() {
            return Ok(None);
        }
        let handles = self.provider::<Arc<Handles>>()?;
        let handle = |account| handles.seal(self.release().scenario().department(), account);
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
        let Ok(shown) = shown(self, &names, &purpose).await else {
            return Ok(Err(wit::Error::Other("the decision can't be recorded; try again later".to_owned())));
        };
        if shown.is_empty() {
            return Ok(Ok(Vec::new()));
        }
        let names: Vec<_> = shown.iter().map(|(name, _)| *name).collect();
        let provider = self.provider::<Arc<dyn SubjectProvider>>()?;
        slow_lane().await;
        Ok(match provider.fields(account, &names).await {
            Ok(fields) => Ok(filtered(&shown, fields)),
            Err(error) => {
                tracing::error!(request = %self.request_id(), %error, "a subject's fields can't be read");
                Err(wit::Error::Other("the fields can't be read; try again later".to_owned()))
            }
        })
    }
}

/// The names that exist and that policy lets this caller see, each once, in the order asked for, with how they may be
/// shown. An error when a decision can't be recorded.
async fn shown(
    invocation: &mut Invocation,
    names: &[String],
    purpose: &str,
) -> Result<Vec<(&'static str, Shown)>, Refusal> {
    let mut shown: Vec<(&'static str, Shown)> = Vec::new();
    let mut asked = Vec::new();
    for name in names.iter().filter_map(|name| FIELDS.into_iter().find(|field| field == name)) {
        if asked.contains(&name) {
            continue;
        }
        asked.push(name);
        let access = Access::declared("subject:read-field", "Field", format!("subject.{name}")).for_purpose(purpose);
        if let Some(how) = invocation.show(&access).await? {
            shown.push((name, how));
        }
    }
    Ok(shown)
}

/// Only what may be shown, as it may be shown, whatever a provider returns.
fn filtered(shown: &[(&str, Shown)], mut fields: BTreeMap<String, String>) -> Vec<wit::Field> {
    let field = |(name, how): &(&str, Shown)| {
        fields.remove(*name).map(|value| wit::Field { name: (*name).to_owned(), value: how.apply(value) })
    };
    shown.iter().filter_map(field).collect()
}

fn convert(subject: &Subject, handle: impl Fn(AccountId) -> String) -> wit::Subject {
    let agent = |agent: &Agent| wit::Agent { handle: handle(agent.account), actions: agent.actions.clone() };
    wit::Subject {
        handle: handle(subject.account),
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
        agent: subject.agent.as_ref().map(agent),
    }
}
