use jiff::civil::Date;
use serde::Deserialize;
use zhongtai_kernel::DepartmentId;

use crate::{CreditError, Gravity, workdays::Workdays};

/// `[credit]` of `zt.toml`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CreditConfig {
    /// The department that answers for imported records that name none.
    pub department: Option<DepartmentId>,
    /// What a record's effect is while the first objection to it is open.
    pub objection: OnObjection,
    /// Working days within which an objection is to be decided.
    pub objection_days: u16,
    /// Working days within which an application for repair is to be decided.
    pub repair_days: u16,
    /// Days after which repair can be applied for.
    pub repair_after_days: Days,
    /// Days of rest beside Saturdays and Sundays.
    pub holidays: Vec<Date>,
    /// Saturdays and Sundays that are worked on (调休).
    pub workdays: Vec<Date>,
    /// How long records may be answered from memory, milliseconds: what another host changes is seen within it.
    pub fresh_ms: u32,
    /// Memory for records, MiB.
    pub memory_mib: u32,
    /// The largest file to import, MiB.
    pub import_mib: u32,
}

/// What an open objection does to the effect of its record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnObjection {
    /// The record does not count until it is decided. For the first objection only: who is told that a record is right
    /// does not hold it up once more.
    #[default]
    Hold,
    /// The record counts until it is decided otherwise.
    Keep,
}

/// Days by the gravity of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Days {
    /// 一般
    pub general: u16,
    /// 较重
    pub serious: u16,
    /// 严重
    pub grave: u16,
}

impl Default for CreditConfig {
    fn default() -> Self {
        Self {
            department: None,
            objection: OnObjection::default(),
            objection_days: 15,
            repair_days: 15,
            repair_after_days: Days::default(),
            holidays: Vec::new(),
            workdays: Vec::new(),
            fresh_ms: 1_000,
            memory_mib: 64,
            import_mib: 1_024,
        }
    }
}

impl Default for Days {
    fn default() -> Self {
        Self { general: 90, serious: 180, grave: 365 }
    }
}

// === impl CreditConfig ===

impl CreditConfig {
    /// Refuses what can't be meant, naming the key.
    pub fn check(&self) -> Result<(), CreditError> {
        for (what, days) in [("credit.objection_days", self.objection_days), ("credit.repair_days", self.repair_days)] {
            if !(1..=365).contains(&days) {
                return Err(CreditError::invalid(what, "1 to 365 working days"));
            }
        }
        let Days { general, serious, grave } = self.repair_after_days;
        if [general, serious, grave].iter().any(|days| *days > 3_650) {
            return Err(CreditError::invalid("credit.repair_after_days", "at most 3650 days each"));
        }
        if self.fresh_ms > 60_000 {
            return Err(CreditError::invalid("credit.fresh_ms", "at most 60000"));
        }
        if !(1..=16_384).contains(&self.memory_mib) {
            return Err(CreditError::invalid("credit.memory_mib", "1 to 16384"));
        }
        if !(1..=65_536).contains(&self.import_mib) {
            return Err(CreditError::invalid("credit.import_mib", "1 to 65536"));
        }
        Ok(())
    }

    pub(crate) fn calendar(&self) -> Workdays<'_> {
        Workdays { holidays: &self.holidays, workdays: &self.workdays }
    }
}

// === impl Days ===

impl Days {
    pub(crate) fn of(self, gravity: Gravity) -> u16 {
        match gravity {
            Gravity::General => self.general,
            Gravity::Serious => self.serious,
            Gravity::Grave => self.grave,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_can_be_used_and_odd_values_are_named() {
        CreditConfig::default().check().unwrap();
        for (text, key) in [
            ("objection_days = 0", "credit.objection_days"),
            ("repair_days = 366", "credit.repair_days"),
            ("repair_after_days = { grave = 3651 }", "credit.repair_after_days"),
            ("fresh_ms = 60001", "credit.fresh_ms"),
            ("memory_mib = 0", "credit.memory_mib"),
            ("import_mib = 0", "credit.import_mib"),
        ] {
            let config: CreditConfig = toml::from_str(text).unwrap();
            assert!(config.check().unwrap_err().to_string().starts_with(key), "{text}");
        }
        let unknown = toml::from_str::<CreditConfig>("objections = \"hold\"").unwrap_err().to_string();
        assert!(unknown.contains("unknown field `objections`"), "{unknown}");
    }
}
