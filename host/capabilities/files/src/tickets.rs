//! The SQL of tickets.

use sqlx::{Any, AnyPool, Executor};
use zhongtai_kernel::Digest;
use zhongtai_store::{StoreError, WriteTransaction};

use crate::{FileId, FileKind, FileRecord, Grant, Link, NewFile};

const COLUMNS: &str = "act, scenario, case_ref, purpose, kinds, max_bytes, account, file";

type Row = (String, String, String, String, String, i64, String, Option<String>);

/// What a ticket holds.
pub(crate) enum Stored {
    Upload { file: NewFile, busy: bool },
    Download(Grant),
}

pub(crate) async fn insert_upload(
    pool: &AnyPool,
    secret: Digest,
    file: &NewFile,
    expires_at: i64,
) -> Result<(), StoreError> {
    let kinds = file.kinds.iter().map(|kind| kind.as_str()).collect::<Vec<_>>().join(" ");
    sqlx::query(
        "INSERT INTO files_tickets (secret_hash, act, scenario, case_ref, purpose, kinds, max_bytes, account, expires_at) \
         VALUES ($1, 'upload', $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(secret.to_string())
    .bind(file.scenario.as_str())
    .bind(file.case.as_str())
    .bind(&file.purpose)
    .bind(kinds)
    .bind(i64::try_from(file.max_bytes).unwrap_or(i64::MAX))
    .bind(file.account.to_string())
    .bind(expires_at)
    .execute(pool)
    .await?;
    Ok(())
}

pub(crate) async fn insert_download(
    pool: &AnyPool,
    secret: Digest,
    file: &FileRecord,
    link: &Link,
    expires_at: i64,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO files_tickets (secret_hash, act, scenario, case_ref, purpose, kinds, max_bytes, account, file, expires_at) \
         VALUES ($1, 'download', $2, $3, $4, '', 0, $5, $6, $7)",
    )
    .bind(secret.to_string())
    .bind(file.scenario.as_str())
    .bind(file.case.as_str())
    .bind(&link.purpose)
    .bind(link.account.to_string())
    .bind(file.id.to_string())
    .bind(expires_at)
    .execute(pool)
    .await?;
    Ok(())
}

/// A ticket that was not used up and is not over.
pub(crate) async fn find<'e>(
    executor: impl Executor<'e, Database = Any>,
    secret: Digest,
    now: i64,
) -> Result<Option<Stored>, StoreError> {
    let sql = sqlx::AssertSqlSafe(format!(
        "SELECT {COLUMNS} FROM files_tickets WHERE secret_hash = $1 AND used_at IS NULL AND expires_at > $2"
    ));
    let row: Option<Row> = sqlx::query_as(sql).bind(secret.to_string()).bind(now).fetch_optional(executor).await?;
    row.map(read).transpose()
}

/// Ties an upload's ticket to the file that is coming in. False when another upload has it, or it is over.
pub(crate) async fn claim(
    write: &mut WriteTransaction,
    secret: Digest,
    file: FileId,
    now: i64,
) -> Result<bool, StoreError> {
    let sql = "UPDATE files_tickets SET file = $2 \
               WHERE secret_hash = $1 AND act = 'upload' AND file IS NULL AND used_at IS NULL AND expires_at > $3";
    let done = sqlx::query(sql).bind(secret.to_string()).bind(file.to_string()).bind(now).execute(&mut **write).await?;
    Ok(done.rows_affected() == 1)
}

/// Uses a download's ticket up. False when it was used, or is over.
pub(crate) async fn spend_download(pool: &AnyPool, secret: Digest, now: i64) -> Result<bool, StoreError> {
    let sql = "UPDATE files_tickets SET used_at = $2 \
               WHERE secret_hash = $1 AND act = 'download' AND used_at IS NULL AND expires_at > $2";
    let done = sqlx::query(sql).bind(secret.to_string()).bind(now).execute(pool).await?;
    Ok(done.rows_affected() == 1)
}

/// Uses up the ticket that `file` came in with.
pub(crate) async fn spend_upload(write: &mut WriteTransaction, file: FileId, now: i64) -> Result<(), StoreError> {
    let sql = "UPDATE files_tickets SET used_at = $2 WHERE file = $1 AND act = 'upload'";
    sqlx::query(sql).bind(file.to_string()).bind(now).execute(&mut **write).await?;
    Ok(())
}

/// Lets the ticket that `file` was coming in with be used again.
pub(crate) async fn release(write: &mut WriteTransaction, file: FileId) -> Result<(), StoreError> {
    let sql = "UPDATE files_tickets SET file = NULL WHERE file = $1 AND act = 'upload' AND used_at IS NULL";
    sqlx::query(sql).bind(file.to_string()).execute(&mut **write).await?;
    Ok(())
}

/// Forgets tickets that were over before `time`.
pub(crate) async fn forget(pool: &AnyPool, time: i64) -> Result<u64, StoreError> {
    let done = sqlx::query("DELETE FROM files_tickets WHERE expires_at < $1").bind(time).execute(pool).await?;
    Ok(done.rows_affected())
}

