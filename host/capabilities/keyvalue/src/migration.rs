use zhongtai_store::Migration;

/// The embedded provider's tables.
///
/// Keys are bytes, not text: bytes have one order on every database, while the order of text is its collation's.
/// A deleted key keeps its row, without a value, so that its versions go on where they were.
pub const MIGRATIONS: &[Migration] = &[Migration {
    owner: "keyvalue",
    version: 1,
    sql: "
        CREATE TABLE keyvalue (
            scenario TEXT NOT NULL,
            key BYTEA NOT NULL,
            value BYTEA NOT NULL,
            version BIGINT NOT NULL,
            deleted_at BIGINT,
            PRIMARY KEY (scenario, key)
        );
        CREATE INDEX keyvalue_deleted ON keyvalue (scenario, deleted_at) WHERE deleted_at IS NOT NULL;
        CREATE TABLE keyvalue_usage (
            scenario TEXT PRIMARY KEY,
            bytes BIGINT NOT NULL
        )
    ",
}];
