//! `zt policy ...`: a draft is checked, tested and analysed here; put forward, approved and activated on the host.

mod ask;
mod change;
mod diff;
mod draft;

use std::path::PathBuf;

use super::Client;

/// Test, prove, replay and change policies.
#[derive(clap::Args)]
pub(super) struct Policy {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(clap::Subcommand)]
enum Verb {
    /// Is a draft well formed? Parses, validates, looks at the format and for likely mistakes.
    Check(draft::Check),
    /// Run a draft's cases, and say what they leave untested.
    Test(draft::Folders),
    /// What does a draft grant or deny that the version in force does not? A proof, or an example.
    Analyze(draft::Analyze),
    /// Why was somebody allowed or refused?
    Explain(ask::Explain),
    /// Which recorded decisions would a draft have decided otherwise?
    Replay(ask::Replay),
    /// Put a draft forward.
    Propose(change::Propose),
    /// Agree to a version, as a second person.
    Approve(change::Approve),
    /// Refuse a version, or take an own one back.
    Reject(change::Reject),
    /// Put an approved version in force.
    Activate(change::Number),
    /// Put an earlier version in force again, at once.
    Rollback(change::Rollback),
    /// Every version, newest first.
    History,
    /// A version's texts, written into a folder: where a new draft begins.
    Pull(change::Pull),
    /// What changed between two versions.
    Diff(diff::Args),
    /// Evaluate a version beside the one in force, on live requests.
    Shadow(change::Shadow),
    #[command(hide = true, about = "analyse the job on standard input; started by the host and by `analyze`")]
    AnalyzeWorker,
}

/// The folder of a draft when none is named.
fn default_folder() -> PathBuf {
    PathBuf::from("policies")
}

// === impl Policy ===

impl Policy {
    /// True for the process that only analyses.
    pub(super) fn is_worker(&self) -> bool {
        matches!(self.verb, Verb::AnalyzeWorker)
    }

    pub(super) async fn run(self, client: &Client) -> anyhow::Result<()> {
        let lang = client.lang();
        match self.verb {
            Verb::Check(arguments) => arguments.run(client, lang),
            Verb::Test(folders) => draft::test(client, &folders, lang),
            Verb::Analyze(arguments) => arguments.run(client, lang).await,
            Verb::Explain(arguments) => arguments.run(client, lang).await,
            Verb::Replay(arguments) => arguments.run(client, lang).await,
            Verb::Propose(arguments) => arguments.run(client, lang).await,
            Verb::Approve(arguments) => arguments.run(client).await,
            Verb::Reject(arguments) => arguments.run(client).await,
            Verb::Activate(number) => change::activate(client, &number).await,
            Verb::Rollback(arguments) => arguments.run(client).await,
            Verb::History => change::history(client).await,
            Verb::Pull(arguments) => arguments.run(client).await,
            Verb::Diff(arguments) => arguments.run(client).await,
            Verb::Shadow(arguments) => arguments.run(client, lang).await,
            // Done before there is a runtime: it brings its own.
            Verb::AnalyzeWorker => Ok(()),
        }
    }
}