fn read(row: Row) -> Result<Stored, StoreError> {
    let (act, scenario, case, purpose, kinds, max_bytes, account, file) = row;
    let scenario = scenario.parse().map_err(|error| StoreError::corrupt("files_tickets.scenario", error))?;
    let account = account.parse().map_err(|error| StoreError::corrupt("files_tickets.account", error))?;
    let id: Option<FileId> =
        file.map(|id| id.parse().map_err(|error| StoreError::corrupt("files_tickets.file", error))).transpose()?;
    if act == "download" {
        return Ok(Stored::Download(Grant { download: id, scenario, purpose, account }));
    }
    let kinds = kinds.split(' ').map(str::parse::<FileKind>).collect::<Result<_, _>>();
    let file = NewFile {
        scenario,
        case: case.parse().map_err(|error| StoreError::corrupt("files_tickets.case_ref", error))?,
        purpose,
        kinds: kinds.map_err(|error| StoreError::corrupt("files_tickets.kinds", error))?,
        max_bytes: max_bytes.try_into().map_err(|error| StoreError::corrupt("files_tickets.max_bytes", error))?,
        account,
    };
    Ok(Stored::Upload { file, busy: id.is_some() })
}

#[cfg(test)]
mod tests {
    use zhongtai_kernel::AccountId;
    use zhongtai_store::{Store, testing};

    use super::*;

    /// When the ticket ends.
    const END: i64 = 1_000;

    fn secret(text: &str) -> Digest {
        Digest::of(text.as_bytes())
    }

    /// An upload's ticket `up` and a download's ticket `down`, until [`END`].
    async fn two_tickets(store: &Store) {
        let file = NewFile {
            scenario: "441802-chengguan/pothole".parse().unwrap(),
            case: "1".parse().unwrap(),
            purpose: "apply".to_owned(),
            kinds: vec![FileKind::Pdf],
            max_bytes: 1,
            account: AccountId::generate(),
        };
        for name in ["up", "down"] {
            insert_upload(store.pool(), secret(name), &file, END).await.unwrap();
        }
        let sql = "UPDATE files_tickets SET act = 'download' WHERE secret_hash = $1";
        sqlx::query(sql).bind(secret("down").to_string()).execute(store.pool()).await.unwrap();
    }

    async fn claimed(store: &Store, name: &str, now: i64) -> bool {
        let mut write = store.begin_write().await.unwrap();
        let claimed = claim(&mut write, secret(name), FileId::generate().unwrap(), now).await.unwrap();
        write.commit().await.unwrap();
        claimed
    }

    /// Whatever was read before: between reading a ticket and claiming it another request may have done so.
    #[tokio::test]
    async fn an_uploads_ticket_is_claimed_once_in_its_time_and_is_for_no_download() {
        for database in testing::both(crate::MIGRATIONS).await {
            let store = &database.store;
            two_tickets(store).await;
            assert!(!claimed(store, "up", END).await, "over");
            assert!(!claimed(store, "down", 1).await, "for a download");
            assert!(!claimed(store, "none", 1).await);
            assert!(claimed(store, "up", END - 1).await);
            assert!(!claimed(store, "up", 1).await, "another upload has it");
            assert!(!spend_download(store.pool(), secret("up"), 1).await.unwrap(), "for an upload");
        }
    }

    #[tokio::test]
    async fn a_ticket_that_was_used_is_not_claimed_although_no_file_holds_it() {
        for database in testing::both(crate::MIGRATIONS).await {
            let store = &database.store;
            two_tickets(store).await;
            let sql = "UPDATE files_tickets SET used_at = 1 WHERE secret_hash = $1";
            sqlx::query(sql).bind(secret("up").to_string()).execute(store.pool()).await.unwrap();
            assert!(!claimed(store, "up", 1).await);
            assert!(find(store.pool(), secret("up"), 1).await.unwrap().is_none());
        }
    }

    #[tokio::test]
    async fn a_downloads_ticket_is_spent_once_in_its_time() {
        for database in testing::both(crate::MIGRATIONS).await {
            let (store, down) = (&database.store, secret("down"));
            two_tickets(store).await;
            assert!(find(store.pool(), down, END).await.unwrap().is_none(), "over");
            assert!(find(store.pool(), down, END - 1).await.unwrap().is_some());
            assert!(!spend_download(store.pool(), down, END).await.unwrap(), "over");
            assert!(spend_download(store.pool(), down, END - 1).await.unwrap());
            assert!(!spend_download(store.pool(), down, 1).await.unwrap(), "spent");
            assert!(find(store.pool(), down, 1).await.unwrap().is_none(), "spent");
        }
    }

    #[tokio::test]
    async fn a_ticket_whose_upload_was_given_up_is_free_again_and_one_whose_file_is_there_is_not() {
        for database in testing::both(crate::MIGRATIONS).await {
            let store = &database.store;
            two_tickets(store).await;
            let file = FileId::generate().unwrap();
            let mut write = store.begin_write().await.unwrap();
            assert!(claim(&mut write, secret("up"), file, 1).await.unwrap());
            release(&mut write, file).await.unwrap();
            assert!(claim(&mut write, secret("up"), file, 1).await.unwrap(), "free again");
            spend_upload(&mut write, file, 1).await.unwrap();
            release(&mut write, file).await.unwrap();
            write.commit().await.unwrap();
            assert!(!claimed(store, "up", 1).await, "its file is there");
        }
    }
}
