use zhongtai_store::Migration;

/// The outbox, the inbox, and what is counted.
///
/// Times are milliseconds since 1970.
///
/// In `notify_deliveries` a row is one message on one channel. `due_at` is when it is to be looked at: for an attempt,
/// or because the lease of the one that is under way is over; it is absent when nothing is left to do. `fence` is raised
/// by each claim and never falls: whoever ends a claim has to know its number. `sealed` is whom it is for and what it
/// says, as long as that is needed. In `notify_receipts` a row without a message is a receipt that came before the
/// attempt was recorded. In `notify_spent` a row is what was used of a limit since a time.
pub const MIGRATIONS: &[Migration] = &[
    Migration {
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
    },
    Migration {
        owner: "notify",
        version: 2,
        sql: "
        CREATE TABLE notify_deliveries (
            message TEXT NOT NULL,
            channel TEXT NOT NULL,
            scenario TEXT NOT NULL,
            department TEXT NOT NULL,
            idempotency_key TEXT,
            template TEXT NOT NULL,
            version TEXT NOT NULL,
            recipient TEXT NOT NULL,
            urgent BIGINT NOT NULL,
            state TEXT NOT NULL,
            failure TEXT,
            last_error TEXT,
            attempts BIGINT NOT NULL,
            fence BIGINT NOT NULL,
            counted BIGINT NOT NULL,
            created_at BIGINT NOT NULL,
            changed_at BIGINT NOT NULL,
            due_at BIGINT,
            sealed BYTEA,
            PRIMARY KEY (message, channel)
        );
        CREATE UNIQUE INDEX notify_deliveries_once ON notify_deliveries (scenario, idempotency_key);
        CREATE INDEX notify_deliveries_due ON notify_deliveries (channel, due_at, message) WHERE due_at IS NOT NULL;
        CREATE INDEX notify_deliveries_state ON notify_deliveries (state, message);
        CREATE TABLE notify_receipts (
            channel TEXT NOT NULL,
            carrier_id TEXT NOT NULL,
            message TEXT,
            fence BIGINT,
            outcome TEXT,
            failure TEXT,
            reason TEXT,
            at BIGINT NOT NULL,
            PRIMARY KEY (channel, carrier_id)
        );
        CREATE INDEX notify_receipts_message ON notify_receipts (message, channel);
        CREATE INDEX notify_receipts_at ON notify_receipts (at);
        CREATE TABLE notify_spent (
            scope TEXT NOT NULL,
            since BIGINT NOT NULL,
            until BIGINT NOT NULL,
            count BIGINT NOT NULL,
            PRIMARY KEY (scope, since)
        );
        CREATE TABLE notify_inbox (
            account TEXT NOT NULL,
            id TEXT NOT NULL,
            scenario TEXT NOT NULL,
            sealed BYTEA NOT NULL,
            created_at BIGINT NOT NULL,
            read_at BIGINT,
            PRIMARY KEY (account, id)
        );
        CREATE INDEX notify_inbox_id ON notify_inbox (id)
    ",
    },
];
