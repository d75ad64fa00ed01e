//! `zhongtai:credit/own-records`: what a subject knows and asks for about the own records.

use zhongtai_runtime::Invocation;

use super::{credit::own_records as wit, credits, failed, nanos};
use crate::{ActKey, CreditError, Entry, Petition, PetitionKind, PetitionState, State};

/// A guest's answer; the outer result traps.
type Answer<T> = wasmtime::Result<Result<T, wit::Error>>;

impl wit::Host for Invocation {
    async fn mine(&mut self, purpose: String) -> Answer<Vec<wit::OwnRecord>> {
        let credits = credits(self).await?;
        let found = credits.mine(self.asker(), &purpose).await;
        Ok(found.map(|found| found.iter().map(own).collect()).map_err(|error| answer(self, error)))
    }

    async fn petitions(&mut self, purpose: String) -> Answer<Vec<wit::Petition>> {
        let credits = credits(self).await?;
        let found = credits.petitions(self.asker(), &purpose).await;
        Ok(found.map(|found| found.iter().map(petition).collect()).map_err(|error| answer(self, error)))
    }

    async fn file(
        &mut self,
        record_id: String,
        kind: wit::PetitionKind,
        text: String,
        idempotency_key: String,
    ) -> Answer<wit::Petition> {
        let credits = credits(self).await?;
        let kind = match kind {
            wit::PetitionKind::Objection => PetitionKind::Objection,
            wit::PetitionKind::Repair => PetitionKind::Repair,
        };
        let filed = async {
            let (about, key) = (record_id.parse()?, ActKey::try_from(idempotency_key)?);
            credits.file(self.asker(), about, (kind, text), key).await
        };
        let filed = filed.await;
        Ok(filed.map(|filed| petition(&filed)).map_err(|error| answer(self, error)))
    }
}

fn own(entry: &Entry) -> wit::OwnRecord {
    let record = &entry.record;
    wit::OwnRecord {
        id: entry.id.to_string(),
        category: record.category.as_str().to_owned(),
        gravity: record.gravity.as_str().to_owned(),
        source: record.source.clone(),
        since: record.since.to_string(),
        until: record.until.map(|day| day.to_string()),
        state: state(record.state),
        held: record.held,
        detail: record.detail.clone(),
    }
}

fn state(state: State) -> wit::State {
    match state {
        State::Unpublished => wit::State::Unpublished,
        State::Published => wit::State::Published,
        State::Repaired => wit::State::Repaired,
        State::Withdrawn => wit::State::Withdrawn,
    }
}

fn petition(petition: &Petition) -> wit::Petition {
    wit::Petition {
        id: petition.id.to_string(),
        about: petition.about.to_string(),
        kind: match petition.kind {
            PetitionKind::Objection => wit::PetitionKind::Objection,
            PetitionKind::Repair => wit::PetitionKind::Repair,
        },
        state: match petition.state {
            PetitionState::Open => wit::PetitionState::Open,
            PetitionState::Upheld => wit::PetitionState::Upheld,
            PetitionState::Dismissed => wit::PetitionState::Dismissed,
        },
        holds: petition.holds,
        filed_at: nanos(petition.filed_at),
        due_on: petition.due_on.to_string(),
        reason: petition.reason.clone(),
    }
}

fn answer(invocation: &Invocation, error: CreditError) -> wit::Error {
    match error {
        CreditError::Denied(reference) => wit::Error::Denied(reference),
        CreditError::Anonymous => wit::Error::Anonymous,
        CreditError::UndeclaredPurpose(purpose) => wit::Error::UndeclaredPurpose(purpose),
        CreditError::Invalid { .. } => wit::Error::Invalid(error.to_string()),
        CreditError::NotFound(_) => wit::Error::NotFound,
        CreditError::State(now) => wit::Error::NotAllowedWhile(state(now)),
        CreditError::StillOpen => wit::Error::StillOpen,
        CreditError::TooEarly(day) => wit::Error::TooEarly(day.to_string()),
        CreditError::NothingToRepair => wit::Error::NothingToRepair,
        CreditError::NoAuthority => wit::Error::NoAuthority,
        CreditError::KeyReused => wit::Error::KeyReused,
        CreditError::Unrecorded => wit::Error::Other(error.to_string()),
        error => wit::Error::Other(failed(invocation, &error)),
    }
}
