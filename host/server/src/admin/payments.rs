//! Fee items, the books, tickets and the reconciliation of payments.

use std::{collections::BTreeMap, sync::Arc};

use axum::{Json, extract::State};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use zhongtai_cap_payment::{Books, FeeItem, ItemVersion, Ticket};
use zhongtai_kernel::Timestamp;

use crate::{
    admin::{
        auth::{AnyAdministrator, Audit, Operator, Role as _, Security, System},
        openapi::{Conflicting, Missing, Refused, Unusable},
        schema,
    },
    app::App,
    edge::on_shared,
    json::Body,
    params::{Path, Query},
    problem::Problem,
};

pub(super) fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(items, put))
        .routes(routes!(books))
        .routes(routes!(tickets))
        .routes(routes!(resolve))
        .routes(routes!(reconcile))
}

/// A version of a fee item.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct ItemReport {
    #[schema(value_type = schema::FeeItem)]
    pub(crate) item: FeeItem,
    pub(crate) version: i64,
    pub(crate) put_at: Timestamp,
}

/// The books at one moment.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct BooksReport {
    /// True when nothing is wrong.
    pub(crate) balanced: bool,
    pub(crate) entries: u64,
    /// What each account comes to, fen; debit is positive.
    pub(crate) balances: BTreeMap<String, i64>,
    pub(crate) wrong: Vec<WrongReport>,
}

/// Something in the books that can't be.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct WrongReport {
    pub(crate) at: String,
    pub(crate) what: String,
}

/// Something that somebody has to look at.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct TicketReport {
    pub(crate) id: String,
    pub(crate) kind: String,
    pub(crate) channel: String,
    /// An order, a refund or what the channel named.
    pub(crate) about: String,
    /// The day of the bill it was found on.
    pub(crate) day: Option<String>,
    /// Fen by the ledger.
    pub(crate) ours: i64,
    /// Fen by the channel.
    pub(crate) theirs: i64,
    pub(crate) detail: String,
    pub(crate) opened_at: Timestamp,
    pub(crate) resolved_at: Option<Timestamp>,
    pub(crate) resolved_by: Option<String>,
    pub(crate) note: Option<String>,
}

/// What was found out about a ticket.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Resolve {
    /// 1 to 500 characters.
    pub(crate) note: String,
}

/// Which tickets.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct WhichTickets {
    /// Those that are resolved, too.
    #[serde(default)]
    all: bool,
}

/// Which day.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Day {
    /// UTC+8.
    #[schema(value_type = String, format = "date")]
    pub(crate) date: Date,
}

/// What a day's reconciliation found.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct ReconciledReport {
    pub(crate) days: Vec<DayReport>,
    /// Channels that have no bill yet or do not answer.
    pub(crate) open: Vec<OpenChannel>,
}

/// A channel's day.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct DayReport {
    pub(crate) channel: String,
    pub(crate) date: String,
    /// Rows of the bill.
    pub(crate) rows: i64,
    /// Rows that the ledger has, too.
    pub(crate) matched: i64,
    /// Differences: each is a ticket.
    pub(crate) differences: i64,
}

/// A channel that has no bill.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct OpenChannel {
    pub(crate) channel: String,
    pub(crate) why: String,
}

/// The list of fee items (收费目录清单).
#[utoipa::path(
    get,
    path = "/payments/items",
    operation_id = "list_fee_items",
    tag = "payments",
    security(("bearer" = [System::NAME, Security::NAME, Audit::NAME])),
    responses((status = 200, description = "the latest version of each", body = Vec<ItemReport>), Refused),
)]
async fn items(State(app): State<Arc<App>>, _: AnyAdministrator) -> Result<Json<Vec<ItemReport>>, Problem> {
    let items = app.payments.treasury().items().await?;
    Ok(Json(items.into_iter().map(item_report).collect()))
}

fn item_report(version: ItemVersion) -> ItemReport {
    ItemReport { item: version.item, version: version.version, put_at: version.put_at }
}

/// Puts a fee item on the list, or a new version of it.
///
/// The same item again changes nothing.
#[utoipa::path(
    post,
    path = "/payments/items",
    operation_id = "put_fee_item",
    tag = "payments",
    security(("bearer" = [System::NAME])),
    request_body = schema::FeeItem,
    responses((status = 200, description = "the item as it is kept", body = ItemReport), Refused, Unusable),
)]
async fn put(
    State(app): State<Arc<App>>,
    operator: Operator,
    Body(item): Body<FeeItem>,
) -> Result<Json<ItemReport>, Problem> {
    item.check()?;
    app.record_first(operator.actor(), "fee-item:put", item.code.clone()).await?;
    Ok(Json(item_report(app.payments.put_item(&item).await?)))
}

