//! A row that refers to rows, itself among them: what policy says of another row is in no column of this one.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test that can't go on must stop")]

mod support;

use cedar_policy::{Authorizer, Decision, Request};
use support::{
    clerk, compiled, dialect, listing, now,
    rows::{CREATE, Cell, Row, table, uid},
    selected,
};
use zhongtai_authz::{Asked, Compiled};
use zhongtai_rowfilter::{Construct, RowFilter, Rows};
use zhongtai_store::{Migration, testing};

const MIGRATION: Migration = Migration { owner: "records", version: 1, sql: CREATE };

/// Everything is shown but what the forbid says.
fn policies(condition: &str) -> String {
    format!(
        "@id(\"all\") permit (principal, action, resource is Record);\n\
         @id(\"odd\") forbid (principal, action, resource is Record) when {{ {condition} }};"
    )
}

/// Of level 3, with a score, in the dataset `s1`.
fn row(id: &str, keeper: Option<&str>) -> Row {
    let text = |text: &str| Cell::Text(Some(text.to_owned()));
    let number = |number| Cell::Number(Some(number));
    let mut cells = vec![text(id), number(3), number(1), Cell::Number(None)];
    cells.extend([text("t"), Cell::Text(None), number(1), Cell::Number(None), text("d1"), Cell::Text(None)]);
    cells.extend([number(0), Cell::Number(None), Cell::Text(keeper.map(str::to_owned)), text("s1"), Cell::Text(None)]);
    Row(cells)
}

/// The first keeps itself, the second is kept by the first, the third by nobody.
fn rows() -> [Row; 3] {
    [row("r1", Some("r1")), row("r2", Some("r1")), row("r3", None)]
}

/// What Cedar says of one row, which is all that it is given.
fn is_allowed(compiled: &Compiled, row: &Row) -> bool {
    let mut asked = Asked::new(compiled, &clerk(), &listing(), now()).unwrap();
    asked.resource = None;
    let entities = asked.entities(compiled).unwrap();
    let entities = entities.upsert_entities([row.entity().unwrap()], Some(compiled.schema())).unwrap();
    let request = asked.request;
    let request = Request::new(
        request.principal().unwrap().clone(),
        request.action().unwrap().clone(),
        uid("Record", row.id()),
        request.context().unwrap().clone(),
        Some(compiled.schema()),
    );
    let response = Authorizer::new().is_authorized(&request.unwrap(), compiled.policies(), &entities);
    response.decision() == Decision::Allow && response.diagnostics().errors().next().is_none()
}

#[tokio::test]
async fn what_is_said_of_another_row_shows_none_that_cedar_would_deny_and_is_named() {
    let conditions = [
        // What the clause would take for false, and Cedar knows of the row itself.
        ("resource has keeper && resource.keeper in Dataset::\"s1\"", &["r3"][..]),
        ("Record::\"r1\" in Dataset::\"s1\"", &[]),
        ("resource has keeper && resource.keeper has score", &["r3"]),
        ("Record::\"r1\" has score", &[]),
        // What it would take for an error.
        ("resource has keeper && resource.keeper.level == 1", &["r3"]),
        ("resource has keeper && resource.keeper has keeper && resource.keeper.keeper == resource", &["r3"]),
    ];
    for database in testing::both(&[MIGRATION]).await {
        let (pool, backend) = (database.store.pool(), database.store.backend());
        for row in rows() {
            row.insert(pool).await;
        }
        for (condition, expected) in conditions {
            let compiled = compiled(&policies(condition)).unwrap();
            let asked = Rows::new("record:list");
            let filter = RowFilter::new(&compiled, &clerk(), &asked, now(), &table(), dialect(backend)).unwrap();
            let found = selected(pool, "records", &filter).await.unwrap();
            let denied =
                rows().into_iter().find(|row| found.iter().any(|id| id == row.id()) && !is_allowed(&compiled, row));
            assert!(denied.is_none(), "{condition} shows {denied:?}: {}", filter.clause(1));
            assert_eq!(found, expected, "{condition}");
            let named: Vec<_> = filter.untranslated().iter().map(|one| (one.policy.as_str(), &one.construct)).collect();
            assert_eq!(named, [("odd", &Construct::OtherRow)], "{condition}");
        }
    }
}

#[tokio::test]
async fn the_row_itself_is_compared_by_its_id() {
    let compiled = compiled(&policies("resource has keeper && resource.keeper in resource")).unwrap();
    for database in testing::both(&[MIGRATION]).await {
        let pool = database.store.pool();
        for row in rows() {
            row.insert(pool).await;
        }
        let backend = dialect(database.store.backend());
        let filter = RowFilter::new(&compiled, &clerk(), &Rows::new("record:list"), now(), &table(), backend).unwrap();
        assert_eq!(selected(pool, "records", &filter).await.unwrap(), ["r2", "r3"]);
        assert_eq!(filter.untranslated(), []);
    }
}
