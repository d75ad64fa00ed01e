//! Policy and audit in a test's hands.

use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use zhongtai_kernel::{
    Access, AuditUnavailable, Caller, Decision, Effect, Event, Guard, Mask, Question, Record, Recorder, Timestamp,
};

/// Allows everything, until told to deny.
#[derive(Default)]
pub struct TestGuard {
    denies: AtomicBool,
    masks: AtomicBool,
}

/// Keeps the first records and counts all, until it is broken.
#[derive(Default)]
pub struct TestRecorder {
    broken: AtomicBool,
    count: AtomicUsize,
    first: Mutex<Vec<(String, String, Effect)>>,
}

impl TestGuard {
    pub fn deny(&self) {
        self.denies.store(true, Ordering::SeqCst);
    }

    /// From now on what is allowed is to be hidden.
    pub fn mask(&self) {
        self.masks.store(true, Ordering::SeqCst);
    }
}

impl Guard for TestGuard {
    fn remembered(&self, _: &Caller, _: &Access<'_>, _: Timestamp) -> Option<Arc<Decision>> {
        None
    }

    fn evaluate(&self, _: &Caller, question: Question, _: Timestamp) -> Arc<Decision> {
        let effect = if self.denies.load(Ordering::SeqCst) { Effect::Deny } else { Effect::Allow };
        let mut decision = Decision::new(question, effect, "test".into());
        decision.mask = self.masks.load(Ordering::SeqCst).then_some(Mask::All);
        Arc::new(decision)
    }
}

impl TestRecorder {
    pub fn break_down(&self, broken: bool) {
        self.broken.store(broken, Ordering::SeqCst);
    }

    pub fn count(&self) -> usize {
        self.count.load(Ordering::SeqCst)
    }

    /// Action, resource and effect of the first sixteen.
    pub fn first(&self) -> Vec<(String, String, Effect)> {
        self.first.lock().expect("no panic while it is held").clone()
    }
}

impl Recorder for TestRecorder {
    fn record(&self, record: Record) -> Result<(), AuditUnavailable> {
        if self.broken.load(Ordering::SeqCst) {
            return Err(AuditUnavailable("the disk is full".to_owned()));
        }
        self.count.fetch_add(1, Ordering::SeqCst);
        let mut first = self.first.lock().expect("no panic while it is held");
        if let Event::Decision { decision, .. } = record.event
            && first.len() < 16
        {
            first.push((decision.question.action.clone(), decision.question.resource(), decision.effect));
        }
        Ok(())
    }

    fn committed(&self) -> Pin<Box<dyn Future<Output = Result<(), AuditUnavailable>> + Send + '_>> {
        Box::pin(async { Ok(()) })
    }
}
