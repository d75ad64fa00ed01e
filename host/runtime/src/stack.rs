//! Work that needs a stack of ordinary size, out of a guest's fiber.
//!
//! A host function runs on the fiber of the guest that called it: 256 KiB, of which nobody can tell how much is left.
//! Cedar measures, and would see none. So the host function puts the work down and is pending; whoever polls the
//! invocation does the work on the thread's own stack and polls again. That takes two switches of the fiber, where a
//! stack of its own would be mapped, faulted in and unmapped for each piece of work.

use std::{
    cell::{Cell, RefCell},
    future::{Future, poll_fn},
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
};

type Work = Box<dyn FnOnce() + Send>;

/// Stack for work that nobody takes over, bytes.
const STACK: usize = 2 << 20;

thread_local! {
    /// Whether somebody who polls further out takes work over.
    static TAKES_OVER: Cell<bool> = const { Cell::new(false) };
    /// What was put down in this poll.
    static WORK: RefCell<Option<Work>> = const { RefCell::new(None) };
}

/// A future whose host functions may leave the fiber.
pub(crate) struct WithHostStack<F>(pub(crate) Pin<Box<F>>);

// === impl WithHostStack ===

impl<F: Future> Future for WithHostStack<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        loop {
            let polled = {
                let _mark = Mark(TAKES_OVER.replace(true));
                self.0.as_mut().poll(context)
            };
            match WORK.take() {
                Some(work) if polled.is_pending() => work(),
                _ => return polled,
            }
        }
    }
}

/// Puts the flag back also when the future panics.
struct Mark(bool);

impl Drop for Mark {
    fn drop(&mut self) {
        TAKES_OVER.set(self.0);
    }
}

/// Runs `work` where the stack is large, and gives back what it made.
pub(crate) async fn on_host_stack<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    if !TAKES_OVER.get() {
        return stacker::grow(STACK, work);
    }
    let made = Arc::new(Mutex::new(None));
    let place = made.clone();
    WORK.set(Some(Box::new(move || *place.lock().unwrap_or_else(PoisonError::into_inner) = Some(work()))));
    poll_fn(|_| match made.lock().unwrap_or_else(PoisonError::into_inner).take() {
        Some(made) => Poll::Ready(made),
        // No waker: the work is done as soon as this poll is over.
        None => Poll::Pending,
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stack_pointer() -> usize {
        let here = 0_u8;
        std::ptr::from_ref(&here).addr()
    }

    #[test]
    fn work_is_done_between_two_polls_and_its_result_comes_back() {
        let polls = Cell::new(0);
        let mut inside = Box::pin(async { on_host_stack(|| 40).await + on_host_stack(|| 2).await });
        let counted = poll_fn(|context| {
            polls.set(polls.get() + 1);
            inside.as_mut().poll(context)
        });
        let mut future = WithHostStack(Box::pin(counted));
        let polled = Pin::new(&mut future).poll(&mut Context::from_waker(std::task::Waker::noop()));
        assert_eq!((polled, polls.get()), (Poll::Ready(42), 3));
    }

    #[test]
    fn work_that_nobody_takes_over_gets_a_stack_of_its_own() {
        let mut alone = Box::pin(on_host_stack(stack_pointer));
        let Poll::Ready(inner) = alone.as_mut().poll(&mut Context::from_waker(std::task::Waker::noop())) else {
            unreachable!("there is nothing to wait for")
        };
        assert!(inner.abs_diff(stack_pointer()) > STACK / 2);
    }

    #[test]
    fn a_future_that_waits_for_something_else_stays_pending() {
        let mut future = WithHostStack(Box::pin(std::future::pending::<()>()));
        let polled = Pin::new(&mut future).poll(&mut Context::from_waker(std::task::Waker::noop()));
        assert!(polled.is_pending());
    }
}
