//! What hosts do for shipments: durably, once, and one host at a time.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that can't go on must stop")]

mod support;

use std::{sync::Arc, time::Duration};

use support::{Scripted, book, clock, dispatcher, event, migrations, shipped};
use zhongtai_cap_logistics::{
    Book, CarrierError, Dispatcher, LogisticsError, Report, Source, State, Waybill, contract::address,
};
use zhongtai_kernel::{Clock as _, ManualClock};
use zhongtai_store::testing::both;

fn temporary() -> CarrierError {
    CarrierError::Temporary("HTTP 503".to_owned())
}

async fn work(dispatcher: &Dispatcher) -> Report {
    dispatcher.work_once(16).await.unwrap()
}

async fn state(book: &Book, waybill: Waybill) -> State {
    book.find(waybill).await.unwrap().unwrap().state
}

fn ordered(carrier: &Scripted) -> u32 {
    carrier.orders.lock().values().sum()
}

/// Until whatever is postponed is due.
fn wait(clock: &ManualClock) {
    clock.advance(Duration::from_secs(7 * 3600));
}

#[tokio::test]
async fn an_order_is_tried_until_its_answer_arrives_and_has_one_number() {
    for database in both(&migrations()).await {
        let clock = clock();
        let (book, carrier) = (book(&database, &clock), Scripted::failing([temporary(), temporary()]));
        let dispatcher = dispatcher(&book, carrier.clone());
        let waybill = shipped(&book, "k", "sf").await;
        assert_eq!(work(&dispatcher).await, Report { failed: 1, ..Report::default() });
        assert_eq!(work(&dispatcher).await, Report::default(), "not before its pause is over");
        wait(&clock);
        assert_eq!(work(&dispatcher).await.failed, 1);
        wait(&clock);
        assert_eq!(work(&dispatcher).await.ordered, 1);
        let number = book.find(waybill).await.unwrap().unwrap().number.unwrap();
        assert_eq!(number.as_str(), format!("SF{waybill}"));
        assert_eq!(carrier.orders.lock().len(), 1, "one order, under one waybill");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_hosts_one_tells_the_carrier() {
    for database in both(&migrations()).await {
        let clock = clock();
        let carrier = Arc::new(Scripted::default());
        let first = book(&database, &clock);
        for n in 0..10 {
            shipped(&first, &n.to_string(), "sf").await;
        }
        let host = |_| {
            let dispatcher = dispatcher(&book(&database, &clock), carrier.clone());
            tokio::spawn(async move { work(&dispatcher).await.ordered })
        };
        let mut total = 0;
        for task in (0..4).map(host).collect::<Vec<_>>() {
            total += task.await.unwrap();
        }
        assert_eq!((total, ordered(&carrier)), (10, 10), "{:?}", database.store.backend());
    }
}

#[tokio::test]
async fn what_a_carrier_refuses_and_what_fails_too_often_waits_for_an_operator() {
    for database in both(&migrations()).await {
        let clock = clock();
        let refusal = CarrierError::Refused("code 4001".to_owned());
        let carrier = Scripted::failing(std::iter::once(refusal).chain((0..8).map(|_| temporary())));
        let book = book(&database, &clock);
        let dispatcher = dispatcher(&book, carrier.clone());
        let waybill = shipped(&book, "k", "sf").await;
        assert_eq!(work(&dispatcher).await.failed, 1);
        wait(&clock);
        assert_eq!(work(&dispatcher).await, Report::default(), "nobody tries it again");
        let stuck = book.stuck().await.unwrap();
        assert_eq!(stuck.len(), 1);
        assert_eq!((stuck[0].waybill, stuck[0].last_error.as_str()), (waybill, "code 4001"));

        book.retry(waybill).await.unwrap();
        for attempt in 1..=8 {
            assert_eq!(work(&dispatcher).await.failed, 1, "attempt {attempt}");
            wait(&clock);
        }
        assert_eq!(work(&dispatcher).await, Report::default(), "the eighth was the last");
        assert_eq!(book.stuck().await.unwrap()[0].attempts, 8);
        book.retry(waybill).await.unwrap();
        assert_eq!(work(&dispatcher).await.ordered, 1);
        assert!(matches!(book.retry(waybill).await, Err(LogisticsError::NotStuck)));
    }
}

#[tokio::test]
async fn an_address_that_the_carrier_does_not_serve_is_asked_for_again() {
    for database in both(&migrations()).await {
        let clock = clock();
        let book = book(&database, &clock);
        let dispatcher = dispatcher(&book, Scripted::failing([CarrierError::Address]));
        let waybill = shipped(&book, "k", "sf").await;
        assert_eq!(work(&dispatcher).await.failed, 1);
        assert!(book.find(waybill).await.unwrap().unwrap().needs_address);
        assert_eq!(book.address(waybill).await.unwrap(), None);
        book.give_address(waybill, &address("东城街道连江路8号")).await.unwrap();
        assert_eq!(work(&dispatcher).await.ordered, 1);
        let late = book.give_address(waybill, &address("东城街道连江路9号")).await;
        assert!(matches!(late, Err(LogisticsError::WithCarrier)));
    }
}

#[tokio::test]
async fn a_department_without_an_address_of_its_own_ships_with_no_carrier_that_collects() {
    for database in both(&migrations()).await {
        let book = book(&database, &clock());
        let carrier = Arc::new(Scripted::default());
        let carriers = support::carriers(&book, carrier.clone());
        let dispatcher = Dispatcher::new(book.clone(), carriers, [].into());
        shipped(&book, "sf", "sf").await;
        shipped(&book, "courier", "courier").await;
        let report = work(&dispatcher).await;
        assert_eq!((report.ordered, report.failed, ordered(&carrier)), (1, 1, 0));
        assert_eq!(book.stuck().await.unwrap()[0].last_error, "no sender's address is set up");
    }
}

#[tokio::test]
async fn a_carrier_is_asked_when_there_was_no_news_for_an_hour_and_not_before() {
    for database in both(&migrations()).await {
        let clock = clock();
        let (book, carrier) = (book(&database, &clock), Arc::new(Scripted::default()));
        let dispatcher = dispatcher(&book, carrier.clone());
        let waybill = shipped(&book, "k", "sf").await;
        assert_eq!(work(&dispatcher).await.ordered, 1);
        clock.advance(Duration::from_secs(3_000));
        let news = [event("1", State::Collected, clock.now())];
        book.apply((waybill, "sf"), None, Source::Carrier, &news).await.unwrap();
        clock.advance(Duration::from_secs(3_000));
        assert_eq!(work(&dispatcher).await, Report::default(), "its system told us");
        clock.advance(Duration::from_secs(601));
        *carrier.news.lock() = vec![news[0].clone(), event("2", State::Signed, clock.now())];
        assert_eq!(work(&dispatcher).await.followed, 1);
        assert_eq!(state(&book, waybill).await, State::Signed);
        wait(&clock);
        assert_eq!(work(&dispatcher).await, Report::default(), "nothing is left to do");
        assert_eq!(*carrier.queries.lock(), 1);
    }
}

#[tokio::test]
async fn following_is_never_given_up() {
    for database in both(&migrations()).await {
        let clock = clock();
        let book = book(&database, &clock);
        let carrier = Arc::new(Scripted::default());
        let dispatcher = dispatcher(&book, carrier.clone());
        shipped(&book, "k", "sf").await;
        assert_eq!(work(&dispatcher).await.ordered, 1);
        *carrier.failures.lock() = (0..12).map(|_| temporary()).collect();
        for _ in 0..12 {
            wait(&clock);
            assert_eq!(work(&dispatcher).await.failed, 1);
        }
        wait(&clock);
        assert_eq!(work(&dispatcher).await.followed, 1);
    }
}

#[tokio::test]
async fn what_no_carrier_knows_is_taken_back_at_once_and_the_carrier_never_hears_of_it() {
    for database in both(&migrations()).await {
        let clock = clock();
        let (book, carrier) = (book(&database, &clock), Arc::new(Scripted::default()));
        let dispatcher = dispatcher(&book, carrier.clone());
        let waybill = shipped(&book, "k", "sf").await;
        book.cancel(waybill).await.unwrap();
        book.cancel(waybill).await.unwrap();
        assert_eq!(state(&book, waybill).await, State::Cancelled);
        assert_eq!(work(&dispatcher).await, Report::default());
        assert_eq!((ordered(&carrier), *carrier.cancelled.lock()), (0, 0));
        assert_eq!(book.address(waybill).await.unwrap(), None);
    }
}

#[tokio::test]
async fn what_a_carrier_may_know_is_taken_back_when_the_carrier_agrees() {
    for database in both(&migrations()).await {
        let clock = clock();
        let (book, carrier) = (book(&database, &clock), Scripted::failing([temporary(), temporary()]));
        let dispatcher = dispatcher(&book, carrier.clone());
        let waybill = shipped(&book, "k", "sf").await;
        // The order arrived, its answer got lost.
        assert_eq!(work(&dispatcher).await.failed, 1);
        book.cancel(waybill).await.unwrap();
        let shipment = book.find(waybill).await.unwrap().unwrap();
        assert_eq!((shipment.state, shipment.cancelling), (State::Created, true));
        assert_eq!(work(&dispatcher).await.failed, 1, "the carrier does not answer");
        wait(&clock);
        assert_eq!(work(&dispatcher).await.cancelled, 1);
        assert_eq!(state(&book, waybill).await, State::Cancelled);
        wait(&clock);
        assert_eq!(work(&dispatcher).await, Report::default());
        assert_eq!((ordered(&carrier), *carrier.cancelled.lock()), (1, 1));
    }
}

#[tokio::test]
async fn what_is_on_its_way_is_not_taken_back_and_is_followed_on() {
    for database in both(&migrations()).await {
        let clock = clock();
        let (book, carrier) = (book(&database, &clock), Arc::new(Scripted::default()));
        let dispatcher = dispatcher(&book, carrier.clone());
        let waybill = shipped(&book, "k", "sf").await;
        assert_eq!(work(&dispatcher).await.ordered, 1);
        *carrier.is_collected.lock() = true;
        book.cancel(waybill).await.unwrap();
        assert_eq!(work(&dispatcher).await.failed, 1, "too late");
        *carrier.news.lock() = vec![event("1", State::Collected, clock.now())];
        assert_eq!(work(&dispatcher).await.followed, 1);
        let shipment = book.find(waybill).await.unwrap().unwrap();
        assert_eq!((shipment.state, shipment.cancelling), (State::Collected, false));
        assert!(matches!(book.cancel(waybill).await, Err(LogisticsError::State(State::Collected))));
    }
}

#[tokio::test]
async fn a_number_that_another_shipment_has_is_not_taken() {
    for database in both(&migrations()).await {
        let clock = clock();
        let (book, carrier) = (book(&database, &clock), Arc::new(Scripted::default()));
        *carrier.same_number.lock() = true;
        let dispatcher = dispatcher(&book, carrier.clone());
        shipped(&book, "1", "sf").await;
        assert_eq!(work(&dispatcher).await.ordered, 1);
        let second = shipped(&book, "2", "sf").await;
        assert_eq!(work(&dispatcher).await.failed, 1);
        assert_eq!(book.find(second).await.unwrap().unwrap().number, None);
    }
}
