//! Records as lines of JSON. The field names are the format of the log: add, never rename.

use std::{collections::HashMap, fmt, io, sync::Arc};

use serde::{Serialize, Serializer};
use zhongtai_kernel::{AccountId, Caller, CallerFacts, Decision, RequestId, ScenarioId, Timestamp};

/// Callers that are remembered; one more, and all are introduced again.
const MAX_CALLERS: usize = 16_384;

/// Lines that wait to be written.
#[derive(Default)]
pub(crate) struct Lines {
    pub(crate) bytes: Vec<u8>,
    callers: HashMap<Arc<[u8]>, u64>,
}

/// Where and when a record is.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    pub(crate) number: u64,
    pub(crate) at: Timestamp,
    pub(crate) reference: Reference,
}

/// `request/sequence`: what a denial shows.
#[derive(Clone, Copy)]
pub(crate) struct Reference(pub(crate) RequestId, pub(crate) u32);

/// The first decision of a caller in a file comes after this line.
#[derive(Serialize)]
struct CallerLine<'a> {
    /// The record's place in the log, from 0.
    number: u64,
    at: Timestamp,
    event: &'static str,
    #[serde(flatten)]
    caller: &'a CallerFacts,
}

/// The beginning of a decision's line; the decision itself follows, as it is.
#[derive(Serialize)]
struct DecisionLine<'a> {
    number: u64,
    at: Timestamp,
    reference: Reference,
    event: &'static str,
    /// The number of the caller's line.
    caller: u64,
    scenario: &'a ScenarioId,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<AccountId>,
}

/// An act's line.
#[derive(Serialize)]
struct ActLine<'a> {
    number: u64,
    at: Timestamp,
    reference: Reference,
    event: &'static str,
    actor: &'a str,
    action: &'a str,
    target: &'a str,
    outcome: &'a str,
}

// === impl Lines ===

impl Lines {
    /// Forgets the callers: what comes next goes into another file, which is read without this one.
    pub(crate) fn forget_callers(&mut self) {
        self.callers.clear();
    }

    /// The number of the line that says who `caller` is, if there is one.
    pub(crate) fn known(&self, caller: &Caller) -> Option<u64> {
        self.callers.get(caller.key()).copied()
    }

    /// Says who `caller` is. Gives back the line, without its newline.
    pub(crate) fn caller(&mut self, number: u64, at: Timestamp, caller: &Caller) -> io::Result<&[u8]> {
        if self.callers.len() >= MAX_CALLERS {
            self.callers.clear();
        }
        self.callers.insert(caller.key().clone(), number);
        let start = self.bytes.len();
        let line = CallerLine { number, at, event: "caller", caller: &caller.facts() };
        serde_json::to_writer(&mut self.bytes, &line)?;
        Ok(self.end(start))
    }

    /// A decision for the caller that line `introduced` speaks of.
    pub(crate) fn decision(
        &mut self,
        place: Place,
        introduced: u64,
        caller: &Caller,
        decision: &Decision,
    ) -> io::Result<&[u8]> {
        let start = self.bytes.len();
        let line = DecisionLine {
            number: place.number,
            at: place.at,
            reference: place.reference,
            event: "decision",
            caller: introduced,
            scenario: caller.release().scenario(),
            subject: caller.subject().map(|subject| subject.account),
        };
        serde_json::to_writer(&mut self.bytes, &line)?;
        // One object: these members, then the decision's.
        let members = decision.as_json().strip_prefix('{').ok_or_else(|| io::Error::other("a decision has no JSON"))?;
        self.bytes.pop();
        self.bytes.push(b',');
        self.bytes.extend_from_slice(members.as_bytes());
        Ok(self.end(start))
    }

    /// An act.
    pub(crate) fn act(
        &mut self,
        place: Place,
        actor: &str,
        action: &str,
        target: &str,
        outcome: &str,
    ) -> io::Result<&[u8]> {
        let start = self.bytes.len();
        let Place { number, at, reference } = place;
        let line = ActLine { number, at, reference, event: "act", actor, action, target, outcome };
        serde_json::to_writer(&mut self.bytes, &line)?;
        Ok(self.end(start))
    }

    /// Ends the line that begins at `start`.
    fn end(&mut self, start: usize) -> &[u8] {
        let end = self.bytes.len();
        self.bytes.push(b'\n');
        self.bytes.get(start..end).unwrap_or_default()
    }
}

// === impl Reference ===

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.0, self.1)
    }
}

impl Serialize for Reference {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that can't go on must stop")]

    use zhongtai_kernel::{Assurance, Channel, Digest, Release, Subject, SubjectKind};

    use super::*;

    #[test]
    fn so_many_callers_are_remembered_and_no_more() {
        let manifest = "[plugin]\nname = \"a\"\nversion = \"1\"\ndepartment = \"441802-chengguan\"\ntitle = \"t\"\n\
                        access = \"public\"";
        let release = Arc::new(Release::parse(Digest::of(b"a"), manifest).unwrap());
        let caller = |n: usize| {
            let account = AccountId::from_bytes((n as u128).to_be_bytes());
            let (kind, assurance) = (SubjectKind::NaturalPerson, Assurance::Low);
            let subject =
                Subject { account, kind, assurance, department: None, roles: Vec::new(), clearance: 1, agent: None };
            Caller::new(release.clone(), Some(Arc::new(subject)), Channel::Web)
        };
        let mut lines = Lines::default();
        for n in 0..MAX_CALLERS + 10 {
            lines.caller(n as u64, Timestamp::UNIX_EPOCH, &caller(n)).unwrap();
            assert_eq!(lines.known(&caller(n)), Some(n as u64));
            assert!(lines.callers.len() <= MAX_CALLERS);
        }
        // One that was forgotten is introduced again.
        assert_eq!(lines.known(&caller(0)), None);
    }
}
