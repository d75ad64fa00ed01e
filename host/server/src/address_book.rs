//! How messages find people and desks: accounts know their contact, the configuration knows the desks.

use std::{collections::BTreeMap, sync::Arc};

use anyhow::Context;
use async_trait::async_trait;
use zhongtai_cap_notify::{Address, AddressBook, ChannelKind, NotifyError, Reach};
use zhongtai_cap_subject::{Contact, Handles, SubjectProvider};
use zhongtai_kernel::{AccountId, DepartmentId};

/// The platform's address book.
pub(crate) struct Addresses {
    desks: BTreeMap<String, Address>,
    subjects: Arc<dyn SubjectProvider>,
    handles: Arc<Handles>,
}

// === impl Addresses ===

impl Addresses {
    /// `desks` maps `441802-chengguan/duty` to `mailto:duty@...`, `tel:+86...` or `https://...`.
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
    let (channel, address) = match url.split_once(':') {
        Some(("mailto", mailbox)) => (ChannelKind::Email, mailbox),
        Some(("tel", number)) => (ChannelKind::Sms, number),
        _ => (ChannelKind::Webhook, url),
    };
    Address::parse(channel, address)
        .context("expected `mailto:` and a mailbox, `tel:` and a mobile number, or an http or https URL")
}

/// How an account is reached: its inbox always. What was validated when the account was made stays valid; were it not,
/// that way is left out.
fn reach(account: AccountId, contact: Contact) -> Reach {
    let ways = [
        (ChannelKind::Sms, contact.phone),
        (ChannelKind::Email, contact.email),
        (ChannelKind::Webhook, contact.webhook),
    ];
    // A landline is a phone number, and takes no short messages.
    let parsed = ways.into_iter().filter_map(|(channel, text)| Address::parse(channel, &text?).ok());
    let addresses = parsed.chain([Address::Inbox(account)]).collect();
    Reach { addresses, preferred: contact.preferred.and_then(|channel| channel.parse().ok()) }
}

#[async_trait]
impl AddressBook for Addresses {
    async fn asker(&self, account: AccountId) -> Result<Option<Reach>, NotifyError> {
        let contact =
            self.subjects.contact(account).await.map_err(|error| NotifyError::Addresses(error.to_string()))?;
        Ok(contact.map(|contact| reach(account, contact)))
    }

    async fn subject(&self, handle: &str, department: &DepartmentId) -> Result<Option<Reach>, NotifyError> {
        match self.handles.open(department, handle) {
            Some(account) => self.asker(account).await,
            None => Ok(None),
        }
    }

    async fn desk(&self, department: &DepartmentId, name: &str) -> Result<Option<Reach>, NotifyError> {
        Ok(self.desks.get(&format!("{department}/{name}")).cloned().map(Reach::by))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_desk_has_a_mailbox_a_mobile_number_or_a_url() {
        let channel = |url: &str| desk_address(url).map(|address| address.channel());
        assert_eq!(channel("mailto:duty@example.cn").unwrap(), ChannelKind::Email);
        assert_eq!(channel("tel:+8613800138000").unwrap(), ChannelKind::Sms);
        assert_eq!(channel("https://oa.example.cn/hook").unwrap(), ChannelKind::Webhook);
        for wrong in ["tel:110", "mailto:duty", "ftp://oa.example.cn/", "duty"] {
            assert!(channel(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_account_is_reached_by_what_it_has_and_always_by_its_inbox() {
        let nothing = Contact { email: None, webhook: None, phone: None, preferred: None };
        let kinds = |contact: Contact| -> Vec<ChannelKind> {
            reach(AccountId::generate(), contact).addresses.iter().map(Address::channel).collect()
        };
        assert_eq!(kinds(nothing.clone()), [ChannelKind::Inbox]);
        let landline = Contact { phone: Some("07631234567".to_owned()), ..nothing.clone() };
        assert_eq!(kinds(landline), [ChannelKind::Inbox]);
        let phone = Contact {
            phone: Some("13800138000".to_owned()),
            email: Some("zhang@example.cn".to_owned()),
            preferred: Some("email".to_owned()),
            ..nothing
        };
        assert_eq!(kinds(phone.clone()), [ChannelKind::Sms, ChannelKind::Email, ChannelKind::Inbox]);
        assert_eq!(reach(AccountId::generate(), phone).preferred, Some(ChannelKind::Email));
    }
}
