use zhongtai_store::Migration;

/// The embedded provider's tables, the petitions about its records, and the versions of the rules.
pub const MIGRATIONS: &[Migration] = &[RECORDS, LIFE];

/// The first records: moved into `credit_entries` when a host starts, because only a host can seal them.
const RECORDS: Migration = Migration {
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
};

/// Records with their lives. `credit_history` is only ever added to. `credit_staged` holds a file while it is read.
const LIFE: Migration = Migration {
    owner: "credit",
    version: 2,
    sql: "
        CREATE TABLE credit_entries (
            id TEXT PRIMARY KEY,
            source TEXT NOT NULL,
            source_id TEXT NOT NULL,
            subject_index TEXT NOT NULL,
            subject_sealed BYTEA NOT NULL,
            department TEXT,
            category TEXT NOT NULL,
            gravity TEXT NOT NULL,
            since TEXT NOT NULL,
            until TEXT,
            detail_sealed BYTEA NOT NULL,
            content TEXT NOT NULL,
            state TEXT NOT NULL,
            held BIGINT NOT NULL,
            published_on TEXT,
            published_by TEXT,
            recorded_at BIGINT NOT NULL,
            recorded_by TEXT NOT NULL,
            UNIQUE (source, source_id)
        );
        CREATE INDEX credit_entries_subject ON credit_entries (subject_index);
        CREATE INDEX credit_entries_waiting ON credit_entries (department, state);
        CREATE TABLE credit_staged (
            import TEXT NOT NULL,
            line BIGINT NOT NULL,
            id TEXT NOT NULL,
            source TEXT NOT NULL,
            source_id TEXT NOT NULL,
            subject_index TEXT NOT NULL,
            subject_sealed BYTEA NOT NULL,
            department TEXT,
            category TEXT NOT NULL,
            gravity TEXT NOT NULL,
            since TEXT NOT NULL,
            until TEXT,
            detail_sealed BYTEA NOT NULL,
            content TEXT NOT NULL,
            PRIMARY KEY (import, source, source_id)
        );
        CREATE TABLE credit_imports (
            id TEXT PRIMARY KEY,
            digest TEXT NOT NULL,
            accepted BIGINT NOT NULL,
            rejected BIGINT NOT NULL,
            at BIGINT NOT NULL,
            actor TEXT NOT NULL
        );
        CREATE INDEX credit_imports_digest ON credit_imports (digest);
        CREATE TABLE credit_history (
            id TEXT PRIMARY KEY,
            entry TEXT NOT NULL,
            at BIGINT NOT NULL,
            what TEXT NOT NULL,
            actor TEXT NOT NULL,
            reason_sealed BYTEA
        );
        CREATE INDEX credit_history_entry ON credit_history (entry);
        CREATE TABLE credit_petitions (
            id TEXT PRIMARY KEY,
            entry TEXT NOT NULL REFERENCES credit_entries (id),
            kind TEXT NOT NULL,
            state TEXT NOT NULL,
            holds BIGINT NOT NULL,
            filed_by TEXT NOT NULL,
            filed_at BIGINT NOT NULL,
            due_on TEXT NOT NULL,
            text_sealed BYTEA NOT NULL,
            decided_at BIGINT,
            decided_by TEXT,
            reason_sealed BYTEA
        );
        CREATE INDEX credit_petitions_entry ON credit_petitions (entry);
        CREATE INDEX credit_petitions_filer ON credit_petitions (filed_by);
        CREATE UNIQUE INDEX credit_petitions_open ON credit_petitions (entry, kind) WHERE state = 'open';
        CREATE TABLE credit_acts (
            scope TEXT NOT NULL,
            key TEXT NOT NULL,
            request TEXT NOT NULL,
            target TEXT NOT NULL,
            at BIGINT NOT NULL,
            PRIMARY KEY (scope, key)
        );
        CREATE TABLE credit_rules (
            version BIGINT PRIMARY KEY,
            title TEXT NOT NULL,
            text TEXT NOT NULL,
            digest TEXT NOT NULL,
            put_at BIGINT NOT NULL,
            put_by TEXT NOT NULL,
            reason TEXT NOT NULL
        )
    ",
};
