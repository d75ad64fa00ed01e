//! The fee on its way to the treasury: asked for when an application is taken in, paid before it is approved, given back
//! when it is rejected.

use zhongtai::{
    event::Event,
    payment::{self, Order, Payer, Standing},
    prelude::*,
};

use crate::{application::Application, messages, number::Number, store, view::visible};

/// The fee item of the published list, an operator's setting. Without it the fee is collected elsewhere.
const ITEM: &str = "fee_item";

/// What is asked for, as an application remembers it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    /// The fee item.
    pub item: String,
    /// 缴款识别码, once the notice is made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notice: Option<String>,
    pub is_paid: bool,
}

/// What a new application will have to pay through the platform.
pub fn expected() -> Option<Payment> {
    let item = config::get(ITEM).filter(|item| !item.is_empty())?;
    Some(Payment { item, notice: None, is_paid: false })
}

/// Makes the notice of an application that was taken in, once. An application is not undone because the treasury does not
/// answer: whoever pays makes the notice then.
pub fn ask_for(application: Application) -> Application {
    match noticed(&application) {
        Ok(noticed) => noticed,
        Err(problem) => {
            let (number, code) = (&application.number, problem.code());
            warn!(%number, code, detail = problem.detail(), "the fee was not asked for yet");
            application
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct By {
    /// One of the host's payment channels.
    channel: String,
}

/// Begins to pay: the answer has what a QR code holds.
#[post("/applications/{number}/payment")]
pub fn pay(subject: Subject, Path(number): Path<Number>, Json(By { channel }): Json<By>) -> Result<Created<Order>> {
    let application = noticed(&visible(&subject, &number)?)?;
    let nothing = || conflict("nothing is paid through the platform").with_code("no-fee");
    let notice = application.payment.and_then(|payment| payment.notice).ok_or_else(nothing)?;
    Ok(Created(payment::pay(&notice, &channel, &format!("{number}/{channel}"))?))
}

/// The application with its notice, where there is to be one.
fn noticed(application: &Application) -> Result<Application> {
    let Some(Payment { item, notice: None, .. }) = &application.payment else { return Ok(application.clone()) };
    let number = &application.number.to_string();
    let notice = payment::notice(item)
        .units(application.form.area_m2)
        .amount(application.fee)
        .from(Payer::Subject(application.applicant.handle.clone()))
        .for_case(number)
        .once(number)
        .send()?;
    info!(number, "fee asked for");
    change(&application.number, |payment| payment.notice = Some(notice.number.clone()))
}

/// The money is there: the application can be approved.
#[on("payment.settled")]
pub fn settled(event: Event) -> Result<()> {
    let Some(number) = event.case.and_then(|case| Number::try_from(case).ok()) else { return Ok(()) };
    let paid = change(&number, |payment| {
        payment.notice = Some(event.about.clone());
        payment.is_paid = true;
    })?;
    messages::paid(&paid);
    Ok(())
}

/// What a rejected application paid goes back, when a cashier agrees; what it did not pay yet is not asked for any more.
pub fn give_back(application: &Application) -> Result<()> {
    let notice = application.payment.as_ref().and_then(|payment| payment.notice.as_deref());
    let Some(notice) = notice else { return Ok(()) };
    let (notice, once) = (payment::find(notice)?, format!("{}/rejected", application.number));
    match notice.standing {
        Standing::Due => drop(payment::close(&notice.number, &once)?),
        Standing::Paid => drop(payment::request_refund(&notice.number, notice.total, "申请不予批准", &once)?),
        Standing::Refunded | Standing::Closed => {}
    }
    Ok(())
}

fn change(number: &Number, change: impl Fn(&mut Payment)) -> Result<Application> {
    store::change(number, |mut application| {
        application.payment.iter_mut().for_each(&change);
        Ok(application)
    })
}
