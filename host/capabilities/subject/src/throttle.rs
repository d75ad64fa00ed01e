//! How often a login name, or an account's second factor, may be tried. Counted in the database: every host sees every host's failures.

use std::time::Duration;

use zhongtai_kernel::Timestamp;
use zhongtai_store::{Store, StoreError};

use crate::SubjectError;

/// Failures after which a login name or a second factor has to wait.
const FAILURES: usize = 5;

/// How long a failure counts.
const WINDOW: Duration = Duration::from_secs(15 * 60);

/// Counts a try as failed before it is checked, or refuses it. A success takes it back with [`clear`].
pub(crate) async fn enter(store: &Store, login: &str, now: Timestamp) -> Result<(), SubjectError> {
    let now = now.as_millisecond();
    forget_old(store, now).await?;
    let mut write = store.begin_write().await?;
    // Takes the row's lock, whether the row is new or not: two tries at once are counted one after the other.
    let tries: String = sqlx::query_scalar(
        "INSERT INTO subject_sign_in_tries (login, tries, last_at) VALUES ($1, '[]', $2) \
         ON CONFLICT (login) DO UPDATE SET last_at = excluded.last_at RETURNING tries",
    )
    .bind(login)
    .bind(now)
    .fetch_one(&mut *write)
    .await?;
    let mut tries = recent(&tries, now)?;
    if let Some(retry_after) = wait(&tries, now) {
        // What is refused is no failure: it must not make the wait longer.
        write.rollback().await?;
        return Err(SubjectError::Throttled { retry_after });
    }
    tries.push(now);
    sqlx::query("UPDATE subject_sign_in_tries SET tries = $2 WHERE login = $1")
        .bind(login)
        .bind(serde_json::Value::from(tries).to_string())
        .execute(&mut *write)
        .await?;
    Ok(write.commit().await?)
}

/// Forgets the failures of a login name.
pub(crate) async fn clear(store: &Store, login: &str) -> Result<(), SubjectError> {
    sqlx::query("DELETE FROM subject_sign_in_tries WHERE login = $1").bind(login).execute(store.pool()).await?;
    Ok(())
}

/// Deletes what no longer counts: names that somebody only guessed must not stay.
async fn forget_old(store: &Store, now: i64) -> Result<(), SubjectError> {
    sqlx::query("DELETE FROM subject_sign_in_tries WHERE last_at <= $1")
        .bind(now - window())
        .execute(store.pool())
        .await?;
    Ok(())
}

/// The tries that still count, oldest first.
fn recent(json: &str, now: i64) -> Result<Vec<i64>, StoreError> {
    let mut tries: Vec<i64> = serde_json::from_str(json)
        .map_err(|_| StoreError::corrupt("subject_sign_in_tries.tries", "it is not a JSON array of numbers"))?;
    tries.retain(|at| now - at < window());
    tries.sort_unstable();
    Ok(tries)
}

/// How long the next try has to wait: until fewer than [`FAILURES`] count. Rounded up to seconds; another host's
/// clock may be ahead, which must not make it longer than the window.
fn wait(tries: &[i64], now: i64) -> Option<Duration> {
    let oldest = tries.len().checked_sub(FAILURES).and_then(|index| tries.get(index))?;
    let millis = (oldest + window() - now).clamp(1, window());
    Some(Duration::from_secs(millis.unsigned_abs().div_ceil(1_000)))
}

const fn window() -> i64 {
    WINDOW.as_secs() as i64 * 1_000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_try_waits_until_the_fifth_last_failure_no_longer_counts() {
        let minute = 60_000;
        assert_eq!(wait(&[0, 0, 0, 0], minute), None);
        assert_eq!(wait(&[0, 1, 2, 3, 4], minute), Some(Duration::from_secs(14 * 60)));
        assert_eq!(wait(&[0, 1, 2, 3, 4], minute + 1), Some(Duration::from_secs(14 * 60)), "rounded up");
        assert_eq!(wait(&[i64::from(u32::MAX); 5], 0), Some(WINDOW), "a clock that is ahead");
        assert_eq!(recent("[3, 0, 900000]", 900_000).unwrap(), [3, 900_000], "15 minutes old no longer counts");
    }
}
