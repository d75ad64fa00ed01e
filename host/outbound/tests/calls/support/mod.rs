//! A server that behaves as it is told, and what was asked of it.

mod server;

pub use server::{Act, Server};

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use zhongtai_kernel::{Clock, ManualClock, SystemClock};
use zhongtai_outbound::{BreakerState, Observer, Outbound, OutboundConfig, Outcome, System, SystemConfig};

/// What is certainly long enough on a slow machine.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// What the observer was told.
#[derive(Default)]
pub struct Seen {
    pub calls: Mutex<Vec<(Outcome, u32)>>,
    pub states: Mutex<Vec<BreakerState>>,
}

impl Observer for Seen {
    fn called(&self, system: &str, outcome: Outcome, _took: Duration, attempts: u32) {
        assert!(system == "upper" || system == "many", "{system}");
        self.calls.lock().unwrap().push((outcome, attempts));
    }

    fn breaker(&self, system: &str, state: BreakerState) {
        assert_eq!(system, "upper");
        self.states.lock().unwrap().push(state);
    }
}

/// A server, the outbound client, and a clock in the test's hand.
pub struct Scene {
    pub server: Server,
    pub clock: Arc<ManualClock>,
    pub seen: Arc<Seen>,
    pub outbound: Outbound,
}

impl Scene {
    /// A server that does `acts`, one with each request, and then answers 200.
    pub fn new(acts: impl IntoIterator<Item = Act>) -> Self {
        let clock = Arc::new(ManualClock::at(SystemClock.now()));
        let seen = Arc::new(Seen::default());
        let outbound = Outbound::observed(&OutboundConfig::default(), clock.clone(), seen.clone()).unwrap();
        Self { server: Server::start(acts), clock, seen, outbound }
    }

    /// Quick to try again, patient otherwise.
    pub fn config(&self) -> SystemConfig {
        SystemConfig {
            timeout_ms: 60_000,
            deadline_ms: 120_000,
            first_pause_ms: 1,
            ..SystemConfig::at(format!("{}/api", self.server.origin()))
        }
    }

    pub fn system(&self, change: impl FnOnce(&mut SystemConfig)) -> System {
        let mut config = self.config();
        change(&mut config);
        self.outbound.system("upper", &config).unwrap()
    }

    pub fn calls(&self) -> Vec<(Outcome, u32)> {
        self.seen.calls.lock().unwrap().clone()
    }

    pub fn states(&self) -> Vec<BreakerState> {
        self.seen.states.lock().unwrap().clone()
    }
}