/// Verifies the books: every entry is added up, every account held against notices, orders and refunds.
#[utoipa::path(
    get,
    path = "/payments/books",
    operation_id = "show_books",
    tag = "payments",
    security(("bearer" = [System::NAME, Security::NAME, Audit::NAME])),
    responses((status = 200, description = "the books at this moment", body = BooksReport), Refused),
)]
async fn books(State(app): State<Arc<App>>, _: AnyAdministrator) -> Result<Json<BooksReport>, Problem> {
    let host = app.clone();
    let books = on_shared(&app, async move { Ok(host.payments.books().await?) }).await?;
    let balanced = books.balance();
    let Books { entries, balances, wrong } = books;
    let wrong = wrong.into_iter().map(|wrong| WrongReport { at: wrong.at, what: wrong.what }).collect();
    Ok(Json(BooksReport { balanced, entries, balances, wrong }))
}

/// What somebody has to look at: differences between the ledger and a channel.
#[utoipa::path(
    get,
    path = "/payments/tickets",
    operation_id = "list_payment_tickets",
    tag = "payments",
    security(("bearer" = [System::NAME])),
    params(WhichTickets),
    responses((status = 200, description = "the newest first", body = Vec<TicketReport>), Refused, Unusable),
)]
async fn tickets(
    State(app): State<Arc<App>>,
    _: Operator,
    Query(which): Query<WhichTickets>,
) -> Result<Json<Vec<TicketReport>>, Problem> {
    let tickets = app.payments.tickets(!which.all).await?;
    Ok(Json(tickets.into_iter().map(ticket_report).collect()))
}

/// Says what was found out about a ticket, and closes it.
#[utoipa::path(
    post,
    path = "/payments/tickets/{id}/resolve",
    operation_id = "resolve_payment_ticket",
    tag = "payments",
    security(("bearer" = [System::NAME])),
    params(("id" = String, Path, description = "the ticket's id")),
    request_body = Resolve,
    responses((status = 200, description = "the ticket", body = TicketReport), Refused, Unusable, Missing),
)]
async fn resolve(
    State(app): State<Arc<App>>,
    operator: Operator,
    Path(id): Path<String>,
    Body(request): Body<Resolve>,
) -> Result<Json<TicketReport>, Problem> {
    let known: String = id.chars().filter(char::is_ascii_alphanumeric).take(26).collect();
    app.record_first(operator.actor(), "payment-ticket:resolve", known).await?;
    let ticket = app.payments.treasury().resolve_ticket(&id, &operator.actor(), &request.note).await?;
    Ok(Json(ticket_report(ticket)))
}

fn ticket_report(ticket: Ticket) -> TicketReport {
    let (resolved_at, resolved_by, note) = match ticket.resolved {
        Some(resolved) => (Some(resolved.at), Some(resolved.by), Some(resolved.note)),
        None => (None, None, None),
    };
    TicketReport {
        id: ticket.id,
        kind: ticket.ticket.kind.to_string(),
        channel: ticket.ticket.channel,
        about: ticket.ticket.about,
        day: ticket.ticket.day,
        ours: ticket.ticket.ours,
        theirs: ticket.ticket.theirs,
        detail: ticket.ticket.detail,
        opened_at: ticket.opened_at,
        resolved_at,
        resolved_by,
        note,
    }
}

/// Holds the bills of a day against the ledger (对账).
///
/// Every difference becomes a ticket, once.
#[utoipa::path(
    post,
    path = "/payments/reconcile",
    operation_id = "reconcile_payments",
    tag = "payments",
    security(("bearer" = [System::NAME])),
    request_body = Day,
    responses(
        (status = 200, description = "what was found, by channel", body = ReconciledReport),
        Refused, Unusable, Conflicting,
    ),
)]
async fn reconcile(
    State(app): State<Arc<App>>,
    operator: Operator,
    Body(day): Body<Day>,
) -> Result<Json<ReconciledReport>, Problem> {
    app.record_first(operator.actor(), "payment:reconcile", day.date.to_string()).await?;
    let host = app.clone();
    let done = on_shared(&app, async move { Ok(host.payments.reconcile(day.date).await?) }).await?;
    let days = done.days.into_iter().map(|day| DayReport {
        channel: day.channel,
        date: day.day.to_string(),
        rows: day.rows,
        matched: day.matched,
        differences: day.differences,
    });
    let open = done.open.into_iter().map(|(channel, why)| OpenChannel { channel, why });
    Ok(Json(ReconciledReport { days: days.collect(), open: open.collect() }))
}
