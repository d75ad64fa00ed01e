//! A shipment is kept once for a key of its scenario.

use zhongtai_store::{StoreError, WriteTransaction};

use super::Book;
use crate::{Destination, LogisticsError, NewShipment, Source, State, Waybill, state::Stand};

impl Book {
    /// Keeps a shipment, and returns its waybill. The same key and shipment give the same waybill.
    pub async fn ship(&self, new: &NewShipment) -> Result<Waybill, LogisticsError> {
        new.check()?;
        let request = self.request(new);
        let waybill = Waybill::generate();
        let mut write = self.store().begin_write().await?;
        if !self.insert(&mut write, waybill, new, &request).await? {
            let earlier = earlier(&mut write, new, &request).await;
            write.rollback().await?;
            return earlier;
        }
        let now = self.now_ms();
        remember(&mut write, waybill, (Source::Platform, "created"), (State::Created, now, now), None).await?;
        write.commit().await?;
        self.wake();
        Ok(waybill)
    }

    /// What tells this shipment from another with the same key.
    fn request(&self, new: &NewShipment) -> String {
        let destination = match new.destination {
            Destination::Kept => "kept",
            Destination::Asked => "asked",
        };
        let recipient = new.recipient.to_string();
        self.vault().digest(&[&new.case, &recipient, destination, &new.what, &new.carrier, &new.purpose])
    }

    /// False when the key is taken.
    async fn insert(
        &self,
        write: &mut WriteTransaction,
        waybill: Waybill,
        new: &NewShipment,
        request: &str,
    ) -> Result<bool, LogisticsError> {
        let row = waybill.to_string();
        let address = match new.destination {
            Destination::Kept => self.kept_in(write, new.recipient).await?,
            Destination::Asked => None,
        };
        let address = address.map(|address| self.vault().seal_address(&row, &address)).transpose()?;
        let work = if address.is_some() { "order" } else { "address" };
        let now = self.now_ms();
        let sql = "INSERT INTO logistics_shipments (waybill, scenario, department, idempotency_key, request, case_id, \
                   recipient, purpose, what_sealed, address_sealed, carrier, state, state_at, created_at, work, \
                   handed, stuck, attempts, next_at, lease_until) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'created', $12, $13, $14, 0, 0, 0, $13, 0) \
                   ON CONFLICT (scenario, idempotency_key) DO NOTHING";
        let done = sqlx::query(sql)
            .bind(&row)
            .bind(new.scenario.as_str())
            .bind(new.scenario.department().as_str())
            .bind(new.key.as_str())
            .bind(request)
            .bind(&new.case)
            .bind(new.recipient.to_string())
            .bind(&new.purpose)
            .bind(self.vault().seal(&row, "what", &new.what)?)
            .bind(address)
            .bind(&new.carrier)
            .bind(Stand::begun().at.as_millisecond())
            .bind(now)
            .bind(work)
            .execute(&mut **write)
            .await?;
        Ok(done.rows_affected() == 1)
    }
}

/// The waybill that the key stands for.
async fn earlier(write: &mut WriteTransaction, new: &NewShipment, request: &str) -> Result<Waybill, LogisticsError> {
    let sql = "SELECT request, waybill FROM logistics_shipments WHERE scenario = $1 AND idempotency_key = $2";
    let (known, waybill): (String, String) =
        sqlx::query_as(sql).bind(new.scenario.as_str()).bind(new.key.as_str()).fetch_one(&mut **write).await?;
    if known != request {
        return Err(LogisticsError::KeyReused);
    }
    waybill.parse().map_err(|_| StoreError::corrupt("logistics_shipments.waybill", "it is no ULID").into())
}

/// Keeps something that happened; false when it is known. `moment` is what it was, when it happened, and when it was
/// known.
pub(super) async fn remember(
    write: &mut WriteTransaction,
    waybill: Waybill,
    (source, id): (Source, &str),
    moment: (State, i64, i64),
    place: Option<&str>,
) -> Result<bool, LogisticsError> {
    let (state, at, known_at) = moment;
    let sql = "INSERT INTO logistics_events (waybill, source, id, state, at, known_at, place) \
               VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (waybill, source, id) DO NOTHING";
    let done = sqlx::query(sql)
        .bind(waybill.to_string())
        .bind(source.as_str())
        .bind(id)
        .bind(state.as_str())
        .bind(at)
        .bind(known_at)
        .bind(place)
        .execute(&mut **write)
        .await?;
    Ok(done.rows_affected() == 1)
}
