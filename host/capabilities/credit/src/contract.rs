//! What every credit provider must do.
#![expect(clippy::expect_used, reason = "a contract that does not hold must stop the test")]

use zhongtai_kernel::Timestamp;

use crate::{Category, CreditProvider, CreditRecord, CreditSubject, Gravity, NewRecord, State};

/// The enterprise that [`fixture`] is about.
pub fn enterprise() -> CreditSubject {
    CreditSubject::Enterprise("91350100M000100Y43".parse().expect("a valid code"))
}

/// The person that [`fixture`] is about.
pub fn person() -> CreditSubject {
    CreditSubject::Person("11010519491231002X".parse().expect("a valid ID"))
}

/// Records that a provider under test must hold before [`holds`] is called, in the order of source and id.
pub fn fixture() -> Vec<NewRecord> {
    let record = |whom, id: &str, category, gravity, until: Option<&str>| NewRecord {
        whom,
        record: CreditRecord {
            key: None,
            id: id.to_owned(),
            source: "人力资源和社会保障局".to_owned(),
            department: None,
            category,
            gravity,
            since: "2025-01-01".parse().expect("a date"),
            until: until.map(|day| day.parse().expect("a date")),
            state: State::Published,
            held: false,
            detail: "拖欠工资，\"两个月\"".to_owned(),
        },
    };
    vec![
        record(enterprise(), "1", Category::BlackList, Gravity::Grave, None),
        record(enterprise(), "2", Category::Penalty, Gravity::General, Some("2025-06-30")),
        record(person(), "3", Category::Commitment, Gravity::Serious, None),
    ]
}

/// Holds when the provider gives back the fixture for whom it is about, of any sort and whether in force or not; says
/// when its source said so; and knows nothing about anybody else. `asked` is a moment before the call.
pub async fn holds(provider: &dyn CreditProvider, asked: Timestamp) {
    for whom in [enterprise(), person()] {
        let known = provider.records(&whom).await.expect("records");
        let told: Vec<CreditRecord> = known.records.iter().map(as_source_said).collect();
        let expected = fixture().into_iter().filter(|new| new.whom == whom).map(|new| new.record);
        assert_eq!(told, expected.collect::<Vec<_>>(), "records of one {}, in the source's order", whom.sort());
        let details = known.records.iter().map(|record| record.detail.as_str());
        assert!(details.eq(vec!["拖欠工资，\"两个月\""; told.len()]), "what happened, word for word");
        assert!(!known.stale, "a source that answers is not stale");
        assert!(known.as_of >= asked, "as old as the answer of the source");
        if let Some(kept) = provider.at_hand(&whom) {
            assert_eq!(kept, known, "what is at hand is what was told");
        }
    }
    let unknown = CreditSubject::Enterprise("11320000MB151840XJ".parse().expect("a valid code"));
    let known = provider.records(&unknown).await.expect("records");
    assert!(known.records.is_empty() && !known.stale, "who is unknown has no records, which is no error");
    let unknown = CreditSubject::Person("34052419800101001X".parse().expect("a valid ID"));
    assert!(provider.records(&unknown).await.expect("records").records.is_empty(), "nor does another person");
}

/// A record without the platform's own id and department, which its source does not know.
fn as_source_said(record: &CreditRecord) -> CreditRecord {
    CreditRecord { key: None, department: None, ..record.clone() }
}
