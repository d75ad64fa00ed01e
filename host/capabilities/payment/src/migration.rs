use zhongtai_store::Migration;

/// Fee items, serials of payment codes, idempotency keys, notices, orders, refunds, the ledger, tickets, receipts and
/// the days that were reconciled.
///
/// Rows of `payment_entries` and `payment_postings` are only ever added. Money is fen; times are milliseconds since 1970.
/// A notice has one live order at a time, and an order one return of late money: the database holds both.
pub const MIGRATIONS: &[Migration] = &[Migration {
    owner: "payment",
    version: 1,
    sql: "
        CREATE TABLE payment_items (
            code TEXT NOT NULL,
            version BIGINT NOT NULL,
            owner TEXT NOT NULL,
            definition TEXT NOT NULL,
            put_at BIGINT NOT NULL,
            PRIMARY KEY (code, version)
        );
        CREATE TABLE payment_serials (
            prefix TEXT PRIMARY KEY,
            last BIGINT NOT NULL
        );
        CREATE TABLE payment_acts (
            scope TEXT NOT NULL,
            key TEXT NOT NULL,
            request TEXT NOT NULL,
            about TEXT NOT NULL,
            at BIGINT NOT NULL,
            PRIMARY KEY (scope, key)
        );
        CREATE TABLE payment_notices (
            number TEXT PRIMARY KEY,
            scenario TEXT NOT NULL,
            owner TEXT NOT NULL,
            payer TEXT NOT NULL,
            case_id TEXT,
            lines TEXT NOT NULL,
            total BIGINT NOT NULL,
            reserved BIGINT NOT NULL,
            returned BIGINT NOT NULL,
            state TEXT NOT NULL,
            created_at BIGINT NOT NULL,
            expires_at BIGINT NOT NULL,
            ended_at BIGINT,
            paid_by TEXT,
            channel TEXT,
            locks BIGINT NOT NULL
        );
        CREATE INDEX payment_notices_due ON payment_notices (expires_at) WHERE state = 'due';
        CREATE TABLE payment_orders (
            id TEXT PRIMARY KEY,
            notice TEXT NOT NULL REFERENCES payment_notices (number),
            channel TEXT NOT NULL,
            amount BIGINT NOT NULL,
            state TEXT NOT NULL,
            qr TEXT,
            created_at BIGINT NOT NULL,
            expires_at BIGINT NOT NULL,
            transaction_id TEXT,
            paid_at BIGINT,
            check_at BIGINT,
            checks BIGINT NOT NULL
        );
        CREATE INDEX payment_orders_notice ON payment_orders (notice);
        CREATE UNIQUE INDEX payment_orders_live ON payment_orders (notice) WHERE state IN ('preparing', 'open');
        CREATE UNIQUE INDEX payment_orders_transaction ON payment_orders (channel, transaction_id)
            WHERE transaction_id IS NOT NULL;
        CREATE INDEX payment_orders_check ON payment_orders (check_at) WHERE check_at IS NOT NULL;
        CREATE INDEX payment_orders_paid ON payment_orders (channel, paid_at) WHERE paid_at IS NOT NULL;
        CREATE TABLE payment_refunds (
            id TEXT PRIMARY KEY,
            notice TEXT NOT NULL REFERENCES payment_notices (number),
            order_id TEXT NOT NULL REFERENCES payment_orders (id),
            channel TEXT NOT NULL,
            amount BIGINT NOT NULL,
            total BIGINT NOT NULL,
            reason TEXT NOT NULL,
            state TEXT NOT NULL,
            requester TEXT,
            approver TEXT,
            late BIGINT NOT NULL,
            created_at BIGINT NOT NULL,
            done_at BIGINT,
            transaction_id TEXT,
            check_at BIGINT,
            checks BIGINT NOT NULL
        );
        CREATE INDEX payment_refunds_notice ON payment_refunds (notice);
        CREATE UNIQUE INDEX payment_refunds_late ON payment_refunds (order_id) WHERE late = 1;
        CREATE INDEX payment_refunds_check ON payment_refunds (check_at) WHERE check_at IS NOT NULL;
        CREATE INDEX payment_refunds_done ON payment_refunds (channel, done_at) WHERE done_at IS NOT NULL;
        CREATE TABLE payment_entries (
            id TEXT PRIMARY KEY,
            kind TEXT NOT NULL,
            about TEXT NOT NULL,
            at BIGINT NOT NULL,
            mac TEXT NOT NULL
        );
        CREATE UNIQUE INDEX payment_entries_once ON payment_entries (kind, about);
        CREATE TABLE payment_postings (
            entry TEXT NOT NULL REFERENCES payment_entries (id),
            line BIGINT NOT NULL,
            account TEXT NOT NULL,
            amount BIGINT NOT NULL,
            PRIMARY KEY (entry, line)
        );
        CREATE TABLE payment_tickets (
            id TEXT PRIMARY KEY,
            kind TEXT NOT NULL,
            channel TEXT NOT NULL,
            about TEXT NOT NULL,
            day TEXT,
            ours BIGINT NOT NULL,
            theirs BIGINT NOT NULL,
            detail TEXT NOT NULL,
            opened_at BIGINT NOT NULL,
            resolved_at BIGINT,
            resolved_by TEXT,
            note TEXT
        );
        CREATE UNIQUE INDEX payment_tickets_once ON payment_tickets (kind, channel, about, theirs);
        CREATE TABLE payment_receipts (
            notice TEXT PRIMARY KEY REFERENCES payment_notices (number),
            number TEXT NOT NULL UNIQUE,
            issued_at BIGINT NOT NULL,
            sealed BIGINT,
            sha256 TEXT,
            content BYTEA
        );
        CREATE TABLE payment_days (
            channel TEXT NOT NULL,
            day TEXT NOT NULL,
            at BIGINT NOT NULL,
            bill_rows BIGINT NOT NULL,
            matched BIGINT NOT NULL,
            differences BIGINT NOT NULL,
            PRIMARY KEY (channel, day)
        )
    ",
}];
