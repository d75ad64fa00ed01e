//! The outbox over both databases.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test's own helpers"
)]

mod support;

use std::{collections::HashSet, sync::Arc, time::Duration};

use support::{KEY, LATER, Recording, clock, outbox, scenario};
use tokio::sync::watch;
use zhongtai_cap_notify::{
    Channels, Delivery, DeliveryError, FailureKind, MIGRATIONS, NotifyError, NotifyProvider, Outbox, OutboxOptions,
    Report,
    contract::{self, mail},
};
use zhongtai_kernel::SystemClock;
use zhongtai_store::{Store, testing};

fn temporary() -> DeliveryError {
    DeliveryError::temporary(FailureKind::Carrier, "HTTP 503")
}

#[tokio::test]
async fn the_outbox_keeps_the_contract_on_both_databases() {
    for database in testing::both(MIGRATIONS).await {
        contract::holds(&outbox(&database.store, clock(), Arc::new(Recording::default()))).await;
    }
}

#[tokio::test]
async fn a_failed_message_is_tried_again_when_its_pause_is_over_and_then_erased() {
    for database in testing::both(MIGRATIONS).await {
        let (clock, channel) = (clock(), Recording::answering([temporary(), temporary()]));
        let outbox = outbox(&database.store, clock.clone(), channel.clone());
        let id = outbox.send(mail(&scenario(), None)).await.unwrap();
        let postponed = Report { postponed: 1, ..Report::default() };
        assert_eq!(outbox.deliver_due(10).await.unwrap(), postponed);
        clock.advance(Duration::from_secs(14));
        assert_eq!(outbox.deliver_due(10).await.unwrap(), Report::default(), "the pause is 15 s at least");
        clock.advance(Duration::from_secs(17));
        assert_eq!(outbox.deliver_due(10).await.unwrap(), postponed, "and 30 s at most");
        assert_eq!(outbox.state(&scenario(), id).await.unwrap(), Some(Delivery::Queued));
        clock.advance(LATER);
        assert_eq!(outbox.deliver_due(10).await.unwrap().delivered, 1);
        assert_eq!(outbox.state(&scenario(), id).await.unwrap(), Some(Delivery::Delivered));
        clock.advance(LATER);
        assert_eq!(outbox.deliver_due(10).await.unwrap(), Report::default());
        assert_eq!(channel.got(), [id; 3]);
        let sql = "SELECT COUNT(*) FROM notify_deliveries WHERE sealed IS NOT NULL";
        let left: i64 = sqlx::query_scalar(sql).fetch_one(database.store.pool()).await.unwrap();
        assert_eq!(left, 0, "what was delivered is erased");
    }
}

#[tokio::test]
async fn a_permanent_failure_is_dead_at_once_and_an_operator_replays_it() {
    for database in testing::both(MIGRATIONS).await {
        let (clock, channel) =
            (clock(), Recording::answering([DeliveryError::permanent(FailureKind::NoSuchAddress, "SMTP 550")]));
        let outbox = outbox(&database.store, clock, channel);
        let id = outbox.send(mail(&scenario(), None)).await.unwrap();
        assert_eq!(outbox.deliver_due(10).await.unwrap().dead, 1);
        assert_eq!(outbox.state(&scenario(), id).await.unwrap(), Some(Delivery::Dead));
        let dead = outbox.list(Delivery::Dead, None, None, 10).await.unwrap();
        assert_eq!((dead.len(), dead[0].id, dead[0].attempts, dead[0].last_error.as_str()), (1, id, 1, "SMTP 550"));
        assert_eq!(dead[0].failure, Some(FailureKind::NoSuchAddress));
        outbox.replay(id, None).await.unwrap();
        assert_eq!(outbox.deliver_due(10).await.unwrap().delivered, 1);
        assert!(outbox.list(Delivery::Dead, None, None, 10).await.unwrap().is_empty());
        let error = outbox.replay(id, None).await.unwrap_err();
        assert!(matches!(error, NotifyError::NotDead(found) if found == id), "{error}");
    }
}

#[tokio::test]
async fn the_eighth_failure_is_the_last() {
    let database = testing::sqlite(MIGRATIONS).await;
    let (clock, channel) = (clock(), Recording::answering((0..8).map(|_| temporary())));
    let outbox = outbox(&database.store, clock.clone(), channel);
    outbox.send(mail(&scenario(), None)).await.unwrap();
    for _ in 0..7 {
        assert_eq!(outbox.deliver_due(10).await.unwrap().postponed, 1);
        clock.advance(LATER);
    }
    assert_eq!(outbox.deliver_due(10).await.unwrap().dead, 1);
    assert_eq!(outbox.list(Delivery::Dead, None, None, 10).await.unwrap()[0].attempts, 8);
}

