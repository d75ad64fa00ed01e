use zhongtai_store::Migration;

/// Anchors with the log that has them, and their proofs: a proof outlives the records of the log.
pub const MIGRATIONS: &[Migration] = &[Migration {
    owner: "evidence",
    version: 1,
    sql: "
        CREATE TABLE evidence_anchors (
            id TEXT PRIMARY KEY,
            scenario TEXT NOT NULL,
            hash TEXT NOT NULL,
            purpose TEXT NOT NULL,
            reference TEXT NOT NULL,
            at BIGINT NOT NULL,
            log TEXT NOT NULL,
            written BIGINT NOT NULL,
            proof TEXT,
            UNIQUE (scenario, hash, purpose, reference)
        );
        CREATE INDEX evidence_anchors_log ON evidence_anchors (log)
    ",
}];
