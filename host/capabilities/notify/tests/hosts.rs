//! Several hosts of one database: never two attempts at the same message at once, whatever becomes of a host.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test's own helpers"
)]

mod support;

use std::{
    collections::HashMap,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use support::{KEY, Recording, clock, outbox, scenario};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    sync::{Semaphore, watch},
};
use zhongtai_cap_notify::{
    Accepted, Channel, Channels, Delivery, DeliveryError, FailureKind, MIGRATIONS, MessageId, NotifyProvider, Outbox,
    OutboxOptions, Outgoing, contract::mail,
};
use zhongtai_kernel::{Clock, SystemClock};
use zhongtai_store::{Store, testing};

const MESSAGES: usize = 60;
/// Attempts of the host that is killed that are under way then.
const HANGING: usize = 5;
/// The machine may be slow.
const PATIENCE: Duration = Duration::from_secs(60);

/// The system's clock, and so many seconds more: for whoever comes when leases are over.
struct Later(i64);

impl Clock for Later {
    fn now(&self) -> Timestamp {
        SystemClock.now() + SignedDuration::from_secs(self.0)
    }
}

/// Tells the carrier which message it is and who sends it, and waits until the carrier has it.
struct Line {
    port: u16,
}

#[async_trait]
impl Channel for Line {
    async fn deliver(&self, message: &Outgoing) -> Result<Accepted, DeliveryError> {
        let said = async {
            let mut carrier = TcpStream::connect(("127.0.0.1", self.port)).await?;
            carrier.write_all(format!("{} {}\n", std::process::id(), message.id).as_bytes()).await?;
            let mut answer = String::new();
            carrier.read_to_string(&mut answer).await?;
            Ok::<_, std::io::Error>(answer)
        };
        match said.await {
            Ok(answer) if answer == "ok" => Ok(Accepted::Delivered),
            _ => Err(DeliveryError::temporary(FailureKind::Unreachable, "no answer")),
        }
    }
}

/// What the carrier saw of a message.
#[derive(Default, Clone, Copy)]
struct Seen {
    under_way: u32,
    attempts: u32,
    accepted: u32,
}

#[derive(Default)]
struct Carrier {
    seen: Mutex<HashMap<String, Seen>>,
    /// Messages that two hosts tried at once.
    doubled: Mutex<Vec<String>>,
    /// Whoever this is gets no answers.
    victim: Mutex<Option<u32>>,
    hanging: Mutex<usize>,
}

impl Carrier {
    async fn listen(self: Arc<Self>) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                tokio::spawn(self.clone().take(socket));
            }
        });
        port
    }

    async fn take(self: Arc<Self>, socket: TcpStream) {
        let mut socket = BufReader::new(socket);
        let mut line = String::new();
        socket.read_line(&mut line).await.unwrap();
        let (pid, id) = line.trim().split_once(' ').unwrap();
        self.begin(id);
        let is_victim = *self.victim.lock().unwrap() == pid.parse().ok();
        if is_victim && self.may_hang() {
            // Until the host is gone: then the connection ends.
            let _ = socket.read(&mut [0; 1]).await;
            self.end(id, false);
        } else {
            // Others get their turn.
            tokio::time::sleep(Duration::from_millis(20)).await;
            self.end(id, true);
            let _ = socket.write_all(b"ok").await;
        }
    }

    fn begin(&self, id: &str) {
        let mut seen = self.seen.lock().unwrap();
        let one = seen.entry(id.to_owned()).or_default();
        one.attempts += 1;
        one.under_way += 1;
        if one.under_way > 1 {
            self.doubled.lock().unwrap().push(id.to_owned());
        }
    }

    fn end(&self, id: &str, is_accepted: bool) {
        let mut seen = self.seen.lock().unwrap();
        let one = seen.get_mut(id).unwrap();
        one.under_way -= 1;
        one.accepted += u32::from(is_accepted);
    }

    fn may_hang(&self) -> bool {
        let mut hanging = self.hanging.lock().unwrap();
        let may = *hanging < HANGING;
        *hanging += usize::from(may);
        may
    }

    fn accepted(&self) -> usize {
        self.seen.lock().unwrap().values().filter(|seen| seen.accepted > 0).count()
    }
}

