//! Do the books balance, and do they say what notices, orders and refunds say?

use std::collections::BTreeMap;

use serde::Serialize;
use sqlx::{Any, Transaction};
use zhongtai_store::{Backend, Store};

use super::{LedgerKey, clearing, payable, receivable, suspense};
use crate::{Line, PaymentError};

/// The books at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Books {
    /// Entries in the ledger.
    pub entries: u64,
    /// What each account comes to, fen; debit is positive.
    pub balances: BTreeMap<String, i64>,
    /// What is wrong. Empty: the books balance.
    pub wrong: Vec<Imbalance>,
}

/// Something in the books that can't be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Imbalance {
    /// An entry's id, an account, a notice's number.
    pub at: String,
    /// What is wrong.
    pub what: String,
}

/// Rows read at once.
const PAGE: i64 = 5_000;
/// Findings that are told.
const MOST_WRONG: usize = 100;

// === impl Books ===

impl Books {
    /// True when nothing is wrong.
    pub fn balance(&self) -> bool {
        self.wrong.is_empty()
    }

    fn wrong(&mut self, at: impl Into<String>, what: impl Into<String>) {
        if self.wrong.len() < MOST_WRONG {
            self.wrong.push(Imbalance { at: at.into(), what: what.into() });
        }
    }
}

/// Adds up and compares everything, as it was at one moment.
pub(crate) async fn books(store: &Store, key: &LedgerKey) -> Result<Books, PaymentError> {
    let begin = match store.backend() {
        Backend::Sqlite => "BEGIN",
        Backend::Postgres => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
    };
    let mut read = store.pool().begin_with(begin).await?;
    let mut books = Books::default();
    entries(&mut read, key, &mut books).await?;
    let expected = expected(&mut read, &mut books).await?;
    read.rollback().await?;
    compare(&mut books, &expected);
    Ok(books)
}

/// `id`, `kind`, `about`, `at`, `mac`, `account`, `amount`, `line`.
type Row = (String, String, String, i64, String, String, i64, i64);

/// Every entry: its sum, its seal; and what the accounts come to.
async fn entries(read: &mut Transaction<'static, Any>, key: &LedgerKey, books: &mut Books) -> Result<(), PaymentError> {
    let sql = "SELECT e.id, e.kind, e.about, e.at, e.mac, p.account, p.amount, p.line FROM payment_entries e \
               JOIN payment_postings p ON p.entry = e.id WHERE e.id > $1 OR (e.id = $1 AND p.line > $2) \
               ORDER BY e.id, p.line LIMIT $3";
    let (mut after, mut whole): ((String, i64), Vec<Row>) = ((String::new(), -1), Vec::new());
    loop {
        let page: Vec<Row> = sqlx::query_as(sql).bind(&after.0).bind(after.1).bind(PAGE).fetch_all(&mut **read).await?;
        let Some(last) = page.last() else { break };
        after = (last.0.clone(), last.7);
        for row in page {
            if whole.first().is_some_and(|first| first.0 != row.0) {
                entry(&std::mem::take(&mut whole), key, books);
            }
            whole.push(row);
        }
    }
    entry(&whole, key, books);
    let count: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM payment_entries").fetch_one(&mut **read).await?;
    if count != i64::try_from(books.entries).unwrap_or(i64::MAX) {
        books.wrong("entries", "there are entries without postings");
    }
    Ok(())
}

fn entry(rows: &[Row], key: &LedgerKey, books: &mut Books) {
    let Some((id, kind, about, at, mac, ..)) = rows.first() else { return };
    books.entries += 1;
    let postings: Vec<(String, i64)> = rows.iter().map(|row| (row.5.clone(), row.6)).collect();
    let sum = postings.iter().try_fold(0_i64, |sum, (_, amount)| sum.checked_add(*amount));
    if sum != Some(0) {
        books.wrong(id, "its postings do not add up to zero");
    }
    if key.mac((id, kind, about, *at), &postings) != *mac {
        books.wrong(id, "it was changed after it was made");
    }
    for (account, amount) in postings {
        let balance = books.balances.entry(account.clone()).or_default();
        match balance.checked_add(amount) {
            Some(sum) => *balance = sum,
            None => books.wrong(account, "its balance is beyond all bounds"),
        }
    }
}

/// What the accounts should come to, by notices, orders and refunds.
async fn expected(
    read: &mut Transaction<'static, Any>,
    books: &mut Books,
) -> Result<BTreeMap<String, i64>, PaymentError> {
    let mut expected = BTreeMap::new();
    let mut add = |account: String, amount: i64| {
        let balance = expected.entry(account).or_insert(0_i64);
        *balance = balance.saturating_add(amount);
    };
    notices(read, &mut add).await?;
    let sql = "SELECT channel, state, CAST(SUM(amount) AS BIGINT) FROM payment_orders WHERE state IN ('paid', 'late') \
               GROUP BY channel, state";
    let rows: Vec<(String, String, i64)> = sqlx::query_as(sql).fetch_all(&mut **read).await?;
    for (channel, state, amount) in rows {
        add(clearing(&channel), amount);
        if state == "late" {
            add(suspense(&channel), -amount);
        }
    }
    let sql = "SELECT r.channel, n.owner, r.state, r.late, CAST(SUM(r.amount) AS BIGINT) FROM payment_refunds r \
               JOIN payment_notices n ON n.number = r.notice WHERE r.state IN ('sending', 'done') \
               GROUP BY r.channel, n.owner, r.state, r.late";
    let rows: Vec<(String, String, String, i64, i64)> = sqlx::query_as(sql).fetch_all(&mut **read).await?;
    for (channel, owner, state, late, amount) in rows {
        match (state.as_str(), late) {
            ("done", 0) => {
                add(clearing(&channel), -amount);
                add("refunds".to_owned(), amount);
            }
            ("done", _) => {
                add(clearing(&channel), -amount);
                add(suspense(&channel), amount);
            }
            (_, 0) => {
                add(payable(&owner), -amount);
                add("refunds".to_owned(), amount);
            }
            _ => {}
        }
    }
    states(read, books).await?;
    Ok(expected)
}

