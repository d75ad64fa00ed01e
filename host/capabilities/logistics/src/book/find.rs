//! Reading shipments back.

use zhongtai_kernel::{AccountId, DepartmentId, Timestamp};
use zhongtai_store::StoreError;

use super::Book;
use crate::{CarrierEvent, Event, LogisticsError, PostalAddress, Shipment, Signature, Source, State, Waybill};

/// Shipments in one answer.
const MOST: i64 = 100;

/// `waybill`, `scenario`, `case_id`, `recipient`, `purpose`, `what_sealed`, `carrier`, `carrier_number`, `state`,
/// `state_at`, `signer`, `created_at`, `work`.
type Row =
    (String, String, String, String, String, Vec<u8>, String, Option<String>, String, i64, Option<String>, i64, String);

impl Book {
    /// A shipment with what happened to it.
    pub async fn find(&self, waybill: Waybill) -> Result<Option<Shipment>, LogisticsError> {
        let sql = "SELECT waybill, scenario, case_id, recipient, purpose, what_sealed, carrier, carrier_number, state, \
                   state_at, signer, created_at, work FROM logistics_shipments WHERE waybill = $1";
        let row: Option<Row> =
            sqlx::query_as(sql).bind(waybill.to_string()).fetch_optional(self.store().pool()).await?;
        let Some(row) = row else { return Ok(None) };
        let mut shipment = self.shipment(row)?;
        shipment.events = self.events(waybill).await?;
        Ok(Some(shipment))
    }

    /// The newest shipments to an account; without their events.
    pub async fn to(&self, recipient: AccountId) -> Result<Vec<Shipment>, LogisticsError> {
        let sql = "SELECT waybill, scenario, case_id, recipient, purpose, what_sealed, carrier, carrier_number, state, \
                   state_at, signer, created_at, work FROM logistics_shipments WHERE recipient = $1 \
                   ORDER BY waybill DESC LIMIT $2";
        let rows: Vec<Row> =
            sqlx::query_as(sql).bind(recipient.to_string()).bind(MOST).fetch_all(self.store().pool()).await?;
        rows.into_iter().map(|row| Ok(self.shipment(row)?)).collect()
    }

    /// The newest shipments of a department; without their events.
    pub async fn of(&self, department: &DepartmentId) -> Result<Vec<Shipment>, LogisticsError> {
        let sql = "SELECT waybill, scenario, case_id, recipient, purpose, what_sealed, carrier, carrier_number, state, \
                   state_at, signer, created_at, work FROM logistics_shipments WHERE department = $1 \
                   ORDER BY waybill DESC LIMIT $2";
        let rows: Vec<Row> =
            sqlx::query_as(sql).bind(department.as_str()).bind(MOST).fetch_all(self.store().pool()).await?;
        rows.into_iter().map(|row| Ok(self.shipment(row)?)).collect()
    }

    /// Where a shipment goes; nothing when nobody said, or when it has got there.
    pub async fn address(&self, waybill: Waybill) -> Result<Option<PostalAddress>, LogisticsError> {
        let row = waybill.to_string();
        let sql = "SELECT address_sealed FROM logistics_shipments WHERE waybill = $1";
        let sealed: Option<Option<Vec<u8>>> =
            sqlx::query_scalar(sql).bind(&row).fetch_optional(self.store().pool()).await?;
        Ok(sealed.flatten().map(|sealed| self.vault().open_address(&row, &sealed)).transpose()?)
    }

    /// What the courier desk booked.
    pub(crate) async fn booked(&self, waybill: Waybill) -> Result<Vec<CarrierEvent>, LogisticsError> {
        let sql = "SELECT id, state, at, place FROM logistics_events WHERE waybill = $1 AND source = 'desk' \
                   ORDER BY at, id";
        let rows: Vec<(String, String, i64, Option<String>)> =
            sqlx::query_as(sql).bind(waybill.to_string()).fetch_all(self.store().pool()).await?;
        let event = |(id, state, at, place): (String, String, i64, Option<String>)| {
            Ok(CarrierEvent { id, state: self::state(&state)?, at: time(at)?, place, signer: None })
        };
        rows.into_iter().map(event).collect()
    }

    async fn events(&self, waybill: Waybill) -> Result<Vec<Event>, LogisticsError> {
        let sql = "SELECT source, state, at, known_at, place FROM logistics_events WHERE waybill = $1";
        let rows: Vec<(String, String, i64, i64, Option<String>)> =
            sqlx::query_as(sql).bind(waybill.to_string()).fetch_all(self.store().pool()).await?;
        let mut events = rows.into_iter().map(event).collect::<Result<Vec<_>, _>>()?;
        events.sort_by_key(|event| (event.at, event.state.rank(), event.known_at));
        Ok(events)
    }

    fn shipment(&self, row: Row) -> Result<Shipment, StoreError> {
        let (waybill, scenario, case, recipient, purpose, what, carrier, number, state, state_at, signer, at, work) =
            row;
        let state = self::state(&state)?;
        let signature = match (state, signer) {
            (State::Signed, signer) => {
                Some(Signature { by: signer.unwrap_or_else(|| "*".to_owned()), at: time(state_at)? })
            }
            _ => None,
        };
        let number = number.map(|number| number.try_into().map_err(|_| corrupt("carrier_number"))).transpose()?;
        Ok(Shipment {
            what: self.vault().open(&waybill, "what", &what)?,
            waybill: waybill.parse().map_err(|_| corrupt("waybill"))?,
            scenario: scenario.parse().map_err(|_| corrupt("scenario"))?,
            recipient: recipient.parse().map_err(|_| corrupt("recipient"))?,
            created_at: time(at)?,
            needs_address: work == "address",
            cancelling: work == "cancel",
            case,
            purpose,
            carrier,
            number,
            state,
            signature,
            events: Vec::new(),
        })
    }
}

fn event(
    (source, state, at, known_at, place): (String, String, i64, i64, Option<String>),
) -> Result<Event, StoreError> {
    let source = Source::parse(&source).ok_or_else(|| corrupt("source"))?;
    Ok(Event { state: self::state(&state)?, source, at: time(at)?, known_at: time(known_at)?, place })
}

pub(super) fn corrupt(column: &'static str) -> StoreError {
    StoreError::corrupt(column, "it can't be parsed")
}

pub(super) fn state(text: &str) -> Result<State, StoreError> {
    text.parse().map_err(|_| corrupt("state"))
}

pub(super) fn time(millis: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_millisecond(millis).map_err(|_| corrupt("time"))
}
