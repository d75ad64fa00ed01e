//! `zhongtai:credit/reports`: broken promises.

use zhongtai_runtime::Invocation;

use super::{credit::reports as wit, credits, day, failed};
use crate::{ActKey, CreditError, CreditSubject, Gravity, NewReport, Promiser};

impl wit::Host for Invocation {
    async fn report(
        &mut self,
        promise: wit::BrokenPromise,
        idempotency_key: String,
    ) -> wasmtime::Result<Result<String, wit::Error>> {
        let credits = credits(self).await?;
        let reported = async {
            let new = NewReport {
                who: promiser(promise.who)?,
                case: promise.case_id,
                gravity: gravity(promise.gravity),
                detail: promise.detail,
                found_on: day("found-on", promise.found_on)?,
                key: ActKey::try_from(idempotency_key)?,
            };
            credits.report(self.asker(), new).await
        };
        let reported = reported.await;
        Ok(reported.map(|id| id.to_string()).map_err(|error| answer(self, error)))
    }
}

fn promiser(who: wit::Promiser) -> Result<Promiser, CreditError> {
    let invalid = |error: zhongtai_kernel::InvalidCode| CreditError::invalid("who", error.to_string());
    Ok(match who {
        wit::Promiser::Subject(handle) => Promiser::Handle(handle),
        wit::Promiser::CreditCode(code) => Promiser::Subject(CreditSubject::Enterprise(code.parse().map_err(invalid)?)),
        wit::Promiser::ResidentId(id) => Promiser::Subject(CreditSubject::Person(id.parse().map_err(invalid)?)),
    })
}

fn gravity(gravity: wit::Gravity) -> Gravity {
    match gravity {
        wit::Gravity::General => Gravity::General,
        wit::Gravity::Serious => Gravity::Serious,
        wit::Gravity::Grave => Gravity::Grave,
    }
}

fn answer(invocation: &Invocation, error: CreditError) -> wit::Error {
    match error {
        CreditError::Denied(reference) => wit::Error::Denied(reference),
        CreditError::Invalid { .. } => wit::Error::Invalid(error.to_string()),
        CreditError::NotOwnCase => wit::Error::NotOwnCase,
        CreditError::KeyReused => wit::Error::KeyReused,
        CreditError::Unrecorded => wit::Error::Other(error.to_string()),
        error => wit::Error::Other(failed(invocation, &error)),
    }
}
