//! Payment of non-tax revenue (统一非税支付): a department asks for fees of the published list, somebody pays them through a
//! channel, and a double-entry ledger says where every fen is.
//!
//! [`Payments`] is the only way from a caller to money: it asks policy, records, and then acts. [`Treasury`] keeps
//! notices, orders, refunds and the ledger; every change is one transaction that holds the notice, so what happens to one
//! notice happens one after the other. A [`Gateway`] is a channel to the outside; what it says settles nothing by itself.
//!
//! ```
//! use zhongtai_cap_payment::{Fen, OrderEvent, OrderStanding, Standing, Step};
//!
//! // Money pays what is due, and only that.
//! assert_eq!(OrderStanding::Open.on(OrderEvent::Paid(Standing::Due)), Step::To(OrderStanding::Paid));
//! assert_eq!(OrderStanding::Open.on(OrderEvent::Paid(Standing::Closed)), Step::To(OrderStanding::Late));
//! assert_eq!(OrderStanding::Paid.on(OrderEvent::Closed), Step::Stay);
//! assert_eq!(Fen::new(140_950).unwrap().capitals(), "壹仟肆佰零玖元伍角整");
//! ```

mod act;
mod cashdesk;
mod code;
mod config;
mod config_error;
#[cfg(feature = "testing")]
pub mod contract;
mod error;
mod gateway;
mod host;
mod item;
mod ledger;
mod migration;
mod money;
mod payments;
mod receipt;
mod record;
pub mod rsa;
mod seen;
mod standing;
#[cfg(feature = "testing")]
pub mod testing;
mod treasury;
pub mod yuan;

pub use act::{Act, ActKey};
pub use cashdesk::{CashDesk, CashDeskConfig};
pub use code::{CodeLayout, InvalidLayout, NoticeNumber};
pub use config::{LateMoney, PaymentConfig};
pub use config_error::GatewayConfigError;
pub use error::PaymentError;
pub use gateway::*;
pub use item::{FeeItem, ItemStatus, ItemVersion, Price};
pub use ledger::{Books, Imbalance};
pub use migration::MIGRATIONS;
pub use money::{Fen, InvalidFen};
pub use payments::{Payments, Reconciled, Request, Worked};
pub use receipt::{Payers, Receipt, ReceiptDraft, ReceiptFile, Receipts, ReceiptsError};
pub use record::{
    Line, NewLine, NewNotice, NewTicket, Notice, OrderRecord, RefundRecord, Resolution, Ticket, TicketKind,
};
pub use seen::Seen;
pub use standing::{OrderEvent, OrderStanding, RefundStanding, Standing, Step};
pub use treasury::{Begin, Closing, DayReport, Money, NewRefund, ReceiptRecord, Took, Treasury};

use std::sync::Arc;

use wasmtime::component::Linker;
use zhongtai_runtime::{Capability, Invocation, Services};

/// The capability.
pub struct PaymentCapability(pub Arc<Payments>);

impl Capability for PaymentCapability {
    fn name(&self) -> &'static str {
        "payment"
    }

    fn add_to_linker(&self, linker: &mut Linker<Invocation>) -> wasmtime::Result<()> {
        host::add_to_linker(linker)
    }

    fn add_provider(&self, services: &mut Services) {
        services.add(self.0.clone());
    }
}
