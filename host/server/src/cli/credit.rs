//! `zt credit ...`

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use reqwest::Method;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use zhongtai_cap_credit::{Checked, Table};

use super::{Client, format::table};
use crate::{
    admin::{NewRules, RulesReport, RulesText},
    edge::{CreditWhy, Decide, File, HistoryLine, PetitionReport, RecordReport, WaitingReport},
};

#[derive(clap::Subcommand)]
pub(super) enum Verb {
    /// Import a file of records: .csv, .json or .jsonl. One bad row refuses the whole file.
    Import {
        /// The file.
        file: PathBuf,
        /// Store the good rows of a file with bad ones.
        #[arg(long)]
        skip_bad: bool,
        /// Import a file that was imported before once more.
        #[arg(long)]
        again: bool,
        /// utf-8 or gbk; found out by default.
        #[arg(long)]
        encoding: Option<String>,
        /// The department that answers for rows that name none.
        #[arg(long)]
        department: Option<String>,
    },
    /// List your own records, or what waits for your department.
    List {
        /// What your department is to publish and to decide.
        #[arg(long)]
        waiting: bool,
        /// What for.
        #[arg(long, default_value = "own-use")]
        purpose: String,
    },
    /// List your own objections and applications for repair.
    Petitions {
        /// What for.
        #[arg(long, default_value = "own-use")]
        purpose: String,
    },
    /// Publish a record that was reported, as an officer with that duty.
    Publish {
        /// The record's id.
        id: String,
        /// Why.
        #[arg(long)]
        reason: String,
    },
    /// Take a record back for good, as an officer with the duty to publish.
    Withdraw {
        /// The record's id.
        id: String,
        /// Why.
        #[arg(long)]
        reason: String,
    },
    /// Object to a record about you (异议).
    Object {
        /// The record's id.
        id: String,
        /// A file that says why (a command line is seen by others).
        text: PathBuf,
        /// The same key is the same objection; by default one of the record and the text.
        #[arg(long)]
        key: Option<String>,
    },
    /// Apply for the repair of a record about you (信用修复).
    Repair {
        /// The record's id.
        id: String,
        /// A file that says what was made good.
        text: PathBuf,
        /// The same key is the same application; by default one of the record and the text.
        #[arg(long)]
        key: Option<String>,
    },
    /// Decide an objection or an application for repair, as a chief of the department that answers for the record.
    Decide {
        /// The petition's id.
        id: String,
        /// The subject is right.
        #[arg(long, conflicts_with = "dismiss", required_unless_present = "dismiss")]
        uphold: bool,
        /// The record stays as it is.
        #[arg(long)]
        dismiss: bool,
        /// Why.
        #[arg(long)]
        reason: String,
    },
    /// What happened to a record: who, when, what, why.
    History {
        /// The record's id.
        id: String,
        /// What for.
        #[arg(long, default_value = "own-use")]
        purpose: String,
    },
    /// Look after the decision table of joint reward and punishment (联合奖惩).
    #[command(subcommand)]
    Rules(RulesVerb),
}

#[derive(clap::Subcommand)]
pub(super) enum RulesVerb {
    /// Put a table in force, once it is checked and its tests hold.
    Put {
        /// Its file, TOML.
        file: PathBuf,
        /// Why.
        #[arg(long)]
        reason: String,
    },
    /// Print the table in force, or a version of it.
    Show {
        /// Which one; 0 is the built-in table.
        number: Option<i64>,
    },
    /// List all versions.
    List,
    /// Check a table and run its tests. No host is needed.
    Test {
        /// Its file, TOML.
        file: PathBuf,
    },
}

#[derive(Serialize, Deserialize)]
struct Imported {
    outcome: String,
    before: Option<String>,
    encoding: String,
    accepted: u64,
    added: u64,
    changed: u64,
    unchanged: u64,
    without_department: u64,
    rejected_rows: u64,
    rejected: Vec<Rejected>,
}

#[derive(Serialize, Deserialize)]
struct Rejected {
    row: u64,
    column: Option<String>,
    problem: String,
}

#[derive(Deserialize)]
struct PutReport {
    version: i64,
    is_new: bool,
    checked: CheckedReport,
}

#[derive(Deserialize)]
struct CheckedReport {
    rows: usize,
    tests: usize,
    overlaps: Vec<String>,
    gaps: Vec<String>,
    unproven: Vec<String>,
}

// === impl Verb ===

