//! How the types of other crates look in JSON, for the description of the API: those crates know nothing of HTTP.
//!
//! A test at the end reads what they write with these types, which refuse what they don't know.
#![allow(dead_code, reason = "read by the macro, which makes a schema of each")]

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use zhongtai_kernel::Timestamp;

/// Which scenario.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct OfScenario {
    /// `441802-chengguan`
    department: String,
    /// `pothole`
    name: String,
}

/// How often a department dealt with a type's certificates.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Usage {
    /// The type's name.
    r#type: String,
    /// Who issued, was to be shown, or used them.
    department: String,
    /// Certificates issued by the department.
    issued: u64,
    /// Presentations made for the department.
    presented: u64,
    /// Times that the department read or redeemed one instead of asking for paper.
    used: u64,
}

/// Of a type's certificates, how many were used at least once.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct UsageRate {
    /// The type's name.
    r#type: String,
    /// Certificates issued, whatever became of them.
    issued: u64,
    /// Those of them that were used by somebody.
    used: u64,
}

/// A fee item (收费项目).
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct FeeItem {
    /// 1 to 48 of `a-z`, `0-9` and `-`.
    code: String,
    /// The department whose it is.
    owner: String,
    /// 执收单位编码: 1 to 9 digits.
    executing_unit: String,
    /// What people call it.
    title: String,
    /// What one is counted by.
    unit: String,
    price: Price,
    status: ItemStatus,
}

/// What a line of a fee item costs, fen.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
enum Price {
    /// For one unit.
    Unit(i64),
    /// Whatever the department works out, within bounds.
    Free { least: i64, most: i64 },
}

/// How a fee item stands in the published list.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum ItemStatus {
    Listed,
    Suspended,
    Abolished,
}

/// A version with what happened to it, without its texts.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Version {
    /// From 1.
    number: i64,
    /// The version it was made from; 0 for the first.
    base: i64,
    /// Of its texts: what decisions carry. `sha256:` and 64 digits.
    hash: String,
    state: State,
    /// What the analysis found, once it is done.
    proof: Option<Proof>,
    /// What happened, oldest first.
    events: Vec<Event>,
}

/// How far a version has come.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum State {
    /// Waits for a second person.
    Proposed,
    /// May be activated.
    Approved,
    /// Will never be in force.
    Rejected,
    /// Decides now.
    InForce,
    /// Decided once; may come back.
    Replaced,
}

/// What the analysis of a change found, at worst over all kinds of requests.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum Proof {
    /// Nothing new can be granted.
    Proved,
    /// Something new can be granted: there is a request that shows it.
    Counterexample,
    /// The solver could not say.
    Unknown,
    /// The change is beyond what the solver understands.
    Unsupported,
}

/// What was done to a version.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Event {
    /// From 1, without gaps.
    step: i64,
    version: i64,
    act: Act,
    /// The login name, or the host.
    actor: String,
    at: Timestamp,
    /// Why, in the actor's words; for an analysis what it found.
    reason: String,
    /// For a proposal the base and the hash of the texts, for an analysis its report.
    detail: String,
    /// Over this and the event before, base64.
    signature: String,
}

/// What somebody, or the host, did to a version.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum Act {
    Propose,
    Analyse,
    Approve,
    Reject,
    Activate,
    RollBack,
    Shadow,
    EndShadow,
}

/// Who has an account.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum SubjectKind {
    NaturalPerson,
    LegalPerson,
    Officer,
}

/// How sure it is who they are.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Assurance {
    Low,
    Substantial,
    High,
}

/// A text in both languages.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Words {
    /// 中文
    zh: String,
    /// English
    en: String,
}

/// A record and its Merkle audit path (RFC 6962, section 2.1.1) up to a signed checkpoint.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct InclusionProof {
    /// The record's line, without its newline. Its leaf hash is SHA-256 of a zero byte and this.
    record: String,
    /// The record's number.
    index: u64,
    /// Records under the checkpoint.
    size: u64,
    /// The path from the leaf's neighbour to below the root, base64.
    hashes: Vec<String>,
    /// A C2SP signed note.
    checkpoint: String,
}

