use zhongtai_store::Migration;

/// The outbox.
///
/// `lease_until` is 0 when no host is about to deliver the message; while one is, it names that attempt: it is
/// different for each. Times are milliseconds since 1970.
pub const MIGRATIONS: &[Migration] = &[Migration {
    owner: "notify",
    version: 1,
    sql: "
        CREATE TABLE notify_outbox (
            id TEXT PRIMARY KEY,
            scenario TEXT NOT NULL,
            idempotency_key TEXT,
            channel TEXT NOT NULL,
            address TEXT NOT NULL,
            title TEXT NOT NULL,
            body TEXT NOT NULL,
            state TEXT NOT NULL,
            attempts BIGINT NOT NULL,
            created_at BIGINT NOT NULL,
            next_attempt_at BIGINT NOT NULL,
            lease_until BIGINT NOT NULL,
            last_error TEXT
        );
        CREATE UNIQUE INDEX notify_outbox_once ON notify_outbox (scenario, idempotency_key);
        CREATE INDEX notify_outbox_due ON notify_outbox (state, next_attempt_at)
    ",
}];
