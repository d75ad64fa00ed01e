//! The capability as guests see it: authorise, ask the provider, convert.

use std::sync::Arc;

use jiff::{civil::Date, tz};
use wasmtime::component::{HasSelf, Linker};
use zhongtai_kernel::{Access, CreditCode, Timestamp};
use zhongtai_runtime::{Invocation, Refusal, slow_lane};

use crate::{CreditProvider, CreditRecord, Standing, judge};

wasmtime::component::bindgen!({
    inline: "
        package zhongtai:host-credit;
        world host { import zhongtai:credit/check@0.1.0; }
    ",
    path: "../../../wit/credit",
    world: "zhongtai:host-credit/host",
    imports: { default: async | trappable },
});

use zhongtai::credit::check as wit;

pub(crate) fn add_to_linker(linker: &mut Linker<Invocation>) -> wasmtime::Result<()> {
    wit::add_to_linker::<_, HasSelf<Invocation>>(linker, |invocation| invocation)
}

impl wit::Host for Invocation {
    async fn check(&mut self, code: String, purpose: String) -> wasmtime::Result<Result<wit::Verdict, wit::Error>> {
        let records = match find(self, "credit:check", "credit.standing", &code, &purpose).await? {
            Ok(records) => records,
            Err(error) => return Ok(Err(error)),
        };
        let verdict = judge(&records, today(self.now()));
        let basis = verdict.basis.iter().filter_map(|index| records.get(*index)).map(basis).collect();
        let standing = match verdict.standing {
            Standing::Clear => wit::Standing::Clear,
            Standing::Flagged => wit::Standing::Flagged,
            Standing::Barred => wit::Standing::Barred,
        };
        Ok(Ok(wit::Verdict { standing, basis }))
    }

    async fn records(
        &mut self,
        code: String,
        purpose: String,
    ) -> wasmtime::Result<Result<Vec<wit::CreditRecord>, wit::Error>> {
        let records = match find(self, "credit:read-detail", "credit.detail", &code, &purpose).await? {
            Ok(records) => records,
            Err(error) => return Ok(Err(error)),
        };
        let today = today(self.now());
        let valid = records.iter().filter(|record| record.is_valid_on(today));
        Ok(Ok(valid.map(|record| wit::CreditRecord { basis: basis(record), detail: record.detail.clone() }).collect()))
    }
}

/// The records of `code`, if it is one, the purpose is declared and policy allows it.
async fn find(
    invocation: &mut Invocation,
    action: &'static str,
    field: &'static str,
    code: &str,
    purpose: &str,
) -> wasmtime::Result<Result<Arc<[CreditRecord]>, wit::Error>> {
    let code: CreditCode = match code.parse() {
        Ok(code) => code,
        Err(error) => return Ok(Err(wit::Error::InvalidCode(format!("{error}")))),
    };
    if !invocation.release().declares(purpose) {
        return Ok(Err(wit::Error::UndeclaredPurpose(purpose.to_owned())));
    }
    let access = Access::declared(action, "Field", field).for_purpose(purpose);
    if let Err(refusal) = invocation.authorise(&access).await {
        return Ok(Err(match refusal {
            Refusal::Denied(reference) => wit::Error::Denied(reference),
            Refusal::Unrecorded => wit::Error::Other("the decision can't be recorded; try again later".to_owned()),
        }));
    }
    let provider = invocation.provider::<Arc<dyn CreditProvider>>()?;
    if let Some(records) = provider.at_hand(&code) {
        return Ok(Ok(records));
    }
    slow_lane().await;
    Ok(provider.records(&code).await.map_err(|error| {
        tracing::error!(request = %invocation.request_id(), %error, "credit records can't be read");
        wit::Error::Other("credit records can't be read; try again later".to_owned())
    }))
}

fn basis(record: &CreditRecord) -> wit::Basis {
    wit::Basis {
        category: record.category.as_str().to_owned(),
        source: record.source.clone(),
        since: record.since.to_string(),
        until: record.until.map(|day| day.to_string()),
    }
}

/// The day in the district, UTC+8.
fn today(now: Timestamp) -> Date {
    now.to_zoned(tz::TimeZone::fixed(tz::offset(8))).date()
}
