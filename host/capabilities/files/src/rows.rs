//! The SQL of files. A transaction that changes what a department and a case hold locks the department first, then the
//! case: so none waits for another in a circle.

use sqlx::AnyPool;
use zhongtai_kernel::{AccountId, DepartmentId, ScenarioId, Timestamp};
use zhongtai_store::{StoreError, WriteTransaction};

use crate::{
    CaseRef, FileId, FileRecord, FilesError, MAX_FILES, NewFile, Sm3Digest,
    folder::Place,
    vault::{Belongs, Vault},
};

const COLUMNS: &str = "f.id, f.scenario, f.case_ref, f.purpose, f.account, f.kind, f.bytes, f.sha256, f.sm3, \
                       f.sealed_key, f.sealed_name, f.stored_at, f.attached, d.folder, c.folder";
const TABLES: &str = "files f JOIN files_departments d ON d.department = f.department \
                      JOIN files_cases c ON c.scenario = f.scenario AND c.case_ref = f.case_ref";

type Row = (
    String,
    String,
    String,
    String,
    String,
    Option<String>,
    i64,
    Option<String>,
    Option<String>,
    Vec<u8>,
    Option<Vec<u8>>,
    Option<i64>,
    i64,
    String,
    String,
);

/// A stored file, and what opens it.
pub(crate) struct StoredFile {
    pub(crate) record: FileRecord,
    pub(crate) place: Place,
    pub(crate) sealed_key: Vec<u8>,
}

/// What a department and a case hold, locked until the transaction ends.
pub(crate) struct Held {
    pub(crate) department: (FileId, i64),
    pub(crate) case: (FileId, i64),
}

/// Locks what a file counts against.
pub(crate) async fn lock(
    write: &mut WriteTransaction,
    scenario: &ScenarioId,
    case: &CaseRef,
) -> Result<Held, FilesError> {
    let department = "INSERT INTO files_departments (department, folder, bytes) VALUES ($1, $2, 0) \
                      ON CONFLICT (department) DO UPDATE SET bytes = files_departments.bytes RETURNING folder, bytes";
    let (folder, bytes): (String, i64) = sqlx::query_as(department)
        .bind(scenario.department().as_str())
        .bind(FileId::generate()?.to_string())
        .fetch_one(&mut **write)
        .await?;
    let department = (id("files_departments.folder", &folder)?, bytes);
    let case_sql = "INSERT INTO files_cases (scenario, case_ref, folder, bytes) VALUES ($1, $2, $3, 0) \
                    ON CONFLICT (scenario, case_ref) DO UPDATE SET bytes = files_cases.bytes RETURNING folder, bytes";
    let (folder, bytes): (String, i64) = sqlx::query_as(case_sql)
        .bind(scenario.as_str())
        .bind(case.as_str())
        .bind(FileId::generate()?.to_string())
        .fetch_one(&mut **write)
        .await?;
    Ok(Held { department, case: (id("files_cases.folder", &folder)?, bytes) })
}

/// Adds to what the department and the case hold, which must be locked.
pub(crate) async fn hold(
    write: &mut WriteTransaction,
    scenario: &ScenarioId,
    case: &CaseRef,
    more: i64,
) -> Result<(), StoreError> {
    sqlx::query("UPDATE files_departments SET bytes = bytes + $2 WHERE department = $1")
        .bind(scenario.department().as_str())
        .bind(more)
        .execute(&mut **write)
        .await?;
    sqlx::query("UPDATE files_cases SET bytes = bytes + $3 WHERE scenario = $1 AND case_ref = $2")
        .bind(scenario.as_str())
        .bind(case.as_str())
        .bind(more)
        .execute(&mut **write)
        .await?;
    Ok(())
}

/// How many files a case has, those on their way too. It must be locked.
pub(crate) async fn count(
    write: &mut WriteTransaction,
    scenario: &ScenarioId,
    case: &CaseRef,
) -> Result<i64, StoreError> {
    let sql = "SELECT COUNT(*) FROM files WHERE scenario = $1 AND case_ref = $2";
    Ok(sqlx::query_scalar(sql).bind(scenario.as_str()).bind(case.as_str()).fetch_one(&mut **write).await?)
}

/// A file that is coming in.
pub(crate) struct Incoming<'a> {
    pub(crate) id: FileId,
    pub(crate) file: &'a NewFile,
    pub(crate) reserved: i64,
    pub(crate) sealed_key: Vec<u8>,
    pub(crate) sealed_name: Option<Vec<u8>>,
    pub(crate) expires_at: i64,
}

