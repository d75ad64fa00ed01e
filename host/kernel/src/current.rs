use std::{
    cell::Cell,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use crate::RequestId;

thread_local! {
    static CURRENT: Cell<Option<RequestId>> = const { Cell::new(None) };
}

/// The request that the running code works for, if a future [`within`] one is being polled on this thread. Calls of
/// other systems carry it on; what is recorded takes its id from the caller, never from here.
pub fn current_request() -> Option<RequestId> {
    CURRENT.get()
}

/// Makes `request` the [current](current_request) one whenever `future` is polled, on whichever thread that is.
pub fn within<F: Future + Unpin>(request: RequestId, future: F) -> Within<F> {
    Within { request, future }
}

/// A future that works for a request.
#[derive(Debug)]
pub struct Within<F> {
    request: RequestId,
    future: F,
}

// === impl Within ===

impl<F: Future + Unpin> Future for Within<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        /// Puts the former one back also when the future panics.
        struct Restore(Option<RequestId>);
        impl Drop for Restore {
            fn drop(&mut self) {
                CURRENT.set(self.0);
            }
        }
        let _restore = Restore(CURRENT.replace(Some(self.request)));
        Pin::new(&mut self.future).poll(context)
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;

    fn poll<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
        Pin::new(future).poll(&mut Context::from_waker(Waker::noop()))
    }

    #[test]
    fn a_request_is_current_only_while_its_future_is_polled() {
        let (outer, inner) = (RequestId::generate(), RequestId::generate());
        let mut asked = Vec::new();
        let mut nested = within(
            outer,
            std::future::poll_fn(|_| {
                asked.push(current_request());
                assert_eq!(poll(&mut within(inner, std::future::ready(()))), Poll::Ready(()));
                asked.push(current_request());
                if asked.len() < 4 { Poll::Pending } else { Poll::Ready(()) }
            }),
        );
        assert_eq!(poll(&mut nested), Poll::Pending);
        assert_eq!(current_request(), None);
        assert_eq!(poll(&mut nested), Poll::Ready(()));
        assert_eq!(asked, [Some(outer); 4]);
    }

    #[test]
    fn a_panic_leaves_no_request_behind() {
        let mut broken = within(RequestId::generate(), std::future::poll_fn(|_| -> Poll<()> { panic!("on purpose") }));
        let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| poll(&mut broken)));
        assert!(caught.is_err());
        assert_eq!(current_request(), None);
    }
}