impl Verb {
    pub(super) async fn run(self, client: &Client) -> anyhow::Result<()> {
        match self {
            Self::Import { file, skip_bad, again, encoding, department } => {
                let flag = |on: bool| Some(on.to_string());
                let how = [
                    ("skip_bad", flag(skip_bad)),
                    ("again", flag(again)),
                    ("encoding", encoding),
                    ("department", department),
                ];
                import(client, &file, &how).await
            }
            Self::List { waiting: true, purpose } => waiting(client, &purpose).await,
            Self::List { waiting: false, purpose } => {
                let found: Vec<RecordReport> = get(client, "credit/records", &purpose).await?;
                show(client, &found, || records(&found))
            }
            Self::Petitions { purpose } => {
                let found: Vec<PetitionReport> = get(client, "credit/petitions", &purpose).await?;
                show(client, &found, || petitions(&found))
            }
            Self::Publish { id, reason } => act(client, &id, "publish", &CreditWhy { reason }).await,
            Self::Withdraw { id, reason } => act(client, &id, "withdraw", &CreditWhy { reason }).await,
            Self::Object { id, text, key } => file(client, &id, "objections", (&text, key)).await,
            Self::Repair { id, text, key } => file(client, &id, "repairs", (&text, key)).await,
            Self::Decide { id, uphold, dismiss: _, reason } => {
                let outcome = if uphold { "upheld" } else { "dismissed" }.to_owned();
                let decide = Decide { outcome, reason };
                let decided: PetitionReport = post(client, &format!("credit/petitions/{id}/decide"), &decide).await?;
                show(client, &decided, || petitions(std::slice::from_ref(&decided)))
            }
            Self::History { id, purpose } => history(client, &id, &purpose).await,
            Self::Rules(verb) => verb.run(client).await,
        }
    }
}

// === impl RulesVerb ===

impl RulesVerb {
    async fn run(self, client: &Client) -> anyhow::Result<()> {
        match self {
            Self::Put { file, reason } => {
                let put: PutReport = client.post("credit/rules", &NewRules { text: read(&file)?, reason }).await?;
                tell(&put.checked.into());
                match put.is_new {
                    true => println!("version {} is in force", put.version),
                    false => println!("version {} has the same text: nothing to do", put.version),
                }
                Ok(())
            }
            Self::Show { number: None } => {
                let rules: RulesReport = client.get("credit/rules").await?;
                print!("# version {}\n{}", rules.version, rules.text);
                Ok(())
            }
            Self::Show { number: Some(version) } => {
                let rules: RulesText = client.get(&format!("credit/rules/{version}")).await?;
                print!("# version {}\n{}", rules.version, rules.text);
                Ok(())
            }
            Self::List => {
                let rules: RulesReport = client.get("credit/rules").await?;
                let row = |one: &crate::admin::RuleVersion| {
                    vec![one.version.to_string(), one.put_at.to_string(), one.put_by.clone(), one.reason.clone()]
                };
                let print = || {
                    let rows: Vec<_> = rules.versions.iter().map(row).collect();
                    table(&["VERSION", "PUT", "BY", "REASON"], &rows);
                };
                show(client, &rules.versions, print)
            }
            Self::Test { file } => {
                let (_, checked) = Table::parse(&read(&file)?)?;
                show(client, &checked, || tell(&checked))
            }
        }
    }
}

impl From<CheckedReport> for Checked {
    fn from(report: CheckedReport) -> Self {
        let CheckedReport { rows, tests, overlaps, gaps, unproven } = report;
        Self { rows, tests, overlaps, gaps, unproven }
    }
}

/// What was found in a table.
fn tell(checked: &Checked) {
    for (sort, found) in [("overlap", &checked.overlaps), ("gap", &checked.gaps), ("unproven", &checked.unproven)] {
        found.iter().for_each(|text| println!("{sort}: {text}"));
    }
    println!("{} rows, {} tests hold", checked.rows, checked.tests);
}

async fn import(client: &Client, path: &Path, how: &[(&str, Option<String>)]) -> anyhow::Result<()> {
    let content_type = match path.extension().and_then(|extension| extension.to_str()) {
        Some("csv") => "text/csv",
        Some("json") => "application/json",
        Some("jsonl" | "ndjson") => "application/x-ndjson",
        _ => bail!("{}: expected a .csv, .json or .jsonl file", path.display()),
    };
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(how.iter().filter_map(|(name, value)| Some((name, value.as_ref()?))));
    let file = tokio::fs::File::open(path).await.with_context(|| format!("{} can't be read", path.display()))?;
    let path = format!("data/credit?{}", query.finish());
    let report: Imported = client.upload_file(&path, content_type, file).await?;
    show(client, &report, || told(&report))?;
    if report.outcome == "refused" {
        bail!("nothing was stored: {} rows are bad; --skip-bad stores the others", report.rejected_rows);
    }
    Ok(())
}

