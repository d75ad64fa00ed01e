//! A thread with a large stack. The terms of a policy set are nested as deep as it has policies, and the translation to
//! the solver's language recurses: two hundred permits overflow the two MiB that a thread has otherwise.

use std::{future::Future, thread::JoinHandle};

use tokio::sync::oneshot;

use crate::AnalysisError;

/// Bytes. Only what is used takes memory; all of it takes address space.
const STACK: usize = 1 << 30;

/// Starts a thread.
pub(crate) fn thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> std::io::Result<JoinHandle<T>> {
    std::thread::Builder::new().name("zt-analysis".to_owned()).stack_size(STACK).spawn(work)
}

/// Runs a future on this thread, with a runtime of its own.
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> Result<T, AnalysisError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(AnalysisError::worker)?;
    Ok(runtime.block_on(future))
}

/// Runs a future on a thread of its own, and stops it when nobody waits for it any more.
pub(crate) async fn run<T, F>(work: impl FnOnce() -> F + Send + 'static) -> Result<T, AnalysisError>
where
    T: Send + 'static,
    F: Future<Output = Result<T, AnalysisError>>,
{
    let (mut tell, told) = oneshot::channel();
    let work = move || {
        let answer = block_on(async {
            tokio::select! {
                answer = work() => Some(answer),
                () = tell.closed() => None,
            }
        });
        if let Some(answer) = answer.unwrap_or_else(|error| Some(Err(error))) {
            // Nobody waits: nobody is told.
            let _ = tell.send(answer);
        }
    };
    thread(work).map_err(AnalysisError::worker)?;
    told.await.map_err(|_| AnalysisError::worker("it panicked"))?
}
