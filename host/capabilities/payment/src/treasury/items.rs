//! The list of fee items: every version stays, since notices were made by it.

use super::{Treasury, rows::time};
use crate::{FeeItem, ItemVersion, PaymentError};
use zhongtai_store::StoreError;

/// `version`, `definition`, `put_at`.
type Row = (i64, String, i64);

const NEWEST: &str =
    "SELECT version, definition, put_at FROM payment_items WHERE code = $1 ORDER BY version DESC LIMIT 1";

pub(super) async fn put(treasury: &Treasury, item: &FeeItem) -> Result<ItemVersion, PaymentError> {
    item.check()?;
    let mut write = treasury.store().begin_write().await?;
    let newest: Option<Row> = sqlx::query_as(NEWEST).bind(&item.code).fetch_optional(&mut *write).await?;
    let newest = newest.map(parse).transpose()?;
    if let Some(newest) = &newest {
        if newest.item == *item {
            return Ok(newest.clone());
        }
        if newest.item.owner != item.owner {
            let expected = format!("`{}`, whose item it is already", newest.item.owner);
            return Err(PaymentError::invalid("owner", expected));
        }
    }
    let version = newest.map_or(0, |newest| newest.version) + 1;
    let (definition, put_at) = (serde_json::to_string(item).map_err(unwritable)?, treasury.now());
    let sql = "INSERT INTO payment_items (code, version, owner, definition, put_at) VALUES ($1, $2, $3, $4, $5)";
    let done = sqlx::query(sql)
        .bind(&item.code)
        .bind(version)
        .bind(item.owner.as_str())
        .bind(definition)
        .bind(put_at.as_millisecond())
        .execute(&mut *write)
        .await
        .map_err(StoreError::from);
    match done {
        Err(error) if error.is_duplicate() => {
            return Err(PaymentError::invalid("code", "an item that nobody else puts at the same moment: try again"));
        }
        other => other?,
    };
    write.commit().await?;
    Ok(ItemVersion { item: item.clone(), version, put_at })
}

pub(super) async fn find(treasury: &Treasury, code: &str) -> Result<Option<ItemVersion>, PaymentError> {
    let row: Option<Row> = sqlx::query_as(NEWEST).bind(code).fetch_optional(treasury.store().pool()).await?;
    Ok(row.map(parse).transpose()?)
}

pub(super) async fn all(treasury: &Treasury) -> Result<Vec<ItemVersion>, PaymentError> {
    let sql = "SELECT version, definition, put_at FROM payment_items i WHERE version = \
               (SELECT MAX(version) FROM payment_items n WHERE n.code = i.code) ORDER BY code";
    let rows: Vec<Row> = sqlx::query_as(sql).fetch_all(treasury.store().pool()).await?;
    Ok(rows.into_iter().map(parse).collect::<Result<_, _>>()?)
}

fn parse((version, definition, put_at): Row) -> Result<ItemVersion, StoreError> {
    let item = serde_json::from_str(&definition).map_err(|_| super::rows::corrupt("payment_items.definition"))?;
    Ok(ItemVersion { item, version, put_at: time(put_at)? })
}

fn unwritable(error: serde_json::Error) -> PaymentError {
    PaymentError::Fault(format!("a record can't be written: {error}"))
}
