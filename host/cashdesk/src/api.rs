//! Routes: `/api/v1/...` for the host, signed; `/` and `/pay/...` for people; `/test/faults` where that is allowed.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    middleware,
    routing::{get, post},
};
use jiff::civil::Date;

use crate::{
    bill::Bill,
    faults::Plan,
    orders::{NewOrder, OrderNow},
    page,
    refunds::{NewRefund, RefundNow},
    signed::{Outcome, Refusal, signed},
    state::Shared,
};

pub(crate) fn router(shared: Arc<Shared>) -> Router {
    let api = Router::new()
        .route("/api/v1/orders", post(place))
        .route("/api/v1/orders/{order}", get(order))
        .route("/api/v1/orders/{order}/close", post(close))
        .route("/api/v1/refunds", post(give_back))
        .route("/api/v1/refunds/{refund}", get(refund))
        .route("/api/v1/bills/{day}", get(bill))
        .route_layer(middleware::from_fn_with_state(shared.clone(), signed));
    let mut router = api.merge(page::routes());
    if shared.faults.is_some() {
        router = router.route("/test/faults", post(faults));
    }
    router.with_state(shared)
}

/// A body that is not what it should be, in the API's own words.
fn body<T: serde::de::DeserializeOwned>(bytes: &[u8]) -> Result<T, Refusal> {
    serde_json::from_slice(bytes).map_err(|_| Refusal::invalid("body"))
}

async fn place(State(shared): State<Arc<Shared>>, bytes: axum::body::Bytes) -> Outcome<OrderNow> {
    let order = shared.place(body::<NewOrder>(&bytes)?).await?;
    Ok(Json(OrderNow::of(&shared, order)))
}

async fn order(State(shared): State<Arc<Shared>>, Path(id): Path<String>) -> Outcome<OrderNow> {
    let order = shared.order(&id).await?.ok_or(Refusal::unknown("unknown-order"))?;
    Ok(Json(OrderNow::of(&shared, order)))
}

async fn close(State(shared): State<Arc<Shared>>, Path(id): Path<String>) -> Outcome<OrderNow> {
    let order = shared.close(&id).await?.ok_or(Refusal::unknown("unknown-order"))?;
    Ok(Json(OrderNow::of(&shared, order)))
}

async fn give_back(State(shared): State<Arc<Shared>>, bytes: axum::body::Bytes) -> Outcome<RefundNow> {
    Ok(Json(shared.give_back(body::<NewRefund>(&bytes)?).await?.into()))
}

async fn refund(State(shared): State<Arc<Shared>>, Path(id): Path<String>) -> Outcome<RefundNow> {
    Ok(Json(shared.refund(&id).await?.ok_or(Refusal::unknown("unknown-refund"))?.into()))
}

async fn bill(State(shared): State<Arc<Shared>>, Path(day): Path<String>) -> Outcome<Bill> {
    let day: Date = day.parse().map_err(|_| Refusal::invalid("day"))?;
    Ok(Json(shared.bill(day).await?.ok_or(Refusal::unknown("no-bill"))?))
}

async fn faults(State(shared): State<Arc<Shared>>, bytes: axum::body::Bytes) -> Result<StatusCode, Refusal> {
    let plan: Plan = body(&bytes)?;
    if let Some(faults) = &shared.faults {
        faults.set(plan);
    }
    shared.news.notify_one();
    Ok(StatusCode::NO_CONTENT)
}
