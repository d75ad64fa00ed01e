//! What a host has to do for shipments. A claim is one statement whose condition only one host can meet; whoever has the
//! claim ends it under the same condition, so that a host that was away for longer than its lease changes nothing.

use zhongtai_kernel::{DepartmentId, ScenarioId, Timestamp};
use zhongtai_store::StoreError;

use super::{
    Book,
    find::{corrupt, time},
};
use crate::{CarrierNumber, Consignment, LogisticsError, PostalAddress, Waybill};

/// How long a claim keeps other hosts away: an attempt, its record in the database, and hosts whose clocks differ.
const LEASE_MS: i64 = 90_000;
/// What an operator gets to see at once.
const LISTED: i64 = 1_000;

/// What is to be done for a shipment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Work {
    /// Tell the carrier.
    Order,
    /// Ask what became of it.
    Follow,
    /// Take it back.
    Cancel,
}

/// A shipment that this host alone may do something for, until `lease`.
pub(crate) struct Claim {
    pub work: Work,
    pub of: Consignment,
    pub carrier: String,
    pub department: DepartmentId,
    pub what: String,
    pub address: Option<PostalAddress>,
    /// How many attempts there were, with this one.
    pub attempt: u32,
    lease: i64,
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum End {
    /// The carrier knows of it, under this number.
    Ordered(CarrierNumber),
    /// There is no more news than was kept.
    Followed,
    /// It was taken back: that is kept already.
    TakenBack,
    /// It is on its way, and can't be taken back.
    TooLate,
    /// The recipient must give another address.
    NoAddress,
    /// Later may work.
    Again { reason: String },
    /// It never will.
    Refused { reason: String },
}

/// A shipment that a host gave up on. Says nothing of whom it is for or what is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stuck {
    /// What `retry` takes.
    pub waybill: Waybill,
    /// Who ships.
    pub scenario: ScenarioId,
    /// Who was to carry it.
    pub carrier: String,
    /// What was to be done: `order` or `cancel`.
    pub work: String,
    /// How often it was tried.
    pub attempts: u32,
    /// When it was shipped.
    pub created_at: Timestamp,
    /// Why the last attempt failed.
    pub last_error: String,
}

/// `department`, `carrier`, `carrier_number`, `what_sealed`, `address_sealed`, `work`, `attempts`.
type Row = (String, String, Option<String>, Vec<u8>, Option<Vec<u8>>, String, i64);

/// `waybill`, `scenario`, `carrier`, `work`, `attempts`, `created_at`, `last_error`.
type StuckRow = (String, String, String, String, i64, i64, Option<String>);

impl Book {
    /// Shipments for which something is due and which are nobody's, the longest waiting first.
    pub(crate) async fn due(&self, limit: u32) -> Result<Vec<Waybill>, LogisticsError> {
        let sql = "SELECT waybill FROM logistics_shipments WHERE work IN ('order', 'follow', 'cancel') AND stuck = 0 \
                   AND next_at <= $1 AND lease_until < $1 ORDER BY next_at, waybill LIMIT $2";
        let found: Vec<String> =
            sqlx::query_scalar(sql).bind(self.now_ms()).bind(i64::from(limit)).fetch_all(self.store().pool()).await?;
        found.iter().map(|text| waybill(text).map_err(LogisticsError::from)).collect()
    }

    /// Claims a shipment; nothing when another host was faster. From an order's first attempt on the carrier may know.
    pub(crate) async fn claim(&self, waybill: Waybill) -> Result<Option<Claim>, LogisticsError> {
        let now = self.now_ms();
        let lease = now.saturating_add(LEASE_MS);
        let row = waybill.to_string();
        let sql = "UPDATE logistics_shipments SET lease_until = $3, attempts = attempts + 1, \
                   handed = CASE WHEN work = 'order' THEN 1 ELSE handed END \
                   WHERE waybill = $1 AND work IN ('order', 'follow', 'cancel') AND stuck = 0 \
                   AND next_at <= $2 AND lease_until < $2 \
                   RETURNING department, carrier, carrier_number, what_sealed, address_sealed, work, attempts";
        let claimed: Option<Row> =
            sqlx::query_as(sql).bind(&row).bind(now).bind(lease).fetch_optional(self.store().pool()).await?;
        let Some((department, carrier, number, what, address, work, attempts)) = claimed else { return Ok(None) };
        let number = number.map(|number| number.try_into().map_err(|_| corrupt("carrier_number"))).transpose()?;
        Ok(Some(Claim {
            work: Work::parse(&work).ok_or_else(|| corrupt("work"))?,
            of: Consignment { waybill, number },
            carrier,
            department: department.parse().map_err(|_| corrupt("department"))?,
            what: self.vault().open(&row, "what", &what)?,
            address: address.map(|sealed| self.vault().open_address(&row, &sealed)).transpose()?,
            attempt: attempts.try_into().unwrap_or(u32::MAX),
            lease,
        }))
    }

