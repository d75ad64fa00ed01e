//! A record as one line of JSON. The field names are the format of the log: add, never rename.

use std::fmt;

use serde::{Serialize, Serializer};
use zhongtai_kernel::{CallerFacts, Event, Record, RequestId, Timestamp};

/// The beginning of a decision's line; the decision itself follows, as it is.
#[derive(Serialize)]
struct DecisionLine<'a> {
    /// The record's place in the log, from 0.
    number: u64,
    at: Timestamp,
    reference: Reference,
    event: &'static str,
    #[serde(flatten)]
    caller: &'a CallerFacts,
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
    let (at, reference) = (record.at, Reference(record.request, record.sequence));
    let written = match &record.event {
        Event::Decision { caller, decision } => {
            let caller = &caller.facts();
            let line = DecisionLine { number, at, reference, event: "decision", caller };
            let written = serde_json::to_writer(&mut *buffer, &line);
            // One object: the caller's members, then the decision's.
            buffer.pop();
            buffer.push(b',');
            buffer.extend_from_slice(decision.as_json().get(1..).unwrap_or("}").as_bytes());
            written
        }
        Event::Act { actor, action, target, outcome } => {
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
