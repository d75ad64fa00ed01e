//! What people see: the desk with its newest orders, and an order's own page, where it is paid or cancelled.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use minijinja::{Value, context};
use zhongtai_kernel::{Timestamp, chain};

use crate::{
    CashDeskError,
    bill::CHINA,
    orders::Choice,
    qr,
    rows::{OrderRow, State as OrderState},
    state::Shared,
    template,
};

const HTML: &str = "text/html; charset=utf-8";

/// Nothing from elsewhere, no script, in nobody's frame.
const POLICY: &str =
    "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

pub(crate) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/", get(desk))
        .route("/pay/{token}", get(order).post(choose))
        .route("/style.css", get(style))
        .route("/favicon.ico", get(|| async { StatusCode::NO_CONTENT }))
}

async fn desk(State(shared): State<Arc<Shared>>) -> Response {
    match shared.newest().await {
        Ok(orders) => {
            let orders: Vec<Value> = orders.iter().map(shown).collect();
            page(StatusCode::OK, "desk.html", context! { orders })
        }
        Err(error) => failed(&error),
    }
}

async fn order(State(shared): State<Arc<Shared>>, Path(token): Path<String>) -> Response {
    match shared.order_of_page(&token).await {
        Ok(Some(order)) => {
            let code = match order.state {
                OrderState::Open => qr::svg(&shared.pay_page(&order.token), "本单付款页的二维码"),
                _ => None,
            };
            page(StatusCode::OK, "order.html", context! { code, ..shown(&order) })
        }
        Ok(None) => unknown(),
        Err(error) => failed(&error),
    }
}

/// Pays or cancels, and shows the page again: a reload does nothing twice.
async fn choose(
    State(shared): State<Arc<Shared>>,
    Path(token): Path<String>,
    headers: HeaderMap,
    body: axum::body::Bytes,
) -> Response {
    if !is_from_this_page(&headers) {
        return page(StatusCode::FORBIDDEN, "unknown.html", context! { why => "请求不是从本页面发出的。" });
    }
    let form = form_urlencoded::parse(&body).find(|(name, _)| name == "act");
    let choice = match form.as_ref().map(|(_, value)| value.as_ref()) {
        Some("pay") => Choice::Pay,
        Some("cancel") => Choice::Cancel,
        _ => return page(StatusCode::BAD_REQUEST, "unknown.html", context! { why => "没有选择付款或取消。" }),
    };
    match shared.choose(&token, choice).await {
        Ok(Some(_)) => Redirect::to(&format!("/pay/{token}")).into_response(),
        Ok(None) => unknown(),
        Err(error) => failed(&error),
    }
}

/// A browser says where a form came from; another program does not, and has the order's secret address.
fn is_from_this_page(headers: &HeaderMap) -> bool {
    let site = headers.get(HeaderName::from_static("sec-fetch-site"));
    site.is_none_or(|site| site == "same-origin")
}

async fn style() -> Response {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], template::STYLE).into_response()
}

fn shown(order: &OrderRow) -> Value {
    context! {
        token => order.token.clone(),
        number => order.id.clone(),
        subject => order.subject.clone(),
        amount => yuan(order.amount),
        state => order.state.word(),
        created => local(order.created_at),
        expires => local(order.expires_at),
        transaction => order.transaction.clone(),
        paid => order.paid_at.map(local),
    }
}

/// `1,234.56`.
fn yuan(fen: i64) -> String {
    let whole = (fen / 100).to_string();
    let mut grouped = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    format!("{grouped}.{:02}", fen % 100)
}

fn local(time: Timestamp) -> String {
    CHINA.to_datetime(time).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

fn unknown() -> Response {
    page(StatusCode::NOT_FOUND, "unknown.html", context! { why => "没有这张订单，或者地址不完整。" })
}

fn failed(error: &CashDeskError) -> Response {
    tracing::error!(error = %chain(error), "a page can't be shown");
    page(StatusCode::SERVICE_UNAVAILABLE, "unknown.html", context! { why => "收银台暂时无法使用，请稍后再试。" })
}

fn page(status: StatusCode, name: &str, given: Value) -> Response {
    let text = match template::render(name, given) {
        Ok(text) => text,
        Err(error) => {
            tracing::error!(%error, name, "a page can't be rendered");
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
    };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(HTML)),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        // Not `no-referrer`: with it, browsers send forms as if from elsewhere.
        (header::REFERRER_POLICY, HeaderValue::from_static("same-origin")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (status, headers, text).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_written_in_yuan_with_its_fen() {
        assert_eq!(yuan(1), "0.01");
        assert_eq!(yuan(100_000), "1,000.00");
        assert_eq!(yuan(123_456_789), "1,234,567.89");
    }
}
