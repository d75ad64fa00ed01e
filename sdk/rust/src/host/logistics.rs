//! Calls to the logistics capability, through the generated bindings.

use crate::{
    bindings::zhongtai::logistics::shipments as wit,
    logistics::{Destination, Error, Event, Progress, Recipient, Shipment, Signature, Source, State},
};

pub fn ship(shipment: &Shipment, once: &str) -> Result<String, Error> {
    let Shipment { to, destination, case, what, carrier, purpose } = shipment.clone();
    let to = match to {
        Recipient::Asker => wit::Recipient::Asker,
        Recipient::Subject(handle) => wit::Recipient::Subject(handle),
    };
    let destination = match destination {
        Destination::Kept => wit::Destination::Kept,
        Destination::Asked => wit::Destination::Asked,
    };
    let shipment = wit::NewShipment { to, destination, case_id: case, what, carrier, purpose };
    Ok(wit::ship(&shipment, once)?)
}

pub fn track(waybill: &str) -> Result<Progress, Error> {
    Ok(wit::track(waybill)?.into())
}

pub fn cancel_shipment(waybill: &str) -> Result<Progress, Error> {
    Ok(wit::cancel(waybill)?.into())
}

impl From<wit::Progress> for Progress {
    fn from(progress: wit::Progress) -> Self {
        let wit::Progress { waybill, state, needs_address, cancelling, carrier, carrier_number, events, signature } =
            progress;
        let signature = signature.map(|wit::Signature { by, at }| Signature { by, at });
        let (state, events) = (state.into(), events.into_iter().map(Into::into).collect());
        Self { waybill, state, needs_address, cancelling, carrier, carrier_number, events, signature }
    }
}

impl From<wit::Event> for Event {
    fn from(event: wit::Event) -> Self {
        let source = match event.source {
            wit::Source::Platform => Source::Platform,
            wit::Source::Desk => Source::Desk,
            wit::Source::Carrier => Source::Carrier,
        };
        let wit::Event { state, at, known_at, place, .. } = event;
        Self { state: state.into(), source, at, known_at, place }
    }
}

impl From<wit::State> for State {
    fn from(state: wit::State) -> Self {
        match state {
            wit::State::Created => Self::Created,
            wit::State::Collected => Self::Collected,
            wit::State::InTransit => Self::InTransit,
            wit::State::OutForDelivery => Self::OutForDelivery,
            wit::State::Signed => Self::Signed,
            wit::State::Returned => Self::Returned,
            wit::State::Lost => Self::Lost,
            wit::State::Cancelled => Self::Cancelled,
        }
    }
}

impl From<wit::Error> for Error {
    fn from(error: wit::Error) -> Self {
        match error {
            wit::Error::Denied(decision) => Self::Denied(decision),
            wit::Error::UndeclaredPurpose(purpose) => Self::UndeclaredPurpose(purpose),
            wit::Error::Invalid(what) => Self::Invalid(what),
            wit::Error::UnknownCarrier(name) => Self::UnknownCarrier(name),
            wit::Error::Unreachable(whom) => Self::Unreachable(whom),
            wit::Error::NotFound => Self::NotFound,
            wit::Error::NotAllowedWhile(state) => Self::NotAllowedWhile(state.into()),
            wit::Error::KeyReused => Self::KeyReused,
            wit::Error::Other(what) => Self::Other(what),
        }
    }
}
