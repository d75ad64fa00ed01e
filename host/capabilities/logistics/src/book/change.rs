//! What people change: where it goes, and that it is not to go at all.

use super::{Book, find::state, keep::remember};
use crate::{CarrierEvent, LogisticsError, PostalAddress, Source, State, Waybill};

impl Book {
    /// Says where a shipment goes; as long as the carrier has not been told.
    pub async fn give_address(&self, waybill: Waybill, address: &PostalAddress) -> Result<(), LogisticsError> {
        let row = waybill.to_string();
        let sql = "UPDATE logistics_shipments SET address_sealed = $2, work = 'order', attempts = 0, next_at = $3, \
                   last_error = NULL WHERE waybill = $1 AND work IN ('address', 'order') AND handed = 0 AND stuck = 0";
        let done = sqlx::query(sql)
            .bind(&row)
            .bind(self.vault().seal_address(&row, address)?)
            .bind(self.now_ms())
            .execute(self.store().pool())
            .await?;
        if done.rows_affected() == 1 {
            self.wake();
            return Ok(());
        }
        match self.state_of(waybill).await? {
            State::Created => Err(LogisticsError::WithCarrier),
            state => Err(LogisticsError::State(state)),
        }
    }

    /// Takes a shipment back before it is collected: at once when no carrier can know of it, else when a host has asked
    /// the carrier.
    pub async fn cancel(&self, waybill: Waybill) -> Result<(), LogisticsError> {
        let (row, now) = (waybill.to_string(), self.now_ms());
        let mut write = self.store().begin_write().await?;
        let sql = "UPDATE logistics_shipments SET state = 'cancelled', state_at = $2, work = 'done', stuck = 0, \
                   last_error = NULL, address_sealed = NULL \
                   WHERE waybill = $1 AND state = 'created' AND handed = 0 AND work IN ('address', 'order')";
        let done = sqlx::query(sql).bind(&row).bind(now).execute(&mut *write).await?;
        if done.rows_affected() == 1 {
            let moment = (State::Cancelled, now, now);
            remember(&mut write, waybill, (Source::Platform, "cancelled"), moment, None).await?;
            write.commit().await?;
            return Ok(());
        }
        let sql = "UPDATE logistics_shipments SET work = 'cancel', attempts = 0, stuck = 0, next_at = $2, \
                   last_error = NULL WHERE waybill = $1 AND state = 'created' AND work IN ('order', 'follow')";
        let done = sqlx::query(sql).bind(&row).bind(now).execute(&mut *write).await?;
        write.commit().await?;
        if done.rows_affected() == 1 {
            self.wake();
            return Ok(());
        }
        match self.state_of(waybill).await? {
            // Asked before, and done or about to be.
            State::Created | State::Cancelled => Ok(()),
            state => Err(LogisticsError::State(state)),
        }
    }

    /// The carrier took it back.
    pub(crate) async fn cancelled(&self, waybill: Waybill, carrier: &str) -> Result<(), LogisticsError> {
        let at = super::find::time(self.now_ms())?;
        let event = CarrierEvent { id: "cancelled".to_owned(), state: State::Cancelled, at, place: None, signer: None };
        self.apply((waybill, carrier), None, Source::Platform, &[event]).await.map(drop)
    }

    async fn state_of(&self, waybill: Waybill) -> Result<State, LogisticsError> {
        let sql = "SELECT state FROM logistics_shipments WHERE waybill = $1";
        let found: Option<String> =
            sqlx::query_scalar(sql).bind(waybill.to_string()).fetch_optional(self.store().pool()).await?;
        Ok(state(&found.ok_or(LogisticsError::NotFound)?)?)
    }
}
