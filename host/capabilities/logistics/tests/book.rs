//! Shipments and their news in the book, on both databases.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that can't go on must stop")]

mod support;

use std::time::Duration;

use support::{book, clock, count, event, migrations, new, seconds_ago, shipped};
use zhongtai_cap_logistics::{
    Applied, CallbackError, CarrierNumber, Destination, LogisticsError, Source, State, Waybill, contract::address,
};
use zhongtai_kernel::{AccountId, Clock as _};
use zhongtai_store::testing::both;

#[tokio::test]
async fn a_key_ships_once_and_is_not_taken_for_another_shipment() {
    for database in both(&migrations()).await {
        let clock = clock();
        let book = book(&database, &clock);
        let first = book.ship(&new("k", "sf")).await.unwrap();
        assert_eq!(book.ship(&new("k", "sf")).await.unwrap(), first);
        let mut others = [new("k", "sf"), new("k", "courier"), new("k", "sf"), new("k", "sf"), new("k", "sf")];
        others[0].what = "另一份".to_owned();
        others[2].recipient = AccountId::generate();
        others[3].destination = Destination::Kept;
        others[4].case = "WJ-2".to_owned();
        for other in others {
            assert!(matches!(book.ship(&other).await, Err(LogisticsError::KeyReused)));
        }
        let mut elsewhere = new("k", "sf");
        elsewhere.scenario = "441802-chengguan/lamps".parse().unwrap();
        assert_ne!(book.ship(&elsewhere).await.unwrap(), first, "a key is the scenario's own");
        assert_eq!(count(&database, "SELECT COUNT(*) FROM logistics_shipments").await, 2);
        let shipment = book.find(first).await.unwrap().unwrap();
        assert_eq!((shipment.state, shipment.needs_address, shipment.events.len()), (State::Created, true, 1));
        assert_eq!(shipment.what, "占道挖掘许可证");
    }
}

#[tokio::test]
async fn what_can_not_be_shipped_is_refused_by_its_field_and_nothing_is_kept() {
    for database in both(&migrations()).await {
        let book = book(&database, &clock());
        let refused = async |change: fn(&mut zhongtai_cap_logistics::NewShipment)| {
            let mut new = new("k", "sf");
            change(&mut new);
            match book.ship(&new).await {
                Err(LogisticsError::Invalid { what, .. }) => what,
                other => panic!("{:?}", other.err()),
            }
        };
        assert_eq!(refused(|new| new.case = "张三的办件".to_owned()).await, "case-id");
        assert_eq!(refused(|new| new.case = String::new()).await, "case-id");
        assert_eq!(refused(|new| new.what = "a\nb".to_owned()).await, "what");
        assert_eq!(refused(|new| new.what = "证".repeat(101)).await, "what");
        assert_eq!(count(&database, "SELECT COUNT(*) FROM logistics_shipments").await, 0);
    }
}

#[tokio::test]
async fn news_that_comes_twice_late_and_in_another_order_is_kept_once_by_its_own_time() {
    for database in both(&migrations()).await {
        let clock = clock();
        let book = book(&database, &clock);
        let waybill = shipped(&book, "k", "sf").await;
        let apply = async |id: &str, state, ago| {
            let news = [event(id, state, seconds_ago(&clock, ago))];
            book.apply((waybill, "sf"), None, Source::Carrier, &news).await.unwrap()
        };
        assert_eq!(apply("3", State::OutForDelivery, 100).await, Applied { state: State::OutForDelivery, fresh: 1 });
        assert_eq!(apply("1", State::Collected, 300).await, Applied { state: State::OutForDelivery, fresh: 1 });
        assert_eq!(apply("3", State::OutForDelivery, 100).await.fresh, 0, "twice");
        assert_eq!(apply("4", State::Signed, 50).await.state, State::Signed);
        assert_eq!(apply("2", State::InTransit, 200).await, Applied { state: State::Signed, fresh: 1 });
        assert_eq!(apply("9", State::Returned, 0).await.state, State::Signed, "there is no way back from signed");
        assert_eq!(apply("8", State::Lost, 0).await.state, State::Signed);

        let shipment = book.find(waybill).await.unwrap().unwrap();
        let states: Vec<State> = shipment.events.iter().map(|event| event.state).collect();
        let by_time = [State::Collected, State::InTransit, State::OutForDelivery, State::Signed];
        assert_eq!(states[..4], by_time, "{states:?}");
        assert_eq!(states.len(), 7, "with what came after the end, and `created`: {states:?}");
        let signature = shipment.signature.unwrap();
        assert_eq!((signature.by.as_str(), signature.at), ("王*明", seconds_ago(&clock, 50)));
        assert_eq!(count(&database, "SELECT COUNT(*) FROM events").await, 1, "the scenario is told once");
        let told = "SELECT COUNT(*) FROM events WHERE kind = 'logistics.signed' AND case_id = 'WJ-1'";
        assert_eq!(count(&database, told).await, 1);
    }
}

