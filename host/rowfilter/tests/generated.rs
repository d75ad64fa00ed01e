//! Random policies over random rows: the clause selects the rows that Cedar's authorizer allows, one by one.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test that can't go on must stop")]

mod support;

use std::collections::BTreeSet;

use cedar_policy::{Authorizer, Decision, Entities, Entity, Request};
use support::{
    clerk, compiled,
    dice::Dice,
    listing, nobody, now,
    policies::Author,
    rows::{CREATE, Row, table, uid},
    selected,
};
use zhongtai_authz::{Asked, Compiled};
use zhongtai_kernel::CallerFacts;
use zhongtai_rowfilter::{RowFilter, Rows};
use zhongtai_store::{Migration, testing};

const MIGRATION: Migration = Migration { owner: "records", version: 1, sql: CREATE };
const ROWS: usize = 120;
const SETS: usize = 260;
const SEED: u64 = 0x5EED_0F20;

/// A set of policies, what was asked, and which rows Cedar allows.
struct Trial {
    seed: u64,
    policies: String,
    compiled: Compiled,
    caller: CallerFacts,
    allowed: BTreeSet<String>,
}

/// `ROWFILTER_SEED` asks for another run.
fn seed() -> u64 {
    std::env::var("ROWFILTER_SEED").map_or(SEED, |seed| seed.parse().unwrap())
}

fn rows() -> Vec<Row> {
    let mut dice = Dice(seed());
    (0..ROWS).map(|number| Row::random(number, &mut dice)).collect()
}

/// Policies that validate; half of the sets hold something that has no SQL.
fn trials(rows: &[Row]) -> Vec<Trial> {
    let mut trials = Vec::new();
    let mut refused = 0;
    let mut seed = seed();
    while trials.len() < SETS {
        seed += 1;
        let mut dice = Dice(seed);
        let untranslatable = if seed.is_multiple_of(2) { 6 } else { 0 };
        let policies = Author::new(&mut dice, untranslatable).policies();
        let caller = if dice.chance(70) { clerk() } else { nobody() };
        match compiled(&policies) {
            Ok(compiled) => {
                let allowed = allowed(&compiled, &caller, rows);
                trials.push(Trial { seed, policies, compiled, caller, allowed });
            }
            Err(_) => refused += 1,
        }
    }
    assert!(refused < SETS, "{refused} sets did not validate");
    trials
}

/// Row by row: a permit, no forbid, no error.
fn allowed(compiled: &Compiled, caller: &CallerFacts, rows: &[Row]) -> BTreeSet<String> {
    let mut asked = Asked::new(compiled, caller, &listing(), now()).unwrap();
    asked.resource = None;
    let known = asked.entities(compiled).unwrap();
    let is_allowed =
        |row: &&Row| row.entity().is_some_and(|entity| is_allowed(compiled, &asked.request, &known, entity));
    rows.iter().filter(is_allowed).map(|row| row.id().to_owned()).collect()
}

fn is_allowed(compiled: &Compiled, request: &Request, known: &Entities, row: Entity) -> bool {
    let resource = uid("Record", row.uid().id().unescaped());
    let Ok(entities) = known.clone().upsert_entities([row], Some(compiled.schema())) else { return false };
    let part = |uid: Option<&cedar_policy::EntityUid>| uid.unwrap().clone();
    let context = request.context().unwrap().clone();
    let request =
        Request::new(part(request.principal()), part(request.action()), resource, context, Some(compiled.schema()));
    let response = Authorizer::new().is_authorized(&request.unwrap(), compiled.policies(), &entities);
    response.decision() == Decision::Allow && response.diagnostics().errors().next().is_none()
}

#[tokio::test]
async fn the_clause_selects_the_rows_that_a_decision_for_each_would_allow_on_both_databases() {
    let rows = rows();
    let trials = trials(&rows);
    for database in testing::both(&[MIGRATION]).await {
        let (pool, backend) = (database.store.pool(), database.store.backend());
        for row in &rows {
            row.insert(pool).await;
        }
        let (mut exact, mut missing, mut shown, mut mixed) = (0, 0, 0, 0);
        for trial in &trials {
            let about = format!("{backend:?}, seed {}\n{}", trial.seed, trial.policies);
            let asked = Rows::new("record:list");
            let dialect = support::dialect(backend);
            let filter = RowFilter::new(&trial.compiled, &trial.caller, &asked, now(), &table(), dialect);
            let filter = filter.unwrap_or_else(|error| panic!("{error}\n{about}"));
            let found = selected(pool, "records", &filter).await;
            let found = found.unwrap_or_else(|error| panic!("{error}\n{about}\n{}", filter.clause(1)));
            let found: BTreeSet<String> = found.into_iter().collect();
            let more: Vec<&String> = found.difference(&trial.allowed).collect();
            assert!(
                more.is_empty(),
                "shows {more:?}, which are denied\n{about}\n{}\n{:?}",
                filter.clause(1),
                filter.binds()
            );
            let less: Vec<&String> = trial.allowed.difference(&found).collect();
            if filter.untranslated().is_empty() {
                assert!(less.is_empty(), "leaves out {less:?}\n{about}\n{}\n{:?}", filter.clause(1), filter.binds());
                exact += ROWS;
            } else {
                missing += less.len();
            }
            shown += found.len();
            mixed += usize::from(!found.is_empty() && found.len() < ROWS * 9 / 10);
        }
        let cases = SETS * ROWS;
        eprintln!(
            "{backend:?}: {cases} cases, {exact} exact, {shown} rows shown in {mixed} sets that show some, {missing} left out"
        );
        // A run in which little happens would show little.
        assert!(exact >= 10_000, "only {exact} cases with every policy translated");
        assert!(shown * 100 / cases >= 10, "only {shown} of {cases} rows shown");
        assert!(mixed * 100 / SETS >= 25, "only {mixed} of {SETS} sets show some rows and not others");
        assert!(missing > 0, "nothing failed closed");
    }
}
