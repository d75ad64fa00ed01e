//! How messages find people and desks: accounts know their contact, the configuration knows the desks.

use std::{collections::BTreeMap, sync::Arc};

use anyhow::Context;
use async_trait::async_trait;
use zhongtai_cap_notify::{Address, AddressBook, ChannelKind, NotifyError};
use zhongtai_cap_subject::{Handles, SubjectProvider};
use zhongtai_kernel::{AccountId, DepartmentId};

/// The platform's address book.
pub(crate) struct Addresses {
    desks: BTreeMap<String, Address>,
    subjects: Arc<dyn SubjectProvider>,
    handles: Arc<Handles>,
}

// === impl Addresses ===

impl Addresses {
    /// `desks` maps `441802-chengguan/duty` to `mailto:duty@...` or `https://...`.
    pub(crate) fn new(
        desks: &BTreeMap<String, String>,
        subjects: Arc<dyn SubjectProvider>,
        handles: Arc<Handles>,
    ) -> anyhow::Result<Self> {
        let parse = |(name, url): (&String, &String)| {
            let address = desk_address(url).with_context(|| format!("zt.toml, desks.\"{name}\""))?;
            Ok((name.clone(), address))
        };
        Ok(Self { desks: desks.iter().map(parse).collect::<anyhow::Result<_>>()?, subjects, handles })
    }
}

fn desk_address(url: &str) -> anyhow::Result<Address> {
    let (channel, address) = match url.strip_prefix("mailto:") {
        Some(mailbox) => (ChannelKind::Email, mailbox),
        None => (ChannelKind::Webhook, url),
    };
    Address::parse(channel, address).context("expected `mailto:` and a mailbox, or a URL")
}

#[async_trait]
impl AddressBook for Addresses {
    async fn asker(&self, account: AccountId) -> Result<Option<Address>, NotifyError> {
        let contact =
            self.subjects.contact(account).await.map_err(|error| NotifyError::Addresses(error.to_string()))?;
        // What was validated when the account was made stays valid; were it not, the subject is unreachable.
        Ok(contact.and_then(|contact| {
            let email = contact.email.and_then(|text| Address::parse(ChannelKind::Email, &text).ok());
            email.or_else(|| contact.webhook.and_then(|text| Address::parse(ChannelKind::Webhook, &text).ok()))
        }))
    }

    async fn subject(&self, handle: &str, department: &DepartmentId) -> Result<Option<Address>, NotifyError> {
        match self.handles.open(department, handle) {
            Some(account) => self.asker(account).await,
            None => Ok(None),
        }
    }

    async fn desk(&self, department: &DepartmentId, name: &str) -> Result<Option<Address>, NotifyError> {
        Ok(self.desks.get(&format!("{department}/{name}")).cloned())
    }
}
