//! Shipments (统一物流): the papers that a case ended with, on their way to whoever they are for.
//!
//! A scenario says what goes to whom; it never sees an address. The recipient keeps one with the platform, or gives
//! one for the shipment. Policy decides every act: [`Shipments`] is the only way from a caller to the [`Book`], where
//! a shipment, what happened to it and what a host has still to do for it are kept. A [`Dispatcher`] tells the
//! [`Carrier`], durably and once; what the carrier tells in return is kept by its own time, comes as often and as late
//! as it may, and never undoes an end. [`CourierDesk`] is the department's own courier (自有投递).
//!
//! ```
//! use zhongtai_cap_logistics::State;
//!
//! assert!(State::Signed.is_final() && !State::OutForDelivery.is_final());
//! ```

mod address;
mod book;
mod carrier;
#[cfg(feature = "testing")]
pub mod contract;
mod desk;
mod dispatch;
mod error;
mod host;
mod migration;
mod schedule;
mod shipment;
mod shipments;
mod state;
mod vault;
mod waybill;

pub use address::{AddressText, PostalAddress};
pub use book::{Applied, Book, Stuck};
pub use carrier::{
    Answer, Callback, CallbackError, Carrier, CarrierError, CarrierEvent, CarrierNumber, Carriers, Consignment, Order,
    TakenBack, UnknownCarrier,
};
pub use desk::{COURIER, CourierDesk};
pub use dispatch::{Dispatcher, Report};
pub use error::LogisticsError;
pub use migration::MIGRATIONS;
pub use schedule::Schedule;
pub use shipment::{Destination, Event, NewShipment, Shipment, ShipmentKey, Signature};
pub use shipments::{Booking, Delivery, Label, Recipients, Shipments};
pub use state::{Source, State};
pub use waybill::Waybill;

use std::sync::Arc;

use wasmtime::component::Linker;
use zhongtai_runtime::{Capability, Invocation, Services};

/// The capability.
pub struct LogisticsCapability(pub Arc<Shipments>);

impl Capability for LogisticsCapability {
    fn name(&self) -> &'static str {
        "logistics"
    }

    fn add_to_linker(&self, linker: &mut Linker<Invocation>) -> wasmtime::Result<()> {
        host::add_to_linker(linker)
    }

    fn add_provider(&self, services: &mut Services) {
        services.add(self.0.clone());
    }
}
