use zhongtai_store::Migration;

/// The desk's own file: never the platform's database.
pub(crate) const MIGRATIONS: &[Migration] = &[Migration {
    owner: "cashdesk",
    version: 1,
    sql: "
CREATE TABLE cashdesk_orders (
    id TEXT PRIMARY KEY,
    token TEXT NOT NULL UNIQUE,
    amount BIGINT NOT NULL,
    subject TEXT NOT NULL,
    state TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    transaction_no TEXT,
    paid_at BIGINT
);
CREATE INDEX cashdesk_orders_by_time ON cashdesk_orders (created_at);
CREATE INDEX cashdesk_orders_by_payment ON cashdesk_orders (paid_at);
CREATE TABLE cashdesk_refunds (
    id TEXT PRIMARY KEY,
    order_id TEXT NOT NULL REFERENCES cashdesk_orders (id),
    amount BIGINT NOT NULL,
    reason TEXT NOT NULL,
    failed_because TEXT,
    transaction_no TEXT,
    at BIGINT NOT NULL
);
CREATE INDEX cashdesk_refunds_by_order ON cashdesk_refunds (order_id);
CREATE INDEX cashdesk_refunds_by_time ON cashdesk_refunds (at);
CREATE TABLE cashdesk_callbacks (
    id TEXT PRIMARY KEY,
    body TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    next_at BIGINT NOT NULL,
    taken_at BIGINT
);
CREATE INDEX cashdesk_callbacks_by_time ON cashdesk_callbacks (next_at);
CREATE TABLE cashdesk_nonces (
    nonce TEXT PRIMARY KEY,
    at BIGINT NOT NULL
)",
}];
