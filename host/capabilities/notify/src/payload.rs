use serde::{Deserialize, Serialize};

use crate::{Address, ChannelKind, MessageId, NotifyError, Outgoing, Texts, route::Route, vault::Vault};

/// Whom a delivery is for and what it says, as it lies sealed in the outbox. Personal data: no `Debug`.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Payload {
    to: String,
    /// The ways that are left when this one fails.
    pub(crate) fallback: Vec<(ChannelKind, String)>,
    texts: Texts,
}

// === impl Payload ===

impl Payload {
    pub(crate) fn new(route: &Route, texts: Texts) -> Self {
        let text = |address: &Address| (address.channel(), address.to_text());
        Self { to: route.to.to_text(), fallback: route.fallback.iter().map(text).collect(), texts }
    }

    /// The same on the first of the ways that are left, with its address; nothing when there is none.
    pub(crate) fn next(&self) -> Option<(ChannelKind, Self)> {
        let (first, rest) = self.fallback.split_first()?;
        Some((first.0, Self { to: first.1.clone(), fallback: rest.to_vec(), texts: self.texts.clone() }))
    }

    /// The same without the first of the ways that are left.
    pub(crate) fn skip(&self) -> Self {
        Self { fallback: self.fallback.iter().skip(1).cloned().collect(), ..self.clone() }
    }

    pub(crate) fn seal(&self, vault: &Vault, id: MessageId, channel: ChannelKind) -> Result<Vec<u8>, NotifyError> {
        let json = serde_json::to_vec(self).map_err(|_| NotifyError::Fault("a message can't be written"))?;
        vault.seal(id, &place(channel), &json)
    }

    /// Nothing when it was changed, moved, or sealed with another key.
    pub(crate) fn open(vault: &Vault, id: MessageId, channel: ChannelKind, sealed: &[u8]) -> Option<Self> {
        serde_json::from_slice(&vault.open(id, &place(channel), sealed).ok()?).ok()
    }

    pub(crate) fn address(&self, channel: ChannelKind) -> Option<Address> {
        Address::parse(channel, &self.to).ok()
    }

    pub(crate) fn into_outgoing(self, id: MessageId, channel: ChannelKind) -> Option<Outgoing> {
        let address = self.address(channel)?;
        Some(Outgoing { id, address, text: self.texts.on(channel) })
    }
}

fn place(channel: ChannelKind) -> String {
    format!("outbox {}", channel.as_str())
}
