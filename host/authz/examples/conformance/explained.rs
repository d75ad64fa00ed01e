//! The deviations that are meant, with their reasons: `host/authz/conformance.json`.

use serde::Deserialize;

use crate::run::Outcome;

/// Every explanation.
#[derive(Deserialize)]
pub(crate) struct Explained(Vec<Explanation>);

/// Why some tests come out other than they say.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Explanation {
    /// A part of what is reported.
    deviation: String,
    pub(crate) reason: String,
    files: Vec<String>,
}

// === impl Explained ===

impl Explained {
    pub(crate) fn read() -> Result<Self, String> {
        serde_json::from_str(include_str!("../../conformance.json"))
            .map_err(|error| format!("conformance.json: {error}"))
    }

    /// Why this test deviates as it does.
    pub(crate) fn of(&self, outcome: &Outcome, what: &str) -> Option<&Explanation> {
        let meant = |explanation: &&Explanation| {
            what.contains(&explanation.deviation) && explanation.files.contains(&outcome.file)
        };
        self.0.iter().find(meant)
    }

    /// Files that are on the list for nothing.
    pub(crate) fn unused<'a>(&'a self, outcomes: &'a [Outcome]) -> impl Iterator<Item = &'a str> {
        let deviates = |file: &str| outcomes.iter().any(|outcome| outcome.file == file && outcome.deviation.is_some());
        let files = self.0.iter().flat_map(|explanation| &explanation.files);
        files.map(String::as_str).filter(move |file| !deviates(file))
    }
}
