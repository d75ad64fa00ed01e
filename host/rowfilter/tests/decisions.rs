//! The filter beside the platform's own decision for each row, and what fails closed.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test that can't go on must stop")]

mod support;

use std::sync::Arc;

use support::{
    clerk, compiled, dialect, nobody,
    notes::{CREATE, Note, POLICIES, table},
    now, selected,
};
use zhongtai_authz::{ActiveSet, Compiled, PolicyTexts};
use zhongtai_kernel::CallerFacts;
use zhongtai_rowfilter::{Bind, Column, Construct, Dialect, RowFilter, RowFilterError, Rows, Table};
use zhongtai_store::{Backend, Migration, testing};

const MIGRATION: Migration = Migration { owner: "notes", version: 1, sql: CREATE };

/// What everybody sees beside [`POLICIES`].
const PUBLIC: &str = r#"
@id("public")
permit (principal, action == Action::"note:list", resource)
when { resource.level == 1 && !(resource.title like "*draft*") };
"#;

fn notes() -> Vec<Note> {
    let me = clerk().subject.unwrap().account.to_string();
    vec![
        Note::new("n1", 1, "a", "d1", 0, None),
        Note::new("n2", 1, "a DRAFT", "d1", 0, None),
        Note::new("n3", 1, "a draft", "d1", 0, None),
        Note::new("n4", 1, "a draft of mine", "ghost", 0, Some(&me)),
        Note::new("n5", 2, "b", "441802-chengguan", 0, None),
        Note::new("n6", 3, "b", "441802-chengguan", 0, Some("other")),
        Note::new("n7", 3, "b", "441802-chengguan", 0, Some(&me)),
        Note::new("n8", 1, "c", "441802-chengguan", 1, Some(&me)),
        Note::new("n9", i64::MIN, "c", "441802-chengguan", 0, Some("")),
    ]
}

fn filter(compiled: &Compiled, caller: &CallerFacts, table: &Table, dialect: Dialect) -> RowFilter {
    RowFilter::new(compiled, caller, &Rows::new("note:list"), now(), table, dialect).unwrap()
}

/// What the filter selects on each database, which must be the same.
async fn shown(policies: &str, notes: &[Note], caller: &CallerFacts) -> (Vec<String>, RowFilter) {
    let compiled = compiled(policies).unwrap();
    let mut answers = Vec::new();
    for database in testing::both(&[MIGRATION]).await {
        let pool = database.store.pool();
        for note in notes {
            note.insert(pool).await;
        }
        let filter = filter(&compiled, caller, &table(), dialect(database.store.backend()));
        answers.push((selected(pool, "notes", &filter).await.unwrap(), filter));
    }
    assert_eq!(answers[0].0, answers[1].0);
    answers.swap_remove(0)
}

fn constructs(filter: &RowFilter) -> Vec<String> {
    filter.untranslated().iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn the_rows_are_those_that_the_active_set_allows_one_by_one() {
    let notes = notes();
    let texts = [POLICIES, PUBLIC].concat();
    let policies = ActiveSet::new(Arc::new(compiled(&texts).unwrap()));
    for (caller, expected) in [(clerk(), vec!["n1", "n2", "n4", "n5", "n7", "n9"]), (nobody(), vec!["n1", "n2"])] {
        let (found, filter) = shown(&texts, &notes, &caller).await;
        let allowed: Vec<_> = notes.iter().filter(|note| note.is_shown(&policies, &caller, "note:list")).collect();
        let allowed: Vec<&String> = allowed.into_iter().map(|note| &note.id).collect();
        assert_eq!(found.iter().collect::<Vec<_>>(), allowed);
        assert_eq!(found, expected);
        assert_eq!(filter.untranslated(), []);
    }
}

#[tokio::test]
async fn a_departments_grant_holds_for_its_rows() {
    let template = "@id(\"may-list\") permit (principal in ?principal, action == Action::\"note:list\", resource)\n\
                    when { resource.department == principal.department };";
    let grant = r#"[{ "id": "g1", "template": "may-list", "principal": "Department::\"441802-chengguan\"",
                      "reason": "registry" }]"#;
    let files = [
        ("r/r.cedarschema", support::SCHEMA),
        ("r/r.cedar", template),
        ("r/grants.json", grant),
        ("r/entities.json", "[]"),
    ];
    let texts = PolicyTexts::new(files.map(|(path, text)| (path.to_owned(), text.to_owned()))).unwrap();
    let compiled = Compiled::new(&texts).unwrap();
    let filter = filter(&compiled, &clerk(), &table(), Dialect::Sqlite);
    let database = testing::sqlite(&[MIGRATION]).await;
    for note in notes() {
        note.insert(database.store.pool()).await;
    }
    assert_eq!(selected(database.store.pool(), "notes", &filter).await.unwrap(), ["n5", "n6", "n7", "n8", "n9"]);
}

