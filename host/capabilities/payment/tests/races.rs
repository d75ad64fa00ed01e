//! Callbacks, queries, closings and other channels at the same moment, on hosts of their own.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that can't go on must stop")]

mod support;

use std::{sync::atomic::Ordering, time::Duration};

use support::{OWNER, Office, bank::signed, key};
use zhongtai_cap_payment::Standing;

const ROUNDS: usize = 12;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn money_that_races_with_closings_queries_and_other_channels_counts_once() {
    for office in Office::both().await {
        let other = office.another_host();
        let mut closed = 0;
        for round in 0..ROUNDS {
            // The bank takes money for what was closed: the worst that can happen.
            office.bank.takes_late_money.store(round % 2 == 0, Ordering::SeqCst);
            let notice = office.notice(&format!("n{round}")).await;
            let order = office.begin(&notice.number, "cashdesk", &format!("p{round}")).await.unwrap();
            let told = office.bank.pay(&order.id.to_string()).unwrap();
            office.clock.advance(Duration::from_secs(60));
            let body = told.body();
            let (mut plugin, mut wang) = (office.plugin(OWNER), other.wang());
            let (close, switch) = (key(&format!("c{round}")), key(&format!("s{round}")));
            let headers = signed();
            tokio::join!(
                async { drop(office.payments.on_callback("cashdesk", &headers, &body).await) },
                async { drop(other.payments.on_callback("cashdesk", &headers, &body).await) },
                async { drop(office.payments.close(&mut plugin, &notice.number, close).await) },
                async { drop(other.payments.pay(&mut wang, &notice.number, ("wechat", switch)).await) },
                async { drop(office.payments.work().await) },
                async { drop(other.payments.work().await) },
            );
            office.work().await;
            let now = office.find(&notice.number).await;
            closed += usize::from(now.standing == Standing::Closed);
            assert!(matches!(now.standing, Standing::Paid | Standing::Closed), "{now:?}");
        }
        let paid = i64::try_from(ROUNDS - closed).unwrap() * 24_000;
        assert_eq!(office.bank.holds() + office.other_bank.holds(), paid, "each paid once, or all of it is back");
        let settled = office.events().await.iter().filter(|kind| *kind == "payment.settled").count();
        assert_eq!(settled, ROUNDS - closed);
        office.books().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_same_request_on_two_hosts_at_once_is_one() {
    for office in Office::both().await {
        let other = office.another_host();
        for round in 0..ROUNDS {
            let id = format!("n{round}");
            let (one, two) = tokio::join!(office.notice(&id), other.notice(&id));
            assert_eq!(one.number, two.number);
            let (one, two) =
                tokio::join!(office.begin(&one.number, "cashdesk", &id), other.begin(&two.number, "cashdesk", &id),);
            assert_eq!(one.unwrap().id, two.unwrap().id);
        }
        assert_eq!(office.books().await.entries, ROUNDS as u64);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_cashiers_and_two_workers_give_money_back_once() {
    for office in Office::both().await {
        let other = office.another_host();
        for round in 0..ROUNDS {
            let (notice, _) = office.pay(&format!("n{round}")).await;
            let what = (24_000, "核减".to_owned(), key(&format!("r{round}")));
            let refund = office.payments.request_refund(&mut office.window(), &notice.number, what).await.unwrap();
            let (mut one, mut two) = (office.cashier(), other.cashier());
            let (first, second, ..) = tokio::join!(
                office.payments.decide_refund(&mut one, refund.id, true),
                other.payments.decide_refund(&mut two, refund.id, true),
                office.payments.work(),
                other.payments.work(),
            );
            // One may come when all of it is back already: then policy says that there is nothing to decide on.
            assert!(first.is_ok() || second.is_ok(), "{first:?} {second:?}");
        }
        office.work().await;
        assert_eq!(office.bank.holds(), 0);
        assert_eq!(office.balance("refunds:road-dig").await, 24_000 * i64::try_from(ROUNDS).unwrap());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn asking_for_refunds_at_once_never_reserves_more_than_was_paid() {
    for office in Office::both().await {
        let other = office.another_host();
        let (notice, _) = office.pay("a").await;
        let ask = async |host: &Office, id: &str| {
            let what = (10_000, "核减".to_owned(), key(id));
            host.payments.request_refund(&mut host.window(), &notice.number, what).await.is_ok()
        };
        let all = tokio::join!(ask(&office, "1"), ask(&other, "2"), ask(&office, "3"), ask(&other, "4"));
        let granted = [all.0, all.1, all.2, all.3].into_iter().filter(|granted| *granted).count();
        assert_eq!(granted, 2, "two of 100 yuan, of 240");
        assert_eq!(office.find(&notice.number).await.reserved, 20_000);
        office.books().await;
    }
}
