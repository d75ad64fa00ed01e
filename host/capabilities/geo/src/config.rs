use std::path::PathBuf;

use serde::Deserialize;

use crate::{GeoError, Holidays, tiles::TileConfig};

/// The `[geo]` table of `zt.toml`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GeoConfig {
    /// Holidays and make-up working days beside those that are built in, a line a year: `2027 -0101 +0207`.
    pub holidays: Option<PathBuf>,
    /// The largest file of addresses, grids or halls, MiB, 1 to 4,096.
    pub import_mib: u32,
    /// Questions of one account in a minute at the platform's own API, 1 to 100,000; all that did not sign in share ten
    /// times as many. A map that is moved asks for tiles, which are not counted.
    pub questions_a_minute: u32,
    /// Maps.
    pub tiles: TileConfig,
}

impl Default for GeoConfig {
    fn default() -> Self {
        Self { holidays: None, import_mib: 1024, questions_a_minute: 120, tiles: TileConfig::default() }
    }
}

// === impl GeoConfig ===

impl GeoConfig {
    /// What is out of range, by its key.
    pub fn problem(&self) -> Option<String> {
        if !(1..=4096).contains(&self.import_mib) {
            return Some("geo.import_mib: expected 1 to 4096".to_owned());
        }
        if !(1..=100_000).contains(&self.questions_a_minute) {
            return Some("geo.questions_a_minute: expected 1 to 100000".to_owned());
        }
        self.tiles.problem().map(|(key, range)| format!("geo.tiles.{key}: {range}"))
    }

    /// The built-in holidays, and those of the file.
    ///
    /// # Errors
    /// When the file can't be read, or a line of it is none.
    pub fn all_holidays(&self) -> Result<Holidays, GeoError> {
        let Some(path) = &self.holidays else { return Ok(Holidays::built_in()) };
        let text = std::fs::read_to_string(path).map_err(|error| GeoError::Import(format!("geo.holidays: {error}")))?;
        let known = Holidays::parse(&text).map_err(|line| GeoError::Import(format!("geo.holidays: line {line}")))?;
        Ok(Holidays::built_in().with(known))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_out_of_range_are_named_by_their_key() {
        let problem = |config: GeoConfig| config.problem();
        assert_eq!(problem(GeoConfig::default()), None);
        let large = GeoConfig { import_mib: 5000, ..GeoConfig::default() };
        assert_eq!(problem(large).as_deref(), Some("geo.import_mib: expected 1 to 4096"));
        let none = GeoConfig { questions_a_minute: 0, ..GeoConfig::default() };
        assert!(problem(none).is_some());
    }

    #[test]
    fn a_file_of_holidays_adds_to_those_that_are_built_in() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("holidays.txt");
        std::fs::write(&path, "2027 -0101\n").unwrap();
        let config = GeoConfig { holidays: Some(path.clone()), ..GeoConfig::default() };
        let holidays = config.all_holidays().unwrap();
        assert!(
            holidays.is_holiday("2027-01-01".parse().unwrap()) && holidays.is_holiday("2026-10-01".parse().unwrap())
        );
        std::fs::write(&path, "2027 0101\n").unwrap();
        assert_eq!(config.all_holidays().unwrap_err().to_string(), "the import can't be read: geo.holidays: line 1");
    }
}
