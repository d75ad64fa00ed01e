//! The mock's public credit beside `check`.

use super::{
    answers::{allowed, declared},
    state::{State as Host, with},
};
use crate::{
    clock::Timestamp,
    credit::{
        BrokenPromise, Error, OwnError, OwnRecord, Petition, PetitionKind, PetitionState, ReportError, State, Verdict,
    },
};

/// What the mock knows of whoever is signed in, and what was reported.
#[derive(Debug, Default)]
pub struct Credit {
    pub own: Vec<OwnRecord>,
    pub petitions: Vec<(String, Petition)>,
    pub reports: Vec<(String, BrokenPromise)>,
}

pub fn check_person(id: &str, purpose: &str) -> Result<Verdict, Error> {
    with(|host| {
        declared(host, purpose).map_err(Error::UndeclaredPurpose)?;
        allowed(host, "credit:check-person").map_err(Error::Denied)?;
        Ok(host.verdicts.get(id).cloned().unwrap_or_else(Verdict::clear))
    })
}

pub fn own_records(purpose: &str) -> Result<Vec<OwnRecord>, OwnError> {
    with(|host| {
        signed_in(host)?;
        declared(host, purpose).map_err(OwnError::UndeclaredPurpose)?;
        Ok(if host.denied.contains("credit:read-record") { Vec::new() } else { host.credit.own.clone() })
    })
}

pub fn petitions(purpose: &str) -> Result<Vec<Petition>, OwnError> {
    with(|host| {
        signed_in(host)?;
        declared(host, purpose).map_err(OwnError::UndeclaredPurpose)?;
        Ok(host.credit.petitions.iter().rev().map(|(_, petition)| petition.clone()).collect())
    })
}

pub fn file_petition(record: &str, kind: PetitionKind, text: &str, once: &str) -> Result<Petition, OwnError> {
    with(|host| {
        signed_in(host)?;
        if text.trim().is_empty() {
            return Err(OwnError::Invalid("text: expected 1 to 2000 characters without control characters".into()));
        }
        let action = if kind == PetitionKind::Objection { "credit:object" } else { "credit:apply-repair" };
        allowed(host, action).map_err(OwnError::Denied)?;
        let key = format!("{once}/{record}");
        if let Some((_, earlier)) = host.credit.petitions.iter().find(|(known, one)| *known == key && one.kind == kind)
        {
            return Ok(earlier.clone());
        }
        let (number, filed_at) = (host.credit.petitions.len() + 1, Timestamp::from_nanos(host.now));
        let holds =
            kind == PetitionKind::Objection && !host.credit.petitions.iter().any(|(_, one)| one.about == record);
        let about = host.credit.own.iter_mut().find(|one| one.id == record).ok_or(OwnError::NotFound)?;
        if matches!(about.state, State::Repaired | State::Withdrawn) {
            return Err(OwnError::NotAllowedWhile(about.state));
        }
        if kind == PetitionKind::Repair && matches!(about.category.as_str(), "licence" | "red-list") {
            return Err(OwnError::NothingToRepair);
        }
        let is_open = |one: &Petition| one.about == record && one.kind == kind && one.state == PetitionState::Open;
        if host.credit.petitions.iter().any(|(_, one)| is_open(one)) {
            return Err(OwnError::StillOpen);
        }
        about.held |= holds;
        let petition = Petition {
            id: format!("mock-petition-{number}"),
            about: record.into(),
            kind,
            state: PetitionState::Open,
            holds,
            filed_at,
            due_on: filed_at.date(),
            reason: None,
        };
        host.credit.petitions.push((key, petition.clone()));
        Ok(petition)
    })
}

pub fn report_promise(promise: &BrokenPromise, once: &str) -> Result<String, ReportError> {
    with(|host| {
        allowed(host, "credit:report").map_err(ReportError::Denied)?;
        if promise.detail.trim().is_empty() {
            return Err(ReportError::Invalid(
                "detail: expected 1 to 2000 characters without control characters".into(),
            ));
        }
        let earlier = host.credit.reports.iter().position(|(key, _)| key == once);
        if earlier.and_then(|position| host.credit.reports.get(position)).is_some_and(|(_, known)| known != promise) {
            return Err(ReportError::KeyReused);
        }
        let position = earlier.unwrap_or_else(|| {
            host.credit.reports.push((once.into(), promise.clone()));
            host.credit.reports.len() - 1
        });
        Ok(format!("mock-record-{}", position + 1))
    })
}

fn signed_in(host: &Host) -> Result<(), OwnError> {
    if host.person.is_some() { Ok(()) } else { Err(OwnError::Anonymous) }
}
