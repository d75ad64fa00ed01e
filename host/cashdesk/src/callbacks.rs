//! Callbacks: put down with what they tell, sent until the host has taken them.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;
use sqlx::Row as _;
use ulid::Ulid;
use zhongtai_kernel::chain;
use zhongtai_outbound::{
    HeaderName, HeaderValue, Outbound, OutboundConfig, Repeat, Request, Secret, System, SystemConfig, Url,
};
use zhongtai_store::WriteTransaction;

use crate::{
    CashDeskError,
    faults::{Forgery, Plan},
    sign::{Key, NONCE, SIGNATURE, TIMESTAMP},
    signed,
    state::Shared,
};

/// The pause after the first attempt, milliseconds; each later one is twice as long.
const FIRST_PAUSE: i64 = 1_000;

/// The longest pause, milliseconds. It never gives up: the host asks by itself, too.
const LONGEST_PAUSE: i64 = 5 * 60 * 1000;

/// Sent at once at most.
const BATCH: i64 = 16;

/// How often it looks without being told: for what is due later, and what was put down before it was killed.
const LOOK: Duration = Duration::from_millis(500);

/// How often old nonces are forgotten.
const SWEEP: Duration = Duration::from_secs(60);

/// Where callbacks go.
pub(crate) struct Target {
    system: System,
    path: String,
}

struct Due {
    id: String,
    body: String,
    attempts: i64,
}

// === impl Target ===

impl Target {
    pub(crate) fn new(address: &str) -> Result<Self, CashDeskError> {
        let url = Url::parse(address).map_err(|_| CashDeskError::Callback("it is no URL"))?;
        if url.query().is_some() || url.fragment().is_some() {
            return Err(CashDeskError::Callback("it must not have a query"));
        }
        let mut config = SystemConfig::at(url.origin().ascii_serialization());
        // It tries again by itself, with a new signature.
        (config.attempts, config.breaker_pause_ms) = (1, 1_000);
        // A test network is one of its own.
        config.allow_http = true;
        let outbound = Outbound::new(&OutboundConfig::default(), Arc::new(zhongtai_kernel::SystemClock))?;
        let system = outbound.system("callback", &config)?;
        Ok(Self { system, path: url.path().to_owned() })
    }
}

/// Puts a callback down, in the transaction of what it tells.
pub(crate) async fn put(write: &mut WriteTransaction, message: &Value, now: i64) -> Result<(), CashDeskError> {
    let insert = "INSERT INTO cashdesk_callbacks (id, body, created_at, attempts, next_at) VALUES ($1, $2, $3, 0, $3)";
    let id = Ulid::generate().to_string();
    sqlx::query(insert).bind(id).bind(message.to_string()).bind(now).execute(&mut **write).await?;
    Ok(())
}

/// Sends what is due, for ever. Once a minute it forgets old nonces.
pub(crate) async fn run(shared: Arc<Shared>) {
    let mut swept: Option<Instant> = None;
    loop {
        if swept.is_none_or(|swept| swept.elapsed() >= SWEEP) {
            swept = Some(Instant::now());
            if let Err(error) = signed::forget_nonces(&shared).await {
                tracing::warn!(error = %chain(&error), "old nonces can't be forgotten");
            }
        }
        match round(&shared).await {
            Ok(0) => {
                let _ = tokio::time::timeout(LOOK, shared.news.notified()).await;
            }
            Ok(_) => {}
            Err(error) => {
                tracing::error!(error = %chain(&error), "callbacks can't be sent");
                tokio::time::sleep(LOOK).await;
            }
        }
    }
}

/// Sends what is due now; how many there were.
async fn round(shared: &Shared) -> Result<usize, CashDeskError> {
    let plan = shared.faults.as_ref().map(crate::faults::Faults::plan).unwrap_or_default();
    if plan.hold {
        return Ok(0);
    }
    let due = due(shared, &plan).await?;
    for callback in &due {
        deliver(shared, &plan, callback).await?;
    }
    Ok(due.len())
}

