//! Events are told at least once, in order, by one host at a time, on both databases.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use async_trait::async_trait;
use parking_lot::Mutex;
use serde_json::json;
use zhongtai_events::{Event, EventError, Events, Heard, Listener, MIGRATIONS, NewEvent, Report, Schedule, put};
use zhongtai_kernel::{Clock, Timestamp};
use zhongtai_store::{Store, testing};

/// A clock that tests set, in milliseconds.
#[derive(Default)]
struct Hand(AtomicI64);

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.0.load(Ordering::SeqCst)).unwrap()
    }
}

/// Hears, remembers, and answers what it was told to.
struct Ear {
    heard: Mutex<Vec<(String, u32)>>,
    answer: Mutex<Heard>,
}

impl Ear {
    fn that_says(answer: Heard) -> Arc<Self> {
        Arc::new(Self { heard: Mutex::default(), answer: Mutex::new(answer) })
    }

    fn heard(&self) -> Vec<(String, u32)> {
        std::mem::take(&mut self.heard.lock())
    }
}

#[async_trait]
impl Listener for Ear {
    async fn hear(&self, event: &Event) -> Heard {
        self.heard.lock().push((format!("{} {}", event.kind, event.about), event.attempt));
        self.answer.lock().clone()
    }
}

fn event(kind: &'static str, about: &str) -> NewEvent {
    NewEvent {
        scenario: "441802-chengguan/excavation".parse().unwrap(),
        kind,
        about: about.to_owned(),
        case: Some("WJ-1".to_owned()),
        data: json!({ "amount_fen": 24_000 }),
        at: Timestamp::UNIX_EPOCH,
    }
}

async fn keep(store: &Store, event: &NewEvent) {
    let mut write = store.begin_write().await.unwrap();
    put(&mut write, event).await.unwrap();
    write.commit().await.unwrap();
}

const SCHEDULE: &str = r#"{ "max_attempts": 3, "first_pause_s": 10, "longest_pause_s": 20 }"#;

fn queue(store: &Store, clock: &Arc<Hand>) -> Events {
    let schedule: Schedule = serde_json::from_str(SCHEDULE).unwrap();
    Events::new(store.clone(), clock.clone(), schedule)
}

async fn tell(events: &Events, ear: &Arc<Ear>) -> Report {
    let listener: Arc<dyn Listener> = ear.clone();
    events.tell_due(&listener, 16).await.unwrap()
}

#[tokio::test]
async fn what_is_rolled_back_never_happened() {
    for database in testing::both(&[MIGRATIONS].concat()).await {
        let (clock, ear) = (Arc::new(Hand::default()), Ear::that_says(Heard::Handled));
        clock.0.store(1_000, Ordering::SeqCst);
        let mut write = database.store.begin_write().await.unwrap();
        put(&mut write, &event("payment.settled", "1")).await.unwrap();
        drop(write);
        assert_eq!(tell(&queue(&database.store, &clock), &ear).await, Report::default());
    }
}

#[tokio::test]
async fn events_about_one_thing_are_told_in_order_and_others_do_not_wait_for_them() {
    for database in testing::both(&[MIGRATIONS].concat()).await {
        let (clock, ear) = (Arc::new(Hand::default()), Ear::that_says(Heard::Failed("busy".into())));
        clock.0.store(1_000, Ordering::SeqCst);
        let events = queue(&database.store, &clock);
        for (kind, about) in [("payment.settled", "1"), ("payment.refunded", "1"), ("payment.settled", "2")] {
            keep(&database.store, &event(kind, about)).await;
        }
        assert_eq!(tell(&events, &ear).await.postponed, 2);
        let mut heard = ear.heard();
        heard.sort();
        assert_eq!(heard, [("payment.settled 1".into(), 1), ("payment.settled 2".into(), 1)]);

        *ear.answer.lock() = Heard::Handled;
        assert_eq!(tell(&events, &ear).await, Report::default(), "the pause is not over");
        clock.0.fetch_add(10_000, Ordering::SeqCst);
        assert_eq!(tell(&events, &ear).await.done, 2);
        assert_eq!(tell(&events, &ear).await.done, 1);
        assert_eq!(ear.heard().last().unwrap(), &("payment.refunded 1".into(), 1));
    }
}

