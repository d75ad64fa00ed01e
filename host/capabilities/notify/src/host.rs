//! The capability as guests see it: check the template, authorise, find the address, hand over to the outbox.

use std::sync::Arc;

use wasmtime::component::{HasSelf, Linker};
use zhongtai_kernel::{Access, Attribute, ScenarioId};
use zhongtai_runtime::{Invocation, Refusal, slow_lane};

use crate::{
    Address, AddressBook, Delivery, IdempotencyKey, MessageId, NewMessage, NotifyError, NotifyProvider, Template,
    Variables,
};

wasmtime::component::bindgen!({
    inline: "
        package zhongtai:host-notify;
        world host { import zhongtai:notify/send@0.1.0; }
    ",
    path: "../../../wit/notify",
    world: "zhongtai:host-notify/host",
    imports: { default: async | trappable },
});

use zhongtai::notify::send as wit;

pub(crate) fn add_to_linker(linker: &mut Linker<Invocation>) -> wasmtime::Result<()> {
    wit::add_to_linker::<_, HasSelf<Invocation>>(linker, |invocation| invocation)
}

/// A guest's answer; the outer result traps.
type Answer<T> = wasmtime::Result<Result<T, wit::Error>>;

impl wit::Host for Invocation {
    async fn send(&mut self, message: wit::Message) -> Answer<String> {
        let to = message.to.clone();
        let draft = match Draft::parse(self, message) {
            Ok(draft) => draft,
            Err(error) => return Ok(Err(answer(self, error))),
        };
        let access = ("notify:send", draft.template_name.as_str(), kind(&to));
        if let Err(error) = authorise(self, access).await {
            return Ok(Err(error));
        }
        slow_lane().await;
        let address = match resolve(self, to).await? {
            Ok(address) => address,
            Err(error) => return Ok(Err(error)),
        };
        let provider = self.provider::<Arc<dyn NotifyProvider>>()?;
        let sent = match draft.into_message(self.release().scenario().clone(), address) {
            Ok(message) => provider.send(message).await,
            Err(error) => Err(error),
        };
        Ok(sent.map(|id| id.to_string()).map_err(|error| answer(self, error)))
    }

    async fn state(&mut self, id: String) -> Answer<Option<wit::Delivery>> {
        // A message's state is asked for as one of any template: which one it was is not looked up before policy
        // has decided.
        if let Err(error) = authorise(self, ("notify:read-state", "*", "any")).await {
            return Ok(Err(error));
        }
        let Ok(id) = id.parse::<MessageId>() else { return Ok(Ok(None)) };
        let provider = self.provider::<Arc<dyn NotifyProvider>>()?;
        slow_lane().await;
        let state = provider.state(self.release().scenario(), id).await.map_err(|error| answer(self, error));
        Ok(state.map(|state| state.map(delivery)))
    }
}

/// A message that fits its template, and is not for anybody yet.
struct Draft {
    template_name: String,
    template: Template,
    variables: Variables,
    idempotency_key: Option<IdempotencyKey>,
}

// === impl Draft ===

impl Draft {
    fn parse(invocation: &Invocation, message: wit::Message) -> Result<Self, NotifyError> {
        let template = Template::find(invocation.release().settings("notify"), &message.template)?;
        let variables = template.accept(message.variables)?;
        let idempotency_key = message.idempotency_key.map(IdempotencyKey::try_from).transpose()?;
        Ok(Self { template_name: message.template, template, variables, idempotency_key })
    }

    fn into_message(self, scenario: ScenarioId, address: Address) -> Result<NewMessage, NotifyError> {
        let text = self.template.render(&self.variables)?;
        Ok(NewMessage { scenario, idempotency_key: self.idempotency_key, address, text })
    }
}

/// May this caller do `action` with its template, for a recipient of this kind?
async fn authorise(
    invocation: &mut Invocation,
    (action, template, recipient): (&'static str, &str, &'static str),
) -> Result<(), wit::Error> {
    let release = invocation.release().clone();
    let scenario = release.scenario().as_str();
    let attributes = [
        ("owner", Attribute::Entity("Scenario".into(), scenario.into())),
        ("recipient", Attribute::Text(recipient.into())),
    ];
    let access = Access::described(action, "MessageTemplate", format!("{scenario}/{template}"), &attributes);
    invocation.authorise(&access).await.map_err(|refusal| match refusal {
        Refusal::Denied(reference) => wit::Error::Denied(reference),
        Refusal::Unrecorded => wit::Error::Other("the decision can't be recorded; try again later".to_owned()),
    })
}

fn kind(recipient: &wit::Recipient) -> &'static str {
    match recipient {
        wit::Recipient::Asker => "asker",
        wit::Recipient::Subject(_) => "subject",
        wit::Recipient::Desk(_) => "desk",
    }
}

/// The address that the recipient has, if any.
async fn resolve(invocation: &Invocation, to: wit::Recipient) -> Answer<Address> {
    let addresses = invocation.provider::<Arc<dyn AddressBook>>()?;
    let department = invocation.release().scenario().department().clone();
    let (found, name) = match to {
        wit::Recipient::Asker => match invocation.account() {
            Some(account) => (addresses.asker(account).await, "asker".to_owned()),
            None => (Ok(None), "asker: nobody signed in".to_owned()),
        },
        wit::Recipient::Subject(handle) => (addresses.subject(&handle, &department).await, handle),
        wit::Recipient::Desk(name) => (addresses.desk(&department, &name).await, name),
    };
    Ok(match found {
        Ok(Some(address)) => Ok(address),
        Ok(None) => Err(wit::Error::Unreachable(name)),
        Err(error) => Err(answer(invocation, error)),
    })
}

fn delivery(delivery: Delivery) -> wit::Delivery {
    match delivery {
        Delivery::Queued => wit::Delivery::Queued,
        Delivery::Delivered => wit::Delivery::Delivered,
        Delivery::Dead => wit::Delivery::Dead,
    }
}

/// What the guest may know of a failure; faults of ours are logged.
fn answer(invocation: &Invocation, error: NotifyError) -> wit::Error {
    match error {
        NotifyError::UnknownTemplate(name) => wit::Error::UnknownTemplate(name),
        NotifyError::InvalidVariable(name) => wit::Error::InvalidVariable(name),
        NotifyError::NoChannel(_) => wit::Error::Unreachable(error.to_string()),
        NotifyError::Render(_) | NotifyError::InvalidIdempotencyKey => wit::Error::Other(error.to_string()),
        NotifyError::NotDead(_) | NotifyError::Addresses(_) | NotifyError::Store(_) => {
            tracing::error!(request = %invocation.request_id(), %error, "a message can't be handled");
            wit::Error::Other("the message can't be handled; try again later".to_owned())
        }
    }
}
