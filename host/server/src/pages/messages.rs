//! My messages (站内信), and how I want to be notified.

use std::sync::Arc;

use axum::response::Response;
use http::StatusCode;
use minijinja::{Value, context};
use zhongtai_cap_notify::{ChannelKind, InboxMessage, MessageId};
use zhongtai_kernel::{AccountId, Channel, ErrorKind, Subject};

use super::{
    account::{page, time},
    form::Form,
    visit::{Visit, redirect},
};
use crate::{
    app::App,
    edge::on_shared,
    inbox::{self, Which},
    problem::Problem,
};

/// Messages on the account's page.
const SHOWN: u32 = 20;

/// What the account's page shows of messages.
pub(super) struct Shown {
    messages: Vec<InboxMessage>,
    unread: u64,
    preferred: Option<String>,
}

// === impl Shown ===

impl Shown {
    /// The messages of whoever the session acts for; how the person wants to be notified.
    pub(super) async fn of(app: &App, subject: Arc<Subject>, person: AccountId) -> Result<Self, Problem> {
        let which = Which { limit: SHOWN, ..Which::default() };
        let (messages, unread) = match inbox::list(app, (subject, Channel::Web), which).await {
            Ok(found) => found,
            // The page has other things to show: an agent of some scenarios may not read the enterprise's messages.
            Err(problem) if problem.status() == StatusCode::FORBIDDEN => (Vec::new(), 0),
            Err(problem) => return Err(problem),
        };
        Ok(Self { messages, unread, preferred: app.accounts.preferred_channel(person).await? })
    }

    /// For the template.
    pub(super) fn value(&self) -> Value {
        context! {
            messages => self.messages.iter().map(told).collect::<Vec<_>>(),
            unread => self.unread,
            preferred => self.preferred.clone().unwrap_or_default(),
        }
    }
}

fn told(message: &InboxMessage) -> Value {
    context! {
        id => message.id.to_string(),
        title => message.title.clone(),
        lines => message.body.lines().map(str::to_owned).collect::<Vec<_>>(),
        scenario => message.scenario.to_string(),
        at => time(message.sent_at),
        is_unread => message.read_at.is_none(),
    }
}

/// `POST /account/messages/read`
pub(super) async fn mark_read(visit: Visit, form: Result<Form, Problem>) -> Response {
    let (form, visitor) = match visit.must_by_form(form).await {
        Ok(both) => both,
        Err(response) => return response,
    };
    let Ok(id) = form.get("message").parse::<MessageId>() else {
        return visit.problem(Problem::new(ErrorKind::Invalid, "invalid-id", "the message's id is a ULID"));
    };
    let (app, subject) = (visit.app.clone(), visitor.session.subject.clone());
    let read = async move { inbox::mark_read(&app, (subject, Channel::Web), id).await };
    match on_shared(&visit.app, read).await {
        Ok(()) => redirect("/account"),
        Err(problem) => visit.problem(problem),
    }
}

/// `POST /account/preferred-channel`
pub(super) async fn prefer(visit: Visit, form: Result<Form, Problem>) -> Response {
    let (form, visitor) = match visit.must_by_form(form).await {
        Ok(both) => both,
        Err(response) => return response,
    };
    let channel = match form.get("channel") {
        "" => None,
        word => match word.parse::<ChannelKind>() {
            Ok(kind) => Some(kind),
            Err(_) => return page(&visit, &visitor, StatusCode::BAD_REQUEST, "").await,
        },
    };
    let (app, id, who) = (visit.app.clone(), visit.id, visitor.account.subject.account);
    let set = async move {
        app.record(id, who.to_string(), "account:prefer-channel", who.to_string(), "ok")?;
        Ok(app.accounts.set_preferred_channel(who, channel.map(ChannelKind::as_str)).await?)
    };
    match on_shared(&visit.app, set).await {
        Ok(()) => redirect("/account?notice=channel-set"),
        Err(problem) => visit.problem(problem),
    }
}