#[tokio::test]
async fn the_scenario_is_told_of_each_end_but_of_what_it_took_back_itself() {
    for database in both(&migrations()).await {
        let clock = clock();
        let book = book(&database, &clock);
        for (state, kind) in [
            (State::Signed, "SELECT COUNT(*) FROM events WHERE kind = 'logistics.signed'"),
            (State::Returned, "SELECT COUNT(*) FROM events WHERE kind = 'logistics.returned'"),
            (State::Lost, "SELECT COUNT(*) FROM events WHERE kind = 'logistics.lost'"),
        ] {
            let waybill = shipped(&book, state.as_str(), "sf").await;
            let news = [event("1", state, clock.now())];
            book.apply((waybill, "sf"), None, Source::Carrier, &news).await.unwrap();
            assert_eq!(count(&database, kind).await, 1, "{state}");
        }
        let waybill = shipped(&book, "cancelled", "sf").await;
        book.cancel(waybill).await.unwrap();
        assert_eq!(book.find(waybill).await.unwrap().unwrap().state, State::Cancelled);
        assert_eq!(count(&database, "SELECT COUNT(*) FROM events").await, 3);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_hosts_that_hear_the_same_tell_the_scenario_once() {
    for database in both(&migrations()).await {
        let clock = clock();
        let waybill = shipped(&book(&database, &clock), "k", "sf").await;
        let at = clock.now();
        let hear = |n: u32| {
            let host = book(&database, &clock);
            tokio::spawn(async move {
                let states = [State::Signed, State::Returned];
                let news = [event(&format!("{}", n % 2), states[(n % 2) as usize], at)];
                host.apply((waybill, "sf"), None, Source::Carrier, &news).await.unwrap()
            })
        };
        let mut states = Vec::new();
        for task in (0..12).map(hear).collect::<Vec<_>>() {
            states.push(task.await.unwrap().state);
        }
        states.dedup();
        assert_eq!(states.len(), 1, "whoever came first has made the end: {states:?}");
        assert_eq!(count(&database, "SELECT COUNT(*) FROM events").await, 1);
        assert_eq!(count(&database, "SELECT COUNT(*) FROM logistics_events").await, 3);
    }
}

#[tokio::test]
async fn news_from_the_future_is_from_now_and_does_not_stop_what_comes_after() {
    for database in both(&migrations()).await {
        let clock = clock();
        let book = book(&database, &clock);
        let waybill = shipped(&book, "k", "sf").await;
        let tomorrow = clock.now() + Duration::from_secs(86_400);
        let news = [event("1", State::Collected, tomorrow)];
        book.apply((waybill, "sf"), None, Source::Carrier, &news).await.unwrap();
        let collected = clock.now();
        clock.advance(Duration::from_secs(60));
        let news = [event("2", State::InTransit, clock.now())];
        let applied = book.apply((waybill, "sf"), None, Source::Carrier, &news).await.unwrap();
        assert_eq!(applied.state, State::InTransit);
        let events = book.find(waybill).await.unwrap().unwrap().events;
        assert_eq!((events[1].state, events[1].at), (State::Collected, collected));
    }
}

#[tokio::test]
async fn news_of_another_number_carrier_or_shipment_changes_nothing() {
    for database in both(&migrations()).await {
        let clock = clock();
        let book = book(&database, &clock);
        let waybill = shipped(&book, "k", "sf").await;
        let number = |text: &str| CarrierNumber::try_from(text.to_owned()).unwrap();
        let news = [event("1", State::Signed, clock.now())];
        let collected = [event("0", State::Collected, clock.now())];
        book.apply((waybill, "sf"), Some(&number("SF1")), Source::Carrier, &collected).await.unwrap();
        let other = book.apply((waybill, "sf"), Some(&number("SF2")), Source::Carrier, &news).await;
        assert!(matches!(other, Err(LogisticsError::Callback(CallbackError::OtherNumber))));
        let other = book.apply((waybill, "ems"), None, Source::Carrier, &news).await;
        assert!(matches!(other, Err(LogisticsError::NotFound)), "another carrier's");
        let other = book.apply((Waybill::generate(), "sf"), None, Source::Carrier, &news).await;
        assert!(matches!(other, Err(LogisticsError::NotFound)));
        let many = vec![event("x", State::InTransit, clock.now()); 201];
        assert!(book.apply((waybill, "sf"), None, Source::Carrier, &many).await.is_err(), "too many at once");
        let shipment = book.find(waybill).await.unwrap().unwrap();
        assert_eq!((shipment.state, shipment.number), (State::Collected, Some(number("SF1"))));
        assert_eq!(count(&database, "SELECT COUNT(*) FROM events").await, 0);
    }
}

#[tokio::test]
async fn the_recipient_says_where_until_the_carrier_knows_and_an_end_erases_it() {
    for database in both(&migrations()).await {
        let clock = clock();
        let book = book(&database, &clock);
        let (somebody, home) = (AccountId::from_bytes([7; 16]), address("凤城街道桥北路1号2栋301"));
        let mut kept = new("kept", "sf");
        kept.destination = Destination::Kept;
        let none = book.ship(&kept).await.unwrap();
        assert!(book.find(none).await.unwrap().unwrap().needs_address, "none is kept");

        book.keep_address(somebody, &home).await.unwrap();
        let office = address("清城区人民一路5号政务服务中心");
        book.keep_address(somebody, &office).await.unwrap();
        assert_eq!(book.kept_address(somebody).await.unwrap(), Some(office.clone()));
        kept.key = support::key("kept-2");
        let waybill = book.ship(&kept).await.unwrap();
        assert!(!book.find(waybill).await.unwrap().unwrap().needs_address);
        assert_eq!(book.address(waybill).await.unwrap(), Some(office));
        book.give_address(waybill, &home).await.unwrap();
        assert_eq!(book.address(waybill).await.unwrap(), Some(home.clone()), "as long as the carrier was not told");

        let news = [event("1", State::Signed, clock.now())];
        book.apply((waybill, "sf"), None, Source::Carrier, &news).await.unwrap();
        assert_eq!(book.address(waybill).await.unwrap(), None, "it is not needed any more");
        let late = book.give_address(waybill, &home).await;
        assert!(matches!(late, Err(LogisticsError::State(State::Signed))));
        book.forget_address(somebody).await.unwrap();
        assert_eq!(book.kept_address(somebody).await.unwrap(), None);
    }
}

#[tokio::test]
async fn an_address_can_not_be_read_in_the_database() {
    for database in both(&migrations()).await {
        let clock = clock();
        let book = book(&database, &clock);
        book.keep_address(AccountId::generate(), &address("凤城街道桥北路1号2栋301")).await.unwrap();
        shipped(&book, "k", "sf").await;
        let (one, two, three): (Vec<u8>, Vec<u8>, Vec<u8>) = sqlx::query_as(
            "SELECT a.address_sealed, s.address_sealed, s.what_sealed FROM logistics_addresses a, logistics_shipments s",
        )
        .fetch_one(database.store.pool())
        .await
        .unwrap();
        for sealed in [one, two, three] {
            let text = String::from_utf8_lossy(&sealed);
            for word in ["王小明", "13800138000", "桥北路", "许可证"] {
                assert!(!text.contains(word), "{word}");
            }
        }
    }
}
