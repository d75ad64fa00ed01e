//! The capability as guests see it: parse, authorise, ask, convert.

mod check;
mod own_records;
mod reports;

use std::sync::Arc;

use jiff::civil::Date;
use wasmtime::component::{HasSelf, Linker};
use zhongtai_kernel::Timestamp;
use zhongtai_runtime::{Invocation, slow_lane};

use crate::{CreditError, Credits};

wasmtime::component::bindgen!({
    inline: "
        package zhongtai:host-credit;
        world host {
            import zhongtai:credit/check@0.1.0;
            import zhongtai:credit/own-records@0.1.0;
            import zhongtai:credit/reports@0.1.0;
        }
    ",
    path: "../../../wit/credit",
    world: "zhongtai:host-credit/host",
    imports: { default: async | trappable },
});

use zhongtai::credit;

pub(crate) fn add_to_linker(linker: &mut Linker<Invocation>) -> wasmtime::Result<()> {
    credit::check::add_to_linker::<_, HasSelf<Invocation>>(linker, |invocation| invocation)?;
    credit::own_records::add_to_linker::<_, HasSelf<Invocation>>(linker, |invocation| invocation)?;
    credit::reports::add_to_linker::<_, HasSelf<Invocation>>(linker, |invocation| invocation)
}

/// For a call that asks the database: it leaves the fast lane first.
async fn credits(invocation: &Invocation) -> wasmtime::Result<Arc<Credits>> {
    let credits = invocation.provider::<Arc<Credits>>()?;
    slow_lane().await;
    Ok(credits)
}

/// What a guest is told when something of ours failed; the log has the rest.
fn failed(invocation: &Invocation, error: &CreditError) -> String {
    tracing::error!(request = %invocation.request_id(), %error, "credit can't be had");
    "credit can't be had; try again later".to_owned()
}

fn nanos(at: Timestamp) -> u64 {
    u64::try_from(at.as_nanosecond()).unwrap_or_default()
}

fn day(what: &'static str, text: Option<String>) -> Result<Option<Date>, CreditError> {
    let parse = |text: String| text.parse().map_err(|_| CreditError::invalid(what, "a day, YYYY-MM-DD"));
    text.map(parse).transpose()
}
