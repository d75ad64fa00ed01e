use zhongtai_store::Migration;

/// The tables of policy versions.
pub const MIGRATIONS: &[Migration] = &[Migration {
    owner: "governance",
    version: 1,
    sql: "
CREATE TABLE policy_versions (
    number BIGINT PRIMARY KEY,
    base BIGINT NOT NULL,
    hash TEXT NOT NULL,
    texts TEXT NOT NULL
);
CREATE TABLE policy_events (
    step BIGINT PRIMARY KEY,
    version BIGINT NOT NULL,
    act TEXT NOT NULL,
    actor TEXT NOT NULL,
    at BIGINT NOT NULL,
    reason TEXT NOT NULL,
    detail TEXT NOT NULL,
    signature TEXT NOT NULL
);
",
}];