#[tokio::test]
async fn a_row_for_which_any_policy_errs_is_not_shown() {
    // `ghost` is declared nowhere, so it has no area.
    let policies = "@id(\"all\") permit (principal, action, resource is Note);\n\
                    @id(\"areas\") permit (principal, action, resource is Note) when { resource.department.area == \"x\" };";
    let notes = notes();
    let (found, _) = shown(policies, &notes, &clerk()).await;
    assert_eq!(found, ["n1", "n2", "n3", "n5", "n6", "n7", "n8", "n9"]);
    let active = ActiveSet::new(Arc::new(compiled(policies).unwrap()));
    assert!(!notes[3].is_shown(&active, &clerk(), "note:list"));
}

#[tokio::test]
async fn a_masked_permit_shows_no_row_as_it_is() {
    let policies = "@id(\"hidden\") @mask(\"all\") permit (principal, action, resource is Note);\n\
                    @id(\"open\") permit (principal, action, resource is Note) when { resource.level == 2 };";
    let notes = notes();
    let (found, filter) = shown(policies, &notes, &clerk()).await;
    let active = ActiveSet::new(Arc::new(compiled(policies).unwrap()));
    let allowed: Vec<_> = notes.iter().filter(|note| note.is_shown(&active, &clerk(), "note:list")).collect();
    assert_eq!(found, ["n5"]);
    assert_eq!(allowed.len(), 1);
    assert_eq!(filter.untranslated()[0].construct, Construct::Mask);
}

#[tokio::test]
async fn what_has_no_sql_denies_only_the_rows_that_reach_it_and_is_named() {
    let policies = "@id(\"all\") permit (principal, action, resource is Note);\n\
                    @id(\"odd\") forbid (principal, action, resource is Note)\n\
                    when { resource.level > 2 && { title: resource.title }.title == \"never\" };";
    let (found, filter) = shown(policies, &notes(), &clerk()).await;
    assert_eq!(found, ["n1", "n2", "n3", "n4", "n5", "n8", "n9"]);
    assert_eq!(constructs(&filter), ["odd: a record"]);
}

#[tokio::test]
async fn a_row_whose_condition_errs_takes_no_branch() {
    // Of `ghost` the area is not known, so the condition errs there, though its second part is true.
    let condition = "resource.department.area == \"x\" || resource.level == 1";
    let odd = "{ title: resource.title }.title == \"never\"";
    let notes = notes();
    for choice in [format!("if {condition} then true else {odd}"), format!("if !({condition}) then {odd} else true")] {
        let policies = format!("@id(\"some\") permit (principal, action, resource is Note) when {{ {choice} }};");
        let (found, filter) = shown(&policies, &notes, &clerk()).await;
        let active = ActiveSet::new(Arc::new(compiled(&policies).unwrap()));
        let allowed: Vec<_> = notes.iter().filter(|note| note.is_shown(&active, &clerk(), "note:list")).collect();
        assert_eq!(found, allowed.iter().map(|note| note.id.clone()).collect::<Vec<_>>(), "{choice}");
        assert_eq!(found, ["n1", "n2", "n3", "n8"], "{choice}");
        assert_eq!(constructs(&filter), ["some: a record"]);
    }
}

#[tokio::test]
async fn a_column_that_ignores_case_does_not_make_policy_ignore_it() {
    let policies = "permit (principal, action, resource is Note) when { resource.title == \"secret\" };";
    let create = CREATE.replace("title TEXT", "title TEXT COLLATE NOCASE");
    let database = testing::sqlite(&[Migration { owner: "notes", version: 1, sql: create.leak() }]).await;
    for (id, title) in [("n1", "secret"), ("n2", "SECRET")] {
        Note::new(id, 1, title, "d1", 0, None).insert(database.store.pool()).await;
    }
    let filter = filter(&compiled(policies).unwrap(), &clerk(), &table(), Dialect::Sqlite);
    assert_eq!(selected(database.store.pool(), "notes", &filter).await.unwrap(), ["n1"]);
}

