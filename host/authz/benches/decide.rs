//! What a decision costs that nobody remembers, by how many policies there are: Cedar's own authorizer over all of
//! them, and the index. Prints one JSON object. Run by `cargo xtask bench`.
#![expect(clippy::expect_used, clippy::print_stdout, reason = "a benchmark that can't run must say so and stop")]

use std::{
    fmt::Write,
    sync::Arc,
    time::{Duration, Instant},
};

use cedar_policy::{Authorizer, Decision};
use serde_json::{Value, json};
use zhongtai_authz::{ActiveSet, Asked, Compiled, Index, PolicyTexts};
use zhongtai_kernel::{Caller, CallerFacts, Channel, Digest, Question, Release, Timestamp};

/// How many policies, with how many decisions to measure: of the stock authorizer's and of the index's.
const SIZES: [(usize, usize, usize); 4] =
    [(10, 2_000, 20_000), (100, 2_000, 20_000), (1_000, 1_000, 20_000), (10_000, 200, 20_000)];

/// The best of so many rounds counts, as others use the machine too.
const ROUNDS: usize = 5;

const SCHEMA: &str = r#"
entity Scenario, Catalog;
entity Department = { area: String };
entity Plugin in [Department];
entity Role;
type Subject = { account: String, kind: String, assurance: Long, clearance: Long, roles: Set<String>,
    department?: Department, area?: String };
entity Caller in [Plugin, Department, Role] = { plugin: Plugin, department: Department, area: String,
    scenario: Scenario, component: String, purposes: Set<String>, subject?: Subject };
entity Dataset in [Catalog] = { owner: Department, level: Long };
entity Field in [Dataset] = { owner: Department, level: Long };
type Facts = { purpose?: String, basis?: String, consent?: String, case?: String, channel: String, now: datetime };
action "data";
action "data:read", "data:count" in [Action::"data"] appliesTo { principal: Caller, resource: Field, context: Facts };
"#;

/// In force for everybody: they are in every slice.
const GUARDRAILS: &str = r#"
@id("level-4-needs-a-basis")
forbid (principal, action in Action::"data", resource is Field)
when { resource.level == 4 && !(context has basis) };
@id("purpose-declared")
forbid (principal, action in Action::"data", resource)
when { context has purpose && !principal.purposes.contains(context.purpose) };
@id("read-shared")
permit (principal in ?principal, action in Action::"data", resource in ?resource)
when { context has purpose && principal.purposes.contains(context.purpose) };
@id("read-own")
permit (principal, action == Action::"data:read", resource is Field)
when { resource.owner == principal.department };
"#;

fn main() {
    let sizes: Vec<Value> = SIZES.into_iter().map(|(size, stock, index)| measure(size, stock, index)).collect();
    println!("{}", json!({ "decision, uncached": sizes }));
}

fn measure(size: usize, stock_times: usize, index_times: usize) -> Value {
    let town = Town::of(size);
    let texts = town.texts();
    let (compiled, compile) = timed(|| Arc::new(Compiled::new(&texts).expect("policies")));
    let (_, build) = timed(|| Index::new(compiled.policies(), compiled.entities()).expect("an index"));
    let active = ActiveSet::new(compiled.clone());
    let now = Timestamp::UNIX_EPOCH;

    let questions: Vec<_> = (0..997).map(|number| town.question(number)).collect();
    let ask = |times: usize, decide: &dyn Fn(&Caller, &Question) -> bool| {
        let rounds = (0..ROUNDS).map(|round| {
            let questions = questions.iter().cycle().skip(round * times / ROUNDS).take(times / ROUNDS);
            let mut took: Vec<Duration> = questions
                .map(|(caller, question)| timed(|| std::hint::black_box(decide(caller, question))).1)
                .collect();
            took.sort_unstable();
            [0.5, 0.99].map(|share| took.get((took.len() as f64 * share) as usize).map_or(0.0, micros))
        });
        let best = rounds.reduce(|[p50, p99], [other50, other99]| [p50.min(other50), p99.min(other99)]);
        let [p50, p99] = best.unwrap_or_default();
        json!({ "p50, us": p50, "p99, us": p99 })
    };
    let by_index = |caller: &Caller, question: &Question| active.decide(caller, question.clone(), now).is_allow();
    let for_a_stranger =
        |caller: &Caller, question: &Question| active.evaluate(&caller.facts(), question.clone(), now).is_allow();
    let by_stock = |caller: &Caller, question: &Question| stock(&compiled, &caller.facts(), question, now);
    let allowed = questions.iter().filter(|(caller, question)| by_index(caller, question)).count();
    for (caller, question) in questions.iter().take(50) {
        assert_eq!(by_index(caller, question), by_stock(caller, question), "both decide alike");
    }
    json!({
        "policies": compiled.policies().num_of_policies(),
        "declared entities": compiled.entities().len(),
        "allowed, of 997": allowed,
        "stock": ask(stock_times, &by_stock),
        "index": ask(index_times, &by_index),
        "index, a caller's first": ask(index_times, &for_a_stranger),
        "compile and validate, ms": compile.as_millis(),
        "of it the index, ms": build.as_millis(),
    })
}

