//! Which way a message takes, what holds it back, and what carriers say about it later.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test's own helpers"
)]

mod support;

use std::{num::NonZeroU32, sync::Arc, time::Duration};

use support::{Recording, clock, outbox, outbox_with, scenario};
use zhongtai_cap_notify::{
    Accepted, CarrierId, ChannelKind, Delivery, DeliveryError, FailureKind, Limit, Limits, MIGRATIONS, MessageId,
    NewMessage, NotifyError, NotifyProvider, Outbox, OutboxOptions, Outcome, Progress, Quiet, Receipt, Receipts,
    Report, Swept,
    contract::{message, message_to},
};
use zhongtai_kernel::{AccountId, ScenarioId};
use zhongtai_store::testing;

use ChannelKind::{Email, Inbox, Sms};

const PHONE: &str = "13800138000";
const MAIL: &str = "zhang.san@example.gov.cn";
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn refused() -> DeliveryError {
    DeliveryError::permanent(FailureKind::NoSuchAddress, "550")
}

fn carrier(id: &str) -> CarrierId {
    CarrierId::try_from(id.to_owned()).unwrap()
}

fn sent(ids: &[&str]) -> Result<Accepted, DeliveryError> {
    Ok(Accepted::Sent(ids.iter().map(|id| carrier(id)).collect()))
}

fn arrived(id: &str) -> Receipt {
    Receipt { id: carrier(id), outcome: Outcome::Delivered }
}

fn undelivered(id: &str) -> Receipt {
    Receipt { id: carrier(id), outcome: Outcome::Failed(FailureKind::Expired, "EXPIRED".to_owned()) }
}

fn account() -> String {
    AccountId::generate().to_string()
}

/// Somebody with a phone, a mailbox and an inbox.
fn to_all(inbox: &str) -> NewMessage {
    message_to(&scenario(), None, &[(Sms, PHONE), (Email, MAIL), (Inbox, inbox)])
}

async fn states(outbox: &Outbox, id: MessageId) -> Vec<(ChannelKind, Delivery)> {
    let deliveries = outbox.deliveries(&scenario(), id).await.unwrap();
    deliveries.into_iter().map(|one| (one.channel, one.state)).collect()
}

#[tokio::test]
async fn what_fails_for_good_goes_on_by_mail_and_then_to_the_inbox() {
    for database in testing::both(MIGRATIONS).await {
        let channel = Recording::answering([refused(), refused()]);
        let outbox = outbox(&database.store, clock(), channel.clone());
        let inbox = account();
        let id = outbox.send(to_all(&inbox)).await.unwrap();
        assert_eq!(outbox.deliver_due(10).await.unwrap(), Report { failed: 1, ..Report::default() });
        let expected = [(Email, Delivery::Queued), (Sms, Delivery::Failed)];
        assert_eq!(states(&outbox, id).await, expected);
        assert_eq!(outbox.deliver_due(10).await.unwrap().failed, 1);
        assert_eq!(outbox.deliver_due(10).await.unwrap().delivered, 1);
        let failed = |channel| Progress { channel, state: Delivery::Failed, failure: Some(FailureKind::NoSuchAddress) };
        let arrived = Progress { channel: Inbox, state: Delivery::Delivered, failure: None };
        assert_eq!(outbox.deliveries(&scenario(), id).await.unwrap(), [failed(Email), arrived, failed(Sms)]);
        assert_eq!(outbox.state(&scenario(), id).await.unwrap(), Some(Delivery::Delivered), "the furthest counts");

        let texts: Vec<_> = channel.texts.lock().unwrap().iter().map(|t| (t.title.clone(), t.body.clone())).collect();
        assert_eq!(texts[0], (String::new(), "人民路的坑洞已修复".to_owned()), "the short text");
        assert_eq!(texts[1].0, "坑洞已修复");
        let read = outbox.inbox().list(inbox.parse().unwrap(), None, false, 10).await.unwrap();
        assert_eq!((read.len(), read[0].id, read[0].title.as_str()), (1, id, "坑洞已修复"));
    }
}

