//! What goes over the wire: the JSON of the protocol. Personal data: nothing here has `Debug`.

use serde::{Deserialize, Serialize};
use zhongtai_cap_logistics::{CarrierEvent, PostalAddress, State};
use zhongtai_kernel::Timestamp;

/// `POST /v1/orders`
#[derive(Serialize)]
pub(crate) struct NewOrder<'a> {
    pub order_id: String,
    pub cargo: &'a str,
    pub sender: Party<'a>,
    pub recipient: Party<'a>,
}

/// Where it is collected, or goes.
#[derive(Serialize)]
pub(crate) struct Party<'a> {
    name: &'a str,
    phone: &'a str,
    region: &'a str,
    detail: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    postcode: Option<&'a str>,
}

/// Its answer.
#[derive(Deserialize)]
pub(crate) struct Ordered {
    pub waybill_no: String,
}

/// The answer to what is not done.
#[derive(Deserialize)]
pub(crate) struct Refused {
    pub code: String,
}

/// `GET /v1/orders/{order}/events`, and the body of a callback.
#[derive(Deserialize)]
pub(crate) struct News {
    pub order_id: String,
    pub waybill_no: Option<String>,
    pub events: Vec<WireEvent>,
}

#[derive(Deserialize)]
pub(crate) struct WireEvent {
    id: String,
    status: String,
    /// RFC 3339, with an offset.
    time: String,
    station: Option<String>,
    signer: Option<String>,
}

// === impl Party ===

impl<'a> From<&'a PostalAddress> for Party<'a> {
    fn from(address: &'a PostalAddress) -> Self {
        let (name, phone, region, detail) = (address.name(), address.phone(), address.region(), address.detail());
        Self { name, phone, region, detail, postcode: address.postcode() }
    }
}

// === impl News ===

impl News {
    /// The events that we know the status of, in the order in which they happened; another status is a step of the
    /// carrier's own that means nothing here. `None` when a time is none.
    pub(crate) fn events(self) -> Option<Vec<CarrierEvent>> {
        let mut events = Vec::new();
        for event in self.events {
            let at: Timestamp = event.time.parse().ok()?;
            match state(&event.status) {
                Some(state) => events.push(CarrierEvent {
                    id: event.id,
                    state,
                    at,
                    place: event.station,
                    signer: event.signer.filter(|_| state == State::Signed),
                }),
                None => tracing::debug!("the carrier has a status that means nothing here"),
            }
        }
        events.sort_by_key(|event| event.at);
        Some(events)
    }
}

fn state(status: &str) -> Option<State> {
    Some(match status {
        "COLLECTED" => State::Collected,
        "IN_TRANSIT" => State::InTransit,
        "OUT_FOR_DELIVERY" => State::OutForDelivery,
        "SIGNED" => State::Signed,
        "RETURNED" => State::Returned,
        "LOST" => State::Lost,
        _ => return None,
    })
}
