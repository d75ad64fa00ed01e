//! Reports as the API shows them.

use zhongtai::prelude::*;

use crate::{
    category::Category,
    number::Number,
    phone::Phone,
    place::Place,
    progress::State,
    rating::Grade,
    report::{Event, Report, What},
    secret::Code,
    text::Text,
};

/// What a reporter gets. The code only with a report of one's own, and only this once.
#[derive(Serialize)]
pub struct Receipt {
    pub number: Number,
    pub state: State,
    pub supporters: u32,
    /// Whether somebody reported the same before.
    pub joined: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<Code>,
}

/// What everybody may see: nothing that a person typed, except the reply that is meant for everybody.
#[derive(Serialize)]
pub struct Status {
    number: Number,
    category: Category,
    title: &'static str,
    state: State,
    filed: Timestamp,
    supporters: u32,
    reopened: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    reply: Option<Text<300>>,
    history: Vec<Passed>,
}

/// When a report came into a state.
#[derive(Serialize)]
struct Passed {
    at: Timestamp,
    state: State,
}

/// What officers see. Of the phone, only whether there is one.
#[derive(Serialize)]
pub struct Detail {
    #[serde(flatten)]
    status: Status,
    place: Place,
    description: Text<500>,
    can_be_called: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    desk: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rating: Option<Grade>,
}

/// One page of a list. `next` is the `after` of the next page.
#[derive(Serialize)]
pub struct Page {
    pub reports: Vec<Detail>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<Number>,
}

/// The number to call, for the officer who said why.
#[derive(Serialize)]
pub struct CallBack {
    pub phone: Phone,
}

impl Receipt {
    pub fn new(report: &Report, code: Option<Code>) -> Self {
        let (number, state, supporters) = (report.number.clone(), report.state, report.supporters);
        Self { number, state, supporters, joined: code.is_none(), code }
    }
}

impl From<&Report> for Status {
    fn from(report: &Report) -> Self {
        Self {
            number: report.number.clone(),
            category: report.category,
            title: report.category.title(),
            state: report.state,
            filed: report.filed,
            supporters: report.supporters,
            reopened: report.reopened,
            reply: report.reply.clone(),
            history: report.history.iter().filter_map(passed).collect(),
        }
    }
}

fn passed(event: &Event) -> Option<Passed> {
    match event.what {
        What::Became { state, .. } => Some(Passed { at: event.at, state }),
        What::CalledBack { .. } => None,
    }
}

impl From<Report> for Detail {
    fn from(report: Report) -> Self {
        let (status, can_be_called) = (Status::from(&report), report.phone.is_some());
        let Report { place, description, desk, rating, .. } = report;
        Self { status, place, description, can_be_called, desk, rating }
    }
}
