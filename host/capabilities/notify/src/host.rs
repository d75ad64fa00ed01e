//! The capability as guests see it: check the template, authorise, find the address, hand over to the outbox.

use std::sync::Arc;

use wasmtime::component::{HasSelf, Linker};
use zhongtai_kernel::{Access, Attribute};
use zhongtai_runtime::{Invocation, Refusal, slow_lane};

use crate::{
    AddressBook, ChannelKind, Delivery, FailureKind, IdempotencyKey, MessageId, NewMessage, NotifyError,
    NotifyProvider, Progress, Reach, Template, Variables,
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
        // An urgent message may wake people up: that takes a permit of its own.
        let urgent = draft.template.choice().urgent.then_some("notify:send-urgent");
        for action in ["notify:send"].into_iter().chain(urgent) {
            if let Err(error) = authorise(self, (action, draft.template_name.as_str(), kind(&to))).await {
                return Ok(Err(error));
            }
        }
        slow_lane().await;
        let name = name(&to);
        let reach = match resolve(self, to).await? {
            Ok(reach) => reach,
            Err(error) => return Ok(Err(error)),
        };
        let provider = self.provider::<Arc<dyn NotifyProvider>>()?;
        let sent = match draft.into_message(self, reach) {
            Ok(message) => provider.send(message).await,
            Err(error) => Err(error),
        };
        Ok(sent.map(|id| id.to_string()).map_err(|error| match error {
            NotifyError::NoAddress => wit::Error::Unreachable(name),
            error => answer(self, error),
        }))
    }

    async fn state(&mut self, id: String) -> Answer<Option<wit::Delivery>> {
        Ok(progress(self, &id).await?.map(|all| all.iter().map(|one| one.state).max().map(delivery)))
    }

    async fn deliveries(&mut self, id: String) -> Answer<Vec<wit::Progress>> {
        Ok(progress(self, &id).await?.map(|all| all.into_iter().map(Into::into).collect()))
    }
}

/// How far a message is on each channel.
async fn progress(invocation: &mut Invocation, id: &str) -> Answer<Vec<Progress>> {
    // A message's state is asked for as one of any template: which one it was is not looked up before policy has
    // decided.
    if let Err(error) = authorise(invocation, ("notify:read-state", "*", "any")).await {
        return Ok(Err(error));
    }
    let Ok(id) = id.parse::<MessageId>() else { return Ok(Ok(Vec::new())) };
    let provider = invocation.provider::<Arc<dyn NotifyProvider>>()?;
    slow_lane().await;
    let deliveries = provider.deliveries(invocation.release().scenario(), id).await;
    Ok(deliveries.map_err(|error| answer(invocation, error)))
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

    fn into_message(self, invocation: &Invocation, to: Reach) -> Result<NewMessage, NotifyError> {
        let release = invocation.release();
        Ok(NewMessage {
            scenario: release.scenario().clone(),
            template: self.template_name,
            version: release.manifest().plugin.version.clone(),
            idempotency_key: self.idempotency_key,
            to,
            choice: self.template.choice(),
            texts: self.template.render(&self.variables)?,
        })
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

/// What a guest calls the recipient; never an address.
fn name(recipient: &wit::Recipient) -> String {
    match recipient {
        wit::Recipient::Asker => "asker".to_owned(),
        wit::Recipient::Subject(name) | wit::Recipient::Desk(name) => name.clone(),
    }
}

/// How the recipient is reached, if there is one.
async fn resolve(invocation: &Invocation, to: wit::Recipient) -> Answer<Reach> {
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
        Ok(Some(reach)) => Ok(reach),
        Ok(None) => Err(wit::Error::Unreachable(name)),
        Err(error) => Err(answer(invocation, error)),
    })
}

fn delivery(delivery: Delivery) -> wit::Delivery {
    match delivery {
        Delivery::Queued => wit::Delivery::Queued,
        Delivery::HeldQuiet => wit::Delivery::HeldQuiet,
        Delivery::HeldRate => wit::Delivery::HeldRate,
        Delivery::Sending => wit::Delivery::Sending,
        Delivery::Sent => wit::Delivery::Sent,
        Delivery::Delivered => wit::Delivery::Delivered,
        Delivery::Failed => wit::Delivery::Failed,
        Delivery::Dead => wit::Delivery::Dead,
    }
}

impl From<Progress> for wit::Progress {
    fn from(progress: Progress) -> Self {
        let channel = match progress.channel {
            ChannelKind::Inbox => wit::Channel::Inbox,
            ChannelKind::Sms => wit::Channel::Sms,
            ChannelKind::Email => wit::Channel::Email,
            ChannelKind::Webhook => wit::Channel::Webhook,
        };
        Self { channel, state: delivery(progress.state), failure: progress.failure.map(failure) }
    }
}

fn failure(kind: FailureKind) -> wit::Failure {
    match kind {
        FailureKind::NoSuchAddress => wit::Failure::NoSuchAddress,
        FailureKind::Refused => wit::Failure::Refused,
        FailureKind::Content => wit::Failure::Content,
        FailureKind::Account => wit::Failure::Account,
        FailureKind::Throttled => wit::Failure::Throttled,
        FailureKind::Unreachable => wit::Failure::Unreachable,
        FailureKind::Carrier => wit::Failure::Carrier,
        FailureKind::Expired => wit::Failure::Expired,
        // Faults of this platform are not the guest's business.
        FailureKind::Interrupted | FailureKind::NotSetUp | FailureKind::Other => wit::Failure::Other,
    }
}

/// What the guest may know of a failure; faults of ours are logged.
fn answer(invocation: &Invocation, error: NotifyError) -> wit::Error {
    match error {
        NotifyError::UnknownTemplate(name) => wit::Error::UnknownTemplate(name),
        NotifyError::InvalidVariable(name) => wit::Error::InvalidVariable(name),
        NotifyError::TooLong(text) => wit::Error::TooLong(text.to_owned()),
        NotifyError::NoChannel(_) | NotifyError::NoAddress => wit::Error::Unreachable(error.to_string()),
        NotifyError::Render(_) | NotifyError::InvalidIdempotencyKey => wit::Error::Other(error.to_string()),
        error => {
            tracing::error!(request = %invocation.request_id(), %error, "a message can't be handled");
            wit::Error::Other("the message can't be handled; try again later".to_owned())
        }
    }
}
