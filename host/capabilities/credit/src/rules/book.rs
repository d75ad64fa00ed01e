//! The versions of the table, in the database, and the one in force.

use std::sync::Arc;

use arc_swap::ArcSwap;
use serde::Serialize;
use zhongtai_kernel::{Clock, Digest, Timestamp};
use zhongtai_store::{Store, StoreError};

use crate::CreditError;

use super::{Checked, table::Table};

/// The longest table, bytes.
const LONGEST: usize = 256 << 10;

/// The table in force, and how it got there.
#[derive(Debug)]
pub struct InForce {
    /// From 1; 0 is the built-in one.
    pub version: i64,
    /// The table itself.
    pub table: Table,
    /// How a verdict names each row: `3/joint-punishment`.
    names: Vec<String>,
    otherwise: String,
}

/// One version, without its text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RuleVersion {
    /// From 1.
    pub version: i64,
    /// The table's title.
    pub title: String,
    /// When it was put.
    pub put_at: Timestamp,
    /// By whom.
    pub put_by: String,
    /// Why.
    pub reason: String,
}

/// What became of a table that was put.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Put {
    /// The version that is in force now.
    pub version: i64,
    /// False when the table in force has the same text already.
    pub is_new: bool,
    /// What was found in it.
    pub checked: Checked,
}

/// All versions of the decision table. Every host looks for a newer one when it is told to [`refresh`](Self::refresh).
pub struct RuleBook {
    store: Store,
    clock: Arc<dyn Clock>,
    in_force: ArcSwap<InForce>,
}

// === impl InForce ===

impl InForce {
    fn new(version: i64, table: Table) -> Arc<Self> {
        let names = table.rows().map(|row| format!("{version}/{row}")).collect();
        Arc::new(Self { version, table, names, otherwise: format!("{version}/otherwise") })
    }

    /// How a verdict names the row that decided.
    pub fn name(&self, row: Option<usize>) -> &str {
        row.and_then(|row| self.names.get(row)).unwrap_or(&self.otherwise)
    }
}

// === impl RuleBook ===

impl RuleBook {
    /// The newest version of the database, or the built-in table.
    pub async fn open(store: Store, clock: Arc<dyn Clock>) -> Result<Self, CreditError> {
        let built_in = Table::load(Table::BUILT_IN)?;
        let book = Self { store, clock, in_force: ArcSwap::new(InForce::new(0, built_in)) };
        book.refresh().await?;
        Ok(book)
    }

    /// The table in force.
    pub fn in_force(&self) -> Arc<InForce> {
        self.in_force.load_full()
    }

    /// Takes over a version that another host has put. One that can't be used leaves the one before in force.
    pub async fn refresh(&self) -> Result<(), CreditError> {
        let sql = "SELECT version, text FROM credit_rules WHERE version > $1 ORDER BY version DESC LIMIT 1";
        let newer: Option<(i64, String)> =
            sqlx::query_as(sql).bind(self.in_force.load().version).fetch_optional(self.store.pool()).await?;
        if let Some((version, text)) = newer {
            let table = Table::load(&text)?;
            self.in_force.store(InForce::new(version, table));
        }
        Ok(())
    }

    /// Checks a table and puts it in force; one with the same text is there already.
    pub async fn put(&self, text: &str, by: &str, reason: &str) -> Result<Put, CreditError> {
        if text.len() > LONGEST {
            return Err(CreditError::invalid("rules", format!("at most {LONGEST} bytes")));
        }
        // A second's work, where a table is large.
        let own = text.to_owned();
        let checking = tokio::task::spawn_blocking(move || Table::parse(&own));
        let (table, checked) = checking.await.map_err(|_| CreditError::Fault("the check was lost".to_owned()))??;
        let digest = Digest::of(text.as_bytes()).to_string();
        let mut write = self.store.begin_write().await?;
        let sql = "SELECT version, digest FROM credit_rules ORDER BY version DESC LIMIT 1";
        let newest: Option<(i64, String)> = sqlx::query_as(sql).fetch_optional(&mut *write).await?;
        let (version, known) = newest.unwrap_or_default();
        if known == digest {
            return Ok(Put { version, is_new: false, checked });
        }
        let sql = "INSERT INTO credit_rules (version, title, text, digest, put_at, put_by, reason) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7)";
        let done = sqlx::query(sql)
            .bind(version + 1)
            .bind(table.title())
            .bind(text)
            .bind(digest)
            .bind(self.clock.now().as_millisecond())
            .bind(by)
            .bind(reason)
            .execute(&mut *write)
            .await
            .map_err(StoreError::from);
        match done {
            Err(error) if error.is_duplicate() => return Err(CreditError::RulesMoved),
            other => other?,
        };
        write.commit().await?;
        self.refresh().await?;
        Ok(Put { version: version + 1, is_new: true, checked })
    }

    /// Every version, the newest first.
    pub async fn versions(&self) -> Result<Vec<RuleVersion>, CreditError> {
        let sql = "SELECT version, title, put_at, put_by, reason FROM credit_rules ORDER BY version DESC";
        let rows: Vec<(i64, String, i64, String, String)> = sqlx::query_as(sql).fetch_all(self.store.pool()).await?;
        let version = |(version, title, put_at, put_by, reason)| {
            let put_at = Timestamp::from_millisecond(put_at);
            let put_at = put_at.map_err(|error| StoreError::corrupt("credit_rules.put_at", error))?;
            Ok(RuleVersion { version, title, put_at, put_by, reason })
        };
        rows.into_iter().map(version).collect()
    }

    /// A version's text; 0 is the built-in one, none is the one in force.
    pub async fn text(&self, version: Option<i64>) -> Result<(i64, String), CreditError> {
        let version = version.unwrap_or_else(|| self.in_force.load().version);
        if version == 0 {
            return Ok((0, Table::BUILT_IN.to_owned()));
        }
        let sql = "SELECT text FROM credit_rules WHERE version = $1";
        let text: Option<String> = sqlx::query_scalar(sql).bind(version).fetch_optional(self.store.pool()).await?;
        text.map(|text| (version, text)).ok_or(CreditError::NotFound("version of the rules"))
    }
}
