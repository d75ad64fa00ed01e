//! Hears of events: says what it heard, fails as it is told to fail.
use zhongtai::{event::Event, prelude::*};

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Told {
    Note(u64),
    Refuse,
    Panic,
    Spin,
}

#[on("test.happened")]
fn happened(event: Event<Told>) -> Result<()> {
    match event.data {
        Told::Note(value) => {
            let case = event.case.unwrap_or_default();
            info!("heard {} {} of {case} at {}: {value}", event.kind, event.about, event.at);
        }
        Told::Refuse => bail!(conflict("not yet").with_code("not-yet")),
        Told::Panic => panic!("heard too much"),
        Told::Spin => loop {
            std::hint::black_box(());
        },
    }
    Ok(())
}

#[get("/")]
fn hello() -> &'static str {
    "still here"
}

zhongtai::plugin!(hello; events: happened);
