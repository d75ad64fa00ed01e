//! An application and its life: received, then approved or rejected, and nothing after that.

use zhongtai::{credit::Verdict, payment::Fen, prelude::*};

use crate::{
    applicant::Applicant,
    delivery::Delivery,
    form::{Form, Text},
    number::Number,
    payment::Payment,
    permit::Permit,
    place::Grid,
};

/// An application that was taken in.
#[derive(Clone, Serialize, Deserialize)]
pub struct Application {
    pub number: Number,
    pub applicant: Applicant,
    pub form: Form,
    pub review: Review,
    pub fee: Fen,
    pub filed: Timestamp,
    pub state: State,
    /// The certificate, once it is issued.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permit: Option<Permit>,
    /// Where it is, when the place was understood.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grid: Option<Grid>,
    /// What is paid through the platform; nothing when the fee is collected elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment: Option<Payment>,
    /// The permit on paper, once it is on its way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery: Option<Delivery>,
}

/// How closely an officer has to look.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Review {
    Normal,
    /// Public credit asks for a person to look; which list it was, for that person.
    Manual(String),
}

/// How far an application is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    Received,
    Approved(Decision),
    Rejected(Decision),
}

/// Who decided, when and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    pub by: String,
    pub at: Timestamp,
    pub reason: Text<500>,
}

/// What an officer can decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    Approve,
    Reject,
}

// === impl Application ===

impl Application {
    /// Decides it, once. What is not paid is not approved.
    pub fn decide(self, outcome: Outcome, decision: Decision) -> Result<Self> {
        let is_due = self.payment.as_ref().is_some_and(|payment| !payment.is_paid);
        ensure!(
            !(is_due && outcome == Outcome::Approve && self.state == State::Received),
            conflict("the fee is not paid yet").with_code("fee-unpaid")
        );
        let state = self.state.decide(outcome, decision)?;
        Ok(Self { state, ..self })
    }
}

// === impl Review ===

impl Review {
    /// What public credit asks for; a barred company is refused.
    pub fn by(verdict: &Verdict) -> Result<Self> {
        if verdict.is_barred() {
            let problem = conflict(format!("the company is barred: {}", verdict.basis())).with_code("company-barred");
            let basis = verdict.records().iter().map(ToString::to_string).collect::<Vec<_>>();
            return Err(problem.with("basis", basis));
        }
        Ok(if verdict.is_flagged() { Self::Manual(verdict.basis().to_string()) } else { Self::Normal })
    }

    /// The word for people and programs.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::Manual(_) => "manual",
        }
    }
}

// === impl State ===

impl State {
    fn decide(self, outcome: Outcome, decision: Decision) -> Result<Self> {
        match (self, outcome) {
            (Self::Received, Outcome::Approve) => Ok(Self::Approved(decision)),
            (Self::Received, Outcome::Reject) => Ok(Self::Rejected(decision)),
            (decided, _) => Err(conflict(format!("it is {} already", decided.name())).with_code("already-decided")),
        }
    }

    /// The word for people and programs.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Approved(_) => "approved",
            Self::Rejected(_) => "rejected",
        }
    }

    /// The decision, when there is one.
    pub fn decision(&self) -> Option<&Decision> {
        match self {
            Self::Received => None,
            Self::Approved(decision) | Self::Rejected(decision) => Some(decision),
        }
    }
}
