//! A circuit breaker: a system that fails again and again is left alone, until one call finds it back.

use std::{sync::Arc, time::Duration};

use parking_lot::Mutex;
use zhongtai_kernel::{Clock, Timestamp};

use crate::{BreakerState, Observer};

/// What a call says about its system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It works.
    Works,
    /// It does not.
    Fails,
    /// Neither: it was not asked, or asks for patience.
    Unknown,
}

/// One system's breaker.
pub(crate) struct Breaker {
    system: String,
    failures: u32,
    pause: Duration,
    clock: Arc<dyn Clock>,
    observer: Arc<dyn Observer>,
    state: Mutex<Inner>,
}

struct Inner {
    state: State,
    /// Changes with every opening and closing: what was let through before says nothing about after.
    generation: u64,
}

enum State {
    Closed { failed: u32 },
    Open { since: Timestamp, is_probed: bool },
}

/// Leave to call the system once. Dropped without a verdict, it has said nothing.
pub(crate) struct Pass<'b> {
    breaker: &'b Breaker,
    generation: u64,
    verdict: Verdict,
}

// === impl Breaker ===

impl Breaker {
    /// Opens after `failures` in a row, for `pause`.
    pub(crate) fn new(
        system: &str,
        failures: u32,
        pause: Duration,
        clock: Arc<dyn Clock>,
        observer: Arc<dyn Observer>,
    ) -> Self {
        observer.breaker(system, BreakerState::Closed);
        let state = Mutex::new(Inner { state: State::Closed { failed: 0 }, generation: 0 });
        Self { system: system.to_owned(), failures, pause, clock, observer, state }
    }

    /// Leave for one call, or how long to wait for it. While the system is left alone and its pause is over, one call at
    /// a time gets through.
    pub(crate) fn enter(&self) -> Result<Pass<'_>, Duration> {
        let mut inner = self.state.lock();
        match &mut inner.state {
            State::Closed { .. } => {}
            State::Open { is_probed: true, .. } => return Err(self.pause),
            State::Open { since, is_probed } => {
                // A clock that was set back must not keep the system away for ever.
                let waited = Duration::try_from(self.clock.now().duration_since(*since)).unwrap_or(self.pause);
                if waited < self.pause {
                    return Err(self.pause.saturating_sub(waited));
                }
                *is_probed = true;
                self.observer.breaker(&self.system, BreakerState::HalfOpen);
            }
        }
        Ok(Pass { breaker: self, generation: inner.generation, verdict: Verdict::Unknown })
    }

    fn settle(&self, pass: &Pass<'_>) {
        let mut inner = self.state.lock();
        if inner.generation != pass.generation {
            return;
        }
        // While it is open, only the one that tries has this generation.
        match (&mut inner.state, pass.verdict) {
            (State::Closed { failed }, Verdict::Works) => *failed = 0,
            (State::Closed { failed }, Verdict::Fails) => {
                *failed += 1;
                if *failed >= self.failures {
                    self.open(&mut inner);
                }
            }
            (State::Open { .. }, Verdict::Works) => self.close(&mut inner),
            (State::Open { .. }, Verdict::Fails) => self.open(&mut inner),
            (State::Open { is_probed, .. }, Verdict::Unknown) => {
                *is_probed = false;
                self.observer.breaker(&self.system, BreakerState::Open);
            }
            (State::Closed { .. }, Verdict::Unknown) => {}
        }
    }

    fn open(&self, inner: &mut Inner) {
        inner.state = State::Open { since: self.clock.now(), is_probed: false };
        inner.generation += 1;
        self.observer.breaker(&self.system, BreakerState::Open);
        tracing::warn!(system = self.system, pause_ms = self.pause.as_millis(), "the system fails and is left alone");
    }

    fn close(&self, inner: &mut Inner) {
        inner.state = State::Closed { failed: 0 };
        inner.generation += 1;
        self.observer.breaker(&self.system, BreakerState::Closed);
        tracing::info!(system = self.system, "the system is back");
    }
}

// === impl Pass ===

impl Pass<'_> {
    /// Says how the call went.
    pub(crate) fn settle(mut self, verdict: Verdict) {
        self.verdict = verdict;
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        self.breaker.settle(self);
    }
}

#[cfg(test)]
mod tests {
    use zhongtai_kernel::ManualClock;

    use super::*;
    use crate::Outcome;

    const PAUSE: Duration = Duration::from_secs(30);

    #[derive(Default)]
    struct Seen(Mutex<Vec<BreakerState>>);

    impl Observer for Seen {
        fn called(&self, _: &str, _: Outcome, _: Duration, _: u32) {}