    /// Ends a claim. False when the lease was lost, or when the shipment came to an end meanwhile.
    pub(crate) async fn end(&self, claim: &Claim, end: &End) -> Result<bool, LogisticsError> {
        let (now, waybill) = (self.now_ms(), claim.of.waybill);
        let schedule = self.schedule();
        let later = now.saturating_add(schedule.poll_ms());
        let again = now.saturating_add(schedule.pause_ms(waybill, claim.attempt));
        // What carriers are asked about again and again is never given up.
        let is_stuck = claim.work != Work::Follow && schedule.is_last(claim.attempt);
        let sql = match end {
            End::Ordered(_) => {
                "UPDATE logistics_shipments SET carrier_number = COALESCE(carrier_number, $3), attempts = 0, \
                 next_at = CASE WHEN work = 'cancel' THEN 0 ELSE $4 END, \
                 work = CASE WHEN work = 'order' THEN 'follow' ELSE work END, lease_until = 0, last_error = NULL \
                 WHERE waybill = $1 AND lease_until = $2"
            }
            End::Followed => {
                "UPDATE logistics_shipments SET attempts = 0, next_at = $4, lease_until = 0, last_error = $3 \
                 WHERE waybill = $1 AND lease_until = $2"
            }
            End::TakenBack => return Ok(true),
            End::TooLate => {
                "UPDATE logistics_shipments SET attempts = 0, next_at = $4, lease_until = 0, last_error = $3, \
                 work = CASE WHEN carrier_number IS NULL THEN 'order' ELSE 'follow' END \
                 WHERE waybill = $1 AND lease_until = $2"
            }
            End::NoAddress => {
                "UPDATE logistics_shipments SET attempts = 0, next_at = $4, lease_until = 0, last_error = $3, \
                 handed = 0, address_sealed = NULL, work = CASE WHEN work = 'order' THEN 'address' ELSE work END \
                 WHERE waybill = $1 AND lease_until = $2"
            }
            End::Again { .. } if is_stuck => {
                "UPDATE logistics_shipments SET stuck = 1, next_at = $4, lease_until = 0, last_error = $3 \
                 WHERE waybill = $1 AND lease_until = $2"
            }
            End::Again { .. } => {
                "UPDATE logistics_shipments SET next_at = $4, lease_until = 0, last_error = $3 \
                 WHERE waybill = $1 AND lease_until = $2"
            }
            End::Refused { .. } => {
                "UPDATE logistics_shipments SET stuck = 1, handed = 0, next_at = $4, lease_until = 0, last_error = $3 \
                 WHERE waybill = $1 AND lease_until = $2"
            }
        };
        let (text, next) = match end {
            End::Ordered(number) => (Some(number.as_str()), later),
            End::Followed | End::TakenBack => (None, later),
            End::TooLate => (None, now),
            End::NoAddress => (Some("the carrier does not deliver to that address"), now),
            End::Again { reason } | End::Refused { reason } => (Some(reason.as_str()), again),
        };
        let done = sqlx::query(sql)
            .bind(waybill.to_string())
            .bind(claim.lease)
            .bind(text)
            .bind(next)
            .execute(self.store().pool())
            .await?;
        Ok(done.rows_affected() == 1)
    }

    /// The shipments that hosts gave up on, the newest first.
    pub async fn stuck(&self) -> Result<Vec<Stuck>, LogisticsError> {
        let sql = "SELECT waybill, scenario, carrier, work, attempts, created_at, last_error FROM logistics_shipments \
                   WHERE stuck = 1 ORDER BY waybill DESC LIMIT $1";
        let rows: Vec<StuckRow> = sqlx::query_as(sql).bind(LISTED).fetch_all(self.store().pool()).await?;
        rows.into_iter().map(|row| Ok(stuck(row)?)).collect()
    }

    /// Tries again what was given up, from the first attempt on.
    pub async fn retry(&self, waybill: Waybill) -> Result<(), LogisticsError> {
        let sql =
            "UPDATE logistics_shipments SET stuck = 0, attempts = 0, next_at = $2 WHERE waybill = $1 AND stuck = 1";
        let done = sqlx::query(sql).bind(waybill.to_string()).bind(self.now_ms()).execute(self.store().pool()).await?;
        if done.rows_affected() == 0 {
            return Err(LogisticsError::NotStuck);
        }
        self.wake();
        Ok(())
    }
}

// === impl Work ===

impl Work {
    /// The word used in the database and in logs.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Order => "order",
            Self::Follow => "follow",
            Self::Cancel => "cancel",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        [Self::Order, Self::Follow, Self::Cancel].into_iter().find(|work| work.as_str() == text)
    }
}

fn waybill(text: &str) -> Result<Waybill, StoreError> {
    text.parse().map_err(|_| corrupt("waybill"))
}

fn stuck((text, scenario, carrier, work, attempts, created_at, last_error): StuckRow) -> Result<Stuck, StoreError> {
    Ok(Stuck {
        waybill: waybill(&text)?,
        scenario: scenario.parse().map_err(|_| corrupt("scenario"))?,
        carrier,
        work,
        attempts: attempts.try_into().unwrap_or(u32::MAX),
        created_at: time(created_at)?,
        last_error: last_error.unwrap_or_default(),
    })
}
