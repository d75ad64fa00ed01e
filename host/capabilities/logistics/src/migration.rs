use zhongtai_store::Migration;

/// Shipments, what happened to them, and the addresses that people keep for them.
///
/// `work` is what a host has still to do: wait for an `address`, `order` from the carrier, `follow` what becomes of it,
/// `cancel`, or nothing any more (`done`). `handed` is 1 once the carrier may know of it, `stuck` 1 when a host gave up
/// and an operator must look. `lease_until` is 0 when no host is at it; while one is, it names that attempt. Times are
/// milliseconds since 1970; `state_at` is the least number before any news.
pub const MIGRATIONS: &[Migration] = &[Migration {
    owner: "logistics",
    version: 1,
    sql: "
        CREATE TABLE logistics_shipments (
            waybill TEXT PRIMARY KEY,
            scenario TEXT NOT NULL,
            department TEXT NOT NULL,
            idempotency_key TEXT NOT NULL,
            request TEXT NOT NULL,
            case_id TEXT NOT NULL,
            recipient TEXT NOT NULL,
            purpose TEXT NOT NULL,
            what_sealed BYTEA NOT NULL,
            address_sealed BYTEA,
            carrier TEXT NOT NULL,
            carrier_number TEXT,
            state TEXT NOT NULL,
            state_at BIGINT NOT NULL,
            signer TEXT,
            created_at BIGINT NOT NULL,
            work TEXT NOT NULL,
            handed BIGINT NOT NULL,
            stuck BIGINT NOT NULL,
            attempts BIGINT NOT NULL,
            next_at BIGINT NOT NULL,
            lease_until BIGINT NOT NULL,
            last_error TEXT
        );
        CREATE UNIQUE INDEX logistics_shipments_once ON logistics_shipments (scenario, idempotency_key);
        CREATE UNIQUE INDEX logistics_shipments_number ON logistics_shipments (carrier, carrier_number);
        CREATE INDEX logistics_shipments_recipient ON logistics_shipments (recipient, waybill);
        CREATE INDEX logistics_shipments_department ON logistics_shipments (department, waybill);
        CREATE INDEX logistics_shipments_due ON logistics_shipments (work, next_at);
        CREATE TABLE logistics_events (
            waybill TEXT NOT NULL REFERENCES logistics_shipments (waybill),
            source TEXT NOT NULL,
            id TEXT NOT NULL,
            state TEXT NOT NULL,
            at BIGINT NOT NULL,
            known_at BIGINT NOT NULL,
            place TEXT,
            PRIMARY KEY (waybill, source, id)
        );
        CREATE TABLE logistics_addresses (
            account TEXT PRIMARY KEY,
            address_sealed BYTEA NOT NULL,
            kept_at BIGINT NOT NULL
        )
    ",
}];
