//! Calls to the credit capability beside `check`, through the generated bindings.

use crate::{
    bindings::zhongtai::credit::{check, own_records as wit, reports},
    clock::Timestamp,
    credit::{
        BrokenPromise, Error, Gravity, OwnError, OwnRecord, Petition, PetitionKind, PetitionState, Promiser,
        ReportError, State, Verdict,
    },
};

pub fn check_person(id: &str, purpose: &str) -> Result<Verdict, Error> {
    Ok(check::check_person(id, purpose)?.into())
}

pub fn own_records(purpose: &str) -> Result<Vec<OwnRecord>, OwnError> {
    Ok(wit::mine(purpose)?.into_iter().map(Into::into).collect())
}

pub fn petitions(purpose: &str) -> Result<Vec<Petition>, OwnError> {
    Ok(wit::petitions(purpose)?.into_iter().map(Into::into).collect())
}

pub fn file_petition(record: &str, kind: PetitionKind, text: &str, once: &str) -> Result<Petition, OwnError> {
    let kind = match kind {
        PetitionKind::Objection => wit::PetitionKind::Objection,
        PetitionKind::Repair => wit::PetitionKind::Repair,
    };
    Ok(wit::file(record, kind, text, once)?.into())
}

pub fn report_promise(promise: &BrokenPromise, once: &str) -> Result<String, ReportError> {
    let BrokenPromise { who, case, gravity, detail, found_on } = promise.clone();
    let who = match who {
        Promiser::Subject(handle) => reports::Promiser::Subject(handle),
        Promiser::Enterprise(code) => reports::Promiser::CreditCode(code.as_str().into()),
        Promiser::Person(id) => reports::Promiser::ResidentId(id.expose().into()),
    };
    let gravity = match gravity {
        Gravity::General => reports::Gravity::General,
        Gravity::Serious => reports::Gravity::Serious,
        Gravity::Grave => reports::Gravity::Grave,
    };
    Ok(reports::report(&reports::BrokenPromise { who, case_id: case, gravity, detail, found_on }, once)?)
}

impl From<wit::State> for State {
    fn from(state: wit::State) -> Self {
        match state {
            wit::State::Unpublished => Self::Unpublished,
            wit::State::Published => Self::Published,
            wit::State::Repaired => Self::Repaired,
            wit::State::Withdrawn => Self::Withdrawn,
        }
    }
}

impl From<wit::OwnRecord> for OwnRecord {
    fn from(record: wit::OwnRecord) -> Self {
        let wit::OwnRecord { id, category, gravity, source, since, until, state, held, detail } = record;
        Self { id, category, gravity, source, since, until, state: state.into(), held, detail }
    }
}

impl From<wit::Petition> for Petition {
    fn from(petition: wit::Petition) -> Self {
        let wit::Petition { id, about, kind, state, holds, filed_at, due_on, reason } = petition;
        let kind = match kind {
            wit::PetitionKind::Objection => PetitionKind::Objection,
            wit::PetitionKind::Repair => PetitionKind::Repair,
        };
        let state = match state {
            wit::PetitionState::Open => PetitionState::Open,
            wit::PetitionState::Upheld => PetitionState::Upheld,
            wit::PetitionState::Dismissed => PetitionState::Dismissed,
        };
        Self { id, about, kind, state, holds, filed_at: Timestamp::from_nanos(filed_at), due_on, reason }
    }
}

impl From<wit::Error> for OwnError {
    fn from(error: wit::Error) -> Self {
        match error {
            wit::Error::Denied(decision) => Self::Denied(decision),
            wit::Error::Anonymous => Self::Anonymous,
            wit::Error::UndeclaredPurpose(purpose) => Self::UndeclaredPurpose(purpose),
            wit::Error::Invalid(what) => Self::Invalid(what),
            wit::Error::NotFound => Self::NotFound,
            wit::Error::NotAllowedWhile(state) => Self::NotAllowedWhile(state.into()),
            wit::Error::StillOpen => Self::StillOpen,
            wit::Error::TooEarly(day) => Self::TooEarly(day),
            wit::Error::NothingToRepair => Self::NothingToRepair,
            wit::Error::NoAuthority => Self::NoAuthority,
            wit::Error::KeyReused => Self::KeyReused,
            wit::Error::Other(what) => Self::Other(what),
        }
    }
}

impl From<reports::Error> for ReportError {
    fn from(error: reports::Error) -> Self {
        match error {
            reports::Error::Denied(decision) => Self::Denied(decision),
            reports::Error::Invalid(what) => Self::Invalid(what),
            reports::Error::NotOwnCase => Self::NotOwnCase,
            reports::Error::KeyReused => Self::KeyReused,
            reports::Error::Other(what) => Self::Other(what),
        }
    }
}
