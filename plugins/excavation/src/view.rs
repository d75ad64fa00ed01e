//! Applications as the API shows them: never whose handle it was.

use zhongtai::{payment::Fen, prelude::*};

use crate::{
    applicant::{Capacity, Contact},
    application::{Application, Review},
    delivery::Delivery,
    form::{Form, Text},
    number::Number,
    payment::Payment,
    permit::Permit,
    place::Grid,
    store,
};

/// The role of officers who see every application and decide it.
pub const WINDOW: &str = "window";

/// What an applicant gets for an application.
#[derive(Serialize)]
pub struct Receipt {
    number: Number,
    state: &'static str,
    review: &'static str,
    fee_fen: Fen,
    #[serde(skip_serializing_if = "Option::is_none")]
    grid: Option<Grid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payment: Option<Payment>,
    filed: Timestamp,
}

/// An application, for its applicant and for the window.
#[derive(Serialize)]
pub struct View {
    #[serde(flatten)]
    receipt: Receipt,
    #[serde(flatten)]
    form: Form,
    capacity: Capacity,
    contact: Contact,
    #[serde(skip_serializing_if = "Option::is_none")]
    decision: Option<DecisionView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    permit: Option<Permit>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delivery: Option<Delivery>,
    /// Which list asks for a manual review; for the window only.
    #[serde(skip_serializing_if = "Option::is_none")]
    credit_basis: Option<String>,
}

#[derive(Serialize)]
struct DecisionView {
    at: Timestamp,
    reason: Text<500>,
}

/// One page of a list. `next` is the `after` of the next page.
#[derive(Serialize)]
pub struct Page {
    pub applications: Vec<View>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<Number>,
}

/// Who looks.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    Applicant,
    Window,
}

/// An application that the subject may see. Somebody else's is as unknown as one that was never filed.
pub fn visible(subject: &Subject, number: &Number) -> Result<Application> {
    let found = store::find(number)?
        .filter(|application| Reader::of(subject) == Reader::Window || application.applicant.handle == subject.handle);
    found.ok_or_else(|| not_found("there is no such application"))
}

impl Reader {
    /// By what the subject is at this office.
    pub fn of(subject: &Subject) -> Self {
        if subject.has_role(WINDOW) { Self::Window } else { Self::Applicant }
    }
}

impl Receipt {
    /// The receipt of a new application. An idempotent request gets the same one again, whatever was decided since.
    pub fn new(application: &Application) -> Self {
        Self { state: "received", ..Self::now(application) }
    }

    fn now(application: &Application) -> Self {
        Self {
            number: application.number.clone(),
            state: application.state.name(),
            review: application.review.name(),
            fee_fen: application.fee,
            grid: application.grid.clone(),
            payment: application.payment.clone(),
            filed: application.filed,
        }
    }
}

impl View {
    /// An application as `reader` may see it.
    pub fn of(application: Application, reader: Reader) -> Self {
        let receipt = Receipt::now(&application);
        let decision = application.state.decision();
        let decision = decision.map(|decision| DecisionView { at: decision.at, reason: decision.reason.clone() });
        let credit_basis = match application.review {
            Review::Manual(basis) if reader == Reader::Window => Some(basis),
            _ => None,
        };
        let Application { applicant, form, permit, delivery, .. } = application;
        let (capacity, contact) = (applicant.capacity, applicant.contact);
        Self { receipt, form, capacity, contact, decision, permit, delivery, credit_basis }
    }
}