pub(crate) async fn insert(write: &mut WriteTransaction, incoming: Incoming<'_>) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO files (id, department, scenario, case_ref, purpose, account, state, bytes, sealed_key, \
         sealed_name, attached, expires_at) VALUES ($1, $2, $3, $4, $5, $6, 'receiving', $7, $8, $9, 0, $10)",
    )
    .bind(incoming.id.to_string())
    .bind(incoming.file.scenario.department().as_str())
    .bind(incoming.file.scenario.as_str())
    .bind(incoming.file.case.as_str())
    .bind(&incoming.file.purpose)
    .bind(incoming.file.account.to_string())
    .bind(incoming.reserved)
    .bind(incoming.sealed_key)
    .bind(incoming.sealed_name)
    .bind(incoming.expires_at)
    .execute(&mut **write)
    .await?;
    Ok(())
}

/// Lets a file be seen. False when it was swept before.
pub(crate) async fn publish(
    write: &mut WriteTransaction,
    record: &FileRecord,
    expires_at: i64,
) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "UPDATE files SET state = 'stored', kind = $2, bytes = $3, sha256 = $4, sm3 = $5, stored_at = $6, \
         expires_at = $7 WHERE id = $1 AND state = 'receiving'",
    )
    .bind(record.id.to_string())
    .bind(record.kind.as_str())
    .bind(i64::try_from(record.bytes).unwrap_or(i64::MAX))
    .bind(record.sha256.to_string())
    .bind(record.sm3.to_string())
    .bind(record.stored_at.as_millisecond())
    .bind(expires_at)
    .execute(&mut **write)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(crate) async fn find(
    pool: &AnyPool,
    vault: &Vault,
    scenario: &ScenarioId,
    file: FileId,
) -> Result<Option<StoredFile>, FilesError> {
    let sql = sqlx::AssertSqlSafe(format!(
        "SELECT {COLUMNS} FROM {TABLES} WHERE f.id = $1 AND f.scenario = $2 AND f.state = 'stored'"
    ));
    let row: Option<Row> =
        sqlx::query_as(sql).bind(file.to_string()).bind(scenario.as_str()).fetch_optional(pool).await?;
    row.map(|row| read(vault, row)).transpose()
}

pub(crate) async fn list(
    pool: &AnyPool,
    vault: &Vault,
    scenario: &ScenarioId,
    case: &CaseRef,
    of: Option<AccountId>,
) -> Result<Vec<FileRecord>, FilesError> {
    let sql = sqlx::AssertSqlSafe(format!(
        "SELECT {COLUMNS} FROM {TABLES} WHERE f.scenario = $1 AND f.case_ref = $2 AND f.state = 'stored' \
         AND ($3 = '' OR f.account = $3) ORDER BY f.stored_at, f.id LIMIT $4"
    ));
    let rows: Vec<Row> = sqlx::query_as(sql)
        .bind(scenario.as_str())
        .bind(case.as_str())
        .bind(of.map_or_else(String::new, |account| account.to_string()))
        .bind(i64::from(MAX_FILES))
        .fetch_all(pool)
        .await?;
    rows.into_iter().map(|row| Ok(read(vault, row)?.record)).collect()
}

/// Keeps a file for good.
pub(crate) async fn attach(pool: &AnyPool, scenario: &ScenarioId, file: FileId) -> Result<bool, StoreError> {
    let sql = "UPDATE files SET attached = 1, expires_at = NULL \
               WHERE id = $1 AND scenario = $2 AND state = 'stored'";
    let done = sqlx::query(sql).bind(file.to_string()).bind(scenario.as_str()).execute(pool).await?;
    Ok(done.rows_affected() == 1)
}

/// Hides a stored file; its bytes are still there. False when there is none.
pub(crate) async fn hide(pool: &AnyPool, scenario: &ScenarioId, file: FileId) -> Result<bool, StoreError> {
    let sql = "UPDATE files SET state = 'removing', expires_at = 0 \
               WHERE id = $1 AND scenario = $2 AND state = 'stored'";
    let done = sqlx::query(sql).bind(file.to_string()).bind(scenario.as_str()).execute(pool).await?;
    Ok(done.rows_affected() == 1)
}

/// Hides a file that is still coming in. False when it was published or swept.
pub(crate) async fn give_up(pool: &AnyPool, file: FileId) -> Result<bool, StoreError> {
    let sql = "UPDATE files SET state = 'removing', expires_at = 0 WHERE id = $1 AND state = 'receiving'";
    Ok(sqlx::query(sql).bind(file.to_string()).execute(pool).await?.rows_affected() == 1)
}

