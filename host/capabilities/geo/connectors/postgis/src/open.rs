use std::{fmt, sync::Arc, time::Duration};

use arc_swap::ArcSwapOption;
use sqlx::{PgPool, postgres::PgPoolOptions};
use tokio::sync::Mutex;
use zhongtai_cap_geo::{AddressIndex, GeoError};
use zhongtai_kernel::ErrorKind;
use zhongtai_outbound::{Secret, SecretError};
use zhongtai_store::{Migration, Store, StoreError};

/// Geography in a PostGIS database. Its tables are in the schema `zhongtai_geo`, whose columns a map server can read.
pub struct Postgis {
    pub(crate) pool: PgPool,
    /// The addresses as they were at a revision, for text.
    pub(crate) texts: ArcSwapOption<Texts>,
    /// Held while they are read again: once at a time.
    pub(crate) reading: Mutex<()>,
}

/// The addresses as they were at a revision.
pub(crate) struct Texts {
    pub(crate) revision: i64,
    pub(crate) index: Arc<AddressIndex>,
}

/// The database can't be used. No text here has the URL in it.
#[derive(Debug, thiserror::Error)]
pub enum PostgisError {
    /// Where the URL is can't be read.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The secret is no URL of PostgreSQL.
    #[error("geo.postgis.url: expected postgres://user:password@host/database")]
    Url,
    /// The number of connections is out of range.
    #[error("geo.postgis.connections: expected 1 to 64")]
    Connections,
    /// The database has no PostGIS, and this account can't add it.
    #[error("the database has no PostGIS: as its owner, run `CREATE EXTENSION postgis`")]
    NoPostgis,
    /// Its tables can't be made or are not ours.
    #[error("PostGIS can't be set up")]
    Store(#[from] StoreError),
    /// It does not answer.
    #[error("PostGIS does not answer")]
    Unavailable(#[source] sqlx::Error),
}

/// No question takes as long; what does is given up, and its connection is free again.
const STATEMENT_TIMEOUT: &str = "SET statement_timeout = '30s'";

const MIGRATIONS: &[Migration] = &[Migration { owner: "geo-postgis", version: 1, sql: TABLES }];

/// Points of addresses are asked about in degrees (maps) and in metres (what is near), each with its index.
const TABLES: &str = "\
    CREATE SCHEMA IF NOT EXISTS zhongtai_geo; \
    CREATE TABLE zhongtai_geo.revision (number BIGINT NOT NULL); \
    INSERT INTO zhongtai_geo.revision (number) VALUES (0); \
    CREATE TABLE zhongtai_geo.addresses (\
        id TEXT COLLATE \"C\" PRIMARY KEY, level SMALLINT NOT NULL, \
        city TEXT NOT NULL, district TEXT NOT NULL, street TEXT NOT NULL, community TEXT NOT NULL, road TEXT NOT NULL, \
        lane TEXT NOT NULL, number TEXT NOT NULL, estate TEXT NOT NULL, building TEXT NOT NULL, unit TEXT NOT NULL, \
        room TEXT NOT NULL, at geometry(Point, 4490) NOT NULL); \
    CREATE INDEX addresses_at ON zhongtai_geo.addresses USING gist (at); \
    CREATE INDEX addresses_near ON zhongtai_geo.addresses USING gist ((at::geography)); \
    CREATE TABLE zhongtai_geo.grids (\
        id TEXT COLLATE \"C\" PRIMARY KEY, name TEXT NOT NULL, role TEXT NOT NULL, desk TEXT NOT NULL, \
        shape geometry(MultiPolygon, 4490) NOT NULL); \
    CREATE INDEX grids_shape ON zhongtai_geo.grids USING gist (shape); \
    CREATE TABLE zhongtai_geo.halls (\
        id TEXT COLLATE \"C\" PRIMARY KEY, name TEXT NOT NULL, address TEXT NOT NULL, services TEXT[] NOT NULL, \
        hours TEXT NOT NULL, at geometry(Point, 4490) NOT NULL); \
    CREATE INDEX halls_at ON zhongtai_geo.halls USING gist (at)";

// === impl Postgis ===

impl Postgis {
    /// Opens the database and makes the tables that it lacks.
    ///
    /// # Errors
    /// When it does not answer, has no PostGIS, or its tables are of another version.
    pub async fn open(url: &Secret, connections: u32) -> Result<Self, PostgisError> {
        let url = url.expose_str().filter(|url| url.starts_with("postgres")).ok_or(PostgisError::Url)?;
        let pool = PgPoolOptions::new().max_connections(connections).acquire_timeout(Duration::from_secs(5));
        let pool = pool.after_connect(|connection, _| {
            Box::pin(async move {
                sqlx::raw_sql(STATEMENT_TIMEOUT).execute(connection).await?;
                Ok(())
            })
        });
        let pool = pool.connect(url).await.map_err(opening)?;
        ensure_postgis(&pool).await?;
        Store::open(url, MIGRATIONS).await?.close().await;
        Ok(Self { pool, texts: ArcSwapOption::empty(), reading: Mutex::new(()) })
    }

    /// Closes every connection.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

impl fmt::Debug for Postgis {
    /// Without the pool, which would show where the database is.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Postgis").finish_non_exhaustive()
    }
}

async fn ensure_postgis(pool: &PgPool) -> Result<(), PostgisError> {
    let there = "SELECT EXISTS (SELECT 1 FROM pg_extension WHERE extname = 'postgis')";
    let is_there: bool = sqlx::query_scalar(there).fetch_one(pool).await.map_err(PostgisError::Unavailable)?;
    if is_there {
        return Ok(());
    }
    // Two hosts may begin at once: the second one finds it there after all.
    let create = sqlx::raw_sql("CREATE EXTENSION IF NOT EXISTS postgis").execute(pool).await;
    let is_there: bool = sqlx::query_scalar(there).fetch_one(pool).await.map_err(PostgisError::Unavailable)?;
    if !is_there {
        if let Err(error) = create {
            tracing::error!(%error, "PostGIS can't be added to the database");
        }
        return Err(PostgisError::NoPostgis);
    }
    Ok(())
}

fn opening(error: sqlx::Error) -> PostgisError {
    match error {
        sqlx::Error::Configuration(_) => PostgisError::Url,
        other => PostgisError::Unavailable(other),
    }
}

/// What the public may read; the log says more.
pub(crate) fn failed(error: sqlx::Error) -> GeoError {
    tracing::error!(%error, "PostGIS failed");
    GeoError::System("PostGIS does not answer".to_owned())
}

/// A row that can't be what it must be.
pub(crate) fn corrupt(what: &'static str, problem: impl ToString) -> GeoError {
    StoreError::corrupt(what, problem).into()
}

// === impl PostgisError ===

impl PostgisError {
    /// What sort of failure it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Secret(error) => error.kind(),
            Self::Url | Self::Connections | Self::NoPostgis => ErrorKind::Invalid,
            Self::Store(error) => error.kind(),
            Self::Unavailable(_) => ErrorKind::Unavailable,
        }
    }
}

impl From<PostgisError> for GeoError {
    fn from(error: PostgisError) -> Self {
        Self::System(error.to_string())
    }
}
