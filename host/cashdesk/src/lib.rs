//! The cash desk (模拟收银台): the simulator of a payment channel, a process of its own that can be killed at any moment.
//! It takes no real money. It keeps orders in a SQLite file, shows each on a page with a QR code where a person pays or
//! cancels, and tells the host by signed callbacks, again and again until the host has taken them.
//!
//! ```no_run
//! # async fn example() -> Result<(), zhongtai_cashdesk::CashDeskError> {
//! use zhongtai_cashdesk::{Desk, Options};
//! use zhongtai_outbound::SecretSource;
//!
//! let secret = SecretSource::File("cashdesk.secret".into()).read_key("--secret-file", 32)?;
//! let callback = "http://127.0.0.1:8080/api/v1/payments/callbacks/cashdesk".to_owned();
//! let options = Options {
//!     listen: ([127, 0, 0, 1], 8090).into(),
//!     data: "cashdesk".into(),
//!     callback,
//!     page: None,
//!     secret,
//!     test_faults: false,
//! };
//! let desk = Desk::open(options).await?;
//! println!("http://{}", desk.address());
//! desk.run(std::future::pending()).await
//! # }
//! ```

mod api;
mod bill;
mod callbacks;
mod error;
mod faults;
mod migration;
mod orders;
mod page;
mod qr;
mod refunds;
mod rows;
mod sign;
mod signed;
mod state;
mod template;

use std::{future::Future, net::SocketAddr, path::PathBuf, sync::Arc};

use tokio::net::TcpListener;
use zhongtai_kernel::SystemClock;
use zhongtai_outbound::Secret;
use zhongtai_store::Store;

pub use error::CashDeskError;

use state::Shared;

/// How a desk is set up.
pub struct Options {
    /// Where it listens. Port 0 takes a free one.
    pub listen: SocketAddr,
    /// The folder of its SQLite file; it is made.
    pub data: PathBuf,
    /// Where callbacks go.
    pub callback: String,
    /// How its pages are reached, without a `/` at the end; `http://` and the address by default.
    pub page: Option<String>,
    /// What both sides sign with, 32 bytes or more.
    pub secret: Secret,
    /// Lets anybody who reaches it make it misbehave: `POST /test/faults`.
    pub test_faults: bool,
}

/// A desk that listens.
pub struct Desk {
    listener: TcpListener,
    address: SocketAddr,
    shared: Arc<Shared>,
}

// === impl Desk ===

impl Desk {
    /// Opens the file and the socket. A process-wide rustls provider must be installed before.
    pub async fn open(options: Options) -> Result<Self, CashDeskError> {
        std::fs::create_dir_all(&options.data)
            .map_err(|source| CashDeskError::Folder { path: options.data.clone(), source })?;
        let url = format!("sqlite://{}?mode=rwc", options.data.join("cashdesk.db").display());
        let store = Store::open(&url, migration::MIGRATIONS).await?;
        let listener = TcpListener::bind(options.listen).await.map_err(CashDeskError::Listen)?;
        let address = listener.local_addr().map_err(CashDeskError::Listen)?;
        let page = options.page.unwrap_or_else(|| format!("http://{address}"));
        let callbacks = callbacks::Target::new(&options.callback)?;
        let faults = options.test_faults.then(faults::Faults::default);
        let shared = Shared {
            store,
            clock: Arc::new(SystemClock),
            key: sign::Key::new(&options.secret),
            page,
            callbacks,
            faults,
            news: tokio::sync::Notify::new(),
        };
        Ok(Self { listener, address, shared: Arc::new(shared) })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves, and delivers callbacks, until `stop` ends.
    pub async fn run(self, stop: impl Future<Output = ()> + Send + 'static) -> Result<(), CashDeskError> {
        let delivery = tokio::spawn(callbacks::run(self.shared.clone()));
        let router = api::router(self.shared.clone());
        let served = axum::serve(self.listener, router).with_graceful_shutdown(stop).await;
        delivery.abort();
        self.shared.store.close().await;
        served.map_err(CashDeskError::Listen)
    }
}
