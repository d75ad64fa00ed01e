//! One single-threaded runtime and one listening socket per core: the kernel spreads connections (SO_REUSEPORT), and
//! a request stays on the thread that read it. Fewer wake-ups across threads than one work-stealing runtime.

use std::{convert::Infallible, io, net::SocketAddr, time::Duration};

use hyper::{server::conn::http1, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::sync::watch;

use crate::edge::Edge;

/// How long the listener waits.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    /// For a whole request line and headers, from the connection's beginning or the answer before. HTTP/1.1 has no word
    /// for "I am about to close": a request that is on its way meanwhile is lost. So it must be longer than whoever is
    /// in front keeps an idle connection (60 s in most proxies), who then closes first.
    pub(crate) idle: Duration,
    /// For requests in flight when the host stops.
    pub(crate) drain: Duration,
}

/// The public listener's threads.
pub(crate) struct PublicListener {
    threads: Vec<std::thread::JoinHandle<()>>,
}

/// Binds one socket per thread, all to one address; the first decides the port when it is 0.
pub(crate) fn bind(address: SocketAddr, threads: usize) -> io::Result<(SocketAddr, Vec<std::net::TcpListener>)> {
    let first = socket(address)?;
    let bound = first.local_addr()?;
    let mut sockets = vec![first];
    while sockets.len() < threads.max(1) {
        sockets.push(socket(bound)?);
    }
    Ok((bound, sockets))
}

fn socket(address: SocketAddr) -> io::Result<std::net::TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(1_024)?;
    Ok(socket.into())
}

// === impl PublicListener ===

impl PublicListener {
    /// Serves on every socket until `stop` says so; then requests in flight may end.
    pub(crate) fn start(
        sockets: Vec<std::net::TcpListener>,
        edge: &Edge,
        stop: &watch::Receiver<bool>,
        patience: Patience,
    ) -> io::Result<Self> {
        let mut threads = Vec::with_capacity(sockets.len());
        for socket in sockets {
            let (edge, stop) = (edge.clone(), stop.clone());
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            threads.push(std::thread::Builder::new().name("zt-edge".into()).spawn(move || {
                if let Err(error) = runtime.block_on(serve(socket, edge, stop, patience)) {
                    tracing::error!(%error, "a listener stopped");
                }
            })?);
        }
        Ok(Self { threads })
    }

    /// Waits until every thread has drained.
    pub(crate) fn join(self) {
        for thread in self.threads {
            let _ = thread.join();
        }
    }
}

async fn serve(
    socket: std::net::TcpListener,
    edge: Edge,
    mut stop: watch::Receiver<bool>,
    patience: Patience,
) -> io::Result<()> {
    let listener = tokio::net::TcpListener::from_std(socket)?;
    let graceful = GracefulShutdown::new();
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(patience.idle);
    loop {
        let stream = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    // Out of file descriptors, most likely: let some close.
                    tracing::warn!(%error, "a connection can't be accepted");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            },
            _ = stop.wait_for(|stop| *stop) => break,
        };
        let _ = stream.set_nodelay(true);
        let edge = edge.clone();
        let answer = service_fn(move |request| {
            let edge = edge.clone();
            async move { Ok::<_, Infallible>(edge.answer(request).await) }
        });
        let connection = graceful.watch(http.serve_connection(TokioIo::new(stream), answer));
        tokio::spawn(async move {
            // A client that goes away is no event.
            let _ = connection.await;
        });
    }
    drop(listener);
    if tokio::time::timeout(patience.drain, graceful.shutdown()).await.is_err() {
        tracing::warn!("requests were still in flight after {} s", patience.drain.as_secs());
    }
    Ok(())
}
