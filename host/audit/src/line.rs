//! A record as one line of JSON. The field names are the format of the log: add, never rename.

use std::fmt;

use serde::{Serialize, Serializer};
use zhongtai_kernel::{AccountId, Caller, Decision, Digest, Effect, Event, Record, RequestId, Timestamp};

/// A decision's line. Flat on purpose: serde's `flatten` goes through a map, and this runs for every request.
#[derive(Serialize)]
struct DecisionLine<'a> {
    /// The record's place in the log, from 0.
    number: u64,
    at: Timestamp,
    reference: Reference,
    event: &'static str,
    scenario: &'a str,
    component: &'a Digest,
    /// The account's id: a reference, not a person's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<AccountId>,
    action: &'a str,
    resource: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    purpose: Option<&'a str>,
    effect: Effect,
    reasons: &'a [std::sync::Arc<str>],
    errors: &'a [String],
    policy: &'a str,
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

/// `request/sequence`: what a denial shows.
struct Reference(RequestId, u32);

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

/// Appends the record's line, with its newline, to `buffer`.
pub(crate) fn write(buffer: &mut Vec<u8>, number: u64, record: &Record) {
    let start = buffer.len();
    let written = match &record.event {
        Event::Decision { caller, action, resource, purpose, decision } => {
            let asked = (*action, resource.as_str(), purpose.as_deref());
            serde_json::to_writer(&mut *buffer, &decision_line(number, record, caller, asked, decision))
        }
        Event::Act { actor, action, target, outcome } => {
            let (at, reference) = (record.at, Reference(record.request, record.sequence));
            let line = ActLine { number, at, reference, event: "act", actor, action, target, outcome };
            serde_json::to_writer(&mut *buffer, &line)
        }
    };
    if written.is_err() {
        // Texts and numbers always serialise; were that to change, the line must not be half there.
        buffer.truncate(start);
        return;
    }
    buffer.push(b'\n');
}

fn decision_line<'a>(
    number: u64,
    record: &Record,
    caller: &'a Caller,
    (action, resource, purpose): (&'a str, &'a str, Option<&'a str>),
    decision: &'a Decision,
) -> DecisionLine<'a> {
    DecisionLine {
        number,
        at: record.at,
        reference: Reference(record.request, record.sequence),
        event: "decision",
        scenario: caller.release().scenario().as_str(),
        component: caller.release().digest(),
        subject: caller.subject().map(|subject| subject.account),
        action,
        resource,
        purpose,
        effect: decision.effect,
        reasons: &decision.reasons,
        errors: &decision.errors,
        policy: &decision.policy,
    }
}
