//! The mock's side of [`crate::host`]: the same functions as the component's.

use super::state::{LogEvent, State, with};
use crate::{
    credit,
    files::{self, File, Ticket, Want, Whose},
    keyvalue::{self, Change, Entry},
    log::Level,
    notify, subject,
};

pub fn log(level: Level, target: &str, message: String, fields: Vec<(String, String)>) {
    with(|host| host.logs.push(LogEvent { level, target: target.into(), message, fields }));
}

pub fn now() -> u64 {
    with(|host| host.now)
}

pub fn monotonic() -> u64 {
    with(|host| {
        host.ticks += 1;
        host.ticks
    })
}

pub fn random_bytes(len: u32) -> Vec<u8> {
    let len = len.min(65_536) as usize;
    with(|host| {
        let numbers = std::iter::repeat_with(|| next_random(host));
        numbers.flat_map(u64::to_le_bytes).take(len).collect()
    })
}

pub fn random_number() -> u64 {
    with(next_random)
}

/// SplitMix64: the same numbers in every run.
fn next_random(host: &mut State) -> u64 {
    host.random = host.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mixed = (host.random ^ (host.random >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

pub fn setting(key: &str) -> Option<String> {
    with(|host| host.settings.get(key).cloned())
}

pub fn settings() -> Vec<(String, String)> {
    with(|host| host.settings.clone().into_iter().collect())
}

pub fn entry(key: &str) -> Result<Option<Entry>, keyvalue::Error> {
    with(|host| {
        allowed(host, "keyvalue:read").map_err(keyvalue::Error::Denied)?;
        host.store.get(key)
    })
}

pub fn keys(prefix: &str, after: Option<&str>, limit: u32) -> Result<Vec<String>, keyvalue::Error> {
    with(|host| {
        allowed(host, "keyvalue:read").map_err(keyvalue::Error::Denied)?;
        Ok(host.store.keys(prefix, after, limit))
    })
}

pub fn apply(changes: Vec<Change>) -> Result<Vec<u64>, keyvalue::Error> {
    with(|host| {
        allowed(host, "keyvalue:write").map_err(keyvalue::Error::Denied)?;
        host.store.apply(changes)
    })
}

pub fn check(code: &str, purpose: &str) -> Result<credit::Verdict, credit::Error> {
    with(|host| {
        declared(host, purpose).map_err(credit::Error::UndeclaredPurpose)?;
        allowed(host, "credit:check").map_err(credit::Error::Denied)?;
        Ok(host.verdicts.get(code).cloned().unwrap_or_else(credit::Verdict::clear))
    })
}

pub fn records(code: &str, purpose: &str) -> Result<Vec<credit::Record>, credit::Error> {
    with(|host| {
        declared(host, purpose).map_err(credit::Error::UndeclaredPurpose)?;
        allowed(host, "credit:records").map_err(credit::Error::Denied)?;
        Ok(host.records.get(code).cloned().unwrap_or_default())
    })
}

pub fn send(message: notify::Message) -> Result<String, notify::Error> {
    with(|host| {
        allowed(host, "notify:send").map_err(notify::Error::Denied)?;
        if host.templates.as_ref().is_some_and(|templates| !templates.contains(&message.template)) {
            return Err(notify::Error::UnknownTemplate(message.template));
        }
        if message.to == notify::Recipient::Asker && host.person.is_none() {
            return Err(notify::Error::Unreachable("nobody signed in".into()));
        }
        let earlier = message.once.as_ref().and_then(|_| host.sent.iter().position(|sent| sent.once == message.once));
        let position = earlier.unwrap_or_else(|| {
            host.sent.push(message);
            host.sent.len() - 1
        });
        Ok(format!("mock-message-{}", position + 1))
    })
}

pub fn state(id: &str) -> Result<Option<notify::Delivery>, notify::Error> {
    Ok(deliveries(id)?.into_iter().map(|progress| progress.state).max())
}

/// What a test said, or else one delivery that is queued.
pub fn deliveries(id: &str) -> Result<Vec<notify::Progress>, notify::Error> {
    let position = id.strip_prefix("mock-message-").and_then(|number| number.parse::<usize>().ok());
    with(|host| {
        allowed(host, "notify:read-state").map_err(notify::Error::Denied)?;
        if !position.is_some_and(|position| (1..=host.sent.len()).contains(&position)) {
            return Ok(Vec::new());
        }
        let (channel, state) = (notify::Channel::Inbox, notify::Delivery::Queued);
        let queued = notify::Progress { channel, state, failure: None };
        Ok(host.deliveries.get(id).cloned().unwrap_or_else(|| vec![queued]))
    })
}

pub fn subject() -> Option<subject::Subject> {
    with(|host| host.person.as_ref().map(|person| person.subject.clone()))
}

pub fn fields(names: &[&str], purpose: &str) -> Result<Vec<(String, String)>, subject::Error> {
    with(|host| {
        let person = host.person.as_ref().ok_or(subject::Error::Anonymous)?;
        declared(host, purpose).map_err(subject::Error::UndeclaredPurpose)?;
        if host.denied.contains("subject:fields") {
            return Ok(Vec::new());
        }
        let read = |name: &&str| person.fields.get(*name).map(|value| (String::from(*name), value.clone()));
        let readable = names.iter().filter(|name| !host.denied.contains(&format!("subject:fields/{name}")));
        Ok(readable.filter_map(read).collect())
    })
}

pub fn upload(want: Want) -> Result<Ticket, files::Error> {
    with(|host| {
        declared(host, &want.purpose).map_err(files::Error::UndeclaredPurpose)?;
        host.want(want)
    })
}

pub fn download(id: &str, purpose: &str) -> Result<Ticket, files::Error> {
    with(|host| {
        declared(host, purpose).map_err(files::Error::UndeclaredPurpose)?;
        host.link(id)
    })
}

pub fn file(id: &str, purpose: &str) -> Result<File, files::Error> {
    with(|host| {
        declared(host, purpose).map_err(files::Error::UndeclaredPurpose)?;
        host.stat_file(id)
    })
}

pub fn files(case: &str, whose: Whose, purpose: &str) -> Result<Vec<File>, files::Error> {
    with(|host| {
        declared(host, purpose).map_err(files::Error::UndeclaredPurpose)?;
        host.list_files(case, whose)
    })
}

pub fn read_file(id: &str, purpose: &str, offset: u64, length: u32) -> Result<Vec<u8>, files::Error> {
    with(|host| {
        declared(host, purpose).map_err(files::Error::UndeclaredPurpose)?;
        host.read_file(id, offset, length)
    })
}

pub fn attach(id: &str) -> Result<(), files::Error> {
    with(|host| host.attach_file(id))
}

pub fn remove_file(id: &str) -> Result<(), files::Error> {
    with(|host| host.remove_file(id))
}

/// Policy, as the test set it; the error is the reference of the decision.
pub(super) fn allowed(host: &State, action: &str) -> Result<(), String> {
    if host.denied.contains(action) { Err(format!("mock-decision:{action}")) } else { Ok(()) }
}

pub(super) fn declared(host: &State, purpose: &str) -> Result<(), String> {
    match &host.purposes {
        Some(purposes) if !purposes.contains(purpose) => Err(purpose.into()),
        _ => Ok(()),
    }
}