/// One event of a guest.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LogLine {
    /// Grows by one with every line of this host: ask for what came after it.
    number: u64,
    at: Timestamp,
    /// In which request.
    request: String,
    /// `trace` to `error`.
    level: String,
    /// The guest's module.
    target: String,
    message: String,
    /// Named values.
    fields: Vec<(String, String)>,
}

/// An operator's approval: the scenario may use the capability.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Grant {
    /// `department/name`
    scenario: String,
    capability: String,
    /// The login name of who approved.
    granted_by: String,
    granted_at: Timestamp,
}

/// What became of a file's rows.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ImportReport {
    outcome: ImportOutcome,
    /// When the same file was imported before, if it was.
    before: Option<Timestamp>,
    /// `utf8` or `gbk`.
    encoding: String,
    /// Rows stored.
    accepted: u64,
    /// Records that were not there.
    added: u64,
    /// Records that say something else now.
    changed: u64,
    /// Records that say what they said.
    unchanged: u64,
    /// Stored rows that no department answers for: they can't be objected to here.
    without_department: u64,
    /// Rows left out.
    rejected_rows: u64,
    /// The first 1,000 of them.
    rejected: Vec<RejectedRow>,
}

/// What became of a file.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum ImportOutcome {
    /// Its good rows are stored.
    Stored,
    /// A row is bad, and so nothing is stored.
    Refused,
    /// The same file was imported before: nothing to do.
    SameFile,
}

/// A row that can't be a record.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RejectedRow {
    /// From 1; the header is not counted.
    row: u64,
    /// The column that is wrong, when it is one.
    column: Option<String>,
    /// What is wrong, without the row's values.
    problem: String,
}

/// One version of the decision table, without its text.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RuleVersion {
    /// From 1.
    pub(crate) version: i64,
    pub(crate) title: String,
    pub(crate) put_at: Timestamp,
    /// The account.
    pub(crate) put_by: String,
    pub(crate) reason: String,
}

/// What became of a decision table that was put.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PutRules {
    /// The version that is in force now.
    version: i64,
    /// False when the table in force has the same text already.
    is_new: bool,
    checked: CheckedRules,
}

/// What was found when a decision table was checked.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CheckedRules {
    rows: usize,
    tests: usize,
    /// Two rows that fit the same records and lead to something else: the upper one decides.
    overlaps: Vec<String>,
    /// Records that no row fits.
    gaps: Vec<String>,
    /// Rows of which it could not be found out whether they can ever decide.
    unproven: Vec<String>,
}

#[cfg(test)]
mod tests {
    use serde::{Serialize, de::DeserializeOwned};
    use zhongtai_kernel::{Digest, Words as KernelWords};

    use super::*;

    /// What another crate writes is what its description here knows, no more and no less.
    fn fits<Described: DeserializeOwned>(real: &impl Serialize) {
        let json = serde_json::to_string(real).unwrap();
        if let Err(error) = serde_json::from_str::<Described>(&json) {
            panic!("{error}: {json}");
        }
    }

    fn event(act: zhongtai_governance::Act) -> zhongtai_governance::Event {
        zhongtai_governance::Event {
            step: 1,
            version: 1,
            act,
            actor: "host".to_owned(),
            at: Timestamp::UNIX_EPOCH,
            reason: String::new(),
            detail: String::new(),
            signature: String::new(),
        }
    }

