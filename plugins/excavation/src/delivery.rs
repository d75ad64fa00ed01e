//! The permit on paper (寄递): on its way to the applicant, until somebody signs for it.

use zhongtai::{
    event::Event,
    logistics::{self, Recipient, Shipment},
    prelude::*,
};

use crate::{PURPOSE, application::Application, messages, number::Number, store};

/// What is in the envelope.
const WHAT: &str = "占道挖掘许可证";

/// The shipment of a permit, as an application remembers it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// 运单号.
    pub waybill: String,
    /// When it was signed for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed: Option<Timestamp>,
}

/// Sends an issued permit, when the applicant wants it on paper. Asked again, it is the same shipment.
pub fn send(application: &Application) -> Result<()> {
    if !application.form.deliver {
        return Ok(());
    }
    let number = &application.number;
    let to = Recipient::Subject(application.applicant.handle.clone());
    let waybill = logistics::ship(&Shipment::new(WHAT, to, number.to_string(), PURPOSE.0), &number.to_string())?;
    store::change(number, |application| {
        let known = application.delivery.clone();
        let delivery = known.unwrap_or_else(|| Delivery { waybill: waybill.clone(), signed: None });
        Ok(Application { delivery: Some(delivery), ..application })
    })?;
    info!(%number, waybill, "permit shipped");
    Ok(())
}

/// Somebody signed for it.
#[on("logistics.signed")]
pub fn signed(event: Event) -> Result<()> {
    let Some(number) = event.case.and_then(|case| Number::try_from(case).ok()) else { return Ok(()) };
    let delivered = store::change(&number, |application| {
        let delivery = Delivery { waybill: event.about.clone(), signed: Some(event.at) };
        Ok(Application { delivery: Some(delivery), ..application })
    })?;
    messages::delivered(&delivered);
    Ok(())
}
