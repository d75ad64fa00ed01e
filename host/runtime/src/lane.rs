//! Fast lane, slow lane.
//!
//! An invocation is first polled on the thread that took the request. Most are done by then. One that is not, because
//! an epoch tick interrupted it or because a host function has to wait, goes on as a task of the shared runtime: the
//! listener's thread is free, deadlines have timers there, and sockets belong to a reactor that no guest can block.

use std::{
    cell::Cell,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::runtime::Handle;
use zhongtai_kernel::{RequestId, within};

thread_local! {
    static IN_FAST_LANE: Cell<bool> = const { Cell::new(false) };
}

/// Waits until the invocation is in the slow lane. A host function calls it before it waits for anything.
pub async fn slow_lane() {
    std::future::poll_fn(|_| match IN_FAST_LANE.get() {
        // No waker: the lane takes every pending future over, and polls it there.
        true => Poll::Pending,
        false => Poll::Ready(()),
    })
    .await;
}

/// The future did not end in time, or its task was lost.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum SlowLaneError {
    Deadline,
    Lost,
}

/// Runs `future` in the fast lane, and what is left of it on `shared`, `limit` long at most: there `request` is the
/// current one, for other systems that are called. It is small, its work in a box: held by value, it would be part of
/// every future up to the connection's, and copied with them.
pub(crate) async fn run<F>(
    mut future: F,
    request: RequestId,
    shared: &Handle,
    limit: Duration,
) -> Result<F::Output, SlowLaneError>
where
    F: Future + Send + Unpin + 'static,
    F::Output: Send + 'static,
{
    let first = std::future::poll_fn(|context| Poll::Ready(poll_fast(Pin::new(&mut future), context))).await;
    match first {
        Poll::Ready(output) => Ok(output),
        Poll::Pending => {
            let slow = shared.spawn(tokio::time::timeout(limit, within(request, future)));
            match slow.await {
                Ok(Ok(output)) => Ok(output),
                Ok(Err(_)) => Err(SlowLaneError::Deadline),
                Err(_) => Err(SlowLaneError::Lost),
            }
        }
    }
}

fn poll_fast<F: Future>(future: Pin<&mut F>, context: &mut Context<'_>) -> Poll<F::Output> {
    /// Clears the mark also when the future panics.
    struct Mark;
    impl Drop for Mark {
        fn drop(&mut self) {
            IN_FAST_LANE.set(false);
        }
    }
    IN_FAST_LANE.set(true);
    let _mark = Mark;
    future.poll(context)
}

#[cfg(test)]
mod tests {
    use zhongtai_kernel::current_request;

    use super::*;

    const LIMIT: Duration = Duration::from_secs(60);

    fn shared() -> tokio::runtime::Runtime {
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
    }

    #[tokio::test]
    async fn what_does_not_wait_stays_and_what_waits_moves() {
        let (shared, request) = (shared(), RequestId::generate());
        let here = std::thread::current().id();
        let fast = Box::pin(async { std::thread::current().id() });
        assert_eq!(run(fast, request, shared.handle(), LIMIT).await, Ok(here));
        let slow = Box::pin(async {
            slow_lane().await;
            (std::thread::current().id(), current_request())
        });
        let (there, current) = run(slow, request, shared.handle(), LIMIT).await.unwrap();
        assert_ne!(there, here);
        assert_eq!(current, Some(request), "what is called from there belongs to the request");
        shared.shutdown_background();
    }

    #[tokio::test]
    async fn the_slow_lane_ends_at_the_deadline() {
        let (shared, limit) = (shared(), Duration::from_millis(20));
        let forever = Box::pin(std::future::pending::<()>());
        let forever = run(forever, RequestId::generate(), shared.handle(), limit).await;
        assert_eq!(forever, Err(SlowLaneError::Deadline));
        shared.shutdown_background();
    }
}