async fn due(shared: &Shared, plan: &Plan) -> Result<Vec<Due>, CashDeskError> {
    let order = if plan.reorder { "DESC" } else { "ASC" };
    let select = format!(
        "SELECT id, body, attempts FROM cashdesk_callbacks WHERE taken_at IS NULL AND next_at <= $1 \
         AND created_at <= $2 ORDER BY id {order} LIMIT $3"
    );
    let now = shared.now();
    let select = sqlx::query(sqlx::AssertSqlSafe(select)).bind(now).bind(now - i64::from(plan.delay_ms)).bind(BATCH);
    let rows = select.fetch_all(shared.store.pool()).await?;
    let read =
        |row: &sqlx::any::AnyRow| Ok(Due { id: row.try_get(0)?, body: row.try_get(1)?, attempts: row.try_get(2)? });
    rows.iter().map(read).collect()
}

/// One attempt. Whether it was taken is kept: one that is killed in between is sent again, and the host knows it.
async fn deliver(shared: &Shared, plan: &Plan, due: &Due) -> Result<(), CashDeskError> {
    if let Some(forgery) = plan.forge {
        let taken = send(shared, forged(shared, &due.body, forgery)?).await;
        tracing::info!(callback = due.id, taken, "sent a bad copy");
    }
    let taken = send(shared, true_copy(shared, &due.body)?).await;
    if taken {
        for _ in 0..plan.duplicate {
            send(shared, true_copy(shared, &due.body)?).await;
        }
    }
    let now = shared.now();
    let pause = FIRST_PAUSE.saturating_mul(1 << due.attempts.clamp(0, 20)).min(LONGEST_PAUSE);
    let update = "UPDATE cashdesk_callbacks SET attempts = attempts + 1, next_at = $2, taken_at = $3 WHERE id = $1";
    let update = sqlx::query(update).bind(due.id.clone()).bind(now + pause).bind(taken.then_some(now));
    update.execute(shared.store.pool()).await?;
    Ok(())
}

/// True when the host took it.
async fn send(shared: &Shared, request: Request) -> bool {
    match shared.callbacks.system.send(request, Repeat::Never).await {
        Ok(answer) if answer.is_success() => true,
        Ok(answer) => {
            tracing::warn!(status = answer.status.as_u16(), "the host did not take a callback");
            false
        }
        Err(error) => {
            tracing::warn!(%error, "the host can't be told");
            false
        }
    }
}

fn true_copy(shared: &Shared, body: &str) -> Result<Request, CashDeskError> {
    signed_copy(shared, &shared.key, shared.clock.now().as_second(), body)
}

fn forged(shared: &Shared, body: &str, forgery: Forgery) -> Result<Request, CashDeskError> {
    let now = shared.clock.now().as_second();
    match forgery {
        Forgery::Signature => signed_copy(shared, &Key::new(&Secret::new([0; 32])), now, body),
        Forgery::Stale => signed_copy(shared, &shared.key, now - 3600, body),
        Forgery::Amount => signed_copy(shared, &shared.key, now, &one_fen_more(body)),
        Forgery::Body => {
            let mut request = signed_copy(shared, &shared.key, now, body)?;
            request.body = one_fen_more(body).into();
            Ok(request)
        }
    }
}

fn one_fen_more(body: &str) -> String {
    let mut message: Value = serde_json::from_str(body).unwrap_or_default();
    if let Some(amount) = message.get_mut("amount") {
        *amount = (amount.as_i64().unwrap_or(0) + 1).into();
    }
    message.to_string()
}

fn signed_copy(shared: &Shared, key: &Key, seconds: i64, body: &str) -> Result<Request, CashDeskError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|_| CashDeskError::Random)?;
    let (timestamp, nonce) = (seconds.to_string(), URL_SAFE_NO_PAD.encode(bytes));
    let signature = key.callback(&timestamp, &nonce, body.as_bytes());
    let mut request = Request::post(&shared.callbacks.path, "application/json", body.to_owned());
    for (name, value) in [(TIMESTAMP, timestamp), (NONCE, nonce), (SIGNATURE, signature)] {
        let value = HeaderValue::from_str(&value).map_err(|_| CashDeskError::Random)?;
        request.headers.insert(HeaderName::from_static(name), value);
    }
    Ok(request)
}
