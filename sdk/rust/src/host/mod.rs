//! The one door to the capabilities: a component calls the host, a native test calls the mock.
//!
//! Both sides have the same functions in this crate's own types, so that everything above is written once.

#[cfg(target_arch = "wasm32")]
mod certificate;
#[cfg(target_arch = "wasm32")]
mod component;
#[cfg(target_arch = "wasm32")]
mod convert;
#[cfg(target_arch = "wasm32")]
mod credit;
#[cfg(target_arch = "wasm32")]
mod document;
#[cfg(target_arch = "wasm32")]
mod geo;
#[cfg(target_arch = "wasm32")]
mod logistics;
#[cfg(target_arch = "wasm32")]
mod payment;
#[cfg(target_arch = "wasm32")]
mod seal;

#[cfg(target_arch = "wasm32")]
pub use {certificate::*, component::*, document::*};

#[cfg(target_arch = "wasm32")]
pub use {logistics::*, seal::*};

#[cfg(not(target_arch = "wasm32"))]
pub use crate::testing::{answers::*, certificates::*, documents::*};

#[cfg(not(target_arch = "wasm32"))]
pub use crate::testing::{seals::*, shipments::*};

#[cfg(target_arch = "wasm32")]
pub use geo::*;

#[cfg(not(target_arch = "wasm32"))]
pub use crate::testing::geo::{
    area, buffer, convert, distance, geocode, grid_of, intersection, intersects, nearest_halls, reverse,
};

#[cfg(target_arch = "wasm32")]
pub use credit::*;

#[cfg(not(target_arch = "wasm32"))]
pub use crate::testing::credit::{check_person, file_petition, own_records, petitions, report_promise};

#[cfg(target_arch = "wasm32")]
pub use payment::*;

#[cfg(not(target_arch = "wasm32"))]
pub use crate::testing::payments::{
    close_notice, fee_items, find_notice, latest_order, open_notice, pay_notice, payment_channels, payment_receipt,
    refunds, request_refund,
};
