use zhongtai_store::Migration;

/// The embedded provider's tables.
pub const MIGRATIONS: &[Migration] = &[Migration {
    owner: "credit",
    version: 1,
    sql: "
        CREATE TABLE credit_records (
            source TEXT NOT NULL,
            id TEXT NOT NULL,
            code TEXT NOT NULL,
            category TEXT NOT NULL,
            since TEXT NOT NULL,
            until TEXT,
            detail TEXT NOT NULL,
            PRIMARY KEY (source, id)
        );
        CREATE INDEX credit_records_code ON credit_records (code)
    ",
}];
