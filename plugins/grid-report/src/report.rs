//! A report and its life.

use zhongtai::prelude::*;

use crate::{
    category::Category,
    number::Number,
    phone::Phone,
    place::Place,
    progress::{State, Step},
    rating::Grade,
    secret::Seal,
    text::Text,
};

/// What a reporter sends.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewReport {
    pub category: Category,
    pub place: Place,
    pub description: Text<500>,
    pub phone: Option<Phone>,
}

/// A report that was filed. Holds personal data, so it has no `Debug`: it can't slip into a log.
#[derive(Clone, Serialize, Deserialize)]
pub struct Report {
    pub number: Number,
    pub category: Category,
    pub place: Place,
    pub description: Text<500>,
    /// For call-backs only.
    pub phone: Option<Phone>,
    pub seal: Seal,
    pub filed: Timestamp,
    /// How many reported the same, the first one too.
    pub supporters: u32,
    pub state: State,
    pub reopened: u32,
    /// Where it was dispatched to last.
    pub desk: Option<String>,
    /// What was done, for everybody to read.
    pub reply: Option<Text<300>>,
    pub rating: Option<Grade>,
    pub history: Vec<Event>,
}

/// Something that happened to a report.
#[derive(Clone, Serialize, Deserialize)]
pub struct Event {
    pub at: Timestamp,
    #[serde(flatten)]
    pub what: What,
}

/// What happened.
#[derive(Clone, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum What {
    /// The report came into a state: by an officer's doing, or by the reporter's.
    Became { state: State, by: Option<String> },
    /// An officer saw the phone.
    CalledBack { by: String, reason: Text<100> },
}

impl Report {
    /// A new report.
    pub fn new(new: NewReport, seal: Seal, filed: Timestamp) -> Self {
        let NewReport { category, place, description, phone } = new;
        Self {
            number: Number::draw(filed),
            category,
            place,
            description,
            phone,
            seal,
            filed,
            supporters: 1,
            state: State::Received,
            reopened: 0,
            desk: None,
            reply: None,
            rating: None,
            history: vec![Event { at: filed, what: What::Became { state: State::Received, by: None } }],
        }
    }

    pub fn is_closed(&self) -> bool {
        self.state == State::Closed
    }

    /// Counts somebody who saw the same; not any more when it is closed.
    pub fn joined(mut self) -> Self {
        if !self.is_closed() {
            self.supporters = self.supporters.saturating_add(1);
        }
        self
    }

    /// Sends it to a desk.
    pub fn dispatched(self, desk: &str, officer: &Subject) -> Result<Self> {
        Ok(Self { desk: Some(desk.into()), ..self.after(Step::Dispatch, Some(officer))? })
    }

    /// Says what was done.
    pub fn handled(self, reply: Text<300>, officer: &Subject) -> Result<Self> {
        Ok(Self { reply: Some(reply), ..self.after(Step::Handle, Some(officer))? })
    }

    /// The reporter's word on whether it is fixed.
    pub fn verified(self, fixed: bool) -> Result<Self> {
        if fixed {
            return self.after(Step::Confirm, None);
        }
        let again = self.after(Step::Reopen, None)?;
        Ok(Self { reopened: again.reopened.saturating_add(1), desk: None, ..again })
    }

    /// The reporter's grade, once. Nobody needs to call back somebody who is content: the phone is forgotten.
    pub fn rated(mut self, grade: Grade) -> Result<Self> {
        ensure!(self.is_closed(), conflict("only a closed report is rated").with_code("not-closed"));
        ensure!(self.rating.is_none(), conflict("it is rated already").with_code("already-rated"));
        self.rating = Some(grade);
        self.phone = self.phone.filter(|_| grade.is_bad());
        Ok(self)
    }

    /// Notes that an officer sees the phone, and why.
    pub fn called_back(mut self, reason: Text<100>, officer: &Subject) -> Result<Self> {
        ensure!(self.phone.is_some(), not_found("there is no phone to call").with_code("no-phone"));
        self.happened(What::CalledBack { by: officer.handle.clone(), reason });
        Ok(self)
    }

    fn after(mut self, step: Step, officer: Option<&Subject>) -> Result<Self> {
        self.state = self.state.after(step)?;
        self.happened(What::Became { state: self.state, by: officer.map(|officer| officer.handle.clone()) });
        Ok(self)
    }

    fn happened(&mut self, what: What) {
        self.history.push(Event { at: clock::now(), what });
    }
}
