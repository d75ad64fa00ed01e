//! The workers of a host: started when they are needed, one order at a time each, killed when a limit is reached.

use std::{path::PathBuf, sync::Arc};

use parking_lot::Mutex;
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::timeout,
};

use crate::{Config, Order, Typeset, TypesetError, config::ORDERS, process::Worker};

/// The program and arguments that run [`crate::worker::run`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkerCommand {
    /// Its path.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<String>,
}

/// Makes documents, in processes of their own.
///
/// It belongs to the tokio runtime that first asks it for a document: all others have to ask from there.
pub struct Typesetter {
    command: WorkerCommand,
    config: Config,
    places: Semaphore,
    /// Those that wait for an order, the last used one at the end.
    idle: Mutex<Vec<Worker>>,
}

// === impl Typesetter ===

impl Typesetter {
    /// No worker is started yet.
    pub fn new(command: WorkerCommand, config: Config) -> Arc<Self> {
        let places = Semaphore::new(config.workers.clamp(1, 64));
        Arc::new(Self { command, config, places, idle: Mutex::default() })
    }

    /// Starts a worker, if none waits, so that the first order need not; and tells whether fonts and program are there.
    ///
    /// # Errors
    /// When they are not.
    pub async fn warm(&self) -> Result<(), TypesetError> {
        let _place = self.place().await?;
        let worker = self.worker().await?;
        self.keep(worker);
        Ok(())
    }

    /// Makes a document. The same order gives the same bytes. A call that is dropped ends its worker.
    ///
    /// # Errors
    /// When the template is faulty or does not go with the inputs, a limit is reached, or there is no worker.
    #[tracing::instrument(skip_all, fields(pages))]
    pub async fn typeset(&self, order: &Order) -> Result<Typeset, TypesetError> {
        let order = serde_json::to_vec(order).map_err(|problem| TypesetError::Internal(problem.to_string()))?;
        let _place = self.place().await?;
        let mut worker = self.worker().await?;
        let deadline = self.config.deadline();
        // Whatever leaves this function but by the end takes the worker down with it.
        let answer = match timeout(deadline, worker.order(&order, self.config.longest())).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(problem)) => return Err(worker.why_it_ended(&self.config, &problem).await),
            Err(_) => return Err(TypesetError::TimedOut(deadline)),
        };
        self.keep(worker);
        let made = answer?;
        tracing::Span::current().record("pages", made.facts.pages);
        Ok(made)
    }

    /// True when an order would not have to wait.
    pub fn is_free(&self) -> bool {
        self.places.available_permits() > 0
    }

    async fn place(&self) -> Result<SemaphorePermit<'_>, TypesetError> {
        let waited = timeout(self.config.queue(), self.places.acquire()).await;
        waited.map_err(|_| TypesetError::Busy)?.map_err(|_| TypesetError::Busy)
    }

    async fn worker(&self) -> Result<Worker, TypesetError> {
        let idle = self.idle.lock().pop();
        match idle {
            Some(worker) => Ok(worker),
            None => Worker::start(&self.command, &self.config).await,
        }
    }

    fn keep(&self, worker: Worker) {
        if worker.orders < ORDERS {
            self.idle.lock().push(worker);
        }
    }
}
