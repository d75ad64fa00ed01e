//! The decision table: what it says, what makes it unusable, and how it gets into force.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test that can't go on must stop")]

mod support;

use proptest::prelude::*;
use support::{clock, company, record};
use zhongtai_cap_credit::{
    Category, Checked, CreditError, CreditRecord, Gravity, MIGRATIONS, RuleBook, Standing, State, Table,
};
use zhongtai_store::testing::both;

fn of(category: Category, gravity: Gravity, since: &str, until: Option<&str>) -> CreditRecord {
    let mut record = record(category.as_str(), company(), category).record;
    record.gravity = gravity;
    record.since = since.parse().unwrap();
    record.until = until.map(|day| day.parse().unwrap());
    record
}

fn built_in() -> Table {
    Table::parse(Table::BUILT_IN).unwrap().0
}

/// A table of rows, with a head.
fn table(rows: &str) -> Result<(Table, Checked), CreditError> {
    Table::parse(&format!("schema = 1\ntitle = \"t\"\n[otherwise]\nstanding = \"clear\"\n{rows}"))
}

fn problems(rows: &str) -> String {
    match table(rows) {
        Err(error @ CreditError::Rules(_)) => error.to_string(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_built_in_table_says_what_the_host_said_before_there_were_tables() {
    let table = built_in();
    let records = [
        of(Category::RedList, Gravity::General, "2025-01-01", None),
        of(Category::BlackList, Gravity::Grave, "2025-01-01", Some("2025-12-31")),
        of(Category::Penalty, Gravity::General, "2025-06-01", None),
    ];
    let on = |day: &str| {
        let judged = table.judge(&records, "road-repair", day.parse().unwrap());
        (judged.standing, judged.measure, judged.row, judged.basis)
    };
    assert_eq!(on("2024-12-31"), (Standing::Clear, None, None, vec![]));
    assert_eq!(on("2025-12-31"), (Standing::Barred, Some("no-promise-track"), Some(0), vec![1]));
    assert_eq!(on("2026-01-01"), (Standing::Flagged, Some("manual-review"), Some(1), vec![2]), "it has run out");
    let checked = Table::parse(Table::BUILT_IN).unwrap().1;
    assert_eq!((checked.rows, checked.tests, checked.unproven.len()), (4, 4, 0));
    assert_eq!(checked.gaps, Vec::<String>::new());
}

#[test]
fn what_is_held_repaired_withdrawn_or_not_published_does_not_count() {
    let table = built_in();
    let judge = |state, held| {
        let record = CreditRecord { state, held, ..of(Category::BlackList, Gravity::Grave, "2025-01-01", None) };
        table.judge(&[record], "road-repair", "2026-01-01".parse().unwrap()).standing
    };
    assert_eq!(judge(State::Published, false), Standing::Barred);
    assert_eq!(judge(State::Published, true), Standing::Clear);
    for state in [State::Unpublished, State::Repaired, State::Withdrawn] {
        assert_eq!(judge(state, false), Standing::Clear, "{state:?}");
    }
}

#[test]
fn rows_ask_for_gravity_source_age_number_and_purpose() {
    let (table, _) = table(
        r#"
        [[row]]
        id = "young-and-grave"
        categories = ["penalty"]
        gravities = ["serious", "grave"]
        sources = ["税务局"]
        age_days = { most = 365 }
        purposes = ["promise-track"]
        standing = "barred"
        measure = "no-promise-track"
        [[row]]
        id = "often"
        categories = ["penalty"]
        count = { least = 3 }
        standing = "barred"
        "#,
    )
    .unwrap();
    let penalty = |gravity, source: &str, since| CreditRecord {
        source: source.to_owned(),
        ..of(Category::Penalty, gravity, since, None)
    };
    let judge = |records: &[CreditRecord], purpose| {
        let judged = table.judge(records, purpose, "2026-01-01".parse().unwrap());
        judged.row.map(|row| table.rows().nth(row).unwrap().to_owned())
    };
    let grave = penalty(Gravity::Grave, "税务局", "2025-01-01");
    assert_eq!(judge(std::slice::from_ref(&grave), "promise-track").as_deref(), Some("young-and-grave"));
    assert_eq!(judge(std::slice::from_ref(&grave), "road-repair"), None, "another purpose");
    assert_eq!(judge(&[penalty(Gravity::General, "税务局", "2025-01-01")], "promise-track"), None);
    assert_eq!(judge(&[penalty(Gravity::Grave, "住建局", "2025-01-01")], "promise-track"), None);
    assert_eq!(judge(&[penalty(Gravity::Grave, "税务局", "2024-12-31")], "promise-track"), None, "366 days");
    let three = vec![penalty(Gravity::General, "住建局", "2020-01-01"); 3];
    assert_eq!(judge(&three, "road-repair").as_deref(), Some("often"));
    assert_eq!(judge(&three[..2], "road-repair"), None);
}

#[test]
fn the_gravest_record_of_the_basis_comes_first() {
    let records = [
        of(Category::Commitment, Gravity::Grave, "2025-01-01", None),
        of(Category::Penalty, Gravity::General, "2025-01-01", None),
        of(Category::Penalty, Gravity::Serious, "2025-01-01", None),
    ];
    assert_eq!(built_in().judge(&records, "p", "2026-01-01".parse().unwrap()).basis, [2, 1, 0]);
}

#[test]
fn a_file_that_can_not_be_used_is_refused_with_all_that_is_wrong() {
    let row = |text: &str| problems(&format!("[[row]]\nid = \"a\"\nstanding = \"barred\"\n{text}"));
    assert!(row("colour = 1").contains("unknown field `colour`"));
    assert!(row("categories = [\"blacklist\"]").contains("unknown variant `blacklist`"));
    assert!(row("categories = []").contains("`a`: categories: expected 1 to 64 words"));
    assert!(row("count = { least = 3, most = 2 }").contains("`a`: count: `most` is less than `least`"));
    assert!(row("count = { least = 0 }").contains("`a`: count: any number fits"));
    assert!(row("age_days = { most = 99999 }").contains("`a`: age_days: expected at most 36525"));
    assert!(row("measure = \"No Track\"").contains("`a`: measure: expected"));
    let two =
        problems("[[row]]\nid = \"A\"\nstanding = \"barred\"\n[[row]]\nid = \"b\"\nstanding = \"clear\"\nsources = []");
    assert!(two.contains("`A`: id: expected") && two.contains("`b`: sources: expected"), "{two}");
    let twice = problems("[[row]]\nid = \"a\"\nstanding = \"barred\"\n[[row]]\nid = \"a\"\nstanding = \"clear\"");
    assert!(twice.contains("`a`: id: another row has it"), "{twice}");
    assert!(Table::parse("schema = 2\ntitle = \"t\"\n[otherwise]\nstanding = \"clear\"").is_err());
    assert!(Table::parse("title = \"t\"").is_err(), "a table says what happens otherwise");
    let rows: String =
        (0..65).map(|n| format!("[[row]]\nid = \"r{n}\"\nsources = [\"{n}\"]\nstanding = \"barred\"\n")).collect();
    assert!(problems(&rows).contains("65 rows: expected at most 64"));
}

#[test]
fn a_table_that_is_too_large_to_be_looked_through_says_so() {
    // Thirty rows that ask for two records of sources of their own, and for both of two others.
    let row = |n: usize| {
        let sources = format!("sources = [\"{n}\", \"{}\", \"{}\"]", n + 1, n + 2);
        format!("[[row]]\nid = \"r{n}\"\nstanding = \"barred\"\n{sources}\ncount = {{ least = 9, most = 11 }}\n")
    };
    let (_, checked) = table(&(0..30).map(row).collect::<String>()).unwrap();
    assert!(!checked.unproven.is_empty(), "{checked:?}");
    let many = |n: usize| {
        let sources: Vec<String> = (0..64).map(|source| format!("\"{n}/{source}\"")).collect();
        let age = format!("age_days = {{ least = {}, most = {} }}", n * 10, n * 10 + 5);
        let sources = sources.join(", ");
        format!("[[row]]\nid = \"r{n}\"\nstanding = \"barred\"\nsources = [{sources}]\n{age}\n")
    };
    assert!(problems(&(0..64).map(many).collect::<String>()).contains("sorts of records are told apart"));
}

#[test]
fn a_test_of_the_table_that_does_not_hold_refuses_it() {
    let text = "[[row]]\nid = \"a\"\ncategories = [\"penalty\"]\nstanding = \"flagged\"\n\
                [[test]]\ntitle = \"penalties bar\"\nrecords = [{ category = \"penalty\" }]\nstanding = \"barred\"";
    let told = problems(text);
    assert!(told.contains("`penalties bar`: the test does not hold: Flagged with - by `a`, expected Barred"), "{told}");
}

#[test]
fn rows_that_can_never_decide_refuse_the_table() {
    let below = |upper: &str, lower: &str| {
        table(&format!(
            "[[row]]\nid = \"upper\"\nstanding = \"barred\"\n{upper}\n[[row]]\nid = \"lower\"\nstanding = \"flagged\"\n{lower}"
        ))
    };
    let never = |upper: &str, lower: &str| {
        let told = below(upper, lower).unwrap_err().to_string();
        assert!(told.contains("`lower`: the row can never decide"), "{told}");
    };
    never("", "categories = [\"penalty\"]");
    never("categories = [\"penalty\"]", "categories = [\"penalty\"]\ngravities = [\"grave\"]");
    never("categories = [\"penalty\"]", "categories = [\"penalty\"]\ncount = { least = 3 }");
    never("categories = [\"penalty\"]", "categories = [\"penalty\"]\npurposes = [\"a\"]");
    never(
        "categories = [\"penalty\"]\nage_days = { least = 10 }",
        "categories = [\"penalty\"]\nage_days = { least = 20, most = 30 }",
    );
    // Neither of two rows above covers it alone, both of them do.
    let told = table(
        "[[row]]\nid = \"a\"\nstanding = \"barred\"\ngravities = [\"general\"]\n\
         [[row]]\nid = \"b\"\nstanding = \"barred\"\ngravities = [\"serious\", \"grave\"]\n\
         [[row]]\nid = \"c\"\nstanding = \"flagged\"\ncategories = [\"penalty\"]",
    );
    assert!(told.unwrap_err().to_string().contains("`c`: the row can never decide"));

    assert!(below("count = { least = 2 }", "").is_ok());
    assert!(below("purposes = [\"a\"]", "").is_ok(), "other purposes get there");
    assert!(below("categories = [\"penalty\"]\nage_days = { most = 10 }", "categories = [\"penalty\"]").is_ok());
    // A row that two records of different sorts reach, and no two of one sort.
    assert!(
        table(
            "[[row]]\nid = \"a\"\nstanding = \"barred\"\ncategories = [\"penalty\"]\ncount = { least = 2 }\n\
             [[row]]\nid = \"b\"\nstanding = \"barred\"\ncategories = [\"black-list\"]\ncount = { least = 2 }\n\
             [[row]]\nid = \"c\"\nstanding = \"flagged\"\ncategories = [\"penalty\", \"black-list\"]\ncount = { least = 2 }",
        )
        .is_ok()
    );
    // A row that fits few records only is got around by more of them.
    assert!(below("categories = [\"penalty\"]\ncount = { most = 3 }", "categories = [\"penalty\"]").is_ok());
}

#[test]
fn overlaps_and_gaps_are_told_with_an_example() {
    let (_, checked) = table(
        "[[row]]\nid = \"a\"\nstanding = \"barred\"\ncategories = [\"black-list\"]\n\
         [[row]]\nid = \"b\"\nstanding = \"flagged\"\ncategories = [\"penalty\", \"commitment\"]\ncount = { least = 2 }\n\
         [[row]]\nid = \"c\"\nstanding = \"clear\"\ncategories = [\"red-list\", \"licence\"]\npurposes = [\"loan\"]",
    )
    .unwrap();
    assert!(checked.overlaps.iter().any(|text| text.starts_with("`a` and `c` both fit 1 of ")), "{checked:?}");
    assert!(checked.gaps.iter().any(|text| text.starts_with("commitment/general of any other source")), "{checked:?}");
    assert!(checked.gaps.iter().any(|text| text.starts_with("licence/") && text.ends_with(" for any other purpose")));
    assert!(!checked.gaps.iter().any(|text| text.starts_with("black-list")));
}

#[tokio::test]
async fn a_table_gets_into_force_on_every_host_in_versions_that_stay() {
    for database in both(MIGRATIONS).await {
        let (here, there) = (
            RuleBook::open(database.store.clone(), clock()).await.unwrap(),
            RuleBook::open(database.store.clone(), clock()).await.unwrap(),
        );
        assert_eq!((here.in_force().version, here.text(None).await.unwrap().0), (0, 0));
        let strict = Table::BUILT_IN.replace("standing = \"flagged\"", "standing = \"barred\"");
        let put = here.put(&strict, "operator", "from the city").await.unwrap();
        assert_eq!((put.version, put.is_new), (1, true));
        assert_eq!(here.in_force().name(Some(0)), "1/joint-punishment");
        assert_eq!(here.in_force().name(None), "1/otherwise");
        assert_eq!(there.in_force().version, 0, "until it looks");
        there.refresh().await.unwrap();
        assert_eq!(there.in_force().version, 1);
        let penalty = [of(Category::Penalty, Gravity::General, "2025-01-01", None)];
        let judged = there.in_force();
        assert_eq!(judged.table.judge(&penalty, "p", "2026-01-01".parse().unwrap()).standing, Standing::Barred);
        let again = there.put(&strict, "operator", "once more").await.unwrap();
        assert_eq!((again.version, again.is_new), (1, false));
        let back = there.put(Table::BUILT_IN, "operator", "back").await.unwrap();
        assert_eq!(back.version, 2, "going back is a version of its own");
        let versions = here.versions().await.unwrap();
        let told: Vec<_> = versions.iter().map(|one| (one.version, one.reason.as_str())).collect();
        assert_eq!(told, [(2, "back"), (1, "from the city")]);
        assert_eq!(here.text(Some(1)).await.unwrap().1, strict);
        assert!(matches!(here.text(Some(3)).await, Err(CreditError::NotFound(_))));
        assert!(here.put("schema = 1", "operator", "x").await.is_err());
        let reopened = RuleBook::open(database.store.clone(), clock()).await.unwrap();
        assert_eq!(reopened.in_force().version, 2);
    }
}

/// A row of a random table.
fn a_row() -> impl Strategy<Value = String> {
    let categories = proptest::sample::subsequence(vec!["licence", "penalty", "black-list"], 1..=3);
    let gravities = proptest::sample::subsequence(vec!["general", "serious"], 1..=2);
    (categories, gravities, 1_u32..=2, proptest::option::of(2_u32..=3), proptest::option::of(Just("loan"))).prop_map(
        |(categories, gravities, least, most, purpose)| {
            let most = most.map(|most| format!(", most = {most}")).unwrap_or_default();
            let purpose = purpose.map(|purpose| format!("purposes = [\"{purpose}\"]\n")).unwrap_or_default();
            format!(
                "categories = {categories:?}\ngravities = {gravities:?}\ncount = {{ least = {least}{most} }}\n{purpose}"
            )
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// The oracle: every set of up to five records of the six sorts, judged one by one. A row that decides for one of
    /// them is not called unreachable, and a table that is taken has no row that decides for none of a larger number.
    #[test]
    fn a_row_is_called_unreachable_only_when_no_records_reach_it(rows in proptest::collection::vec(a_row(), 1..4)) {
        let numbered = |(number, row): (usize, &String)| format!("[[row]]\nid = \"r{number}\"\nstanding = \"barred\"\n{row}");
        let text: String = rows.iter().enumerate().map(numbered).collect();
        match table(&text) {
            Ok((table, checked)) => {
                prop_assert!(checked.unproven.is_empty());
                prop_assert_eq!(decided(&table).len(), rows.len());
            }
            Err(error) => {
                let told = error.to_string();
                // Without the rows it complains of, the others decide as before, and it is taken.
                let kept: String = rows
                    .iter()
                    .enumerate()
                    .filter(|(number, _)| !told.contains(&format!("`r{number}`: the row can never decide")))
                    .map(numbered)
                    .collect();
                prop_assert!(table(&kept).is_ok(), "{told}");
            }
        }
    }
}

/// The rows that decide for some set of records.
fn decided(table: &Table) -> std::collections::BTreeSet<usize> {
    let sorts: Vec<CreditRecord> = [Category::Licence, Category::Penalty, Category::BlackList]
        .into_iter()
        .flat_map(|category| {
            [Gravity::General, Gravity::Serious].map(|gravity| of(category, gravity, "2025-01-01", None))
        })
        .collect();
    let day = "2026-01-01".parse().unwrap();
    let mut found = std::collections::BTreeSet::new();
    let mut sets: Vec<Vec<usize>> = vec![Vec::new()];
    for _ in 0..=8 {
        for set in &sets {
            let records: Vec<_> = set.iter().map(|sort| sorts[*sort].clone()).collect();
            for purpose in ["loan", "other"] {
                found.extend(table.judge(&records, purpose, day).row);
            }
        }
        if found.len() == table.rows().count() {
            break;
        }
        let longer = |set: &Vec<usize>| {
            let from = set.last().copied().unwrap_or_default();
            (from..sorts.len()).map(|sort| [set.as_slice(), &[sort]].concat()).collect::<Vec<_>>()
        };
        sets = sets.iter().flat_map(longer).collect();
    }
    found
}
