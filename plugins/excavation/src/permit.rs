//! The permit (占道挖掘许可证): an electronic certificate of the enterprise, issued once for an approved application.

use zhongtai::{
    certificate::{self, Holder, Issue, Issued, Summary, Why},
    prelude::*,
};

use crate::{
    applicant::Capacity,
    application::{Application, State},
    delivery,
    number::Number,
    store,
};

/// The role of officers who may issue what was approved.
pub const ISSUER: &str = "certificate-issuer";
/// The certificate's type.
const TYPE: &str = "excavation-permit";
/// What every permit asks of its holder.
const CONDITIONS: &str =
    "按批准的位置、面积和期限施工；设置围挡和警示标志；完工后及时清理并恢复路面；接受城市管理部门检查。";

/// What the permit says; its type's schema asks for just this.
#[derive(Serialize)]
struct Fields<'a> {
    applicant: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    contact: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    contact_phone: Option<&'a str>,
    place: &'a str,
    area_m2: u32,
    purpose: &'a str,
    conditions: &'a str,
}

/// A permit as an application remembers it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Permit {
    /// By which the platform shows, presents and revokes it.
    pub id: String,
    /// 证照标识, GB/T 36904.
    pub number: String,
}

/// Issues the permit of an approved application. Asked again, it is the same permit.
#[post("/applications/{number}/permit")]
pub fn issue(officer: Subject, Path(number): Path<Number>) -> Result<Created<Issued>> {
    ensure!(officer.has_role(ISSUER), forbidden("only an officer who issues certificates issues permits"));
    let application = store::find(&number)?.ok_or_else(|| not_found("there is no such application"))?;
    let issued = issue_for(&application)?;
    delivery::send(&application)?;
    Ok(Created(issued))
}

/// The same where the application is at hand.
pub fn issue_for(application: &Application) -> Result<Issued> {
    let number = &application.number;
    ensure!(
        matches!(application.state, State::Approved(_)),
        conflict(format!("it is {}: there is nothing to issue", application.state.name())).with_code("not-approved")
    );
    let issued = certificate::issue(&asked_for(application)?)?;
    remember(number, &issued.summary)?;
    info!(%number, papers = issued.papers.len(), "permit issued");
    Ok(issued)
}

fn asked_for(application: &Application) -> Result<Issue> {
    let (number, form) = (application.number.to_string(), &application.form);
    let contact = &application.applicant.contact;
    let (applicant, contact_name) = match (application.applicant.capacity, &contact.name) {
        (Capacity::Enterprise, Some(name)) => (format!("{name}（{}）", form.company), None),
        (Capacity::Enterprise, None) => (form.company.to_string(), None),
        (Capacity::Agent, name) => (form.company.to_string(), name.as_deref()),
    };
    let fields = Fields {
        applicant,
        contact: contact_name,
        contact_phone: contact.phone.as_deref(),
        place: form.place.as_str(),
        area_m2: form.area_m2,
        purpose: form.reason.as_str(),
        conditions: CONDITIONS,
    };
    let holder = Holder::CreditCode(form.company.to_string());
    let issue = Issue::new(TYPE, holder, &fields, Why::case(&number), &number)?;
    Ok(Issue { valid_from: Some(form.from.to_string()), ..issue.until(form.to.to_string()) })
}

fn remember(number: &Number, summary: &Summary) -> Result<()> {
    let permit = Permit { id: summary.id.clone(), number: summary.number.clone() };
    store::change(number, |application| Ok(Application { permit: Some(permit.clone()), ..application }))?;
    Ok(())
}
