//! The capability as guests see it: parse, hand over to [`Shipments`], convert.

use std::sync::Arc;

use wasmtime::component::{HasSelf, Linker};
use zhongtai_runtime::{Invocation, slow_lane};

use crate::{Delivery, Destination, Event, LogisticsError, Shipment, ShipmentKey, Shipments, Source, State};

wasmtime::component::bindgen!({
    inline: "
        package zhongtai:host-logistics;
        world host { import zhongtai:logistics/shipments@0.1.0; }
    ",
    path: "../../../wit/logistics",
    world: "zhongtai:host-logistics/host",
    imports: { default: async | trappable },
});

use zhongtai::logistics::shipments as wit;

pub(crate) fn add_to_linker(linker: &mut Linker<Invocation>) -> wasmtime::Result<()> {
    wit::add_to_linker::<_, HasSelf<Invocation>>(linker, |invocation| invocation)
}

/// A guest's answer; the outer result traps.
type Answer<T> = wasmtime::Result<Result<T, wit::Error>>;

impl wit::Host for Invocation {
    async fn ship(&mut self, shipment: wit::NewShipment, idempotency_key: String) -> Answer<String> {
        let shipments = at_hand(self).await?;
        let shipped = async {
            let delivery = delivery(&shipments, self, shipment)?;
            let key = ShipmentKey::try_from(idempotency_key)?;
            shipments.ship(self.asker(), delivery, key).await
        };
        let shipped = shipped.await.map(|waybill| waybill.to_string());
        Ok(shipped.map_err(|error| answer(self, error)))
    }

    async fn track(&mut self, waybill: String) -> Answer<wit::Progress> {
        let shipments = at_hand(self).await?;
        let found = async { shipments.track(self.asker(), waybill.parse()?).await };
        let found = found.await.map(progress);
        Ok(found.map_err(|error| answer(self, error)))
    }

    async fn cancel(&mut self, waybill: String) -> Answer<wit::Progress> {
        let shipments = at_hand(self).await?;
        let cancelled = async { shipments.cancel(self.asker(), waybill.parse()?).await };
        let cancelled = cancelled.await.map(progress);
        Ok(cancelled.map_err(|error| answer(self, error)))
    }
}

/// Every call asks the database: it leaves the fast lane first.
async fn at_hand(invocation: &Invocation) -> wasmtime::Result<Arc<Shipments>> {
    let shipments = invocation.provider::<Arc<Shipments>>()?;
    slow_lane().await;
    Ok(shipments)
}

fn delivery(shipments: &Shipments, invocation: &Invocation, new: wit::NewShipment) -> Result<Delivery, LogisticsError> {
    let to = match new.to {
        wit::Recipient::Asker => invocation.account().ok_or(LogisticsError::Anonymous)?,
        wit::Recipient::Subject(handle) => {
            shipments.recipient(invocation.release().scenario().department(), &handle)?
        }
    };
    let destination = match new.destination {
        wit::Destination::Kept => Destination::Kept,
        wit::Destination::Asked => Destination::Asked,
    };
    let (case, what, carrier, purpose) = (new.case_id, new.what, new.carrier, new.purpose);
    Ok(Delivery { to, destination, case, what, carrier, purpose })
}

fn progress(shipment: Shipment) -> wit::Progress {
    wit::Progress {
        waybill: shipment.waybill.to_string(),
        state: state(shipment.state),
        needs_address: shipment.needs_address,
        cancelling: shipment.cancelling,
        carrier: shipment.carrier,
        carrier_number: shipment.number.map(|number| number.to_string()),
        events: shipment.events.into_iter().map(event).collect(),
        signature: shipment.signature.map(|one| wit::Signature { by: one.by, at: one.at.to_string() }),
    }
}

fn event(event: Event) -> wit::Event {
    let source = match event.source {
        Source::Platform => wit::Source::Platform,
        Source::Desk => wit::Source::Desk,
        Source::Carrier => wit::Source::Carrier,
    };
    let (at, known_at) = (event.at.to_string(), event.known_at.to_string());
    wit::Event { state: state(event.state), source, at, known_at, place: event.place }
}

fn state(state: State) -> wit::State {
    match state {
        State::Created => wit::State::Created,
        State::Collected => wit::State::Collected,
        State::InTransit => wit::State::InTransit,
        State::OutForDelivery => wit::State::OutForDelivery,
        State::Signed => wit::State::Signed,
        State::Returned => wit::State::Returned,
        State::Lost => wit::State::Lost,
        State::Cancelled => wit::State::Cancelled,
    }
}

/// What the guest may know of a failure; faults of ours are logged.
fn answer(invocation: &Invocation, error: LogisticsError) -> wit::Error {
    match error {
        LogisticsError::Denied(reference) => wit::Error::Denied(reference),
        LogisticsError::UndeclaredPurpose(purpose) => wit::Error::UndeclaredPurpose(purpose),
        LogisticsError::UnknownCarrier(name) => wit::Error::UnknownCarrier(name),
        LogisticsError::Invalid { .. } => wit::Error::Invalid(error.to_string()),
        LogisticsError::Anonymous | LogisticsError::NoSubject => wit::Error::Unreachable(error.to_string()),
        LogisticsError::NotFound => wit::Error::NotFound,
        LogisticsError::State(now) => wit::Error::NotAllowedWhile(state(now)),
        LogisticsError::KeyReused => wit::Error::KeyReused,
        LogisticsError::Unrecorded
        | LogisticsError::NoSender(_)
        | LogisticsError::WithCarrier
        | LogisticsError::NotStuck => wit::Error::Other(error.to_string()),
        LogisticsError::Store(_)
        | LogisticsError::Event(_)
        | LogisticsError::Callback(_)
        | LogisticsError::Fault(_) => {
            tracing::error!(request = %invocation.request_id(), %error, "shipments can't be had");
            wit::Error::Other("shipments can't be had; try again later".to_owned())
        }
    }
}
