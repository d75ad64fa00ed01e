use zhongtai_store::Migration;

/// Types, serials, certificates with their papers and history, acts by their keys, presentations, and what is counted.
pub const MIGRATIONS: &[Migration] = &[RECORDS, PAPERS];

const RECORDS: Migration = Migration {
    owner: "certificate",
    version: 1,
    sql: "
        CREATE TABLE certificate_types (
            name TEXT NOT NULL,
            version BIGINT NOT NULL,
            definition TEXT NOT NULL,
            created_at BIGINT NOT NULL,
            PRIMARY KEY (name, version)
        );
        CREATE TABLE certificate_serials (
            type_code TEXT NOT NULL,
            issuer TEXT NOT NULL,
            year BIGINT NOT NULL,
            last BIGINT NOT NULL,
            PRIMARY KEY (type_code, issuer, year)
        );
        CREATE TABLE certificates (
            id TEXT PRIMARY KEY,
            number TEXT NOT NULL UNIQUE,
            type TEXT NOT NULL,
            type_version BIGINT NOT NULL,
            holder_index TEXT NOT NULL,
            holder_sealed BYTEA NOT NULL,
            fields_sealed BYTEA NOT NULL,
            state TEXT NOT NULL,
            scenario TEXT NOT NULL,
            case_id TEXT,
            issued_at BIGINT NOT NULL,
            valid_from TEXT NOT NULL,
            valid_until TEXT,
            previous TEXT REFERENCES certificates (id),
            reason TEXT,
            first_used_at BIGINT
        );
        CREATE INDEX certificates_holder ON certificates (holder_index);
        CREATE INDEX certificates_previous ON certificates (previous);
        CREATE INDEX certificates_state ON certificates (state);
        CREATE TABLE certificate_papers (
            certificate TEXT NOT NULL REFERENCES certificates (id),
            name TEXT NOT NULL,
            media_type TEXT NOT NULL,
            sha256 TEXT NOT NULL,
            sm3 TEXT NOT NULL,
            PRIMARY KEY (certificate, name)
        );
        CREATE TABLE certificate_history (
            id TEXT PRIMARY KEY,
            certificate TEXT NOT NULL REFERENCES certificates (id),
            at BIGINT NOT NULL,
            what TEXT NOT NULL,
            actor TEXT NOT NULL,
            reason TEXT
        );
        CREATE INDEX certificate_history_certificate ON certificate_history (certificate);
        CREATE TABLE certificate_acts (
            scenario TEXT NOT NULL,
            key TEXT NOT NULL,
            request TEXT NOT NULL,
            certificate TEXT NOT NULL,
            at BIGINT NOT NULL,
            PRIMARY KEY (scenario, key)
        );
        CREATE TABLE certificate_presentations (
            token_hash TEXT PRIMARY KEY,
            certificate TEXT NOT NULL REFERENCES certificates (id),
            fields TEXT NOT NULL,
            purpose TEXT NOT NULL,
            verifier TEXT NOT NULL,
            made_at BIGINT NOT NULL,
            expires_at BIGINT NOT NULL,
            redeemed_at BIGINT,
            redeemed_by TEXT
        );
        CREATE TABLE certificate_usage (
            type TEXT NOT NULL,
            department TEXT NOT NULL,
            issued BIGINT NOT NULL,
            presented BIGINT NOT NULL,
            used BIGINT NOT NULL,
            PRIMARY KEY (type, department)
        )
    ",
};

/// The papers themselves. One transaction makes a certificate valid and keeps its papers: neither is there without the
/// other, and a backup has both.
const PAPERS: Migration = Migration {
    owner: "certificate",
    version: 2,
    sql: "ALTER TABLE certificate_papers ADD COLUMN content_sealed BYTEA",
};