fn told(report: &Imported) {
    for Rejected { row, column, problem } in &report.rejected {
        match column {
            Some(column) => println!("row {row}: {column}: {problem}"),
            None => println!("row {row}: {problem}"),
        }
    }
    let untold = report.rejected_rows - report.rejected.len() as u64;
    if untold > 0 {
        println!("and {untold} more rows");
    }
    if let ("same-file", Some(before)) = (report.outcome.as_str(), &report.before) {
        println!("the same file was imported at {before}: nothing to do; --again imports it once more");
        return;
    }
    let Imported { accepted, added, changed, unchanged, rejected_rows, .. } = report;
    println!("{accepted} stored ({added} new, {changed} changed, {unchanged} as before), {rejected_rows} rejected");
    if report.without_department > 0 {
        println!("{} name no department: they can't be objected to here; see --department", report.without_department);
    }
}

async fn get<T: DeserializeOwned>(client: &Client, path: &str, purpose: &str) -> anyhow::Result<T> {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("purpose", purpose);
    client.ask_public(Method::GET, &format!("{path}?{}", query.finish()), None).await
}

async fn post<T: DeserializeOwned>(client: &Client, path: &str, body: &impl Serialize) -> anyhow::Result<T> {
    client.ask_public(Method::POST, path, Some(&serde_json::to_value(body)?)).await
}

async fn act(client: &Client, id: &str, verb: &str, why: &CreditWhy) -> anyhow::Result<()> {
    let record: RecordReport = post(client, &format!("credit/records/{id}/{verb}"), why).await?;
    show(client, &record, || records(std::slice::from_ref(&record)))
}

async fn file(client: &Client, id: &str, what: &str, (text, key): (&Path, Option<String>)) -> anyhow::Result<()> {
    let text = read(text)?.trim().to_owned();
    // The same text about the same record is the same petition, however often the command is typed.
    let by_text = || format!("{what} {id} {}", zhongtai_kernel::Digest::of(text.as_bytes()).short());
    let idempotency_key = key.unwrap_or_else(by_text);
    let filed: PetitionReport =
        post(client, &format!("credit/records/{id}/{what}"), &File { text, idempotency_key }).await?;
    show(client, &filed, || petitions(std::slice::from_ref(&filed)))
}

async fn waiting(client: &Client, purpose: &str) -> anyhow::Result<()> {
    let found: WaitingReport = get(client, "credit/waiting", purpose).await?;
    show(client, &found, || {
        records(&found.unpublished);
        let row = |one: &crate::edge::WaitingPetition| petition(&one.petition);
        let rows: Vec<_> = found.petitions.iter().map(row).collect();
        table(&PETITION, &rows);
    })
}

async fn history(client: &Client, id: &str, purpose: &str) -> anyhow::Result<()> {
    let lines: Vec<HistoryLine> = get(client, &format!("credit/records/{id}/history"), purpose).await?;
    show(client, &lines, || {
        let row = |line: &HistoryLine| {
            let reason = line.reason.clone().unwrap_or_else(|| "-".to_owned());
            vec![line.at.to_string(), line.what.clone(), line.by.clone(), reason]
        };
        table(&["AT", "WHAT", "BY", "WHY"], &lines.iter().map(row).collect::<Vec<_>>());
    })
}

fn read(file: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(file).with_context(|| format!("{} can't be read", file.display()))
}

fn show(client: &Client, found: &impl Serialize, print: impl FnOnce()) -> anyhow::Result<()> {
    match client.json() {
        true => println!("{}", serde_json::to_string(found)?),
        false => print(),
    }
    Ok(())
}

fn records(found: &[RecordReport]) {
    let row = |one: &RecordReport| {
        let until = one.until.map_or_else(|| "-".to_owned(), |day| day.to_string());
        let state = if one.held { format!("{}, held", one.state) } else { one.state.clone() };
        vec![
            one.id.clone(),
            one.category.clone(),
            one.gravity.clone(),
            state,
            one.since.to_string(),
            until,
            one.source.clone(),
        ]
    };
    table(
        &["ID", "CATEGORY", "GRAVITY", "STATE", "SINCE", "UNTIL", "SOURCE"],
        &found.iter().map(row).collect::<Vec<_>>(),
    );
}

const PETITION: [&str; 5] = ["ID", "RECORD", "KIND", "STATE", "DUE"];

fn petitions(found: &[PetitionReport]) {
    table(&PETITION, &found.iter().map(petition).collect::<Vec<_>>());
}

fn petition(one: &PetitionReport) -> Vec<String> {
    let due = if one.overdue { format!("{}, overdue", one.due_on) } else { one.due_on.to_string() };
    vec![one.id.clone(), one.record.clone(), one.kind.clone(), one.state.clone(), due]
}
