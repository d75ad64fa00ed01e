//! What tells carriers, asks them, and takes orders back: durably, and by one host at a time for a shipment.

use std::{collections::BTreeMap, ops::AddAssign, sync::Arc, time::Duration};

use tokio::{sync::watch, task::JoinSet};
use zhongtai_kernel::DepartmentId;

use crate::{
    Book, COURIER, Carrier, CarrierError, Carriers, LogisticsError, Order, PostalAddress, Source, TakenBack,
    book::{Claim, End, Work},
};

/// How long an attempt may take.
const ATTEMPT: Duration = Duration::from_secs(30);
/// How often a host looks for what other hosts left.
const POLL: Duration = Duration::from_secs(1);
/// Shipments that one host works on at the same time.
const BATCH: u32 = 16;

/// Works on shipments. A clone does the same work.
#[derive(Clone)]
pub struct Dispatcher(Arc<Shared>);

struct Shared {
    book: Book,
    carriers: Carriers,
    senders: BTreeMap<DepartmentId, PostalAddress>,
}

/// What one round did.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Report {
    /// The carrier knows of them now.
    pub ordered: u32,
    /// Their carrier was asked for news.
    pub followed: u32,
    /// Taken back.
    pub cancelled: u32,
    /// To be tried again, or given back to the recipient or an operator.
    pub failed: u32,
}

// === impl Dispatcher ===

impl Dispatcher {
    /// `senders` says where carriers collect what a department ships.
    pub fn new(book: Book, carriers: Carriers, senders: BTreeMap<DepartmentId, PostalAddress>) -> Self {
        Self(Arc::new(Shared { book, carriers, senders }))
    }

    /// Works until `shutdown` is true, or its sender is gone. What is under way then is ended first.
    pub async fn run(self, mut shutdown: watch::Receiver<bool>) {
        while !*shutdown.borrow_and_update() {
            match self.work_once(BATCH).await {
                Ok(report) if report.total() >= BATCH => continue,
                Ok(_) => {}
                Err(error) => tracing::error!(%error, "shipments can't be worked on"),
            }
            tokio::select! {
                changed = shutdown.changed() => if changed.is_err() { return },
                () = self.0.book.has_work() => {}
                () = tokio::time::sleep(POLL) => {}
            }
        }
    }

    /// Does what is due, for `limit` shipments at most and all at the same time.
    pub async fn work_once(&self, limit: u32) -> Result<Report, LogisticsError> {
        let mut attempts = JoinSet::new();
        for waybill in self.0.book.due(limit).await? {
            match self.0.book.claim(waybill).await {
                Ok(Some(claim)) => drop(attempts.spawn(self.clone().attempt(claim))),
                // Another host was faster.
                Ok(None) => {}
                // One row that can't be read must not keep the others.
                Err(error) => tracing::error!(%waybill, %error, "a shipment can't be claimed"),
            }
        }
        let mut report = Report::default();
        while let Some(done) = attempts.join_next().await {
            match done {
                Ok(Ok(one)) => report += one,
                // The lease ends by itself, and it is tried again.
                Ok(Err(error)) => tracing::error!(%error, "an attempt can't be recorded"),
                Err(_) => tracing::error!("an attempt was lost"),
            }
        }
        Ok(report)
    }

    /// Asks, then records. A host that dies in between leaves the lease to run out: the carrier is asked twice, and
    /// knows the order by its waybill.
    async fn attempt(self, claim: Claim) -> Result<Report, LogisticsError> {
        let mut end = match self.0.carriers.get(&claim.carrier).cloned() {
            None => End::Again { reason: "the carrier is not set up".to_owned() },
            Some(carrier) => {
                let done = tokio::time::timeout(ATTEMPT, self.ask(&claim, carrier.as_ref())).await;
                done.unwrap_or_else(|_| Ok(End::Again { reason: "the attempt took too long".to_owned() }))?
            }
        };
        let is_ours = match self.0.book.end(&claim, &end).await {
            Err(LogisticsError::Store(error)) if error.is_duplicate() => {
                end = End::Again { reason: "the carrier gave a number that another shipment has".to_owned() };
                self.0.book.end(&claim, &end).await?
            }
            done => done?,
        };
        log(&claim, &end, is_ours);
        Ok(Report::of(&end))
    }

