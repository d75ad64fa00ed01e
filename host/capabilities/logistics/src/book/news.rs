//! What happened to a shipment: kept once, by its own time, and the scenario told in the same transaction.

use serde_json::json;
use zhongtai_events::NewEvent;
use zhongtai_kernel::Mask;
use zhongtai_store::WriteTransaction;

use super::{
    Book,
    find::{corrupt, state, time},
    keep::remember,
};
use crate::{CallbackError, CarrierEvent, CarrierNumber, LogisticsError, Source, State, Waybill, state::Stand};

/// News in one go; a carrier that sends more is not well.
const MOST_NEWS: usize = 200;
/// What is kept of one shipment; a carrier that goes on is not listened to.
const MOST_EVENTS: i64 = 1_000;
/// Characters of a place that are kept.
const LONGEST_PLACE: usize = 40;
/// So many digits in a row are somebody's number.
const NUMBER_DIGITS: usize = 5;

/// What news did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Applied {
    /// How far the shipment is now.
    pub state: State,
    /// News that was not known before.
    pub fresh: usize,
}

/// What is read of a shipment before news is applied; its row is locked.
struct Before {
    scenario: String,
    case: String,
    number: Option<String>,
    stand: Stand,
}

impl Book {
    /// Keeps what happened to a shipment that `carrier` carries, as often as it comes. `number` is the carrier's, where
    /// the news names it.
    pub async fn apply(
        &self,
        (waybill, carrier): (Waybill, &str),
        number: Option<&CarrierNumber>,
        source: Source,
        news: &[CarrierEvent],
    ) -> Result<Applied, LogisticsError> {
        check(news)?;
        let mut write = self.store().begin_write().await?;
        let before = before(&mut write, waybill, carrier).await?;
        if let (Some(known), Some(named)) = (&before.number, number)
            && known != named.as_str()
        {
            return Err(CallbackError::OtherNumber.into());
        }
        let fresh = self.remember_all(&mut write, waybill, source, news).await?;
        let after = fresh.iter().fold(before.stand, |stand, event| stand.after(stand_of(event)));
        if !fresh.is_empty() || number.is_some() {
            self.touch(&mut write, waybill, number).await?;
        }
        if after != before.stand {
            // The one that made it so; only it may say who signed.
            let cause = fresh.iter().find(|event| stand_of(event) == after);
            let signer = cause.and_then(|event| event.signer.as_deref()).map(|name| Mask::Name.apply(name.trim()));
            set(&mut write, waybill, after, signer).await?;
            self.tell(&mut write, waybill, before, after).await?;
        }
        write.commit().await?;
        Ok(Applied { state: after.state, fresh: fresh.len() })
    }

    /// Keeps those that are new, in the order in which they happened. Nothing happened later than it is known.
    async fn remember_all(
        &self,
        write: &mut WriteTransaction,
        waybill: Waybill,
        source: Source,
        news: &[CarrierEvent],
    ) -> Result<Vec<CarrierEvent>, LogisticsError> {
        let now = self.now_ms();
        let latest = time(now)?;
        let sql = "SELECT COUNT(*) FROM logistics_events WHERE waybill = $1";
        let mut count: i64 = sqlx::query_scalar(sql).bind(waybill.to_string()).fetch_one(&mut **write).await?;
        let mut fresh = Vec::new();
        for event in news {
            if count >= MOST_EVENTS && !event.state.is_final() {
                tracing::warn!(%waybill, "the carrier says more than is kept");
                break;
            }
            let event =
                CarrierEvent { at: event.at.min(latest), place: place(event.place.as_deref()), ..event.clone() };
            let moment = (event.state, event.at.as_millisecond(), now);
            if remember(write, waybill, (source, &event.id), moment, event.place.as_deref()).await? {
                count += 1;
                fresh.push(event);
            }
        }
        fresh.sort_by_key(|event| (event.at, event.state.rank()));
        Ok(fresh)
    }

    /// There is news: the carrier need not be asked for a while.
    async fn touch(
        &self,
        write: &mut WriteTransaction,
        waybill: Waybill,
        number: Option<&CarrierNumber>,
    ) -> Result<(), LogisticsError> {
        let next = self.now_ms().saturating_add(self.schedule().poll_ms());
        let sql = "UPDATE logistics_shipments SET carrier_number = COALESCE(carrier_number, $2), \
                   next_at = CASE WHEN work = 'follow' THEN $3 ELSE next_at END WHERE waybill = $1";
        sqlx::query(sql)
            .bind(waybill.to_string())
            .bind(number.map(|number| number.as_str().to_owned()))
            .bind(next)
            .execute(&mut **write)
            .await?;
        Ok(())
    }

