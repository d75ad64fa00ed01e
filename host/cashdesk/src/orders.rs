//! Orders: made once, paid once, or closed. Each step is one transaction together with the callback that tells of it.

use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::any::AnyRow;
use ulid::Ulid;
use zhongtai_kernel::Timestamp;
use zhongtai_store::WriteTransaction;

use crate::{
    CashDeskError, callbacks,
    rows::{ORDER_COLUMNS, OrderRow, State},
    signed::Refusal,
    state::Shared,
};

/// Ten billion yuan, in fen.
const MOST: i64 = 1_000_000_000_000;

/// What the host asks for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewOrder {
    order: String,
    amount: i64,
    currency: String,
    subject: String,
    expires_at: Timestamp,
}

/// An order as the API shows it.
#[derive(Serialize)]
pub(crate) struct OrderNow {
    order: String,
    state: &'static str,
    amount: i64,
    currency: &'static str,
    transaction: Option<String>,
    paid_at: Option<Timestamp>,
    qr: String,
}

/// What a person does on the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Choice {
    Pay,
    Cancel,
}

// === impl NewOrder ===

impl NewOrder {
    fn check(&self) -> Result<(), Refusal> {
        let is_id = |id: &str| (1..=32).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if !is_id(&self.order) {
            return Err(Refusal::invalid("order"));
        }
        if !(1..=MOST).contains(&self.amount) {
            return Err(Refusal::invalid("amount"));
        }
        if self.currency != "CNY" {
            return Err(Refusal::invalid("currency"));
        }
        if !(1..=80).contains(&self.subject.chars().count()) || self.subject.chars().any(char::is_control) {
            return Err(Refusal::invalid("subject"));
        }
        Ok(())
    }
}

// === impl OrderNow ===

impl OrderNow {
    pub(crate) fn of(shared: &Shared, order: OrderRow) -> Self {
        Self {
            qr: shared.pay_page(&order.token),
            order: order.id,
            state: order.state.word(),
            amount: order.amount,
            currency: "CNY",
            transaction: order.transaction,
            paid_at: order.paid_at,
        }
    }
}

// === impl Shared ===

impl Shared {
    /// The address of an order's page: what its QR code holds.
    pub(crate) fn pay_page(&self, token: &str) -> String {
        format!("{}/pay/{token}", self.page)
    }

    /// Makes an order, or finds the one that is the same.
    pub(crate) async fn place(&self, new: NewOrder) -> Result<OrderRow, Refusal> {
        new.check()?;
        let insert = "INSERT INTO cashdesk_orders (id, token, amount, subject, state, created_at, expires_at) \
                      VALUES ($1, $2, $3, $4, 'open', $5, $6) ON CONFLICT DO NOTHING";
        let expires_at = new.expires_at.as_millisecond();
        let insert = sqlx::query(insert).bind(&new.order).bind(token()?).bind(new.amount).bind(new.subject);
        insert.bind(self.now()).bind(expires_at).execute(self.store.pool()).await?;
        let order = self.order(&new.order).await?.ok_or(CashDeskError::Row("an order is gone"))?;
        match order.state {
            _ if order.amount != new.amount => Err(Refusal::conflict("order-differs")),
            State::Open => Ok(order),
            State::Paid => Err(Refusal::conflict("order-paid")),
            State::Closed => Err(Refusal::conflict("order-closed")),
        }
    }

    /// An order by its id.
    pub(crate) async fn order(&self, id: &str) -> Result<Option<OrderRow>, CashDeskError> {
        self.order_by("id", id).await
    }

    /// An order by what is in its page's address.
    pub(crate) async fn order_of_page(&self, token: &str) -> Result<Option<OrderRow>, CashDeskError> {
        self.order_by("token", token).await
    }

    async fn order_by(&self, column: &'static str, value: &str) -> Result<Option<OrderRow>, CashDeskError> {
        let select = format!("SELECT {ORDER_COLUMNS} FROM cashdesk_orders WHERE {column} = $1");
        let select = sqlx::query(sqlx::AssertSqlSafe(select)).bind(value.to_owned());
        let row: Option<AnyRow> = select.fetch_optional(self.store.pool()).await?;
        row.map(|row| OrderRow::read(&row, self.now())).transpose()
    }

    /// The newest orders.
    pub(crate) async fn newest(&self) -> Result<Vec<OrderRow>, CashDeskError> {
        let select = format!("SELECT {ORDER_COLUMNS} FROM cashdesk_orders ORDER BY created_at DESC, id DESC LIMIT 50");
        let rows = sqlx::query(sqlx::AssertSqlSafe(select)).fetch_all(self.store.pool()).await?;
        rows.iter().map(|row| OrderRow::read(row, self.now())).collect()
    }

    /// Closes an order that is open; gives what became of it.
    pub(crate) async fn close(&self, id: &str) -> Result<Option<OrderRow>, CashDeskError> {
        let mut write = self.store.begin_write().await?;
        self.settle(&mut write, id, Choice::Cancel).await?;
        write.commit().await?;
        self.news.notify_one();
        self.order(id).await
    }

    /// A person pays or cancels: once, whatever comes at the same time. Gives what became of the order.
    pub(crate) async fn choose(&self, token: &str, choice: Choice) -> Result<Option<OrderRow>, CashDeskError> {
        let Some(order) = self.order_of_page(token).await? else { return Ok(None) };
        let mut write = self.store.begin_write().await?;
        self.settle(&mut write, &order.id, choice).await?;
        write.commit().await?;
        self.news.notify_one();
        self.order(&order.id).await
    }

    /// An open order becomes paid or closed, and a callback is put down. Nothing for any other.
    async fn settle(&self, write: &mut WriteTransaction, id: &str, choice: Choice) -> Result<(), CashDeskError> {
        let at = self.moment();
        let now = at.as_millisecond();
        let transaction = format!("CD{}", Ulid::generate());
        let done = match choice {
            Choice::Pay => {
                let pay = "UPDATE cashdesk_orders SET state = 'paid', transaction_no = $2, paid_at = $3 \
                           WHERE id = $1 AND state = 'open' AND expires_at > $3";
                sqlx::query(pay).bind(id.to_owned()).bind(&transaction).bind(now).execute(&mut **write).await?
            }
            Choice::Cancel => {
                let close = "UPDATE cashdesk_orders SET state = 'closed' WHERE id = $1 AND state = 'open'";
                sqlx::query(close).bind(id.to_owned()).execute(&mut **write).await?
            }
        };
        if done.rows_affected() == 0 {
            return Ok(());
        }
        let message = match choice {
            Choice::Pay => {
                let amount = "SELECT amount FROM cashdesk_orders WHERE id = $1";
                let amount: i64 = sqlx::query_scalar(amount).bind(id.to_owned()).fetch_one(&mut **write).await?;
                json!({
                    "kind": "paid", "order": id, "amount": amount, "currency": "CNY", "transaction": transaction, "at": at
                })
            }
            Choice::Cancel => json!({ "kind": "closed", "order": id }),
        };
        callbacks::put(write, &message, now).await
    }
}

/// 128 bits by chance: who has a page's address may pay there, nobody else finds it.
fn token() -> Result<String, CashDeskError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|_| CashDeskError::Random)?;
    Ok(hex::encode(bytes))
}
