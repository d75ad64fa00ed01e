//! The mock's shipments.

use super::{
    answers::{allowed, declared},
    state::{State, with},
};
use crate::logistics::{Error, Event, Progress, Recipient, Shipment, Signature, Source, State as Standing};

/// A shipment that a plugin sent, and how far it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MockShipment {
    /// What was sent, with the recipient's handle.
    pub shipment: Shipment,
    /// How far it is.
    pub progress: Progress,
    /// The idempotency key that it was sent by.
    pub once: String,
}

pub fn ship(shipment: &Shipment, once: &str) -> Result<String, Error> {
    with(|host| {
        declared(host, &shipment.purpose).map_err(Error::UndeclaredPurpose)?;
        allowed(host, "logistics:ship").map_err(Error::Denied)?;
        check(shipment)?;
        let shipment = named(host, shipment.clone())?;
        if let Some(known) = host.shipments.iter().find(|known| known.once == once) {
            let waybill = known.progress.waybill.clone();
            return if known.shipment == shipment { Ok(waybill) } else { Err(Error::KeyReused) };
        }
        let waybill = format!("mock-waybill-{}", host.shipments.len() + 1);
        let progress = Progress {
            waybill: waybill.clone(),
            state: Standing::Created,
            needs_address: !host.keeps_address,
            cancelling: false,
            carrier: shipment.carrier.clone().unwrap_or_else(|| "courier".into()),
            carrier_number: None,
            events: vec![event(Standing::Created, Source::Platform)],
            signature: None,
        };
        host.shipments.push(MockShipment { shipment, progress, once: once.into() });
        Ok(waybill)
    })
}

pub fn track(waybill: &str) -> Result<Progress, Error> {
    with(|host| {
        allowed(host, "logistics:track").map_err(Error::Denied)?;
        Ok(find(host, waybill)?.progress.clone())
    })
}

pub fn cancel_shipment(waybill: &str) -> Result<Progress, Error> {
    with(|host| {
        allowed(host, "logistics:cancel").map_err(Error::Denied)?;
        let progress = &mut find(host, waybill)?.progress;
        match progress.state {
            Standing::Created => {
                progress.state = Standing::Cancelled;
                progress.events.push(event(Standing::Cancelled, Source::Platform));
            }
            Standing::Cancelled => {}
            state => return Err(Error::NotAllowedWhile(state)),
        }
        Ok(progress.clone())
    })
}

/// Something happens to a shipment; after an end nothing does. Gives what the plugin hears of it, and of which case, when it
/// ended by it.
pub fn happens(host: &mut State, waybill: &str, state: Standing) -> Result<Option<(&'static str, String)>, Error> {
    let MockShipment { shipment, progress, .. } = find(host, waybill)?;
    progress.events.push(event(state, Source::Carrier));
    if matches!(progress.state, Standing::Signed | Standing::Returned | Standing::Lost | Standing::Cancelled) {
        return Ok(None);
    }
    progress.needs_address = false;
    progress.state = state;
    if state == Standing::Signed {
        progress.signature = Some(Signature { by: "*".into(), at: AT.into() });
    }
    let kind = match state {
        Standing::Signed => "logistics.signed",
        Standing::Returned => "logistics.returned",
        Standing::Lost => "logistics.lost",
        _ => return Ok(None),
    };
    Ok(Some((kind, shipment.case.clone())))
}

const AT: &str = "2026-01-01T00:00:00Z";

fn event(state: Standing, source: Source) -> Event {
    Event { state, source, at: AT.into(), known_at: AT.into(), place: None }
}

/// What the real host refuses, too.
fn check(shipment: &Shipment) -> Result<(), Error> {
    let case = &shipment.case;
    let is_id = (1..=64).contains(&case.len())
        && case.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:/".contains(&byte));
    if !is_id {
        return Err(Error::Invalid("case-id: expected 1 to 64 of A-Z, a-z, 0-9, `-`, `_`, `.`, `:` and `/`".into()));
    }
    let is_line = (1..=100).contains(&shipment.what.chars().count()) && !shipment.what.chars().any(char::is_control);
    if is_line { Ok(()) } else { Err(Error::Invalid("what: expected 1 to 100 characters in one line".into())) }
}

/// Whoever asks has a handle.
fn named(host: &State, mut shipment: Shipment) -> Result<Shipment, Error> {
    if shipment.to == Recipient::Asker {
        let person = host.person.as_ref().ok_or_else(|| Error::Unreachable("nobody signed in".into()))?;
        shipment.to = Recipient::Subject(person.subject.handle.clone());
    }
    Ok(shipment)
}

fn find<'a>(host: &'a mut State, waybill: &str) -> Result<&'a mut MockShipment, Error> {
    host.shipments.iter_mut().find(|one| one.progress.waybill == waybill).ok_or(Error::NotFound)
}