/// As `ActiveSet` decided before there was an index: on a stack of its own, too.
fn stock(compiled: &Compiled, caller: &CallerFacts, question: &Question, now: Timestamp) -> bool {
    stacker::grow(2 << 20, || {
        let asked = Asked::new(compiled, caller, question, now).expect("a request");
        let entities = asked.entities(compiled).expect("entities");
        let response = Authorizer::new().is_authorized(&asked.request, compiled.policies(), &entities);
        response.decision() == Decision::Allow
    })
}

fn timed<T>(run: impl FnOnce() -> T) -> (T, Duration) {
    let begun = Instant::now();
    let made = run();
    (made, begun.elapsed())
}

fn micros(took: &Duration) -> f64 {
    (took.as_secs_f64() * 1e7).round() / 10.0
}

/// A town with so many policies: each department has ten static ones and ten linked ones, and two datasets.
struct Town {
    policies: usize,
    departments: usize,
    datasets: usize,
}

// === impl Town ===

impl Town {
    fn of(policies: usize) -> Self {
        let departments = policies.div_ceil(20);
        Self { policies, departments, datasets: departments * 2 }
    }

    fn texts(&self) -> PolicyTexts {
        let files = [
            ("bench.cedarschema", SCHEMA.to_owned()),
            ("bench.cedar", self.statics()),
            ("grants.json", self.grants()),
            ("entities.json", self.entities()),
        ];
        PolicyTexts::new(files.map(|(path, text)| (path.to_owned(), text))).expect("texts")
    }

    fn statics(&self) -> String {
        let mut text = GUARDRAILS.to_owned();
        for number in 0..self.policies / 2 {
            let (department, dataset) = self.pair(number);
            writeln!(
                text,
                "@id(\"static-{number}\") permit (principal in Department::\"441802-d{department}\", action == \
                 Action::\"data:read\", resource in Dataset::\"s{dataset}\") when {{ resource.level < 4 && principal \
                 has subject }};"
            )
            .expect("a text grows");
        }
        text
    }

    fn grants(&self) -> String {
        let grant = |number: usize| {
            let (department, dataset) = self.pair(number + 7);
            json!({
                "id": format!("grant-{number}"), "template": "read-shared", "reason": "shared",
                "principal": format!("Department::\"441802-d{department}\""),
                "resource": format!("Dataset::\"s{dataset}\""),
            })
        };
        // Three policies stand among the guardrails.
        Value::from_iter((0..(self.policies / 2).saturating_sub(3)).map(grant)).to_string()
    }

    fn entities(&self) -> String {
        let entity = |kind: &str, id: String, attrs: Value, parent: Option<(&str, String)>| {
            let parents: Vec<_> = parent.map(|(kind, id)| json!({ "type": kind, "id": id })).into_iter().collect();
            json!({ "uid": { "type": kind, "id": id }, "attrs": attrs, "parents": parents })
        };
        let mut all = vec![entity("Catalog", "town".to_owned(), json!({}), None)];
        for number in 0..self.departments {
            all.push(entity("Department", format!("441802-d{number}"), json!({ "area": "441802" }), None));
        }
        for number in 0..self.datasets {
            let owner = json!({ "type": "Department", "id": format!("441802-d{}", number % self.departments) });
            let attrs = |level: usize| json!({ "owner": owner, "level": level });
            let catalog = ("Catalog", "town".to_owned());
            all.push(entity("Dataset", format!("s{number}"), attrs(2), Some(catalog)));
            for level in 1..=4 {
                let dataset = ("Dataset", format!("s{number}"));
                all.push(entity("Field", format!("s{number}.f{level}"), attrs(level), Some(dataset)));
            }
        }
        Value::from(all).to_string()
    }

    /// Which department may read which dataset, so that all are met.
    fn pair(&self, number: usize) -> (usize, usize) {
        (number % self.departments, (number * 13 + number / self.departments) % self.datasets)
    }

    fn question(&self, number: usize) -> (Caller, Question) {
        let (department, dataset) = self.pair(number * 3);
        let manifest = format!(
            "[plugin]\nname = \"bench\"\nversion = \"1\"\ndepartment = \"441802-d{department}\"\ntitle = \"t\"\n\
             access = \"public\"\npurposes = [\"road-repair\"]"
        );
        let release = Arc::new(Release::parse(Digest::of(b"bench"), &manifest).expect("a manifest"));
        let caller = Caller::new(release, None, Channel::Web);
        let question = Question {
            action: "data:read".to_owned(),
            kind: "Field".to_owned(),
            id: format!("s{dataset}.f{}", number % 4 + 1),
            attributes: Vec::new(),
            purpose: Some("road-repair".to_owned()),
            basis: None,
            consent: None,
            case: None,
        };
        (caller, question)
    }
}
