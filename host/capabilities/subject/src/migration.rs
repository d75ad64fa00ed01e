use zhongtai_store::Migration;

/// Accounts, their attributes, tokens, and tries to sign in; then what officers are cleared for, sessions of browsers,
/// and second factors; then mandates, and who is who at identity providers.
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
    Migration {
        owner: "subject",
        version: 3,
        sql: "
        ALTER TABLE subject_tokens ADD COLUMN assurance BIGINT;
        CREATE TABLE subject_sessions (
            id TEXT PRIMARY KEY,
            secret_hash TEXT NOT NULL UNIQUE,
            account TEXT NOT NULL REFERENCES subject_accounts (id),
            listener TEXT NOT NULL,
            assurance BIGINT NOT NULL,
            device TEXT NOT NULL,
            created_at BIGINT NOT NULL,
            seen_at BIGINT NOT NULL,
            expires_at BIGINT NOT NULL,
            ended_at BIGINT
        );
        CREATE INDEX subject_sessions_account ON subject_sessions (account);
        CREATE TABLE subject_pending (
            secret_hash TEXT PRIMARY KEY,
            wait TEXT NOT NULL,
            account TEXT REFERENCES subject_accounts (id),
            detail TEXT NOT NULL,
            expires_at BIGINT NOT NULL
        );
        CREATE INDEX subject_pending_expires_at ON subject_pending (expires_at);
        CREATE TABLE subject_totp (
            account TEXT PRIMARY KEY REFERENCES subject_accounts (id),
            sealed BYTEA,
            confirmed_at BIGINT,
            last_step BIGINT NOT NULL,
            next_sealed BYTEA
        );
        CREATE TABLE subject_recovery_codes (
            account TEXT NOT NULL REFERENCES subject_accounts (id),
            code_hash TEXT NOT NULL,
            used_at BIGINT,
            PRIMARY KEY (account, code_hash)
        )
    ",
    },
    Migration {
        owner: "subject",
        version: 4,
        sql: "
        CREATE TABLE subject_identifiers (
            account TEXT NOT NULL REFERENCES subject_accounts (id),
            name TEXT NOT NULL,
            digest TEXT NOT NULL,
            PRIMARY KEY (account, name)
        );
        CREATE INDEX subject_identifiers_digest ON subject_identifiers (name, digest);
        CREATE TABLE subject_mandates (
            id TEXT PRIMARY KEY,
            principal TEXT NOT NULL REFERENCES subject_accounts (id),
            agent TEXT NOT NULL REFERENCES subject_accounts (id),
            scenarios TEXT NOT NULL,
            actions TEXT NOT NULL,
            valid_from BIGINT NOT NULL,
            valid_until BIGINT NOT NULL,
            given_by TEXT NOT NULL REFERENCES subject_accounts (id),
            revoked_at BIGINT
        );
        CREATE INDEX subject_mandates_principal ON subject_mandates (principal);
        CREATE INDEX subject_mandates_agent ON subject_mandates (agent);
        CREATE UNIQUE INDEX subject_mandates_one ON subject_mandates (principal, agent) WHERE revoked_at IS NULL;
        CREATE TABLE subject_links (
            issuer TEXT NOT NULL,
            subject TEXT NOT NULL,
            account TEXT NOT NULL REFERENCES subject_accounts (id),
            created_at BIGINT NOT NULL,
            PRIMARY KEY (issuer, subject)
        );
        CREATE INDEX subject_links_account ON subject_links (account);
        ALTER TABLE subject_sessions ADD COLUMN mandate TEXT;
        ALTER TABLE subject_sessions ADD COLUMN issuer TEXT;
        ALTER TABLE subject_sessions ADD COLUMN external_subject TEXT;
        ALTER TABLE subject_sessions ADD COLUMN external_session TEXT;
        CREATE INDEX subject_sessions_external ON subject_sessions (issuer, external_session)
    ",
    },
];