#[tokio::test]
async fn a_text_that_globs_stop_reading_is_not_matched() {
    let policies = "permit (principal, action, resource is Note) when { resource.title like \"a\" };\n\
                    permit (principal, action, resource is Note) when { resource.title == \"a\\0\" };";
    let compiled = compiled(policies).unwrap();
    let filter = filter(&compiled, &clerk(), &table(), Dialect::Sqlite);
    let database = testing::sqlite(&[MIGRATION]).await;
    for (id, title) in [("n1", "a"), ("n2", "a\0b")] {
        Note::new(id, 1, title, "d1", 0, None).insert(database.store.pool()).await;
    }
    assert_eq!(constructs(&filter).len(), 1);
    assert_eq!(selected(database.store.pool(), "notes", &filter).await.unwrap(), [""; 0]);
    let only_like = policies.lines().next().unwrap();
    let filter = self::filter(&support::compiled(only_like).unwrap(), &clerk(), &table(), Dialect::Sqlite);
    assert_eq!(selected(database.store.pool(), "notes", &filter).await.unwrap(), ["n1"]);
}

#[tokio::test]
async fn a_column_that_is_not_there_is_an_error_and_not_a_text() {
    let database = testing::sqlite(&[MIGRATION]).await;
    notes()[0].insert(database.store.pool()).await;
    let table = table().attribute("title", Column::text("titel"));
    let policies = "permit (principal, action, resource is Note) when { resource.title == \"titel\" };";
    let filter = filter(&compiled(policies).unwrap(), &clerk(), &table, Dialect::Sqlite);
    let error = selected(database.store.pool(), "notes", &filter).await.unwrap_err();
    assert!(error.to_string().contains("no such column"), "{error}");
}

#[tokio::test]
async fn a_thousand_policies_and_a_long_chain_run_on_both_databases() {
    let mut policies: String = (0..1_000)
        .map(|number| {
            format!("permit (principal, action, resource is Note) when {{ resource.title == \"t{number}\" }};\n")
        })
        .collect();
    let chain: Vec<String> = (0..600).map(|number| format!("resource.level == {number}")).collect();
    policies += &format!("forbid (principal, action, resource is Note) when {{ {} }};", chain.join(" || "));
    let notes = [Note::new("n1", 599, "t7", "d1", 0, None), Note::new("n2", 600, "t999", "d1", 0, None)];
    let (found, filter) = shown(&policies, &notes, &clerk()).await;
    assert_eq!(found, ["n2"]);
    assert_eq!(filter.untranslated(), []);
}

#[tokio::test]
async fn what_is_too_deep_or_too_large_shows_nothing_and_is_named() {
    let deep = (0..70).fold("resource.sealed".to_owned(), |inner, _| format!("({inner} == resource.sealed)"));
    let large = (0..9).fold("resource.level".to_owned(), |inner, _| format!("({inner} * {inner})"));
    for condition in [deep, format!("{large} == 1")] {
        let policies = format!("permit (principal, action, resource is Note) when {{ {condition} }};");
        let (found, filter) = shown(&policies, &notes(), &clerk()).await;
        assert_eq!(found, [""; 0]);
        assert_eq!(filter.untranslated()[0].construct, Construct::TooLarge);
    }
}

#[test]
fn values_are_bound_and_never_written_into_the_clause() {
    let policies = "permit (principal, action, resource is Note) when {\n\
                    resource.title == \"'; DROP TABLE notes; --\" || resource.title like \"*'--*\" || \n\
                    resource.department == Department::\"'\" || resource.title == \"'; DROP TABLE notes; --\" };";
    let compiled = compiled(policies).unwrap();
    let filter = filter(&compiled, &clerk(), &table(), Dialect::Postgres);
    let clause = filter.clause(3);
    assert!(!clause.contains("DROP") && !clause.contains("--"), "{clause}");
    let texts: Vec<_> = filter.binds().iter().filter(|bind| matches!(bind, Bind::Text(_))).collect();
    assert_eq!(texts.len(), 3, "{texts:?}");
    let numbers: Vec<usize> = clause
        .split('$')
        .skip(1)
        .map(|rest| rest.split(|c: char| !c.is_ascii_digit()).next().unwrap().parse().unwrap())
        .collect();
    assert_eq!(numbers.iter().min(), Some(&3));
    assert_eq!(numbers.iter().max(), Some(&(2 + filter.binds().len())));
}

