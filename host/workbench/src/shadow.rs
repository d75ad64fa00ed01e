//! Shadow mode: a draft decides beside what is in force, on live requests, and only the differences are kept.
//!
//! The decision path pays for a queue's `try_send`; a thread of its own asks the draft. When that falls behind, what
//! does not fit the queue is dropped and counted: nobody waits for a draft.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    },
    thread::JoinHandle,
};

use parking_lot::Mutex;
use serde::Serialize;
use zhongtai_authz::ActiveSet;
use zhongtai_kernel::{Caller, Decision, ErrorKind, Timestamp};

use crate::{
    Lang,
    answer::Answers,
    flip::{self, Flip, Group, Made, Retired, Tally},
};

/// How much is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShadowSettings {
    /// Of so many decisions one is compared; 1 compares all, and 0 counts as 1.
    pub one_in: u64,
    /// How many decisions may wait to be compared.
    pub queue: usize,
}

/// A draft beside what is in force. Dropping it ends its thread.
pub struct Shadow {
    settings: ShadowSettings,
    draft: String,
    seen: AtomicU64,
    dropped: AtomicU64,
    tally: Arc<Mutex<Tally>>,
    queue: Option<SyncSender<Observed>>,
    worker: Option<JoinHandle<()>>,
}

/// How a draft differs so far.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ShadowReport {
    /// Decisions that were made meanwhile.
    pub seen: u64,
    /// Decisions that the draft was asked for as well.
    pub compared: u64,
    /// Decisions that should have been compared and did not fit the queue.
    pub dropped: u64,
    /// What differs, by department, action and kind.
    pub flips: Vec<Group<Flip>>,
    /// What can't be asked of the draft.
    pub retired: Vec<Group<Retired>>,
    /// The hash of the draft.
    pub draft: String,
}

/// The shadow's thread can't be started.
#[derive(Debug, thiserror::Error)]
#[error("a thread for the draft can't be started: {0}")]
pub struct ShadowError(#[from] std::io::Error);

enum Observed {
    Decision {
        caller: Arc<Caller>,
        decision: Arc<Decision>,
        at: Timestamp,
    },
    /// Answered once everything before it was compared.
    Settle(SyncSender<()>),
}

// === impl ShadowSettings ===

impl Default for ShadowSettings {
    /// Every decision, with place for some milliseconds of a busy host.
    fn default() -> Self {
        Self { one_in: 1, queue: 4096 }
    }
}

// === impl ShadowError ===

impl ShadowError {
    /// What sort of failure it is.
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::Unavailable
    }
}

// === impl Shadow ===

impl Shadow {
    /// Starts to compare.
    pub fn start(draft: Arc<ActiveSet>, settings: ShadowSettings) -> Result<Self, ShadowError> {
        let (queue, waiting) = sync_channel(settings.queue);
        let tally = Arc::new(Mutex::new(Tally::default()));
        let (hash, into) = (draft.compiled().hash().to_string(), tally.clone());
        let worker = std::thread::Builder::new()
            .name("zt-shadow".to_owned())
            .spawn(move || compare(Answers::new(draft), &waiting, &into))?;
        Ok(Self {
            settings,
            draft: hash,
            seen: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
            tally,
            queue: Some(queue),
            worker: Some(worker),
        })
    }

    /// Takes note of a decision that was made at `now`. Never waits.
    pub fn observe(&self, caller: &Arc<Caller>, decision: &Arc<Decision>, now: Timestamp) {
        let seen = self.seen.fetch_add(1, Ordering::Relaxed);
        if !seen.is_multiple_of(self.settings.one_in.max(1)) {
            return;
        }
        let observed = Observed::Decision { caller: caller.clone(), decision: decision.clone(), at: now };
        let sent = self.queue.as_ref().map(|queue| queue.try_send(observed));
        if let Some(Err(TrySendError::Full(_) | TrySendError::Disconnected(_))) = sent {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Waits until everything observed so far was compared.
    pub fn settle(&self) {
        let (done, wait) = sync_channel(1);
        let sent = self.queue.as_ref().map(|queue| queue.send(Observed::Settle(done)));
        if matches!(sent, Some(Ok(()))) {
            // An error means that the thread is gone: then there is nothing to wait for.
            let _ = wait.recv();
        }
    }

    /// How the draft differs so far.
    pub fn report(&self) -> ShadowReport {
        let tally = self.tally.lock().clone();
        ShadowReport {
            seen: self.seen.load(Ordering::Relaxed),
            compared: tally.compared,
            dropped: self.dropped.load(Ordering::Relaxed),
            flips: tally.flips(),
            retired: tally.retired(),
            draft: self.draft.clone(),
        }
    }
}

impl Drop for Shadow {
    fn drop(&mut self) {
        // The thread ends when nobody can send any more.
        self.queue = None;
        if let Some(worker) = self.worker.take() {
            // It does not panic; if it did, the panic was reported on its own thread.
            let _ = worker.join();
        }
    }
}

fn compare(mut answers: Answers<Arc<ActiveSet>>, waiting: &Receiver<Observed>, tally: &Mutex<Tally>) {
    while let Ok(observed) = waiting.recv() {
        match observed {
            Observed::Decision { caller, decision, at } => {
                let facts = caller.facts();
                let answer = answers.ask(&facts, &decision.question, at);
                let made = Made { effect: decision.effect, mask: decision.mask };
                tally.lock().add((&facts, &decision.question), at, "", made, &answer);
            }
            Observed::Settle(done) => {
                // Whoever asked may have gone.
                let _ = done.send(());
            }
        }
    }
}

// === impl ShadowReport ===

impl ShadowReport {
    /// The report as people read it.
    pub fn render(&self, lang: Lang) -> String {
        let Self { seen, compared, dropped, .. } = self;
        let mut text = lang.pick(
            format!("草案旁路比较：共 {seen} 次决定，比较 {compared} 次，来不及比较 {dropped} 次\n"),
            format!("draft beside what is in force: {seen} decisions, {compared} compared, {dropped} dropped\n"),
        );
        text += &flip::render(&self.flips, |flip| flip.text(lang));
        text += &flip::render(&self.retired, |retired| retired.text(lang));
        text
    }
}
