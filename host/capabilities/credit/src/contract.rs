//! What every credit provider must do.
#![expect(clippy::expect_used, reason = "a contract that does not hold must stop the test")]

use crate::{Category, CreditProvider, CreditRecord};

/// Records that a provider under test must hold before [`holds`] is called.
pub fn fixture() -> Vec<CreditRecord> {
    let record = |id: &str, category, until: Option<&str>| CreditRecord {
        id: id.to_owned(),
        code: "91350100M000100Y43".parse().expect("a valid code"),
        category,
        source: "人力资源和社会保障局".to_owned(),
        since: "2025-01-01".parse().expect("a date"),
        until: until.map(|day| day.parse().expect("a date")),
        detail: "拖欠工资".to_owned(),
    };
    vec![record("1", Category::BlackList, None), record("2", Category::Penalty, Some("2025-06-30"))]
}

/// Holds when the provider gives back the fixture for its code, and nothing for another.
pub async fn holds(provider: &dyn CreditProvider) {
    let known = provider.records(&"91350100M000100Y43".parse().expect("a valid code")).await.expect("records");
    assert_eq!(known.to_vec(), fixture(), "records of a known code, in the source's order");
    let unknown = provider.records(&"11320000MB151840XJ".parse().expect("a valid code")).await.expect("records");
    assert!(unknown.is_empty(), "an unknown code has no records, which is no error");
}