#[tokio::test]
async fn two_channels_are_two_deliveries_and_one_dead_mail_leaves_the_inbox_as_it_is() {
    for database in testing::both(MIGRATIONS).await {
        let outbox = outbox(&database.store, clock(), Recording::answering([refused()]));
        let mut two = to_all(&account());
        two.choice.channels = vec![Inbox, Email];
        two.choice.fallback = Some(vec![Inbox]);
        let id = outbox.send(two).await.unwrap();
        assert_eq!(states(&outbox, id).await, [(Email, Delivery::Queued), (Inbox, Delivery::Queued)]);
        let report = outbox.deliver_due(10).await.unwrap();
        // The inbox would be next, and has the message already.
        assert_eq!((report.delivered, report.dead), (1, 1));
        assert_eq!(states(&outbox, id).await, [(Email, Delivery::Dead), (Inbox, Delivery::Delivered)]);
        outbox.replay(id, Some(Email)).await.unwrap();
        assert_eq!(outbox.deliver_due(10).await.unwrap().delivered, 1);
    }
}

#[tokio::test]
async fn a_message_waits_for_the_end_of_quiet_hours_unless_it_is_urgent() {
    for database in testing::both(MIGRATIONS).await {
        // 2026-01-05T08:00Z is 16:00 in China.
        let clock = clock();
        let quiet = r#"{"sms": {"from": "22:00", "to": "07:00"}}"#;
        let options =
            OutboxOptions { quiet: serde_json::from_str::<Quiet>(quiet).unwrap(), ..OutboxOptions::default() };
        let temporary = DeliveryError::temporary(FailureKind::Carrier, "busy");
        let channel = Recording::answering([temporary]);
        let outbox = outbox_with(&database.store, clock.clone(), channel.clone(), options);
        let by_day = outbox.send(message(&scenario(), None, Sms, PHONE)).await.unwrap();
        assert_eq!(outbox.deliver_due(10).await.unwrap().postponed, 1);

        clock.advance(Duration::from_secs(6 * 60 * 60 + 60));
        let by_night = outbox.send(message(&scenario(), None, Sms, PHONE)).await.unwrap();
        let mut alarm = message(&scenario(), None, Sms, PHONE);
        alarm.choice.urgent = true;
        let alarm = outbox.send(alarm).await.unwrap();
        let mail = outbox.send(message(&scenario(), None, Email, MAIL)).await.unwrap();
        assert_eq!(outbox.deliver_due(10).await.unwrap().delivered, 2, "what is urgent, and what is no short message");
        let held = [by_day, by_night];
        for id in held {
            assert_eq!(outbox.state(&scenario(), id).await.unwrap(), Some(Delivery::HeldQuiet), "{id}");
        }
        let looked = outbox.look(by_night).await.unwrap();
        assert_eq!(looked[0].due_at.unwrap().to_string(), "2026-01-05T23:00:00Z", "7 o'clock in China");

        clock.advance(Duration::from_secs(9 * 60 * 60 - 120));
        assert_eq!(outbox.deliver_due(10).await.unwrap(), Report::default(), "a minute before seven");
        clock.advance(Duration::from_secs(60));
        assert_eq!(outbox.deliver_due(10).await.unwrap().delivered, 2);
        let got = channel.got();
        assert_eq!(got.len(), 5);
        assert!(held.iter().all(|id| got[3..].contains(id)) && got[1..3].contains(&alarm) && got[1..3].contains(&mail));
    }
}

fn limited(limit: Limit) -> OutboxOptions {
    OutboxOptions { limits: Limits { sms: limit, ..Limits::default() }, ..OutboxOptions::default() }
}

