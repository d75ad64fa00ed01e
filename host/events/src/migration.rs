use zhongtai_store::Migration;

/// The queue.
///
/// `state` is `waiting`, `handled`, `unheard` (the scenario listens to no events) or `dead`. `sequence` counts the
/// events about one thing. `lease_until` is 0 when no host is about to tell the event; while one is, it names that
/// attempt. Times are milliseconds since 1970.
pub const MIGRATIONS: &[Migration] = &[Migration {
    owner: "events",
    version: 1,
    sql: "
        CREATE TABLE events (
            id TEXT PRIMARY KEY,
            scenario TEXT NOT NULL,
            kind TEXT NOT NULL,
            about TEXT NOT NULL,
            sequence BIGINT NOT NULL,
            case_id TEXT,
            data TEXT NOT NULL,
            happened_at BIGINT NOT NULL,
            state TEXT NOT NULL,
            attempts BIGINT NOT NULL,
            next_attempt_at BIGINT NOT NULL,
            lease_until BIGINT NOT NULL,
            last_error TEXT
        );
        CREATE UNIQUE INDEX events_order ON events (scenario, about, sequence);
        CREATE INDEX events_due ON events (state, next_attempt_at)
    ",
}];
