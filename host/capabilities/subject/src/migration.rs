use zhongtai_store::Migration;

/// Accounts, their attributes, tokens, and tries to sign in; then what officers are cleared for.
pub const MIGRATIONS: &[Migration] = &[
    Migration {
        owner: "subject",
        version: 1,
        sql: "
        CREATE TABLE subject_accounts (
            id TEXT PRIMARY KEY,
            login TEXT NOT NULL UNIQUE,
            kind TEXT NOT NULL,
            assurance BIGINT NOT NULL,
            department TEXT,
            roles TEXT NOT NULL,
            password_hash TEXT NOT NULL,
            created_at BIGINT NOT NULL,
            disabled_at BIGINT
        );
        CREATE TABLE subject_attributes (
            account TEXT NOT NULL REFERENCES subject_accounts (id),
            name TEXT NOT NULL,
            sealed BYTEA NOT NULL,
            PRIMARY KEY (account, name)
        );
        CREATE TABLE subject_tokens (
            id TEXT PRIMARY KEY,
            secret_hash TEXT NOT NULL UNIQUE,
            account TEXT NOT NULL REFERENCES subject_accounts (id),
            scopes TEXT NOT NULL,
            label TEXT NOT NULL,
            created_at BIGINT NOT NULL,
            expires_at BIGINT NOT NULL,
            revoked_at BIGINT
        );
        CREATE INDEX subject_tokens_account ON subject_tokens (account);
        CREATE TABLE subject_sign_in_tries (
            login TEXT PRIMARY KEY,
            tries TEXT NOT NULL,
            last_at BIGINT NOT NULL
        );
        CREATE INDEX subject_sign_in_tries_last_at ON subject_sign_in_tries (last_at)
    ",
    },
    Migration {
        owner: "subject",
        version: 2,
        sql: "ALTER TABLE subject_accounts ADD COLUMN clearance BIGINT NOT NULL DEFAULT 1",
    },
];
