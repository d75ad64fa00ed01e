//! Who applies, and for whom.

use zhongtai::{prelude::*, subject::Kind};

use crate::PURPOSE;

/// Who applied. Holds personal data, so it has no `Debug`: it can't slip into a log.
#[derive(Clone, Serialize, Deserialize)]
pub struct Applicant {
    /// The handle that messages go to and the applicant's list is kept under.
    pub handle: String,
    pub capacity: Capacity,
    pub contact: Contact,
}

/// In whose name an applicant acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Capacity {
    /// 法人: the enterprise itself.
    Enterprise,
    /// 经办人: a person who acts for it.
    Agent,
}

/// For call-backs only. What policy refuses, or nobody gave, is left out.
#[derive(Clone, Serialize, Deserialize)]
pub struct Contact {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
}

impl Applicant {
    /// The subject as an applicant for `company`. An enterprise applies for itself only; an officer doesn't apply.
    pub fn of(subject: &Subject, company: &CreditCode) -> Result<Self> {
        let fields = subject.fields(&["name", "phone", "credit-code"], PURPOSE)?;
        let capacity = match subject.kind {
            Kind::LegalPerson => Capacity::Enterprise,
            Kind::NaturalPerson => Capacity::Agent,
            Kind::Officer => bail!(forbidden("an officer decides applications and files none").with_code("officer")),
        };
        let own = fields.get("credit-code").is_some_and(|code| code == company.as_str());
        ensure!(
            capacity == Capacity::Agent || own,
            forbidden("an enterprise applies for itself only").with_code("not-own-company")
        );
        let field = |name| fields.get(name).map(str::to_owned);
        let contact = Contact { name: field("name"), phone: field("phone") };
        Ok(Self { handle: subject.handle.clone(), capacity, contact })
    }
}
