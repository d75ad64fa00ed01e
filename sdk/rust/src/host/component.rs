//! Calls to the host, through the generated bindings.

use crate::{
    bindings::zhongtai::{
        clock::clock, config::settings, credit::check as wit_credit, files::files as wit_files, keyvalue::store,
        log::logging, notify::send as wit_notify, random::random, subject::current,
    },
    credit,
    files::{self, File, Ticket, Want, Whose},
    keyvalue::{self, Change, Entry},
    log::Level,
    notify, subject,
};

pub fn log(level: Level, target: &str, message: String, fields: Vec<(String, String)>) {
    let target = target.into();
    logging::log(&logging::Event { level: level.into(), target, message, fields });
}

pub fn panicked(message: &str, file: &str, line: u32, column: u32) {
    let (message, file) = (message.into(), file.into());
    logging::panicked(&logging::PanicReport { message, file, line, column });
}

pub fn now() -> u64 {
    clock::now()
}

pub fn monotonic() -> u64 {
    clock::monotonic()
}

pub fn random_bytes(len: u32) -> Vec<u8> {
    random::bytes(len)
}

pub fn random_number() -> u64 {
    random::number()
}

pub fn setting(key: &str) -> Option<String> {
    settings::get(key)
}

pub fn settings() -> Vec<(String, String)> {
    settings::all()
}

pub fn entry(key: &str) -> Result<Option<Entry>, keyvalue::Error> {
    let entry = store::get(key)?;
    Ok(entry.map(|entry| Entry { value: entry.value, version: entry.version }))
}

pub fn keys(prefix: &str, after: Option<&str>, limit: u32) -> Result<Vec<String>, keyvalue::Error> {
    Ok(store::keys(prefix, after, limit)?)
}

pub fn apply(changes: Vec<Change>) -> Result<Vec<u64>, keyvalue::Error> {
    let changes: Vec<_> = changes.into_iter().map(store::Change::from).collect();
    Ok(store::apply(&changes)?)
}

pub fn check(code: &str, purpose: &str) -> Result<credit::Verdict, credit::Error> {
    Ok(wit_credit::check(code, purpose)?.into())
}

pub fn records(code: &str, purpose: &str) -> Result<Vec<credit::Record>, credit::Error> {
    Ok(wit_credit::records(code, purpose)?.into_iter().map(Into::into).collect())
}

pub fn send(message: notify::Message) -> Result<String, notify::Error> {
    Ok(wit_notify::send(&message.into())?)
}

pub fn state(id: &str) -> Result<Option<notify::Delivery>, notify::Error> {
    Ok(wit_notify::state(id)?.map(Into::into))
}

pub fn deliveries(id: &str) -> Result<Vec<notify::Progress>, notify::Error> {
    Ok(wit_notify::deliveries(id)?.into_iter().map(Into::into).collect())
}

pub fn subject() -> Option<subject::Subject> {
    current::current().map(Into::into)
}

pub fn fields(names: &[&str], purpose: &str) -> Result<Vec<(String, String)>, subject::Error> {
    let names: Vec<_> = names.iter().map(|name| String::from(*name)).collect();
    let fields = current::fields(&names, purpose)?;
    Ok(fields.into_iter().map(|field| (field.name, field.value)).collect())
}

pub fn upload(want: Want) -> Result<Ticket, files::Error> {
    Ok(wit_files::upload(&want.into())?.into())
}

pub fn download(id: &str, purpose: &str) -> Result<Ticket, files::Error> {
    Ok(wit_files::download(id, purpose)?.into())
}

pub fn file(id: &str, purpose: &str) -> Result<File, files::Error> {
    Ok(wit_files::stat(id, purpose)?.into())
}

pub fn files(case: &str, whose: Whose, purpose: &str) -> Result<Vec<File>, files::Error> {
    Ok(wit_files::list(case, whose.into(), purpose)?.into_iter().map(Into::into).collect())
}

pub fn read_file(id: &str, purpose: &str, offset: u64, length: u32) -> Result<Vec<u8>, files::Error> {
    Ok(wit_files::read(id, purpose, offset, length)?)
}

pub fn attach(id: &str) -> Result<(), files::Error> {
    Ok(wit_files::attach(id)?)
}

pub fn remove_file(id: &str) -> Result<(), files::Error> {
    Ok(wit_files::remove(id)?)
}