#[test]
fn what_is_decided_without_the_row_is_a_constant() {
    let clause = |policies: &str| filter(&compiled(policies).unwrap(), &nobody(), &table(), Dialect::Sqlite).clause(1);
    assert_eq!(clause("permit (principal in Role::\"keeper\", action, resource);"), "1 = 0");
    assert_eq!(clause("permit (principal, action == Action::\"note:count\", resource);"), "1 = 0");
    assert_eq!(
        clause(
            "permit (principal, action, resource is Note); forbid (principal, action, resource) unless { principal has subject };"
        ),
        "1 = 0"
    );
    let table = Table::new("Area", "areas", "id");
    let error = RowFilter::new(
        &compiled("permit (principal, action, resource is Note);").unwrap(),
        &nobody(),
        &Rows::new("note:list"),
        now(),
        &table,
        Dialect::Sqlite,
    );
    assert!(matches!(error, Err(RowFilterError::Question(_))), "{error:?}");
}

#[test]
fn a_table_that_does_not_fit_is_refused() {
    let compiled = compiled("permit (principal, action, resource is Note);").unwrap();
    let refused = |table: Table| {
        let rows = Rows::new("note:list");
        RowFilter::new(&compiled, &clerk(), &rows, now(), &table, Dialect::Sqlite).unwrap_err().to_string()
    };
    let quoted = refused(table().attribute("title", Column::text("title\" OR 1 = 1 --")));
    assert!(quoted.contains("can't name a table or column"), "{quoted}");
    let unknown = refused(table().attribute("colour", Column::text("colour")));
    assert!(unknown.contains("does not fit the policy schema"), "{unknown}");
    let mistyped = refused(table().attribute("level", Column::text("level")));
    assert!(mistyped.contains("does not fit the policy schema"), "{mistyped}");
    let nullable = refused(table().attribute("level", Column::number("level").optional()));
    assert!(nullable.contains("does not fit the policy schema"), "{nullable}");
    let own = refused(table().parent(Column::entity("parent", "Note")));
    assert!(own.contains("rows that are in rows"), "{own}");
    let no_entity = refused(table().parent(Column::text("parent")));
    assert!(no_entity.contains("must be Column::entity"), "{no_entity}");
}

#[test]
fn an_entity_that_could_be_a_row_is_refused() {
    let note = r#"[{ "uid": { "type": "Note", "id": "n1" }, "parents": [], "attrs": { "level": 1, "title": "",
        "sealed": false, "department": { "__entity": { "type": "Department", "id": "d1" } } } }]"#;
    let files = [
        ("r/r.cedarschema", support::SCHEMA),
        ("r/entities.json", note),
        ("r/r.cedar", "permit (principal, action, resource is Note);"),
    ];
    let texts = PolicyTexts::new(files.map(|(path, text)| (path.to_owned(), text.to_owned()))).unwrap();
    let compiled = Compiled::new(&texts).unwrap();
    let rows = Rows::new("note:list");
    let error = RowFilter::new(&compiled, &clerk(), &rows, now(), &table(), Dialect::Sqlite).unwrap_err();
    assert!(matches!(error, RowFilterError::Declared { kind: "Note", .. }), "{error}");
}

#[tokio::test]
async fn a_null_where_one_may_not_be_is_not_shown() {
    for database in testing::both(&[MIGRATION]).await {
        let pool = database.store.pool();
        let compiled = compiled("permit (principal, action, resource is Note) unless { resource.sealed };").unwrap();
        let statements = [
            "INSERT INTO notes VALUES ('n1', 1, 't', 'd1', 0, NULL)",
            "INSERT INTO notes VALUES ('n2', NULL, 't', 'd1', 0, NULL)",
            "INSERT INTO notes VALUES ('n3', 1, 't', 'd1', NULL, NULL)",
            "INSERT INTO notes VALUES ('n4', 1, 't', 'd1', 2, NULL)",
        ];
        for statement in statements {
            sqlx::query(statement).execute(pool).await.unwrap();
        }
        let backend: Backend = database.store.backend();
        let filter = filter(&compiled, &clerk(), &table(), dialect(backend));
        assert_eq!(selected(pool, "notes", &filter).await.unwrap(), ["n1"], "{backend:?}");
    }
}
