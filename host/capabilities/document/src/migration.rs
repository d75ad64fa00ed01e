use zhongtai_store::Migration;

/// Templates with all their versions: documents were made by each of them.
pub const MIGRATIONS: &[Migration] = &[Migration {
    owner: "document",
    version: 1,
    sql: "
        CREATE TABLE document_templates (
            name TEXT NOT NULL,
            version BIGINT NOT NULL,
            digest TEXT NOT NULL,
            owner TEXT NOT NULL,
            title TEXT NOT NULL,
            file TEXT NOT NULL,
            created_at BIGINT NOT NULL,
            PRIMARY KEY (name, version)
        )
    ",
}];