#[tokio::test]
async fn a_host_killed_between_sending_and_recording_sends_again_with_the_same_id() {
    for database in testing::both(MIGRATIONS).await {
        let (clock, channel) = (clock(), Arc::new(Recording::default()));
        let killed = outbox(&database.store, clock.clone(), channel.clone());
        let id = killed.send(mail(&scenario(), None)).await.unwrap();
        *channel.hangs.lock().unwrap() = true;
        // The attempt is dropped after the channel got the message: nothing is recorded.
        let cut = tokio::time::timeout(Duration::from_millis(500), killed.deliver_due(10)).await;
        assert!(cut.is_err() && channel.got() == [id]);
        *channel.hangs.lock().unwrap() = false;
        let survivor = outbox(&database.store, clock.clone(), channel.clone());
        assert_eq!(survivor.deliver_due(10).await.unwrap(), Report::default(), "the lease still runs");
        clock.advance(Duration::from_secs(91));
        assert_eq!(survivor.deliver_due(10).await.unwrap().delivered, 1);
        assert_eq!(channel.got(), [id, id], "at least once: the receiver knows the message by its id");
    }
}

#[tokio::test]
async fn a_message_that_kills_every_host_is_given_up() {
    let database = testing::sqlite(MIGRATIONS).await;
    let (clock, channel) = (clock(), Arc::new(Recording::default()));
    let outbox = outbox(&database.store, clock.clone(), channel.clone());
    outbox.send(mail(&scenario(), None)).await.unwrap();
    *channel.hangs.lock().unwrap() = true;
    for _ in 0..8 {
        let _ = tokio::time::timeout(Duration::from_millis(200), outbox.deliver_due(10)).await;
        clock.advance(LATER);
    }
    assert_eq!(channel.got().len(), 8);
    assert_eq!(outbox.deliver_due(10).await.unwrap().dead, 1);
    assert_eq!(channel.got().len(), 8, "it is not sent once more");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_hosts_deliver_each_message_exactly_once() {
    let database = testing::postgres(MIGRATIONS).await;
    let other = Store::open(&database.url, MIGRATIONS).await.unwrap();
    let channel = Arc::new(Recording::default());
    let hosts = [database.store.clone(), other].map(|store| outbox(&store, Arc::new(SystemClock), channel.clone()));
    let mut sent = HashSet::new();
    for _ in 0..20 {
        sent.insert(hosts[0].send(mail(&scenario(), None)).await.unwrap());
    }
    let (stop, stopped) = watch::channel(false);
    let running = hosts.clone().map(|host| tokio::spawn(host.run(stopped.clone())));
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    while channel.got().len() < 20 && tokio::time::Instant::now() < deadline {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // Two more rounds: a message that was left claimable would come again.
    tokio::time::sleep(Duration::from_millis(2_200)).await;
    stop.send(true).unwrap();
    for host in running {
        tokio::time::timeout(Duration::from_secs(5), host).await.expect("the loop ends").unwrap();
    }
    let got = channel.got();
    assert_eq!(got.len(), 20);
    assert_eq!(got.into_iter().collect::<HashSet<_>>(), sent);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_claims_at_the_same_moment_make_one_delivery_each() {
    for database in testing::both(MIGRATIONS).await {
        let channel = Arc::new(Recording::default());
        let host = outbox(&database.store, clock(), channel.clone());
        for _ in 0..20 {
            host.send(mail(&scenario(), None)).await.unwrap();
        }
        let mut rounds = tokio::task::JoinSet::new();
        for _ in 0..6 {
            let host = host.clone();
            rounds.spawn(async move { host.deliver_due(20).await.unwrap().delivered });
        }
        let delivered: u32 = rounds.join_all().await.into_iter().sum();
        assert_eq!((delivered, channel.got().len()), (20, 20), "{:?}", database.store.backend());
    }
}

#[tokio::test]
async fn a_new_message_wakes_its_own_host() {
    let database = testing::sqlite(MIGRATIONS).await;
    let channel = Arc::new(Recording::default());
    let outbox = outbox(&database.store, Arc::new(SystemClock), channel.clone());
    let (stop, stopped) = watch::channel(false);
    let running = tokio::spawn(outbox.clone().run(stopped));
    outbox.send(mail(&scenario(), None)).await.unwrap();
    let delivered = async {
        while channel.got().is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), delivered).await.unwrap();
    drop(stop);
    tokio::time::timeout(Duration::from_secs(5), running).await.expect("the loop ends with its owner").unwrap();
}

#[tokio::test]
async fn a_channel_that_is_not_set_up_takes_no_message() {
    let database = testing::sqlite(MIGRATIONS).await;
    let outbox = Outbox::new(database.store.clone(), clock(), &KEY, Channels::default(), OutboxOptions::default());
    let error = outbox.send(mail(&scenario(), None)).await.unwrap_err();
    assert_eq!(error.to_string(), "the email channel is not set up");
}