    async fn ask(&self, claim: &Claim, carrier: &dyn Carrier) -> Result<End, LogisticsError> {
        match claim.work {
            Work::Order => Ok(self.order(claim, carrier).await),
            Work::Follow => self.follow(claim, carrier).await,
            Work::Cancel => self.cancel(claim, carrier).await,
        }
    }

    async fn order(&self, claim: &Claim, carrier: &dyn Carrier) -> End {
        let Some(to) = claim.address.clone() else { return End::NoAddress };
        let from = self.0.senders.get(&claim.department).cloned().filter(|_| carrier.collects());
        if carrier.collects() && from.is_none() {
            return End::Refused { reason: "no sender's address is set up".to_owned() };
        }
        let order = Order { waybill: claim.of.waybill, what: claim.what.clone(), from, to };
        match carrier.create(&order).await {
            Ok(number) => End::Ordered(number),
            Err(CarrierError::Temporary(reason)) => End::Again { reason },
            Err(CarrierError::Refused(reason)) => End::Refused { reason },
            Err(CarrierError::Address) => End::NoAddress,
        }
    }

    async fn follow(&self, claim: &Claim, carrier: &dyn Carrier) -> Result<End, LogisticsError> {
        let news = match carrier.query(&claim.of).await {
            Ok(news) => news,
            Err(error) => return Ok(End::Again { reason: error.to_string() }),
        };
        let source = if claim.carrier == COURIER { Source::Desk } else { Source::Carrier };
        match self.0.book.apply((claim.of.waybill, &claim.carrier), None, source, &news).await {
            Ok(_) => Ok(End::Followed),
            Err(LogisticsError::Callback(error)) => Ok(End::Again { reason: error.to_string() }),
            Err(error) => Err(error),
        }
    }

    async fn cancel(&self, claim: &Claim, carrier: &dyn Carrier) -> Result<End, LogisticsError> {
        match carrier.cancel(&claim.of).await {
            Ok(TakenBack::Yes) => {
                self.0.book.cancelled(claim.of.waybill, &claim.carrier).await?;
                Ok(End::TakenBack)
            }
            Ok(TakenBack::TooLate) => Ok(End::TooLate),
            Err(error) => Ok(End::Again { reason: error.to_string() }),
        }
    }
}

// === impl Report ===

impl Report {
    fn of(end: &End) -> Self {
        let mut report = Self::default();
        match end {
            End::Ordered(_) => report.ordered = 1,
            End::Followed => report.followed = 1,
            End::TakenBack => report.cancelled = 1,
            _ => report.failed = 1,
        }
        report
    }

    fn total(self) -> u32 {
        self.ordered + self.followed + self.cancelled + self.failed
    }
}

impl AddAssign for Report {
    fn add_assign(&mut self, other: Self) {
        self.ordered += other.ordered;
        self.followed += other.followed;
        self.cancelled += other.cancelled;
        self.failed += other.failed;
    }
}

/// Numbers and reasons; never an address or what is in it.
fn log(claim: &Claim, end: &End, is_ours: bool) {
    let (waybill, work, carrier, attempt) = (claim.of.waybill, claim.work.as_str(), &claim.carrier, claim.attempt);
    match end {
        _ if !is_ours => tracing::warn!(%waybill, work, carrier, attempt, "the lease was lost"),
        End::Followed => tracing::debug!(%waybill, work, carrier, attempt, "the carrier was asked for news"),
        End::Ordered(_) => tracing::info!(%waybill, work, carrier, attempt, "the carrier knows of a shipment"),
        End::TakenBack => tracing::info!(%waybill, work, carrier, attempt, "a shipment was taken back"),
        End::TooLate => tracing::info!(%waybill, work, carrier, attempt, "a shipment can't be taken back any more"),
        End::NoAddress => tracing::info!(%waybill, work, carrier, attempt, "a shipment needs another address"),
        End::Again { reason } => tracing::info!(%waybill, work, carrier, attempt, reason, "a carrier is asked again"),
        End::Refused { reason } => tracing::warn!(%waybill, work, carrier, attempt, reason, "a carrier refuses"),
    }
}
