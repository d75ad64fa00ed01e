//! How long the analysis of one changed permit among 10,000 policies takes: prints one JSON object. Needs cvc5. Run by
//! `cargo xtask bench`.
#![expect(clippy::expect_used, clippy::print_stdout, reason = "a benchmark that can't run must say so and stop")]

use std::{
    fmt::Write as _,
    time::{Duration, Instant},
};

use zhongtai_analysis::{Limits, Report, Solver, WorkerCommand, supervise};
use zhongtai_authz::PolicyTexts;

const SCHEMA: &str = r#"
entity Department;
entity Caller in [Department] = { clearance: Long, officer: Bool };
entity Dataset;
entity Field in [Dataset] = { level: Long };
type Facts = { purpose?: String, channel: String, now: datetime };
action "data:read";
action "credit:check", "credit:read-detail" in [Action::"data:read"] appliesTo {
  principal: [Caller], resource: [Field], context: Facts,
};
"#;

const FORBIDS: &str = r#"
@id("level-4")
forbid (principal, action in Action::"data:read", resource)
when { resource.level >= 4 }
unless { principal.officer };
"#;

/// One permit per department and dataset; `level` is what the one in the middle asks for.
fn policies(number: usize, level: u8) -> PolicyTexts {
    let mut text = FORBIDS.to_owned();
    for at in 1..number {
        let most = if at == number / 2 { level } else { 3 };
        let _ = writeln!(
            text,
            "@id(\"p{at}\")\npermit (principal in Department::\"d{at}\", action == Action::\"credit:read-detail\", \
             resource in Dataset::\"s{}\")\nwhen {{ resource.level <= {most} && principal.officer }};",
            at % 50,
        );
    }
    let files = [("credit/credit.cedarschema", SCHEMA.to_owned()), ("credit/credit.cedar", text)];
    PolicyTexts::new(files.map(|(path, text)| (path.to_owned(), text))).expect("small enough")
}

fn main() {
    let solver = Solver::find().expect("cvc5 is installed");
    let program = env!("CARGO_BIN_EXE_zhongtai-analysis-worker").into();
    let worker = WorkerCommand { program, arguments: Vec::new() };
    let limits = Limits { wall: Duration::from_secs(600), ..Limits::default() };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let measured: Vec<_> = [10, 100, 1_000, 10_000]
        .map(|number| {
            let (old, new) = (policies(number, 3), policies(number, 5));
            let started = Instant::now();
            let report: Report =
                runtime.block_on(supervise(&worker, &old, &new, &solver, limits)).expect("the policies are valid");
            let seconds = started.elapsed().as_secs_f64();
            assert!(report.stopped.is_none() && report.counterexamples().count() == 1, "{report:#?}");
            serde_json::json!({ "policies": number, "seconds": (seconds * 1000.0).round() / 1000.0 })
        })
        .into();
    println!("{}", serde_json::json!({ "bench": "analyse", "one_changed_permit": measured }));
}