async fn notices(read: &mut Transaction<'static, Any>, add: &mut impl FnMut(String, i64)) -> Result<(), PaymentError> {
    let sql =
        "SELECT number, owner, state, total, lines FROM payment_notices WHERE number > $1 ORDER BY number LIMIT $2";
    let mut after = String::new();
    loop {
        let page: Vec<(String, String, String, i64, String)> =
            sqlx::query_as(sql).bind(&after).bind(PAGE).fetch_all(&mut **read).await?;
        let Some((last, ..)) = page.last() else { return Ok(()) };
        after = last.clone();
        for (_, owner, state, total, lines) in page {
            if state == "due" {
                add(receivable(&owner), total);
            }
            if state != "closed" {
                let lines: Vec<Line> = serde_json::from_str(&lines).unwrap_or_default();
                for line in lines {
                    add(super::revenue(&line.item), -line.amount.get());
                }
            }
        }
    }
}

/// Counts that have to be none: each is something that can't be.
const NEVER: [(&str, &str); 6] = [
    (
        "a notice that is paid has not exactly one order that paid it, with its amount",
        "SELECT COUNT(*) FROM payment_notices n WHERE n.state IN ('paid', 'refunded') AND 1 <> (SELECT COUNT(*) \
         FROM payment_orders o WHERE o.notice = n.number AND o.state = 'paid' AND o.amount = n.total AND o.id = n.paid_by)",
    ),
    (
        "a notice that nobody paid has an order that is paid",
        "SELECT COUNT(*) FROM payment_orders o JOIN payment_notices n ON n.number = o.notice \
         WHERE o.state = 'paid' AND n.state IN ('due', 'closed')",
    ),
    (
        "more was given back than was paid",
        "SELECT COUNT(*) FROM payment_notices WHERE reserved > total OR returned > reserved OR returned < 0",
    ),
    (
        "what is reserved for refunds is not what its refunds come to",
        "SELECT COUNT(*) FROM payment_notices n WHERE n.reserved <> COALESCE((SELECT CAST(SUM(r.amount) AS BIGINT) \
         FROM payment_refunds r WHERE r.notice = n.number AND r.late = 0 \
         AND r.state IN ('requested', 'sending', 'done')), 0)",
    ),
    (
        "what was returned is not what its refunds come to",
        "SELECT COUNT(*) FROM payment_notices n WHERE n.returned <> COALESCE((SELECT CAST(SUM(r.amount) AS BIGINT) \
         FROM payment_refunds r WHERE r.notice = n.number AND r.late = 0 AND r.state = 'done'), 0)",
    ),
    (
        "a notice stands as refunded, and not all of it is back, or the other way round",
        "SELECT COUNT(*) FROM payment_notices WHERE (state = 'refunded' AND returned <> total) \
         OR (state = 'paid' AND returned = total)",
    ),
];

async fn states(read: &mut Transaction<'static, Any>, books: &mut Books) -> Result<(), PaymentError> {
    for (what, sql) in NEVER {
        let count: i64 = sqlx::query_scalar(sql).fetch_one(&mut **read).await?;
        if count != 0 {
            books.wrong("states", format!("{what} ({count})"));
        }
    }
    Ok(())
}

/// Both lists, account by account. What refunds come to is compared as a whole: items share it.
fn compare(books: &mut Books, expected: &BTreeMap<String, i64>) {
    let refunds: i64 =
        books.balances.iter().filter(|(account, _)| account.starts_with("refunds:")).map(|(_, amount)| amount).sum();
    let by_account = |account: &str| match account {
        "refunds" => refunds,
        account => books.balances.get(account).copied().unwrap_or_default(),
    };
    let accounts = books.balances.keys().filter(|account| !account.starts_with("refunds:")).chain(expected.keys());
    let wrong: BTreeMap<String, String> = accounts
        .filter_map(|account| {
            let (is, should) = (by_account(account), expected.get(account).copied().unwrap_or_default());
            (is != should).then(|| (account.clone(), format!("the ledger says {is} fen, the records say {should}")))
        })
        .collect();
    for (account, what) in wrong {
        books.wrong(account, what);
    }
    let all = books.balances.values().try_fold(0_i64, |sum, amount| sum.checked_add(*amount));
    if all != Some(0) {
        books.wrong("ledger", "all accounts together are not zero");
    }
}
