//! What a caller may see of a table: the policies, evaluated with everything but the row known, as a parameterised
//! `WHERE` clause for SQLite and PostgreSQL. It selects the rows that a decision for each of them would allow.
//!
//! ```
//! use sqlx::{AnyPool, AssertSqlSafe};
//! use zhongtai_authz::Compiled;
//! use zhongtai_kernel::{CallerFacts, Timestamp};
//! use zhongtai_rowfilter::{Bind, Column, Dialect, RowFilter, Rows, Table};
//!
//! async fn own_cases(
//!     pool: &AnyPool,
//!     policies: &Compiled,
//!     caller: &CallerFacts,
//!     now: Timestamp,
//! ) -> Result<Vec<String>, Box<dyn std::error::Error>> {
//!     let table = Table::new("Case", "cases", "id")
//!         .attribute("level", Column::number("level"))
//!         .attribute("department", Column::entity("department", "Department"))
//!         .attribute("applicant", Column::text("applicant").optional());
//!     let filter = RowFilter::new(policies, caller, &Rows::new("case:list"), now, &table, Dialect::Sqlite)?;
//!     let sql = format!("SELECT id FROM cases WHERE year = $1 AND {} LIMIT 50", filter.clause(2));
//!     let mut query = sqlx::query_scalar(AssertSqlSafe(sql)).bind(2026);
//!     for bind in filter.binds() {
//!         query = match bind {
//!             Bind::Text(text) => query.bind(text.clone()),
//!             Bind::Number(number) => query.bind(*number),
//!         };
//!     }
//!     Ok(query.fetch_all(pool).await?)
//! }
//! ```
//!
//! What can't be translated fails closed, row by row, and is named in [`RowFilter::untranslated`]. The folder's README
//! says what becomes what.

mod arithmetic;
mod clause;
mod condition;
mod error;
mod filter;
mod hierarchy;
mod meaning;
mod residual;
mod table;
mod translate;
mod world;

pub use condition::Bind;
pub use error::RowFilterError;
pub use filter::{Construct, Dialect, RowFilter, Rows, Untranslated};
pub use table::{Column, Table};
