use serde::Deserialize;
use zhongtai_outbound::SecretSource;

use crate::{Postgis, PostgisError};

/// `[geo.postgis]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PostgisConfig {
    /// Where the URL is, `postgres://user:password@host/database`: `{ file = "..." }` or `{ env = "..." }`.
    pub url: SecretSource,
    /// Connections at most, 1 to 64.
    #[serde(default = "connections")]
    pub connections: u32,
}

fn connections() -> u32 {
    8
}

// === impl PostgisConfig ===

impl PostgisConfig {
    /// Reads the secret and opens the database.
    ///
    /// # Errors
    /// When the secret can't be had, the database does not answer, or has no PostGIS.
    pub async fn open(&self) -> Result<Postgis, PostgisError> {
        if !(1..=64).contains(&self.connections) {
            return Err(PostgisError::Connections);
        }
        let url = self.url.read("geo.postgis.url")?;
        Postgis::open(&url, self.connections).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<PostgisConfig, String> {
        toml::from_str(text).map_err(|error| error.to_string())
    }

    #[test]
    fn the_url_is_a_secret_and_never_in_the_text() {
        let config = parse("url = { file = '/run/secrets/postgis' }").unwrap();
        assert_eq!(config.connections, 8);
        assert!(parse("url = 'postgres://gis:hunter2@host/db'").is_err());
        let unknown = parse("url = { env = 'U' }\nsize = 3").unwrap_err();
        assert!(unknown.contains("unknown field `size`"), "{unknown}");
    }

    #[tokio::test]
    async fn a_number_of_connections_that_can_not_be_is_refused() {
        let config = parse("url = { env = 'U' }\nconnections = 0").unwrap();
        assert_eq!(config.open().await.unwrap_err().to_string(), "geo.postgis.connections: expected 1 to 64");
    }

    #[tokio::test]
    async fn a_secret_that_is_not_there_is_named() {
        let config = parse("url = { env = 'ZT_NO_SUCH_URL' }").unwrap();
        let error = config.open().await.unwrap_err().to_string();
        assert_eq!(error, "geo.postgis.url: the environment has no ZT_NO_SUCH_URL");
    }
}