        fn breaker(&self, _: &str, state: BreakerState) {
            self.0.lock().push(state);
        }
    }

    struct Scene {
        breaker: Breaker,
        clock: Arc<ManualClock>,
        seen: Arc<Seen>,
    }

    /// A breaker that opens after three failures.
    fn scene() -> Scene {
        let clock = Arc::new(ManualClock::at("2026-01-01T00:00:00Z".parse().unwrap()));
        let seen = Arc::new(Seen::default());
        let breaker = Breaker::new("upper", 3, PAUSE, clock.clone(), seen.clone());
        Scene { breaker, clock, seen }
    }

    impl Scene {
        fn call(&self, verdict: Verdict) {
            self.breaker.enter().ok().unwrap().settle(verdict);
        }

        fn opened() -> Self {
            let scene = scene();
            for _ in 0..3 {
                scene.call(Verdict::Fails);
            }
            scene
        }

        fn wait(&self) -> Option<Duration> {
            self.breaker.enter().err()
        }
    }

    #[test]
    fn it_opens_after_failures_in_a_row_only() {
        let scene = scene();
        for _ in 0..10 {
            scene.call(Verdict::Fails);
            scene.call(Verdict::Fails);
            scene.call(Verdict::Unknown);
            scene.call(Verdict::Works);
        }
        assert_eq!(scene.wait(), None);
        for _ in 0..3 {
            scene.call(Verdict::Fails);
        }
        assert_eq!(scene.wait(), Some(PAUSE));
        scene.clock.advance(Duration::from_secs(10));
        assert_eq!(scene.wait(), Some(Duration::from_secs(20)), "what is left of the pause");
    }

    #[test]
    fn one_call_at_a_time_tries_whether_the_system_is_back() {
        let scene = Scene::opened();
        scene.clock.advance(PAUSE);
        let probe = scene.breaker.enter().ok().unwrap();
        assert_eq!(scene.wait(), Some(PAUSE), "a second one has to wait");
        probe.settle(Verdict::Works);
        let (first, second) = (scene.breaker.enter(), scene.breaker.enter());
        assert!(first.is_ok() && second.is_ok());
        let seen = scene.seen.0.lock().clone();
        assert_eq!(seen, [BreakerState::Closed, BreakerState::Open, BreakerState::HalfOpen, BreakerState::Closed]);
    }

    #[test]
    fn a_try_that_fails_begins_the_pause_anew() {
        let scene = Scene::opened();
        scene.clock.advance(PAUSE);
        scene.call(Verdict::Fails);
        assert_eq!(scene.wait(), Some(PAUSE));
        scene.clock.advance(PAUSE);
        scene.call(Verdict::Works);
        assert_eq!(scene.wait(), None);
    }

    #[test]
    fn a_try_that_is_given_up_lets_the_next_one_try() {
        let scene = Scene::opened();
        scene.clock.advance(PAUSE);
        drop(scene.breaker.enter());
        assert!(scene.breaker.enter().is_ok(), "its caller went away; nobody else is kept out");
    }

    #[test]
    fn what_began_before_it_opened_says_nothing_after() {
        let scene = scene();
        let (slow, slower) = (scene.breaker.enter().ok().unwrap(), scene.breaker.enter().ok().unwrap());
        for _ in 0..3 {
            scene.call(Verdict::Fails);
        }
        slow.settle(Verdict::Works);
        assert_eq!(scene.wait(), Some(PAUSE), "an old success does not close it");
        scene.clock.advance(PAUSE);
        let probe = scene.breaker.enter().ok().unwrap();
        slower.settle(Verdict::Fails);
        assert_eq!(scene.wait(), Some(PAUSE), "an old failure does not end the probe");
        probe.settle(Verdict::Works);
        assert_eq!(scene.wait(), None);
    }

    #[test]
    fn a_clock_set_back_does_not_keep_it_open_for_ever() {
        struct Jumping(Mutex<Timestamp>);
        impl Clock for Jumping {
            fn now(&self) -> Timestamp {
                *self.0.lock()
            }
        }
        let clock = Arc::new(Jumping(Mutex::new("2026-06-01T00:00:00Z".parse().unwrap())));
        let breaker = Breaker::new("upper", 1, PAUSE, clock.clone(), Arc::new(Seen::default()));
        breaker.enter().ok().unwrap().settle(Verdict::Fails);
        assert!(breaker.enter().is_err());
        *clock.0.lock() = "2026-01-01T00:00:00Z".parse().unwrap();
        assert!(breaker.enter().is_ok());
    }
}
