use zhongtai_store::Migration;

/// The embedded provider's tables.
pub const MIGRATIONS: &[Migration] = &[Migration {
    owner: "config",
    version: 1,
    sql: "
        CREATE TABLE scenario_settings (
            scenario TEXT NOT NULL,
            key TEXT NOT NULL,
            value TEXT NOT NULL,
            PRIMARY KEY (scenario, key)
        )
    ",
}];