/// A host in a process of its own; killed with the test.
struct Host(Child);

impl Host {
    fn start(url: &str, port: u16, later: i64) -> Self {
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "a_host_in_a_process_of_its_own", "--ignored", "--nocapture"])
            .env("NOTIFY_HOST", format!("{port} {later} {url}"))
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        Self(child)
    }

    /// As `kill -9` does.
    fn kill(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
#[ignore = "the other processes of the test below"]
async fn a_host_in_a_process_of_its_own() {
    let told = std::env::var("NOTIFY_HOST").expect("started by the test below");
    let [port, later, url] = told.splitn(3, ' ').collect::<Vec<_>>().try_into().unwrap();
    let store = Store::open(url, MIGRATIONS).await.unwrap();
    let clock = Arc::new(Later(later.parse().unwrap()));
    let channels = Channels { email: Some(Arc::new(Line { port: port.parse().unwrap() })), ..Channels::default() };
    let (_running, stopped) = watch::channel(false);
    Outbox::new(store, clock, &KEY, channels, OutboxOptions::default()).run(stopped).await;
}

async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while !holds().await {
        assert!(tokio::time::Instant::now() < deadline, "not within {PATIENCE:?}: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_two_processes_try_a_message_at_once_and_a_killed_ones_messages_arrive_when_its_leases_are_over() {
    for database in testing::both(MIGRATIONS).await {
        let carrier = Arc::new(Carrier::default());
        let port = carrier.clone().listen().await;
        let sender = outbox(&database.store, Arc::new(SystemClock), Arc::new(Recording::default()));
        let mut sent: Vec<MessageId> = Vec::new();
        for _ in 0..MESSAGES {
            sent.push(sender.send(mail(&scenario(), None)).await.unwrap());
        }
        let victim = Host::start(&database.url, port, 0);
        *carrier.victim.lock().unwrap() = Some(victim.0.id());
        until("the host that is to be killed is in the middle of it", async || {
            *carrier.hanging.lock().unwrap() == HANGING
        })
        .await;
        let _survivor = Host::start(&database.url, port, 0);
        until("all but the hanging ones arrived", async || carrier.accepted() == MESSAGES - HANGING).await;
        // What arrived and is not recorded when a host is killed comes once more: that is another test's.
        until("and that is recorded", async || {
            let delivered = sender.list(Delivery::Delivered, None, None, 1_000).await.unwrap();
            delivered.len() == MESSAGES - HANGING
        })
        .await;
        victim.kill();
        // What the killed host had under way is still its own: its leases run.
        tokio::time::sleep(Duration::from_millis(2_200)).await;
        assert_eq!(carrier.accepted(), MESSAGES - HANGING, "a lease holds although its host is dead");

        let _later = Host::start(&database.url, port, 120);
        until("the killed host's messages arrived", async || carrier.accepted() == MESSAGES).await;
        until("everything is recorded", async || {
            let mut states = Vec::new();
            for id in &sent {
                states.push(sender.state(&scenario(), *id).await.unwrap());
            }
            states.iter().all(|state| *state == Some(Delivery::Delivered))
        })
        .await;
        let seen = carrier.seen.lock().unwrap();
        assert_eq!(carrier.doubled.lock().unwrap().len(), 0, "one attempt at a time, {:?}", database.store.backend());
        assert!(seen.values().all(|one| one.accepted == 1), "each arrived once");
        let twice = seen.values().filter(|one| one.attempts == 2).count();
        let more = seen.values().filter(|one| one.attempts > 2).count();
        assert_eq!((twice, more), (HANGING, 0), "only what was under way in the killed host was tried again");
    }
}

/// A channel that lets an attempt through when it is told to.
struct Gate {
    got: Mutex<Vec<MessageId>>,
    open: Semaphore,
}

#[async_trait]
impl Channel for Gate {
    async fn deliver(&self, message: &Outgoing) -> Result<Accepted, DeliveryError> {
        self.got.lock().unwrap().push(message.id);
        self.open.acquire().await.unwrap().forget();
        Err(DeliveryError::permanent(FailureKind::Refused, "SMTP 554"))
    }
}

#[tokio::test]
async fn a_host_that_was_away_for_longer_than_its_lease_changes_nothing() {
    for database in testing::both(MIGRATIONS).await {
        let clock = clock();
        let gate = Arc::new(Gate { got: Mutex::default(), open: Semaphore::new(0) });
        let away = outbox(&database.store, clock.clone(), gate.clone());
        let id = away.send(mail(&scenario(), None)).await.unwrap();
        let sleeping = tokio::spawn({
            let away = away.clone();
            async move { away.deliver_due(10).await.unwrap() }
        });
        until("the attempt is under way", async || gate.got.lock().unwrap().len() == 1).await;
        assert_eq!(away.state(&scenario(), id).await.unwrap(), Some(Delivery::Sending));

        clock.advance(Duration::from_secs(91));
        let other = outbox(&database.store, clock.clone(), Arc::new(Recording::default()));
        assert_eq!(other.deliver_due(10).await.unwrap().delivered, 1);

        gate.open.add_permits(1);
        let report = sleeping.await.unwrap();
        assert_eq!((report.dead, report.failed), (0, 0), "its end is not recorded");
        assert_eq!(other.state(&scenario(), id).await.unwrap(), Some(Delivery::Delivered));
    }
}

#[tokio::test]
async fn a_replayed_message_is_not_ended_by_an_attempt_from_before() {
    for database in testing::both(MIGRATIONS).await {
        let clock = clock();
        let gate = Arc::new(Gate { got: Mutex::default(), open: Semaphore::new(0) });
        let away = outbox(&database.store, clock.clone(), gate.clone());
        let id = away.send(mail(&scenario(), None)).await.unwrap();
        let sleeping = tokio::spawn({
            let away = away.clone();
            async move { away.deliver_due(10).await.unwrap() }
        });
        until("the attempt is under way", async || gate.got.lock().unwrap().len() == 1).await;
        clock.advance(Duration::from_secs(91));
        // The next host gives it up, an operator replays it, and a third one has its first attempt under way: the number
        // of attempts is 1 again, as for the host that was away.
        let permanent = DeliveryError::permanent(FailureKind::Refused, "SMTP 554");
        let other = outbox(&database.store, clock.clone(), Recording::answering([permanent]));
        assert_eq!(other.deliver_due(10).await.unwrap().dead, 1);
        other.replay(id, None).await.unwrap();
        let hangs = Arc::new(Recording::default());
        *hangs.hangs.lock().unwrap() = true;
        let third = outbox(&database.store, clock.clone(), hangs.clone());
        let cut = tokio::time::timeout(Duration::from_millis(300), third.deliver_due(10)).await;
        assert!(cut.is_err() && hangs.got() == [id]);

        gate.open.add_permits(1);
        assert_eq!(sleeping.await.unwrap().dead, 0);
        assert_eq!(other.state(&scenario(), id).await.unwrap(), Some(Delivery::Sending), "the third host has it");
    }
}

/// Another host is in the middle of its claim: the one that comes second must not take the same message.
#[tokio::test]
async fn a_claim_that_waits_for_another_one_finds_the_message_taken() {
    for database in testing::both(MIGRATIONS).await {
        let channel = Arc::new(Recording::default());
        let host = outbox(&database.store, clock(), channel.clone());
        let id = host.send(mail(&scenario(), None)).await.unwrap();
        let mut other = database.store.begin_write().await.unwrap();
        let claim = "UPDATE notify_deliveries SET state = 'sending', due_at = due_at + 90000, fence = fence + 1 \
                     WHERE message = $1";
        sqlx::query(claim).bind(id.to_string()).execute(&mut *other).await.unwrap();
        let second = tokio::spawn({
            let host = host.clone();
            async move { host.deliver_due(10).await.unwrap() }
        });
        // Long enough for it to come to the row; on PostgreSQL it then does not wait for it.
        tokio::time::sleep(Duration::from_millis(300)).await;
        other.commit().await.unwrap();
        second.await.unwrap();
        assert_eq!(channel.got(), [], "{:?}", database.store.backend());
    }
}
