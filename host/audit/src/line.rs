//! A record as one line of JSON. The field names are the format of the log: add, never rename.

use serde::Serialize;
use zhongtai_kernel::{Caller, Decision, Event, Record};

#[derive(Serialize)]
struct Line<'a> {
    /// The record's place in the log, from 0.
    number: u64,
    at: String,
    /// `request/sequence`: what a denial shows.
    reference: String,
    #[serde(flatten)]
    event: EventLine<'a>,
}

#[derive(Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
enum EventLine<'a> {
    Decision {
        scenario: &'a str,
        component: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        subject: Option<String>,
        action: &'a str,
        resource: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        purpose: Option<&'a str>,
        #[serde(flatten)]
        decision: &'a Decision,
    },
    Act {
        actor: &'a str,
        action: &'a str,
        target: &'a str,
        outcome: &'a str,
    },
}

/// Appends the record's line, with its newline, to `buffer`.
pub(crate) fn write(buffer: &mut Vec<u8>, number: u64, record: &Record) {
    let line = Line {
        number,
        at: record.at.to_string(),
        reference: format!("{}/{}", record.request, record.sequence),
        event: event_line(&record.event),
    };
    let start = buffer.len();
    if serde_json::to_writer(&mut *buffer, &line).is_err() {
        // Texts and numbers always serialise; were that to change, the line must not be half there.
        buffer.truncate(start);
        return;
    }
    buffer.push(b'\n');
}

fn event_line(event: &Event) -> EventLine<'_> {
    match event {
        Event::Decision { caller, action, resource, purpose, decision } => EventLine::Decision {
            scenario: caller.release().scenario().as_str(),
            component: caller.release().digest().to_string(),
            subject: subject(caller),
            action,
            resource,
            purpose: purpose.as_deref(),
            decision,
        },
        Event::Act { actor, action, target, outcome } => EventLine::Act { actor, action, target, outcome },
    }
}

/// The account's id: a reference, not a person's name.
fn subject(caller: &Caller) -> Option<String> {
    caller.subject().map(|subject| subject.account.to_string())
}
