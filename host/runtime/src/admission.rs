//! Who may start now: a number of requests at once per department and for all, with a bounded queue.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use zhongtai_kernel::DepartmentId;

use crate::InvokeError;

/// How many may run and wait.
#[derive(Debug, Clone, Copy)]
pub struct AdmissionOptions {
    /// Requests of one department running at once.
    pub department_concurrency: usize,
    /// Requests of one department waiting at once; one more is refused.
    pub department_queue: usize,
    /// The longest wait.
    pub queue_wait: Duration,
}

impl Default for AdmissionOptions {
    fn default() -> Self {
        Self { department_concurrency: 64, department_queue: 256, queue_wait: Duration::from_secs(1) }
    }
}

/// The gate of a department.
#[derive(Debug)]
pub(crate) struct Gate {
    department: DepartmentId,
    running: Arc<Semaphore>,
    everybody: Arc<Semaphore>,
    queued: AtomicUsize,
    options: AdmissionOptions,
}

/// The right to run; given back when dropped.
#[derive(Debug)]
pub(crate) struct Permit {
    _department: OwnedSemaphorePermit,
    _everybody: OwnedSemaphorePermit,
}

/// Every department's gate.
#[derive(Debug)]
pub(crate) struct Admission {
    everybody: Arc<Semaphore>,
    gates: Mutex<HashMap<DepartmentId, Arc<Gate>>>,
    options: AdmissionOptions,
}

// === impl Admission ===

impl Admission {
    /// `instances` is the pool's size; a few are kept back, as an instance is freed a little after its request.
    pub(crate) fn new(options: AdmissionOptions, instances: u32) -> Self {
        let everybody = (instances as usize).saturating_sub(8).max(1);
        Self { everybody: Arc::new(Semaphore::new(everybody)), gates: Mutex::default(), options }
    }

    pub(crate) fn gate(&self, department: &DepartmentId) -> Arc<Gate> {
        let mut gates = self.gates.lock();
        gates
            .entry(department.clone())
            .or_insert_with(|| {
                Arc::new(Gate {
                    department: department.clone(),
                    running: Arc::new(Semaphore::new(self.options.department_concurrency)),
                    everybody: self.everybody.clone(),
                    queued: AtomicUsize::new(0),
                    options: self.options,
                })
            })
            .clone()
    }

    /// Requests running and waiting, by department.
    pub(crate) fn load(&self) -> Vec<(DepartmentId, usize, usize)> {
        let gates = self.gates.lock();
        gates.values().map(|gate| (gate.department.clone(), gate.running(), gate.queued())).collect()
    }
}

// === impl Gate ===

impl Gate {
    /// Lets the request in at once, after a wait, or not at all.
    pub(crate) async fn enter(&self) -> Result<Permit, InvokeError> {
        match self.try_enter() {
            Some(permit) => Ok(permit),
            None => self.wait().await,
        }
    }

    fn try_enter(&self) -> Option<Permit> {
        let department = self.running.clone().try_acquire_owned().ok()?;
        let everybody = self.everybody.clone().try_acquire_owned().ok()?;
        Some(Permit { _department: department, _everybody: everybody })
    }

    async fn wait(&self) -> Result<Permit, InvokeError> {
        let overloaded = || InvokeError::Overloaded(self.department.to_string());
        let _place = Place::take(&self.queued, self.options.department_queue).ok_or_else(overloaded)?;
        tokio::time::timeout(self.options.queue_wait, self.acquire()).await.ok().flatten().ok_or_else(overloaded)
    }

    async fn acquire(&self) -> Option<Permit> {
        let department = self.running.clone().acquire_owned().await.ok()?;
        let everybody = self.everybody.clone().acquire_owned().await.ok()?;
        Some(Permit { _department: department, _everybody: everybody })
    }

    fn running(&self) -> usize {
        self.options.department_concurrency.saturating_sub(self.running.available_permits())
    }

    fn queued(&self) -> usize {
        self.queued.load(Ordering::Relaxed)
    }
}

/// A place in the queue; given back when dropped, also when the client goes away.
struct Place<'a>(&'a AtomicUsize);

// === impl Place ===

impl<'a> Place<'a> {
    fn take(queued: &'a AtomicUsize, most: usize) -> Option<Self> {
        if queued.fetch_add(1, Ordering::AcqRel) < most {
            Some(Self(queued))
        } else {
            queued.fetch_sub(1, Ordering::AcqRel);
            None
        }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gate(concurrency: usize, queue: usize) -> Arc<Gate> {
        let options = AdmissionOptions {
            department_concurrency: concurrency,
            department_queue: queue,
            queue_wait: Duration::from_millis(20),
        };
        Admission::new(options, 100).gate(&"441802-chengguan".parse().unwrap())
    }

    #[tokio::test]
    async fn a_full_department_queues_and_then_refuses() {
        let gate = gate(1, 1);
        let running = gate.enter().await.unwrap();
        let waiting = tokio::spawn({
            let gate = gate.clone();
            async move { gate.enter().await.map(drop) }
        });
        while gate.queued() == 0 {
            tokio::task::yield_now().await;
        }
        assert!(matches!(gate.enter().await, Err(InvokeError::Overloaded(_))), "the queue holds one");
        drop(running);
        waiting.await.unwrap().unwrap();
        assert_eq!((gate.running(), gate.queued()), (0, 0));
    }

    #[tokio::test]
    async fn waiting_ends_after_the_longest_wait() {
        let gate = gate(1, 1);
        let _running = gate.enter().await.unwrap();
        assert!(matches!(gate.enter().await, Err(InvokeError::Overloaded(_))));
        assert_eq!(gate.queued(), 0);
    }
}
