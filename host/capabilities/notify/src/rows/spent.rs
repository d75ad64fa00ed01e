use zhongtai_store::{StoreError, WriteTransaction};

use crate::limits::Budget;

/// Takes one from each budget. The one that is used up, if one is: the transaction then has to be rolled back.
pub(crate) async fn take(write: &mut WriteTransaction, budgets: &[Budget]) -> Result<Option<i64>, StoreError> {
    // One statement that only so many hosts can get through: nobody reads first and writes then.
    let sql = "INSERT INTO notify_spent (scope, since, until, count) VALUES ($1, $2, $3, 1) \
               ON CONFLICT (scope, since) DO UPDATE SET count = notify_spent.count + 1 WHERE notify_spent.count < $4";
    for budget in budgets {
        let taken = sqlx::query(sql)
            .bind(budget.scope.clone())
            .bind(budget.since)
            .bind(budget.until)
            .bind(budget.most)
            .execute(&mut **write)
            .await?;
        if taken.rows_affected() == 0 {
            return Ok(Some(budget.until));
        }
    }
    Ok(None)
}
