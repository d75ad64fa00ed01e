//! Between the generated types and ours. Compiled only into components, where it holds our types to the contract.

use crate::{
    Request, Response,
    bindings::{
        exports::zhongtai::scenario::http,
        zhongtai::{
            credit::check as wit_credit, files::files as wit_files, keyvalue::store, log::logging,
            notify::send as wit_notify, subject::current,
        },
    },
    clock::Timestamp,
    credit, files, keyvalue,
    log::Level,
    notify, subject,
};

/// `simple_enum!(from => to: A B C)` for enums with the same names.
macro_rules! simple_enum {
    ($($from:ty => $to:ty: $($name:ident)*;)*) => {$(
        impl From<$from> for $to {
            fn from(value: $from) -> Self {
                match value {
                    $(<$from>::$name => Self::$name,)*
                }
            }
        }
    )*};
}

simple_enum! {
    Level => logging::Level: Trace Debug Info Warn Error;
    wit_credit::Standing => credit::Standing: Clear Flagged Barred;
    wit_notify::Channel => notify::Channel: Inbox Sms Email Webhook;
    wit_notify::Delivery => notify::Delivery: Queued HeldQuiet HeldRate Sending Sent Delivered Failed Dead;
    wit_notify::Failure => notify::Failure: NoSuchAddress Refused Content Account Throttled Unreachable Carrier Expired
        Other;
    current::Kind => subject::Kind: NaturalPerson LegalPerson Officer;
    current::Assurance => subject::Assurance: Low Substantial High;
    files::Whose => wit_files::Whose: Own All;
    files::Kind => wit_files::Kind: Pdf Ofd Jpeg Png Docx Xlsx Zip;
    wit_files::Kind => files::Kind: Pdf Ofd Jpeg Png Docx Xlsx Zip;
}

impl From<http::Request> for Request {
    fn from(request: http::Request) -> Self {
        let http::Request { method, path, query, headers, body } = request;
        Self { method, path, query, headers, body }
    }
}

impl From<Response> for http::Response {
    fn from(response: Response) -> Self {
        let Response { status, headers, body } = response;
        Self { status, headers, body }
    }
}

impl From<keyvalue::Change> for store::Change {
    fn from(change: keyvalue::Change) -> Self {
        let expected = match change.expected {
            keyvalue::Expected::Any => store::Expectation::Any,
            keyvalue::Expected::Absent => store::Expectation::Absent,
            keyvalue::Expected::Version(version) => store::Expectation::Version(version),
        };
        Self { key: change.key, expected, value: change.value }
    }
}

impl From<store::Error> for keyvalue::Error {
    fn from(error: store::Error) -> Self {
        match error {
            store::Error::Denied(decision) => Self::Denied(decision),
            store::Error::InvalidKey(what) => Self::InvalidKey(what),
            store::Error::TooLarge(limit) => Self::TooLarge(limit),
            store::Error::QuotaExceeded(limit) => Self::QuotaExceeded(limit),
            store::Error::Conflict(key) => Self::Conflict(key),
            store::Error::Other(what) => Self::Other(what),
        }
    }
}

impl From<wit_credit::Basis> for credit::Basis {
    fn from(basis: wit_credit::Basis) -> Self {
        let wit_credit::Basis { category, gravity, source, since, until } = basis;
        Self { category, gravity, source, since, until }
    }
}

impl From<wit_credit::Verdict> for credit::Verdict {
    fn from(verdict: wit_credit::Verdict) -> Self {
        let wit_credit::Verdict { standing, measure, rule, basis, masked, as_of, stale } = verdict;
        Self::new(standing.into(), basis.into_iter().map(Into::into).collect())
            .by_rule(&rule, measure.as_deref())
            .masked(masked)
            .as_said(Timestamp::from_nanos(as_of), stale)
    }
}

impl From<wit_credit::CreditRecord> for credit::Record {
    fn from(record: wit_credit::CreditRecord) -> Self {
        Self { basis: record.basis.into(), detail: record.detail }
    }
}

