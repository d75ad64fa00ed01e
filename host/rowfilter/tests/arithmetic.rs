//! Every operation on every pair of numbers at the edges, beside 128-bit arithmetic.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test that can't go on must stop")]

mod support;

use support::{
    clerk, compiled, dialect, now,
    rows::{CREATE, Cell, NUMBERS, Row, table},
    selected,
};
use zhongtai_rowfilter::{RowFilter, Rows};
use zhongtai_store::{Migration, testing};

const MIGRATION: Migration = Migration { owner: "records", version: 1, sql: CREATE };

/// As Cedar writes it, and what it is.
type Operation = (&'static str, fn(i128, i128) -> i128);

const OPERATIONS: [Operation; 3] = [("+", |a, b| a + b), ("-", |a, b| a - b), ("*", |a, b| a * b)];

/// What a policy says of a row, and what that is for `level` and `score`.
struct Claim {
    expression: String,
    value: Box<dyn Fn(i128, i128) -> i128>,
}

fn claims() -> Vec<Claim> {
    let mut claims = vec![
        Claim { expression: "-resource.level".to_owned(), value: Box::new(|a, _| -a) },
        Claim { expression: "-(-resource.level)".to_owned(), value: Box::new(|a, _| if fits(-a) { a } else { -a }) },
    ];
    for (operator, operation) in OPERATIONS {
        let columns = format!("resource.level {operator} resource.score");
        claims.push(Claim { expression: columns, value: Box::new(operation) });
        for &number in NUMBERS {
            let right = format!("resource.level {operator} ({number})");
            claims.push(Claim { expression: right, value: Box::new(move |a, _| operation(a, number.into())) });
            let left = format!("({number}) {operator} resource.level");
            claims.push(Claim { expression: left, value: Box::new(move |a, _| operation(number.into(), a)) });
        }
    }
    claims
}

fn fits(value: i128) -> bool {
    i64::try_from(value).is_ok()
}

fn pairs() -> Vec<(i64, i64)> {
    NUMBERS.iter().flat_map(|&level| NUMBERS.iter().map(move |&score| (level, score))).collect()
}

fn row(level: i64, score: i64) -> Row {
    let text = |text: &str| Cell::Text(Some(text.to_owned()));
    let number = |number| Cell::Number(Some(number));
    let mut cells = vec![text(&format!("{level} {score}")), number(level), number(score), Cell::Number(None)];
    cells.extend([text("t"), Cell::Text(None), number(1), Cell::Number(None), text("d1"), Cell::Text(None)]);
    cells.extend([number(0), Cell::Number(None), Cell::Text(None), text("s1"), Cell::Text(None)]);
    Row(cells)
}

#[tokio::test]
async fn sums_differences_and_products_are_right_or_deny_on_both_databases() {
    for database in testing::both(&[MIGRATION]).await {
        let (pool, backend) = (database.store.pool(), database.store.backend());
        for (level, score) in pairs() {
            row(level, score).insert(pool).await;
        }
        for Claim { expression, value } in claims() {
            for is_below in [true, false] {
                let not = if is_below { "" } else { "!" };
                let policy = format!(
                    "permit (principal, action, resource is Record) when {{ resource has score && {not}(({expression}) < 1) }};"
                );
                let compiled = compiled(&policy).unwrap();
                let asked = Rows::new("record:list");
                let filter = RowFilter::new(&compiled, &clerk(), &asked, now(), &table(), dialect(backend)).unwrap();
                assert_eq!(filter.untranslated(), []);
                let found =
                    selected(pool, "records", &filter).await.unwrap_or_else(|error| panic!("{error}: {policy}"));
                let holds = |&(level, score): &(i64, i64)| {
                    let value = value(level.into(), score.into());
                    fits(value) && (value < 1) == is_below
                };
                let mut expected: Vec<String> = pairs()
                    .iter()
                    .filter(|pair| holds(pair))
                    .map(|(level, score)| format!("{level} {score}"))
                    .collect();
                expected.sort();
                assert_eq!(found, expected, "{backend:?}: {policy}\n{}", filter.clause(1));
            }
        }
    }
}
