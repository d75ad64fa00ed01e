//! `/api/v1/inbox`: messages on the platform (站内信), and how somebody wants to be notified.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::State,
    http::HeaderMap,
    routing::{get, post},
};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use zhongtai_cap_notify::{ChannelKind, InboxMessage, MessageId};
use zhongtai_kernel::{ErrorKind, RequestId, Timestamp};

use super::{api::on_shared, subject};
use crate::{
    app::App,
    inbox::{self, Which},
    json::Body,
    params::{Path, Query},
    problem::Problem,
};

/// Messages in one answer.
const PAGE: u32 = 50;

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/api/v1/inbox", get(list))
        .route("/api/v1/inbox/{id}/read", post(mark_read))
        .route("/api/v1/me/preferred-channel", get(preferred).put(prefer))
}

/// Which messages.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    /// Those before this one: the last of the page before.
    before: Option<String>,
    #[serde(default)]
    unread: bool,
}

/// A page of an inbox.
#[derive(Serialize, Deserialize)]
pub(crate) struct InboxReport {
    /// The newest first, fifty at most.
    pub(crate) messages: Vec<MessageReport>,
    /// How many of all are unread.
    pub(crate) unread: u64,
}

/// A message of an inbox.
#[derive(Serialize, Deserialize)]
pub(crate) struct MessageReport {
    pub(crate) id: String,
    pub(crate) scenario: String,
    pub(crate) title: String,
    pub(crate) body: String,
    pub(crate) sent_at: Timestamp,
    pub(crate) read_at: Option<Timestamp>,
}

impl From<InboxMessage> for MessageReport {
    fn from(message: InboxMessage) -> Self {
        Self {
            id: message.id.to_string(),
            scenario: message.scenario.to_string(),
            title: message.title,
            body: message.body,
            sent_at: message.sent_at,
            read_at: message.read_at,
        }
    }
}

/// How somebody wants to be notified.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Preferred {
    /// `inbox`, `sms`, `email` or `webhook`; none: the platform chooses.
    pub(crate) channel: Option<String>,
}

/// `GET /api/v1/inbox?unread=true&before=`
async fn list(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Query(asked): Query<Asked>,
) -> Result<Json<InboxReport>, Problem> {
    let who = subject::signed_in(&app, &headers).await?;
    let before = asked.before.as_deref().map(message).transpose()?;
    let (which, host) = (Which { before, only_unread: asked.unread, limit: PAGE }, app.clone());
    let (messages, unread) = on_shared(&app, async move { inbox::list(&host, who, which).await }).await?;
    Ok(Json(InboxReport { messages: messages.into_iter().map(Into::into).collect(), unread }))
}

/// `POST /api/v1/inbox/{id}/read`
async fn mark_read(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let (who, id, host) = (subject::signed_in(&app, &headers).await?, message(&id)?, app.clone());
    on_shared(&app, async move { inbox::mark_read(&host, who, id).await }).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `GET /api/v1/me/preferred-channel`: the person's own, also while they act for somebody.
async fn preferred(State(app): State<Arc<App>>, headers: HeaderMap) -> Result<Json<Preferred>, Problem> {
    let (account, host) = (subject::session(&app, &headers).await?.account(), app.clone());
    let channel = on_shared(&app, async move { Ok(host.accounts.preferred_channel(account).await?) }).await?;
    Ok(Json(Preferred { channel }))
}

/// `PUT /api/v1/me/preferred-channel`
async fn prefer(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Body(wanted): Body<Preferred>,
) -> Result<StatusCode, Problem> {
    let account = subject::session(&app, &headers).await?.account();
    let invalid =
        |_| Problem::new(ErrorKind::Invalid, "invalid-channel", "channel: expected inbox, sms, email or webhook");
    let channel: Option<ChannelKind> = wanted.channel.as_deref().map(str::parse).transpose().map_err(invalid)?;
    let host = app.clone();
    let set = async move {
        let who = account.to_string();
        host.record(RequestId::generate(), who.clone(), "account:prefer-channel", who, "ok")?;
        Ok(host.accounts.set_preferred_channel(account, channel.map(ChannelKind::as_str)).await?)
    };
    on_shared(&app, set).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn message(text: &str) -> Result<MessageId, Problem> {
    text.parse().map_err(|_| Problem::new(ErrorKind::Invalid, "invalid-id", "the message's id is a ULID"))
}
