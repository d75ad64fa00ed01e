//! Geography, wired: the platform's own database, or a PostGIS where one is configured.

use std::{collections::HashMap, sync::Arc, time::Duration};

use anyhow::{Context, bail};
use parking_lot::Mutex;
use serde::Deserialize;
use tokio::sync::watch;
use zhongtai_cap_geo::{EmbeddedGeo, GeoConfig, GeoProvider, Geography};
use zhongtai_conn_geo_postgis::PostgisConfig;
use zhongtai_kernel::{AccountId, ErrorKind, Timestamp};
use zhongtai_store::Store;

use crate::{app::App, problem::Problem};

/// The `[geo]` table of `zt.toml`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct GeoSection {
    /// Holidays, imports, questions, maps.
    #[serde(flatten)]
    pub(crate) own: GeoConfig,
    /// Where addresses, grids and halls are, when it is not the platform's own database.
    pub(crate) postgis: Option<PostgisConfig>,
}

/// What handlers reach.
pub(crate) struct Mapping {
    pub(crate) geography: Arc<Geography>,
    /// The platform's own, which has to look for what other hosts changed.
    pub(crate) embedded: Option<Arc<EmbeddedGeo>>,
    pub(crate) config: GeoConfig,
    pub(crate) pace: Pace,
}

/// How soon another host's import is seen.
const FOLLOW_INTERVAL: Duration = Duration::from_secs(1);

/// Opens what is configured.
pub(crate) async fn open(section: &GeoSection, store: &Store) -> anyhow::Result<Mapping> {
    if let Some(problem) = section.own.problem() {
        bail!(problem);
    }
    let holidays = section.own.all_holidays()?;
    let (provider, embedded): (Arc<dyn GeoProvider>, _) = match &section.postgis {
        Some(postgis) => (Arc::new(postgis.open().await.context("geo.postgis")?), None),
        None => {
            let embedded = Arc::new(EmbeddedGeo::open(store.clone()).await?);
            (embedded.clone(), Some(embedded))
        }
    };
    let pace = Pace::new(section.own.questions_a_minute);
    let geography = Arc::new(Geography::new(provider, holidays));
    Ok(Mapping { geography, embedded, config: section.own.clone(), pace })
}

/// Takes over what other hosts import, until told to stop.
pub(crate) async fn follow(app: Arc<App>, mut stop: watch::Receiver<bool>) {
    let Some(embedded) = app.mapping.embedded.clone() else { return };
    loop {
        tokio::select! {
            () = tokio::time::sleep(FOLLOW_INTERVAL) => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
        if let Err(error) = embedded.refresh().await {
            tracing::warn!(%error, "addresses, grids and halls can't be read again");
        }
    }
}

/// How often one may ask: a registry is not to be copied out question by question.
pub(crate) struct Pace {
    a_minute: u32,
    minute: Mutex<(i64, HashMap<Option<AccountId>, u32>)>,
}

/// Everybody who did not sign in is one, with as many questions as so many accounts.
const NOBODY: u32 = 10;

// === impl Pace ===

impl Pace {
    fn new(a_minute: u32) -> Self {
        Self { a_minute, minute: Mutex::default() }
    }

    /// Counts a question, and refuses one too many in this minute.
    pub(crate) fn step(&self, who: Option<AccountId>, now: Timestamp) -> Result<(), Problem> {
        let this = now.as_second() / 60;
        let mut minute = self.minute.lock();
        if minute.0 != this {
            *minute = (this, HashMap::new());
        }
        let asked = minute.1.entry(who).or_default();
        let most = if who.is_some() { self.a_minute } else { self.a_minute.saturating_mul(NOBODY) };
        if *asked >= most {
            let detail = "too many questions in this minute: ask again in the next one";
            return Err(Problem::new(ErrorKind::Overloaded, "too-many-questions", detail));
        }
        *asked += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_read_and_an_unknown_key_refused_by_name() {
        let text = "import_mib = 64\nquestions_a_minute = 5\n[tiles]\nmax_kib = 256\n";
        let section: GeoSection = toml::from_str(text).unwrap();
        assert_eq!((section.own.import_mib, section.own.tiles.max_kib), (64, 256));
        let error = toml::from_str::<GeoSection>("importmib = 64").unwrap_err().to_string();
        assert!(error.contains("importmib"), "{error}");
    }

    #[test]
    fn one_question_too_many_waits_for_the_next_minute() {
        let pace = Pace::new(2);
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let (now, next) = (at("2026-01-01T00:00:59Z"), at("2026-01-01T00:01:00Z"));
        let who = Some(AccountId::generate());
        assert!(pace.step(who, now).is_ok() && pace.step(who, now).is_ok());
        assert!(pace.step(who, now).is_err());
        assert!(pace.step(Some(AccountId::generate()), now).is_ok(), "another account has its own");
        assert!((0..20).all(|_| pace.step(None, now).is_ok()) && pace.step(None, now).is_err());
        assert!(pace.step(who, next).is_ok());
    }
}