/// Files whose time is over, or whose removal did not come to its end. Hides them.
pub(crate) async fn expire(pool: &AnyPool, now: i64, limit: u32) -> Result<Vec<FileId>, StoreError> {
    let sql = "UPDATE files SET state = 'removing', expires_at = 0 WHERE id IN \
               (SELECT id FROM files WHERE expires_at < $1 ORDER BY expires_at LIMIT $2) \
               AND expires_at < $1 RETURNING id";
    let ids: Vec<String> = sqlx::query_scalar(sql).bind(now).bind(i64::from(limit)).fetch_all(pool).await?;
    ids.iter().map(|text| id("files.id", text)).collect()
}

/// Where a hidden file lies, and whose it was.
pub(crate) async fn hidden(pool: &AnyPool, file: FileId) -> Result<Option<(Place, ScenarioId, CaseRef)>, StoreError> {
    let sql = sqlx::AssertSqlSafe(format!(
        "SELECT d.folder, c.folder, f.scenario, f.case_ref FROM {TABLES} WHERE f.id = $1 AND f.state = 'removing'"
    ));
    let row: Option<(String, String, String, String)> =
        sqlx::query_as(sql).bind(file.to_string()).fetch_optional(pool).await?;
    row.map(|(department, case_folder, scenario, case)| {
        let place = Place {
            department: id("files_departments.folder", &department)?,
            case: id("files_cases.folder", &case_folder)?,
            file,
        };
        Ok((place, parse("files.scenario", &scenario)?, parse("files.case_ref", &case)?))
    })
    .transpose()
}

/// Forgets a hidden file, with its key. Returns what it held, unless another host was faster.
pub(crate) async fn delete(write: &mut WriteTransaction, file: FileId) -> Result<Option<i64>, StoreError> {
    let sql = "DELETE FROM files WHERE id = $1 AND state = 'removing' RETURNING bytes";
    Ok(sqlx::query_scalar(sql).bind(file.to_string()).fetch_optional(&mut **write).await?)
}

/// What a department, and a case of a scenario, hold; for operators and tests.
pub(crate) async fn department_bytes(pool: &AnyPool, department: &DepartmentId) -> Result<i64, StoreError> {
    let sql = "SELECT bytes FROM files_departments WHERE department = $1";
    let bytes: Option<i64> = sqlx::query_scalar(sql).bind(department.as_str()).fetch_optional(pool).await?;
    Ok(bytes.unwrap_or(0))
}

fn read(vault: &Vault, row: Row) -> Result<StoredFile, FilesError> {
    let (file, scenario, case, purpose, account, kind, bytes, sha256, sm3, sealed_key, name, stored_at, attached, d, c) =
        row;
    let record = FileRecord {
        id: id("files.id", &file)?,
        scenario: parse("files.scenario", &scenario)?,
        case: parse("files.case_ref", &case)?,
        purpose,
        account: parse("files.account", &account)?,
        kind: parse("files.kind", &kind.unwrap_or_default())?,
        bytes: bytes.try_into().map_err(|error| StoreError::corrupt("files.bytes", error))?,
        sha256: parse("files.sha256", &sha256.unwrap_or_default())?,
        sm3: sm3_digest(&sm3.unwrap_or_default())?,
        name: None,
        stored_at: Timestamp::from_millisecond(stored_at.unwrap_or_default())
            .map_err(|error| StoreError::corrupt("files.stored_at", error))?,
        attached: attached != 0,
    };
    let place =
        Place { department: id("files_departments.folder", &d)?, case: id("files_cases.folder", &c)?, file: record.id };
    let name = name.map(|sealed| vault.open_name(belongs(&record), &sealed)).transpose()?;
    Ok(StoredFile { record: FileRecord { name, ..record }, place, sealed_key })
}

/// What the secrets of a file's row are bound to.
pub(crate) fn belongs(record: &FileRecord) -> Belongs<'_> {
    Belongs { file: record.id, scenario: &record.scenario, case: &record.case, account: record.account }
}

fn id(what: &'static str, text: &str) -> Result<FileId, StoreError> {
    parse(what, text)
}

fn parse<T: std::str::FromStr<Err: ToString>>(what: &'static str, text: &str) -> Result<T, StoreError> {
    text.parse().map_err(|error: T::Err| StoreError::corrupt(what, error.to_string()))
}

fn sm3_digest(text: &str) -> Result<Sm3Digest, StoreError> {
    let mut digest = [0; 32];
    hex::decode_to_slice(text, &mut digest).map_err(|error| StoreError::corrupt("files.sm3", error))?;
    Ok(Sm3Digest(digest))
}
