use std::{path::Path, process::Command, sync::Arc};

use async_trait::async_trait;
use jiff::{civil::Date, tz};
use zhongtai_cap_payment::{
    CashDesk, CashDeskConfig, Gateway, Headers, OrderId,
    contract::Desk,
    testing::{Process, Receiver},
};
use zhongtai_cashdesk::Options;
use zhongtai_kernel::{Clock, SystemClock, Timestamp};
use zhongtai_outbound::{Outbound, OutboundConfig, OutboundError, Repeat, Request, SecretSource, System, SystemConfig};

pub(crate) const SECRET: &str = "the-secret-of-this-test-0123456789abcdef";

/// The desk, the way to it, and the place that it calls back.
pub(crate) struct Real {
    pub(crate) process: Process,
    pub(crate) receiver: Receiver,
    pub(crate) channel: CashDesk,
    people: System,
    folder: tempfile::TempDir,
}

// === impl Real ===

impl Real {
    pub(crate) async fn start() -> Self {
        Self::with_clock(Arc::new(SystemClock)).await
    }

    pub(crate) async fn with_clock(clock: Arc<dyn Clock>) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let folder = tempfile::tempdir().unwrap();
        let secret = folder.path().join("secret");
        std::fs::write(&secret, SECRET).unwrap();
        let receiver = Receiver::start().await;
        let process = process(folder.path(), &receiver.url);
        let channel = channel(&process.url, &secret, clock);
        // A connection of its own for each: one that was kept breaks when the desk is killed.
        let config = OutboundConfig { idle_connections: 0, ..OutboundConfig::default() };
        let outbound = Outbound::new(&config, Arc::new(SystemClock)).unwrap();
        // People try again at once.
        let config = SystemConfig { breaker_failures: 1_000, ..SystemConfig::at(&process.url) };
        let people = outbound.system("people", &config).unwrap();
        Self { process, receiver, channel, people, folder }
    }

    /// Another way to the same desk.
    pub(crate) fn another_channel(&self) -> CashDesk {
        channel(&self.process.url, &self.folder.path().join("secret"), Arc::new(SystemClock))
    }

    /// Somebody who has the code uses the page.
    pub(crate) async fn press(&self, qr: &str, act: &str) {
        let path = qr.strip_prefix(&self.process.url).expect("a page of the desk");
        let form = Request::post(path, "application/x-www-form-urlencoded", format!("act={act}"));
        match self.people.send(form, Repeat::Never).await {
            Err(OutboundError::Redirected { .. }) => {}
            other => panic!("the page answers {other:?}"),
        }
    }

    pub(crate) async fn get(&self, path: &str) -> zhongtai_outbound::Answer {
        self.people.send(Request::get(path), Repeat::Idempotent).await.unwrap()
    }

    /// Sends as it is, signed by nobody or by the test.
    pub(crate) async fn send(&self, request: Request) -> zhongtai_outbound::Answer {
        self.people.send(request, Repeat::Never).await.unwrap()
    }

    /// The process may be gone.
    pub(crate) async fn try_send(&self, request: Request) -> Result<zhongtai_outbound::Answer, OutboundError> {
        self.people.send(request, Repeat::Never).await
    }

    pub(crate) async fn faults(&self, plan: &str) {
        let answer = self.send(Request::post("/test/faults", "application/json", plan.to_owned())).await;
        assert_eq!(answer.status.as_u16(), 204);
    }
}

pub(crate) fn channel(url: &str, secret: &Path, clock: Arc<dyn Clock>) -> CashDesk {
    let system = SystemConfig { breaker_failures: 1_000, ..SystemConfig::at(url) };
    let config = CashDeskConfig { secret: SecretSource::File(secret.into()), system };
    let outbound = Outbound::new(&OutboundConfig::default(), clock.clone()).unwrap();
    CashDesk::new("cashdesk", &config, &outbound, clock).unwrap()
}

fn process(folder: &Path, callback: &str) -> Process {
    let (data, secret) = (folder.join("desk"), folder.join("secret"));
    let callback = callback.to_owned();
    Process::start(move |port| {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["desk::a_desk_by_itself", "--exact", "--ignored", "--nocapture"]);
        command.env("DESK_PORT", port.to_string()).env("DESK_CALLBACK", &callback);
        command.env("DESK_DATA", &data).env("DESK_SECRET", &secret);
        command
    })
}

/// The process that the other tests start and kill.
#[test]
#[ignore = "is started by the others"]
fn a_desk_by_itself() {
    let Ok(callback) = std::env::var("DESK_CALLBACK") else { return };
    let _ = rustls::crypto::ring::default_provider().install_default();
    let var = |name| std::env::var(name).unwrap();
    let options = Options {
        listen: ([127, 0, 0, 1], var("DESK_PORT").parse().unwrap()).into(),
        data: var("DESK_DATA").into(),
        callback,
        page: None,
        secret: SecretSource::File(var("DESK_SECRET").into()).read_key("DESK_SECRET", 32).unwrap(),
        test_faults: true,
    };
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let desk = zhongtai_cashdesk::Desk::open(options).await.unwrap();
        println!("\nhttp://{}", desk.address());
        desk.run(std::future::pending()).await.unwrap();
    });
}

#[async_trait]
impl Desk for Real {
    fn gateway(&self) -> &dyn Gateway {
        &self.channel
    }

    async fn pay(&self, _order: &OrderId, qr: &str) {
        self.press(qr, "pay").await;
    }

    async fn callback(&self) -> (Headers, Vec<u8>) {
        self.receiver.next().await
    }

    async fn restart(&self) {
        self.process.kill();
        self.process.start_again();
    }

    fn today(&self) -> Date {
        tz::offset(8).to_datetime(self.now()).date()
    }

    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}
