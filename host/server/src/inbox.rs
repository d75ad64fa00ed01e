//! The inbox of whoever asks: policy decides, and every look at it is on record.

use std::sync::Arc;

use zhongtai_cap_notify::{InboxMessage, MessageId};
use zhongtai_kernel::{Access, AccountId, Attribute, Channel, Subject};
use zhongtai_runtime::Refusal;

use crate::{app::App, desk::desk, problem::Problem};

/// Which messages.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Which {
    /// Those before this one.
    pub(crate) before: Option<MessageId>,
    pub(crate) only_unread: bool,
    pub(crate) limit: u32,
}

/// Some of the subject's messages, and how many are unread of all.
pub(crate) async fn list(
    app: &App,
    who: (Arc<Subject>, Channel),
    which: Which,
) -> Result<(Vec<InboxMessage>, u64), Problem> {
    let account = authorise(app, who, "notify:read-inbox").await?;
    let inbox = app.outbox.inbox();
    let messages = inbox.list(account, which.before, which.only_unread, which.limit).await?;
    Ok((messages, inbox.unread(account).await?))
}

/// Notes that a message of the subject was read.
pub(crate) async fn mark_read(app: &App, who: (Arc<Subject>, Channel), id: MessageId) -> Result<(), Problem> {
    let account = authorise(app, who, "notify:mark-read").await?;
    Ok(app.outbox.inbox().mark_read(account, id).await?)
}

async fn authorise(app: &App, who: (Arc<Subject>, Channel), action: &'static str) -> Result<AccountId, Refusal> {
    let account = who.0.account;
    let name = account.to_string();
    let attributes = [("account", Attribute::Text(name.clone().into()))];
    let access = Access::described(action, "Inbox", name, &attributes);
    let mut desk = desk(app, who, None).map_err(|_| Refusal::Unrecorded)?;
    desk.authorise(&access).await?;
    Ok(account)
}
