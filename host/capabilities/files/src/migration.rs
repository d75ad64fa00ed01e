use zhongtai_store::Migration;

/// What departments and cases hold, their files, and tickets.
///
/// `folder` and a file's id are random, and all that a path is made of. A file is `receiving`, `stored` or `removing`;
/// only a `stored` one is seen. When `expires_at` (milliseconds since 1970) is over, it is swept: for a `receiving` one
/// that is the end of its upload, for a `stored` one the end of the time in which a case may attach it. `bytes` is what
/// it holds of both quotas, for a `receiving` one what is reserved.
pub const MIGRATIONS: &[Migration] = &[Migration {
    owner: "files",
    version: 1,
    sql: "
        CREATE TABLE files_departments (
            department TEXT PRIMARY KEY,
            folder TEXT NOT NULL UNIQUE,
            bytes BIGINT NOT NULL
        );
        CREATE TABLE files_cases (
            scenario TEXT NOT NULL,
            case_ref TEXT NOT NULL,
            folder TEXT NOT NULL UNIQUE,
            bytes BIGINT NOT NULL,
            PRIMARY KEY (scenario, case_ref)
        );
        CREATE TABLE files (
            id TEXT PRIMARY KEY,
            department TEXT NOT NULL REFERENCES files_departments (department),
            scenario TEXT NOT NULL,
            case_ref TEXT NOT NULL,
            purpose TEXT NOT NULL,
            account TEXT NOT NULL,
            state TEXT NOT NULL,
            kind TEXT,
            bytes BIGINT NOT NULL,
            sha256 TEXT,
            sm3 TEXT,
            sealed_key BYTEA NOT NULL,
            sealed_name BYTEA,
            stored_at BIGINT,
            attached BIGINT NOT NULL,
            expires_at BIGINT,
            FOREIGN KEY (scenario, case_ref) REFERENCES files_cases (scenario, case_ref)
        );
        CREATE INDEX files_case ON files (scenario, case_ref);
        CREATE INDEX files_expired ON files (expires_at) WHERE expires_at IS NOT NULL;
        CREATE TABLE files_tickets (
            secret_hash TEXT PRIMARY KEY,
            act TEXT NOT NULL,
            scenario TEXT NOT NULL,
            case_ref TEXT NOT NULL,
            purpose TEXT NOT NULL,
            kinds TEXT NOT NULL,
            max_bytes BIGINT NOT NULL,
            account TEXT NOT NULL,
            file TEXT,
            expires_at BIGINT NOT NULL,
            used_at BIGINT
        );
        CREATE INDEX files_tickets_expired ON files_tickets (expires_at);
        CREATE INDEX files_tickets_file ON files_tickets (file) WHERE file IS NOT NULL
    ",
}];
