//! Too much for a capability. Past the SDK, which asks in measure.
use zhongtai::{
    __private::bindings::zhongtai::{
        keyvalue::store::{self, Change, Expectation},
        log::logging::{self, Event, Level},
        random::random,
    },
    keyvalue::Changes,
    prelude::*,
};

fn event(message: String) -> Event {
    let fields = vec![("field".to_owned(), "value".to_owned()); 40];
    Event { level: Level::Info, target: "hostile".into(), message, fields }
}

/// A million events.
#[get("/log-flood")]
pub fn log_flood() -> &'static str {
    let event = Event { fields: Vec::new(), ..event("one of a million".into()) };
    for _ in 0..1_000_000 {
        logging::log(&event);
    }
    "a million"
}

/// 32 MiB in one call.
#[get("/huge-log")]
pub fn huge_log() -> &'static str {
    logging::log(&event("m".repeat(32 << 20)));
    "logged"
}

/// Asks for 4 GiB of randomness, for ever.
#[get("/random-flood")]
pub fn random_flood() {
    loop {
        std::hint::black_box(random::bytes(u32::MAX));
    }
}

/// Fills the store, for ever.
#[get("/keyvalue-flood")]
pub fn keyvalue_flood() {
    let value = vec![7_u8; 1 << 20];
    for key in 0_u64.. {
        let value = Some(value.clone());
        drop(store::apply(&[Change { key: key.to_string(), expected: Expectation::Any, value }]));
    }
}

/// Keeps something, as a well-behaved guest would.
#[post("/keep")]
pub fn keep() -> Result<&'static str> {
    Changes::new().set("kept", &1).apply()?;
    Ok("kept")
}
