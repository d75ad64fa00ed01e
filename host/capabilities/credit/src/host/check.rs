//! `zhongtai:credit/check`: verdicts, and detail where policy allows it.

use std::sync::Arc;

use zhongtai_kernel::{CreditCode, InvalidCode, ResidentId};
use zhongtai_runtime::{Invocation, slow_lane};

use super::{credit::check as wit, failed, nanos};
use crate::{CreditError, CreditRecord, CreditSubject, Credits, Known, Standing, credits::Seen, day_of};

/// A guest's answer; the outer result traps.
type Answer<T> = wasmtime::Result<Result<T, wit::Error>>;

impl wit::Host for Invocation {
    async fn check(&mut self, code: String, purpose: String) -> Answer<wit::Verdict> {
        let whom = match code.parse::<CreditCode>() {
            Ok(code) => CreditSubject::Enterprise(code),
            Err(error) => return Ok(Err(invalid(&error))),
        };
        let credits = self.provider::<Arc<Credits>>()?;
        let checked = async {
            declared(self, &purpose)?;
            let seen = Credits::may_check(self.asker(), &purpose).await?;
            Ok((seen, known(&credits, &whom).await?))
        };
        let checked: Result<_, CreditError> = checked.await;
        Ok(checked
            .map(|(seen, known)| verdict(self, &credits, &known, (&purpose, seen)))
            .map_err(|error| answer(self, error)))
    }

    async fn check_person(&mut self, resident_id: String, purpose: String) -> Answer<wit::Verdict> {
        let whom = match resident_id.parse::<ResidentId>() {
            Ok(id) => CreditSubject::Person(id),
            Err(error) => return Ok(Err(invalid(&error))),
        };
        let credits = super::credits(self).await?;
        let checked = async {
            declared(self, &purpose)?;
            let seen = credits.may_check_person(self.asker(), &whom, &purpose).await?;
            Ok((seen, known(&credits, &whom).await?))
        };
        let checked: Result<_, CreditError> = checked.await;
        Ok(checked
            .map(|(seen, known)| verdict(self, &credits, &known, (&purpose, seen)))
            .map_err(|error| answer(self, error)))
    }

    async fn records(&mut self, code: String, purpose: String) -> Answer<Vec<wit::CreditRecord>> {
        let whom = match code.parse::<CreditCode>() {
            Ok(code) => CreditSubject::Enterprise(code),
            Err(error) => return Ok(Err(invalid(&error))),
        };
        let credits = self.provider::<Arc<Credits>>()?;
        let found = async {
            declared(self, &purpose)?;
            let seen = Credits::may_read_detail(self.asker(), &purpose).await?;
            Ok((seen, known(&credits, &whom).await?))
        };
        let found: Result<(Seen, Known), CreditError> = found.await;
        let today = day_of(self.now());
        let shown = |(seen, known): (Seen, Known)| {
            let counting = known.records.iter().filter(|record| record.counts_on(today));
            let one =
                |record| wit::CreditRecord { basis: basis(record, Seen::Plain), detail: seen.apply(&record.detail) };
            counting.map(one).collect()
        };
        Ok(found.map(shown).map_err(|error| answer(self, error)))
    }
}

fn declared(invocation: &Invocation, purpose: &str) -> Result<(), CreditError> {
    if invocation.release().declares(purpose) {
        return Ok(());
    }
    Err(CreditError::UndeclaredPurpose(purpose.chars().take(64).collect()))
}

/// From memory in the fast lane, or else out of it.
async fn known(credits: &Credits, whom: &CreditSubject) -> Result<Known, CreditError> {
    if let Some(known) = credits.at_hand(whom) {
        return Ok(known);
    }
    slow_lane().await;
    credits.known(whom).await
}

fn verdict(invocation: &Invocation, credits: &Credits, known: &Known, (purpose, seen): (&str, Seen)) -> wit::Verdict {
    let rules = credits.rules().in_force();
    let judged = rules.table.judge(&known.records, purpose, day_of(invocation.now()));
    wit::Verdict {
        standing: match judged.standing {
            Standing::Clear => wit::Standing::Clear,
            Standing::Flagged => wit::Standing::Flagged,
            Standing::Barred => wit::Standing::Barred,
        },
        measure: judged.measure.map(str::to_owned),
        rule: rules.name(judged.row).to_owned(),
        basis: judged.basis.iter().filter_map(|index| known.records.get(*index)).map(|r| basis(r, seen)).collect(),
        masked: seen.is_masked(),
        as_of: nanos(known.as_of),
        stale: known.stale,
    }
}

fn basis(record: &CreditRecord, seen: Seen) -> wit::Basis {
    wit::Basis {
        category: seen.apply(record.category.as_str()),
        gravity: seen.apply(record.gravity.as_str()),
        source: seen.apply(&record.source),
        since: seen.apply(&record.since.to_string()),
        until: record.until.map(|day| seen.apply(&day.to_string())),
    }
}

fn invalid(error: &InvalidCode) -> wit::Error {
    wit::Error::InvalidCode(error.to_string())
}

fn answer(invocation: &Invocation, error: CreditError) -> wit::Error {
    match error {
        CreditError::Denied(reference) => wit::Error::Denied(reference),
        CreditError::UndeclaredPurpose(purpose) => wit::Error::UndeclaredPurpose(purpose),
        CreditError::Unrecorded => wit::Error::Other(error.to_string()),
        error => wit::Error::Other(failed(invocation, &error)),
    }
}