#[tokio::test]
async fn a_recipient_gets_so_many_an_hour_whoever_sends_and_the_rest_later() {
    for database in testing::both(MIGRATIONS).await {
        let clock = clock();
        let limit = Limit { recipient_per_hour: NonZeroU32::new(2), ..Limit::default() };
        let options = limited(limit);
        // The first attempt fails: a retry is not counted again.
        let channel = Recording::answering([DeliveryError::temporary(FailureKind::Carrier, "busy")]);
        let one = outbox_with(&database.store, clock.clone(), channel.clone(), options.clone());
        let other = outbox_with(&database.store, clock.clone(), channel.clone(), options);
        let elsewhere: ScenarioId = "441802-minzheng/allowance".parse().unwrap();
        for scenario in [scenario(), elsewhere.clone(), scenario()] {
            one.send(message(&scenario, None, Sms, PHONE)).await.unwrap();
            clock.advance(Duration::from_millis(1));
        }
        let another = one.send(message(&scenario(), None, Sms, "13900139000")).await.unwrap();
        let mut report = one.deliver_due(2).await.unwrap();
        report += other.deliver_due(10).await.unwrap();
        assert_eq!((report.delivered, report.postponed, report.held), (2, 1, 1), "{:?}", database.store.backend());
        assert_eq!(one.state(&scenario(), another).await.unwrap(), Some(Delivery::Delivered));
        let held = one.list(Delivery::HeldRate, None, None, 10).await.unwrap();
        assert_eq!((held.len(), held[0].attempts), (1, 0), "waiting is no attempt");
        assert_eq!(held[0].due_at.unwrap().to_string(), "2026-01-05T09:00:00Z", "the next hour");

        clock.advance(Duration::from_secs(60));
        assert_eq!(one.deliver_due(10).await.unwrap().delivered, 1, "the retry");
        clock.advance(Duration::from_secs(60 * 60));
        assert_eq!(other.deliver_due(10).await.unwrap().delivered, 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn hosts_that_count_at_the_same_moment_let_no_more_through_than_the_limit() {
    for database in testing::both(MIGRATIONS).await {
        let limit = Limit {
            department_per_day: NonZeroU32::new(7),
            recipient_per_day: NonZeroU32::new(100),
            ..Limit::default()
        };
        let (clock, channel) = (clock(), Arc::new(Recording::default()));
        let host = outbox_with(&database.store, clock.clone(), channel.clone(), limited(limit));
        for number in 0..20 {
            let phone = format!("138001380{number:02}");
            host.send(message(&scenario(), None, Sms, &phone)).await.unwrap();
        }
        let mut rounds = tokio::task::JoinSet::new();
        for _ in 0..5 {
            let host = host.clone();
            rounds.spawn(async move { host.deliver_due(4).await.unwrap() });
        }
        let mut report = Report::default();
        for round in rounds.join_all().await {
            report += round;
        }
        assert_eq!((report.delivered, report.held, channel.got().len()), (7, 13, 7), "{:?}", database.store.backend());
        // What was held took nothing of the recipients' budgets.
        let sql = "SELECT COUNT(*) FROM notify_spent WHERE scope LIKE 'sms/recipient-day/%'";
        let recipients: i64 = sqlx::query_scalar(sql).fetch_one(database.store.pool()).await.unwrap();
        assert_eq!(recipients, 7);
        clock.advance(DAY);
        assert_eq!(host.deliver_due(20).await.unwrap().delivered, 7, "seven more on the next day");
    }
}

#[tokio::test]
async fn a_receipt_for_every_part_makes_a_message_delivered_and_erases_it() {
    for database in testing::both(MIGRATIONS).await {
        let outbox = outbox(&database.store, clock(), Recording::accepting([sent(&["a", "b"])]));
        let id = outbox.send(message(&scenario(), None, Sms, PHONE)).await.unwrap();
        assert_eq!(outbox.deliver_due(10).await.unwrap().sent, 1);
        outbox.receipt(Sms, arrived("a")).await.unwrap();
        outbox.receipt(Sms, arrived("a")).await.unwrap();
        assert_eq!(outbox.state(&scenario(), id).await.unwrap(), Some(Delivery::Sent), "one part is missing");
        outbox.receipt(Email, arrived("b")).await.unwrap();
        assert_eq!(outbox.state(&scenario(), id).await.unwrap(), Some(Delivery::Sent), "another channel's id");
        outbox.receipt(Sms, arrived("b")).await.unwrap();
        assert_eq!(outbox.state(&scenario(), id).await.unwrap(), Some(Delivery::Delivered));
        outbox.receipt(Sms, undelivered("b")).await.unwrap();
        assert_eq!(outbox.state(&scenario(), id).await.unwrap(), Some(Delivery::Delivered), "there is no way back");
        assert_eq!(outbox.look(id).await.unwrap()[0].recipient, None, "erased");
    }
}

#[tokio::test]
async fn a_receipt_that_comes_before_the_attempt_is_recorded_is_not_lost() {
    for database in testing::both(MIGRATIONS).await {
        let channel = Recording::accepting([sent(&["early"]), sent(&["early"])]);
        let outbox = outbox(&database.store, clock(), channel);
        outbox.receipt(Sms, arrived("early")).await.unwrap();
        let first = outbox.send(message(&scenario(), None, Sms, PHONE)).await.unwrap();
        assert_eq!(outbox.deliver_due(10).await.unwrap().delivered, 1);
        assert_eq!(outbox.state(&scenario(), first).await.unwrap(), Some(Delivery::Delivered));

        // The carrier uses its id again: what was said of the first message says nothing of the second.
        let second = outbox.send(message(&scenario(), None, Sms, PHONE)).await.unwrap();
        assert_eq!(outbox.deliver_due(10).await.unwrap().sent, 1);
        assert_eq!(outbox.state(&scenario(), second).await.unwrap(), Some(Delivery::Sent));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn receipts_for_all_parts_at_the_same_moment_are_seen_together() {
    for database in testing::both(MIGRATIONS).await {
        let ids: Vec<String> = (0..6).map(|part| format!("part-{part}")).collect();
        let names: Vec<&str> = ids.iter().map(String::as_str).collect();
        let outbox = outbox(&database.store, clock(), Recording::accepting([sent(&names)]));
        let id = outbox.send(message(&scenario(), None, Sms, PHONE)).await.unwrap();
        outbox.deliver_due(10).await.unwrap();
        let mut receipts = tokio::task::JoinSet::new();
        for id in ids {
            let outbox = outbox.clone();
            receipts.spawn(async move { outbox.receipt(Sms, arrived(&id)).await.unwrap() });
        }
        receipts.join_all().await;
        let state = outbox.state(&scenario(), id).await.unwrap();
        assert_eq!(state, Some(Delivery::Delivered), "{:?}", database.store.backend());
    }
}

#[tokio::test]
async fn a_receipt_of_failure_sends_the_message_another_way_once() {
    for database in testing::both(MIGRATIONS).await {
        let outbox = outbox(&database.store, clock(), Recording::accepting([sent(&["x", "y"])]));
        let id = outbox.send(to_all(&account())).await.unwrap();
        outbox.deliver_due(10).await.unwrap();
        for receipt in [undelivered("x"), undelivered("x"), undelivered("y"), arrived("y")] {
            outbox.receipt(Sms, receipt).await.unwrap();
        }
        assert_eq!(states(&outbox, id).await, [(Email, Delivery::Queued), (Sms, Delivery::Failed)]);
        assert_eq!(outbox.deliveries(&scenario(), id).await.unwrap()[1].failure, Some(FailureKind::Expired));
        assert_eq!(outbox.deliver_due(10).await.unwrap().delivered, 1);

        // Where no way is left, it is dead, and an operator may try again.
        let channel = Recording::accepting([sent(&["z"])]);
        let outbox = support::outbox(&database.store, clock(), channel);
        let id = outbox.send(message(&scenario(), None, Sms, PHONE)).await.unwrap();
        outbox.deliver_due(10).await.unwrap();
        outbox.receipt(Sms, undelivered("z")).await.unwrap();
        assert_eq!(states(&outbox, id).await, [(Sms, Delivery::Dead)]);
        outbox.replay(id, None).await.unwrap();
        assert_eq!(outbox.deliver_due(10).await.unwrap().delivered, 1);
    }
}

#[tokio::test]
async fn an_operator_lists_by_state_and_department_replays_all_and_drops_one() {
    for database in testing::both(MIGRATIONS).await {
        let outbox = outbox(&database.store, clock(), Recording::answering((0..4).map(|_| refused())));
        let elsewhere: ScenarioId = "441802-minzheng/allowance".parse().unwrap();
        let mut dead = Vec::new();
        for scenario in [scenario(), scenario(), scenario(), elsewhere.clone()] {
            dead.push(outbox.send(message(&scenario, None, Sms, PHONE)).await.unwrap());
        }
        assert_eq!(outbox.deliver_due(10).await.unwrap().dead, 4);
        let own = scenario().department().clone();
        let list = async |before, limit| outbox.list(Delivery::Dead, Some(&own), before, limit).await.unwrap();
        let all = list(None, 10).await;
        assert_eq!(all.len(), 3);
        let page = list(None, 2).await;
        assert_eq!(list(Some(page[1].id), 10).await, all[2..], "the next page");
        assert_eq!((all[0].template.as_str(), all[0].version.as_str()), ("repaired", "0.1.0"));

        outbox.abandon(all[0].id, None).await.unwrap();
        let dropped = outbox.look(all[0].id).await.unwrap();
        assert_eq!((dropped[0].state, dropped[0].recipient.as_deref()), (Delivery::Failed, None));
        assert!(matches!(outbox.replay(all[0].id, None).await, Err(NotifyError::NotDead(_))));
        assert!(matches!(outbox.abandon(all[0].id, None).await, Err(NotifyError::NotDead(_))));
        assert!(matches!(outbox.look(MessageId::generate()).await, Err(NotifyError::NoMessage(_))));

        assert_eq!(outbox.replay_department(&own).await.unwrap().0, 2);
        assert_eq!(outbox.deliver_due(10).await.unwrap().delivered, 2);
        assert_eq!(outbox.list(Delivery::Dead, None, None, 10).await.unwrap().len(), 1, "the other department's");
    }
}

#[tokio::test]
async fn what_is_old_is_forgotten_and_what_waits_for_a_receipt_too_long_is_erased() {
    for database in testing::both(MIGRATIONS).await {
        let clock = clock();
        let channel = Recording::accepting([sent(&["never"])]);
        let outbox = outbox(&database.store, clock.clone(), channel);
        let inbox = account();
        let waiting = outbox.send(message(&scenario(), None, Sms, PHONE)).await.unwrap();
        let told = outbox.send(message(&scenario(), None, Inbox, &inbox)).await.unwrap();
        outbox.deliver_due(10).await.unwrap();
        assert_eq!(outbox.sweep().await.unwrap(), Swept::default());
        clock.advance(DAY * 4);
        assert_eq!(outbox.sweep().await.unwrap(), Swept { texts: 1, ..Swept::default() });
        assert_eq!(states(&outbox, waiting).await, [(Sms, Delivery::Sent)]);
        clock.advance(DAY * 180);
        assert_eq!(outbox.sweep().await.unwrap(), Swept { deliveries: 2, ..Swept::default() });
        assert_eq!(states(&outbox, told).await, []);
        assert_eq!(outbox.inbox().unread(inbox.parse().unwrap()).await.unwrap(), 1, "the inbox keeps longer");
        clock.advance(DAY * 200);
        assert_eq!(outbox.sweep().await.unwrap(), Swept { inbox: 1, ..Swept::default() });
    }
}

#[tokio::test]
async fn an_inbox_is_its_accounts_own() {
    for database in testing::both(MIGRATIONS).await {
        let clock = clock();
        let outbox = outbox(&database.store, clock.clone(), Arc::new(Recording::default()));
        let (mine, yours) = (account(), account());
        let mut ids = Vec::new();
        for to in [&mine, &mine, &yours] {
            clock.advance(Duration::from_secs(1));
            ids.push(outbox.send(message(&scenario(), None, Inbox, to)).await.unwrap());
        }
        assert_eq!(outbox.deliver_due(10).await.unwrap().delivered, 3);
        let (inbox, mine, yours) = (outbox.inbox(), mine.parse().unwrap(), yours.parse().unwrap());
        let list = async |before, unread| -> Vec<MessageId> {
            inbox.list(mine, before, unread, 10).await.unwrap().into_iter().map(|one| one.id).collect()
        };
        assert_eq!(list(None, false).await, [ids[1], ids[0]], "the newest first");
        assert_eq!(list(Some(ids[1]), false).await, [ids[0]]);

        inbox.mark_read(mine, ids[0]).await.unwrap();
        let read = inbox.list(mine, None, false, 10).await.unwrap()[1].read_at;
        clock.advance(DAY);
        inbox.mark_read(mine, ids[0]).await.unwrap();
        assert_eq!(inbox.list(mine, None, false, 10).await.unwrap()[1].read_at, read, "the first time counts");
        assert_eq!((list(None, true).await, inbox.unread(mine).await.unwrap()), (vec![ids[1]], 1));

        let error = inbox.mark_read(yours, ids[0]).await.unwrap_err();
        assert!(matches!(error, NotifyError::NoMessage(_)), "somebody else's is as good as none: {error}");
        // A message that is moved to another account in the database does not open there.
        sqlx::query("UPDATE notify_inbox SET account = $1 WHERE id = $2")
            .bind(yours.to_string())
            .bind(ids[1].to_string())
            .execute(database.store.pool())
            .await
            .unwrap();
        assert!(inbox.list(yours, None, false, 10).await.is_err());
    }
}

#[tokio::test]
async fn messages_of_the_version_before_are_taken_over_and_sealed() {
    for database in testing::both(MIGRATIONS).await {
        let pool = database.store.pool();
        let ids: Vec<MessageId> = (0..3).map(|_| MessageId::generate()).collect();
        for (id, state, key) in [(ids[0], "queued", Some("k")), (ids[1], "dead", None), (ids[2], "delivered", None)] {
            let is_erased = state == "delivered";
            let text = |text: &str| if is_erased { String::new() } else { text.to_owned() };
            sqlx::query(
                "INSERT INTO notify_outbox (id, scenario, idempotency_key, channel, address, title, body, state, \
                     attempts, created_at, next_attempt_at, lease_until) \
                 VALUES ($1, '441802-chengguan/pothole', $2, 'email', $3, $4, $5, $6, 1, 1, 1, 0)",
            )
            .bind(id.to_string())
            .bind(key.map(str::to_owned))
            .bind(text(MAIL))
            .bind(text("旧"))
            .bind(text("文"))
            .bind(state)
            .execute(pool)
            .await
            .unwrap();
        }
        let channel = Arc::new(Recording::default());
        let outbox = outbox(&database.store, clock(), channel.clone());
        assert_eq!(outbox.adopt().await.unwrap(), 3);
        assert_eq!(outbox.adopt().await.unwrap(), 0);
        let mut found = Vec::new();
        for id in &ids {
            found.push(outbox.state(&scenario(), *id).await.unwrap().unwrap());
        }
        assert_eq!(found, [Delivery::Queued, Delivery::Dead, Delivery::Sent]);
        assert_eq!(outbox.deliver_due(10).await.unwrap().delivered, 1);
        assert_eq!(channel.texts.lock().unwrap()[0].title, "旧");
        outbox.replay(ids[1], None).await.unwrap();
        assert_eq!(outbox.deliver_due(10).await.unwrap().delivered, 1);
        let again = message(&scenario(), Some("k"), Email, MAIL);
        assert_eq!(outbox.send(again).await.unwrap(), ids[0], "its key still sends once");
    }
}
