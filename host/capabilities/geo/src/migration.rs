use zhongtai_store::Migration;

/// The embedded provider's tables. A figure is well-known text; a layer's revision is raised by every change of it.
pub const MIGRATIONS: &[Migration] = &[Migration {
    owner: "geo",
    version: 1,
    sql: "
        CREATE TABLE geo_addresses (
            id TEXT PRIMARY KEY,
            city TEXT NOT NULL,
            district TEXT NOT NULL,
            street TEXT NOT NULL,
            community TEXT NOT NULL,
            road TEXT NOT NULL,
            lane TEXT NOT NULL,
            number TEXT NOT NULL,
            estate TEXT NOT NULL,
            building TEXT NOT NULL,
            unit TEXT NOT NULL,
            room TEXT NOT NULL,
            lon DOUBLE PRECISION NOT NULL,
            lat DOUBLE PRECISION NOT NULL
        );
        CREATE TABLE geo_grids (
            id TEXT PRIMARY KEY,
            name TEXT NOT NULL,
            role TEXT NOT NULL,
            desk TEXT NOT NULL,
            shape TEXT NOT NULL
        );
        CREATE TABLE geo_halls (
            id TEXT PRIMARY KEY,
            name TEXT NOT NULL,
            address TEXT NOT NULL,
            lon DOUBLE PRECISION NOT NULL,
            lat DOUBLE PRECISION NOT NULL,
            services TEXT NOT NULL,
            hours TEXT NOT NULL
        );
        CREATE TABLE geo_layers (
            name TEXT PRIMARY KEY,
            revision BIGINT NOT NULL
        );
        INSERT INTO geo_layers (name, revision) VALUES ('addresses', 0), ('grids', 0), ('halls', 0)
    ",
}];