    /// Tells the scenario, where it wants to know.
    async fn tell(
        &self,
        write: &mut WriteTransaction,
        waybill: Waybill,
        before: Before,
        after: Stand,
    ) -> Result<(), LogisticsError> {
        let Some(kind) = after.state.news() else { return Ok(()) };
        let event = NewEvent {
            scenario: before.scenario.parse().map_err(|_| corrupt("scenario"))?,
            kind,
            about: waybill.to_string(),
            case: Some(before.case),
            data: json!({ "state": after.state, "at": after.at.to_string() }),
            at: time(self.now_ms())?,
        };
        zhongtai_events::put(write, &event).await?;
        Ok(())
    }
}

/// Refuses news that can't be kept, as a whole.
fn check(news: &[CarrierEvent]) -> Result<(), LogisticsError> {
    if news.len() > MOST_NEWS {
        return Err(CallbackError::Malformed("the number of events").into());
    }
    let is_id = |id: &str| (1..=128).contains(&id.chars().count()) && !id.chars().any(char::is_control);
    match news.iter().all(|event| is_id(&event.id)) {
        true => Ok(()),
        false => Err(CallbackError::Malformed("an event's id").into()),
    }
}

/// Reads the row and locks it: two hosts that get the same news apply it one after the other.
async fn before(write: &mut WriteTransaction, waybill: Waybill, carrier: &str) -> Result<Before, LogisticsError> {
    let sql = "UPDATE logistics_shipments SET waybill = waybill WHERE waybill = $1 AND carrier = $2 \
               RETURNING scenario, case_id, carrier_number, state, state_at";
    let row: Option<(String, String, Option<String>, String, i64)> =
        sqlx::query_as(sql).bind(waybill.to_string()).bind(carrier).fetch_optional(&mut **write).await?;
    let (scenario, case, number, state, at) = row.ok_or(LogisticsError::NotFound)?;
    let stand = Stand { state: self::state(&state)?, at: time(at)? };
    Ok(Before { scenario, case, number, stand })
}

/// Writes where it stands. At an end nothing is left to do, and the address is not needed any more: it is erased.
async fn set(
    write: &mut WriteTransaction,
    waybill: Waybill,
    stand: Stand,
    signer: Option<String>,
) -> Result<(), LogisticsError> {
    let on_its_way = "UPDATE logistics_shipments SET state = $2, state_at = $3, signer = $4 WHERE waybill = $1";
    let ended = "UPDATE logistics_shipments SET state = $2, state_at = $3, signer = $4, work = 'done', stuck = 0, \
                 lease_until = 0, last_error = NULL, address_sealed = NULL WHERE waybill = $1";
    sqlx::query(if stand.state.is_final() { ended } else { on_its_way })
        .bind(waybill.to_string())
        .bind(stand.state.as_str())
        .bind(stand.at.as_millisecond())
        .bind(signer)
        .execute(&mut **write)
        .await?;
    Ok(())
}

fn stand_of(event: &CarrierEvent) -> Stand {
    Stand { state: event.state, at: event.at }
}

/// A station's name, without what could be somebody's number: couriers' telephone numbers get into such texts.
fn place(text: Option<&str>) -> Option<String> {
    let text = text?.trim();
    let mut kept = String::new();
    let mut digits = String::new();
    for character in text.chars().filter(|character| !character.is_control()).chain(['\n']) {
        if character.is_ascii_digit() {
            digits.push(character);
            continue;
        }
        if digits.len() < NUMBER_DIGITS {
            kept.push_str(&digits);
        }
        digits.clear();
        if character != '\n' {
            kept.push(character);
        }
    }
    let kept: String = kept.trim().chars().take(LONGEST_PLACE).collect();
    (!kept.is_empty()).then_some(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_keeps_no_telephone_number() {
        assert_eq!(place(Some(" 清城营业部3号柜 ")).as_deref(), Some("清城营业部3号柜"));
        assert_eq!(place(Some("快递员张三13800138000派件")).as_deref(), Some("快递员张三派件"));
        assert_eq!(place(Some("清城营业部 13800138000")).as_deref(), Some("清城营业部"));
        assert_eq!(place(Some("13800138000")), None);
        assert_eq!(place(Some(&"长".repeat(100))).map(|kept| kept.chars().count()), Some(40));
        assert_eq!(place(None), None);
    }
}