#[tokio::test]
async fn an_event_that_fails_is_given_up_after_its_last_attempt_and_replayed_by_an_operator() {
    for database in testing::both(&[MIGRATIONS].concat()).await {
        let (clock, ear) = (Arc::new(Hand::default()), Ear::that_says(Heard::Failed("broken".into())));
        clock.0.store(1_000, Ordering::SeqCst);
        let events = queue(&database.store, &clock);
        keep(&database.store, &event("payment.settled", "1")).await;
        for _ in 0..2 {
            assert_eq!(tell(&events, &ear).await.postponed, 1);
            clock.0.fetch_add(20_000, Ordering::SeqCst);
        }
        assert_eq!(tell(&events, &ear).await.dead, 1);
        let dead = events.dead().await.unwrap();
        assert_eq!((dead[0].attempts, dead[0].last_error.as_str()), (3, "broken"));

        *ear.answer.lock() = Heard::Handled;
        events.replay(dead[0].id).await.unwrap();
        assert_eq!(tell(&events, &ear).await.done, 1);
        assert!(matches!(events.replay(dead[0].id).await, Err(EventError::NotDead(_))));
    }
}

#[tokio::test]
async fn nobody_there_is_no_attempt() {
    for database in testing::both(&[MIGRATIONS].concat()).await {
        let (clock, ear) = (Arc::new(Hand::default()), Ear::that_says(Heard::Absent("not deployed".into())));
        clock.0.store(1_000, Ordering::SeqCst);
        let events = queue(&database.store, &clock);
        keep(&database.store, &event("payment.settled", "1")).await;
        for _ in 0..8 {
            assert_eq!(tell(&events, &ear).await.postponed, 1);
            clock.0.fetch_add(20_000, Ordering::SeqCst);
        }
        assert_eq!(ear.heard().last().unwrap().1, 1);
        *ear.answer.lock() = Heard::Unheard;
        assert_eq!(tell(&events, &ear).await.done, 1);
    }
}

#[tokio::test]
async fn two_hosts_tell_an_event_once_and_a_lost_host_s_event_is_told_again() {
    for database in testing::both(&[MIGRATIONS].concat()).await {
        let clock = Arc::new(Hand::default());
        clock.0.store(1_000, Ordering::SeqCst);
        let (here, there) = (queue(&database.store, &clock), queue(&database.store, &clock));
        let ear = Ear::that_says(Heard::Handled);
        for about in 0..40 {
            keep(&database.store, &event("payment.settled", &about.to_string())).await;
        }
        let mut done = 0;
        while done < 40 {
            let (a, b) = tokio::join!(tell(&here, &ear), tell(&there, &ear));
            done += a.done + b.done;
        }
        let mut heard = ear.heard();
        heard.sort();
        heard.dedup();
        assert_eq!(heard.len(), 40, "each once");

        // A host that took an event along when it died: its lease runs out.
        keep(&database.store, &event("payment.settled", "lost")).await;
        let sql = "UPDATE events SET attempts = 1, lease_until = 91000 WHERE about = 'lost'";
        sqlx::query(sql).execute(database.store.pool()).await.unwrap();
        assert_eq!(tell(&here, &ear).await, Report::default());
        clock.0.store(91_001, Ordering::SeqCst);
        assert_eq!(tell(&here, &ear).await.done, 1);
        assert_eq!(ear.heard(), [("payment.settled lost".into(), 2)]);
    }
}

#[tokio::test]
async fn an_event_of_a_month_ago_is_forgotten_once_it_was_told() {
    for database in testing::both(&[MIGRATIONS].concat()).await {
        let (clock, ear) = (Arc::new(Hand::default()), Ear::that_says(Heard::Handled));
        clock.0.store(1_000, Ordering::SeqCst);
        let events = queue(&database.store, &clock);
        keep(&database.store, &event("payment.settled", "1")).await;
        tell(&events, &ear).await;
        keep(&database.store, &event("payment.settled", "2")).await;
        assert_eq!(events.forget_old().await.unwrap(), 0);
        clock.0.store(31 * 24 * 3_600_000, Ordering::SeqCst);
        assert_eq!(events.forget_old().await.unwrap(), 1, "the one that was not told stays");
        assert_eq!(tell(&events, &ear).await.done, 1);
    }
}

#[tokio::test]
async fn facts_are_no_documents() {
    for database in testing::both(&[MIGRATIONS].concat()).await {
        let mut write = database.store.begin_write().await.unwrap();
        let long = NewEvent { data: json!("x".repeat(5_000)), ..event("payment.settled", "1") };
        assert!(matches!(put(&mut write, &long).await, Err(EventError::TooLong { .. })));
    }
}
