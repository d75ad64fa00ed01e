//! The department's own courier (自有投递): its desk gets the label and books what became of the shipment.

use async_trait::async_trait;
use http::HeaderMap;

use crate::{
    Answer, Book, Callback, CallbackError, Carrier, CarrierError, CarrierEvent, CarrierNumber, Consignment,
    LogisticsError, Order, State, TakenBack,
};

/// The name of the courier desk among the carriers: policy knows it.
pub const COURIER: &str = "courier";

/// The courier desks of all departments. What they book is in the [`Book`] itself.
pub struct CourierDesk(pub Book);

#[async_trait]
impl Carrier for CourierDesk {
    fn collects(&self) -> bool {
        false
    }

    /// The desk writes the platform's own number on it.
    async fn create(&self, order: &Order) -> Result<CarrierNumber, CarrierError> {
        order.waybill.to_string().try_into().map_err(|_| CarrierError::Refused("the waybill is no number".to_owned()))
    }

    async fn cancel(&self, of: &Consignment) -> Result<TakenBack, CarrierError> {
        let found = self.0.find(of.waybill).await.map_err(unavailable)?;
        Ok(match found.map(|shipment| shipment.state) {
            None | Some(State::Created | State::Cancelled) => TakenBack::Yes,
            Some(_) => TakenBack::TooLate,
        })
    }

    async fn query(&self, of: &Consignment) -> Result<Vec<CarrierEvent>, CarrierError> {
        self.0.booked(of.waybill).await.map_err(unavailable)
    }

    fn callback(&self, _headers: &HeaderMap, _body: &[u8]) -> Result<Callback, CallbackError> {
        Err(CallbackError::Unsupported)
    }

    fn answer(&self, _refused: Option<&LogisticsError>) -> Answer {
        Answer { status: 404, content_type: "text/plain", body: String::new() }
    }
}

fn unavailable(error: LogisticsError) -> CarrierError {
    tracing::warn!(%error, "the courier desk's book can't be read");
    CarrierError::Temporary("the desk's book does not answer".to_owned())
}