impl From<wit_credit::Error> for credit::Error {
    fn from(error: wit_credit::Error) -> Self {
        match error {
            wit_credit::Error::Denied(decision) => Self::Denied(decision),
            wit_credit::Error::InvalidCode(what) => Self::InvalidCode(what),
            wit_credit::Error::UndeclaredPurpose(purpose) => Self::UndeclaredPurpose(purpose),
            wit_credit::Error::Other(what) => Self::Other(what),
        }
    }
}

impl From<notify::Message> for wit_notify::Message {
    fn from(message: notify::Message) -> Self {
        let to = match message.to {
            notify::Recipient::Asker => wit_notify::Recipient::Asker,
            notify::Recipient::Subject(handle) => wit_notify::Recipient::Subject(handle),
            notify::Recipient::Desk(name) => wit_notify::Recipient::Desk(name),
        };
        let notify::Message { template, variables, once, .. } = message;
        Self { to, template, variables, idempotency_key: once }
    }
}

impl From<wit_notify::Progress> for notify::Progress {
    fn from(progress: wit_notify::Progress) -> Self {
        let wit_notify::Progress { channel, state, failure } = progress;
        Self { channel: channel.into(), state: state.into(), failure: failure.map(Into::into) }
    }
}

impl From<wit_notify::Error> for notify::Error {
    fn from(error: wit_notify::Error) -> Self {
        match error {
            wit_notify::Error::Denied(decision) => Self::Denied(decision),
            wit_notify::Error::UnknownTemplate(name) => Self::UnknownTemplate(name),
            wit_notify::Error::InvalidVariable(name) => Self::InvalidVariable(name),
            wit_notify::Error::Unreachable(who) => Self::Unreachable(who),
            wit_notify::Error::TooLong(text) => Self::TooLong(text),
            wit_notify::Error::Other(what) => Self::Other(what),
        }
    }
}

impl From<current::Subject> for subject::Subject {
    fn from(subject: current::Subject) -> Self {
        let current::Subject { handle, kind, assurance, roles, agent } = subject;
        let agent = agent.map(|current::Agent { handle, actions }| subject::Agent { handle, actions });
        Self { handle, kind: kind.into(), assurance: assurance.into(), roles, agent }
    }
}

impl From<current::Error> for subject::Error {
    fn from(error: current::Error) -> Self {
        match error {
            current::Error::Anonymous => Self::Anonymous,
            current::Error::UndeclaredPurpose(purpose) => Self::UndeclaredPurpose(purpose),
            current::Error::Other(what) => Self::Other(what),
        }
    }
}

impl From<files::Want> for wit_files::Want {
    fn from(want: files::Want) -> Self {
        let files::Want { case, purpose, kinds, max_bytes } = want;
        Self { case, purpose, kinds: kinds.into_iter().map(Into::into).collect(), max_bytes }
    }
}

impl From<wit_files::Ticket> for files::Ticket {
    fn from(ticket: wit_files::Ticket) -> Self {
        Self { path: ticket.path, expires_at: Timestamp::from_nanos(ticket.expires_at) }
    }
}

impl From<wit_files::File> for files::File {
    fn from(file: wit_files::File) -> Self {
        let wit_files::File { id, case, purpose, kind, bytes, sha256, sm3, name, stored_at, attached } = file;
        let (kind, stored_at) = (kind.into(), Timestamp::from_nanos(stored_at));
        Self { id, case, purpose, kind, bytes, sha256, sm3, name, stored_at, attached }
    }
}

impl From<wit_files::Error> for files::Error {
    fn from(error: wit_files::Error) -> Self {
        match error {
            wit_files::Error::Denied(decision) => Self::Denied(decision),
            wit_files::Error::Anonymous => Self::Anonymous,
            wit_files::Error::UndeclaredPurpose(purpose) => Self::UndeclaredPurpose(purpose),
            wit_files::Error::Invalid(what) => Self::Invalid(what),
            wit_files::Error::NotFound => Self::NotFound,
            wit_files::Error::QuotaExceeded(which) => Self::QuotaExceeded(which),
            wit_files::Error::Other(what) => Self::Other(what),
        }
    }
}
