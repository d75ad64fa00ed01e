use zhongtai_store::Migration;

/// Authorities with their revocation lists, credentials, seals, signing keys, what happened to them, uses, and acts by
/// their keys.
pub const MIGRATIONS: &[Migration] = &[Migration {
    owner: "seal",
    version: 1,
    sql: "
        CREATE TABLE seal_authorities (
            id TEXT PRIMARY KEY,
            role TEXT NOT NULL,
            algorithm TEXT NOT NULL,
            generation BIGINT NOT NULL,
            key_sealed BYTEA NOT NULL,
            chain TEXT NOT NULL,
            made_at BIGINT NOT NULL,
            valid_until BIGINT NOT NULL,
            list_number BIGINT NOT NULL,
            list BYTEA,
            list_until BIGINT,
            UNIQUE (role, algorithm, generation)
        );
        CREATE TABLE seal_revocations (
            authority TEXT NOT NULL REFERENCES seal_authorities (id),
            serial TEXT NOT NULL,
            since BIGINT NOT NULL,
            cause TEXT NOT NULL,
            PRIMARY KEY (authority, serial)
        );
        CREATE TABLE seal_credentials (
            holder TEXT NOT NULL,
            algorithm TEXT NOT NULL,
            authority TEXT,
            serial TEXT NOT NULL,
            key_sealed BYTEA,
            token_key TEXT,
            chain BYTEA NOT NULL,
            PRIMARY KEY (holder, algorithm)
        );
        CREATE TABLE seals (
            id TEXT PRIMARY KEY,
            name TEXT NOT NULL UNIQUE,
            department TEXT NOT NULL,
            title TEXT NOT NULL,
            kind TEXT NOT NULL,
            design TEXT NOT NULL,
            face TEXT NOT NULL,
            stage TEXT NOT NULL,
            state TEXT NOT NULL,
            valid_from BIGINT NOT NULL,
            valid_until BIGINT NOT NULL,
            eseal BYTEA NOT NULL,
            uses BIGINT NOT NULL,
            last_used_at BIGINT
        );
        CREATE INDEX seals_department ON seals (department);
        CREATE TABLE seal_signing_keys (
            id TEXT PRIMARY KEY,
            account TEXT NOT NULL,
            generation BIGINT NOT NULL,
            state TEXT NOT NULL,
            face BYTEA,
            valid_from BIGINT NOT NULL,
            valid_until BIGINT NOT NULL,
            eseal BYTEA,
            uses BIGINT NOT NULL,
            last_used_at BIGINT,
            UNIQUE (account, generation)
        );
        CREATE TABLE seal_events (
            id TEXT PRIMARY KEY,
            holder TEXT NOT NULL,
            at BIGINT NOT NULL,
            what TEXT NOT NULL,
            actor TEXT NOT NULL,
            reason TEXT
        );
        CREATE INDEX seal_events_holder ON seal_events (holder);
        CREATE TABLE seal_uses (
            id TEXT PRIMARY KEY,
            holder TEXT NOT NULL,
            at BIGINT NOT NULL,
            scenario TEXT NOT NULL,
            case_id TEXT NOT NULL,
            format TEXT NOT NULL,
            document TEXT NOT NULL,
            sealed TEXT NOT NULL
        );
        CREATE INDEX seal_uses_holder ON seal_uses (holder);
        CREATE TABLE seal_acts (
            scope TEXT NOT NULL,
            key TEXT NOT NULL,
            request TEXT NOT NULL,
            begun_at BIGINT NOT NULL,
            given TEXT,
            sealed TEXT,
            PRIMARY KEY (scope, key)
        )
    ",
}];