    #[test]
    fn versions_are_described_as_they_are_written() {
        use zhongtai_governance::{Act, Proof, State};
        let acts = [Act::Propose, Act::Analyse, Act::Approve, Act::Reject, Act::Activate, Act::RollBack];
        let states = [State::Proposed, State::Approved, State::Rejected, State::InForce, State::Replaced];
        let proofs = [Proof::Proved, Proof::Counterexample, Proof::Unknown, Proof::Unsupported];
        for (state, proof) in states.into_iter().zip(proofs.map(Some).into_iter().chain([None])) {
            let events = acts.into_iter().chain([Act::Shadow, Act::EndShadow]).map(event).collect();
            let hash = Digest::of(b"");
            fits::<Version>(&zhongtai_governance::Version { number: 2, base: 1, hash, state, proof, events });
        }
    }

    #[test]
    fn who_has_an_account_is_described_as_it_is_written() {
        use zhongtai_kernel::{Assurance as Level, SubjectKind as Kind};
        for kind in [Kind::NaturalPerson, Kind::LegalPerson, Kind::Officer] {
            fits::<SubjectKind>(&kind);
        }
        for level in [Level::Low, Level::Substantial, Level::High] {
            fits::<Assurance>(&level);
        }
    }

    #[test]
    fn fee_items_are_described_as_they_are_written() {
        use zhongtai_cap_payment::{Fen, ItemStatus as Status, Price as Cost};
        let (least, most) = (Fen::new(1).unwrap(), Fen::new(2).unwrap());
        for (price, status) in [
            (Cost::Unit(least), Status::Listed),
            (Cost::Free { least, most }, Status::Suspended),
            (Cost::Unit(most), Status::Abolished),
        ] {
            fits::<FeeItem>(&zhongtai_cap_payment::FeeItem {
                code: "road-dig".to_owned(),
                owner: "441802-chengguan".parse().unwrap(),
                executing_unit: "3001".to_owned(),
                title: "城市道路占用费".to_owned(),
                unit: "平方米".to_owned(),
                price,
                status,
            });
        }
    }

    #[test]
    fn other_answers_are_described_as_they_are_written() {
        fits::<Words>(&KernelWords::new("甲", "a"));
        fits::<Grant>(&zhongtai_registry::Grant {
            scenario: "441802-chengguan/pothole".parse().unwrap(),
            capability: "notify".to_owned(),
            granted_by: "operator".to_owned(),
            granted_at: Timestamp::UNIX_EPOCH,
        });
        fits::<LogLine>(&zhongtai_cap_log::LogLine {
            number: 1,
            at: Timestamp::UNIX_EPOCH,
            request: String::new(),
            level: "info",
            target: String::new(),
            message: String::new(),
            fields: vec![("grid".to_owned(), "1".to_owned())],
        });
        fits::<InclusionProof>(&zhongtai_audit::InclusionProof {
            record: String::new(),
            index: 0,
            size: 1,
            hashes: Vec::new(),
            checkpoint: String::new(),
        });
    }

    #[test]
    fn what_is_told_of_credit_is_described_as_it_is_written() {
        use zhongtai_cap_credit::{Checked, Encoding, Imported, Outcome, Put, RejectedRow as Rejected};
        for (outcome, column) in [(Outcome::Stored, None), (Outcome::Refused, Some("code".to_owned()))] {
            fits::<ImportReport>(&zhongtai_cap_credit::ImportReport {
                outcome,
                before: Some(Timestamp::UNIX_EPOCH),
                encoding: Encoding::Utf8,
                accepted: 1,
                imported: Imported { added: 1, changed: 2, unchanged: 3 },
                without_department: 0,
                rejected_rows: 1,
                rejected: vec![Rejected { row: 1, column, problem: "no code".to_owned() }],
            });
        }
        fits::<ImportOutcome>(&Outcome::SameFile);
        let texts = || vec!["a".to_owned()];
        let checked = Checked { rows: 1, tests: 1, overlaps: texts(), gaps: texts(), unproven: texts() };
        fits::<PutRules>(&Put { version: 1, is_new: true, checked });
        fits::<RuleVersion>(&zhongtai_cap_credit::RuleVersion {
            version: 1,
            title: String::new(),
            put_at: Timestamp::UNIX_EPOCH,
            put_by: String::new(),
            reason: String::new(),
        });
    }
}
