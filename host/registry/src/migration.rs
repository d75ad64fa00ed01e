use zhongtai_store::Migration;

/// The registry's tables.
pub const MIGRATIONS: &[Migration] = &[Migration {
    owner: "registry",
    version: 1,
    sql: "
        CREATE TABLE releases (
            scenario TEXT NOT NULL,
            id TEXT NOT NULL,
            component_digest TEXT NOT NULL,
            manifest TEXT NOT NULL,
            component BYTEA NOT NULL,
            created_at BIGINT NOT NULL,
            created_by TEXT NOT NULL,
            PRIMARY KEY (scenario, id)
        );
        CREATE TABLE deployments (
            scenario TEXT NOT NULL,
            release TEXT NOT NULL,
            weight BIGINT NOT NULL,
            since BIGINT NOT NULL,
            PRIMARY KEY (scenario, release),
            FOREIGN KEY (scenario, release) REFERENCES releases (scenario, id)
        );
        CREATE TABLE deployment_history (
            scenario TEXT NOT NULL,
            step BIGINT NOT NULL,
            release TEXT NOT NULL,
            at BIGINT NOT NULL,
            actor TEXT NOT NULL,
            PRIMARY KEY (scenario, step)
        );
        CREATE TABLE grants (
            scenario TEXT NOT NULL,
            capability TEXT NOT NULL,
            granted_by TEXT NOT NULL,
            granted_at BIGINT NOT NULL,
            PRIMARY KEY (scenario, capability)
        );
        CREATE TABLE registry_generation (id BIGINT PRIMARY KEY, generation BIGINT NOT NULL);
        INSERT INTO registry_generation (id, generation) VALUES (1, 0)
    ",
}];
