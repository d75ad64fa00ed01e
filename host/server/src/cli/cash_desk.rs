//! `zt payment cashdesk`: runs the simulator of a payment channel, a process of its own.

use std::{net::SocketAddr, path::PathBuf};

use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};
use zhongtai_cashdesk::{Desk, Options};
use zhongtai_outbound::SecretSource;

use crate::logging;

/// A shorter secret could be guessed.
const MIN_SECRET_BYTES: usize = 32;

#[derive(clap::Args)]
pub(super) struct Args {
    /// Where it listens; port 0 takes a free one. Its pages are for a test network.
    #[arg(long, default_value = "127.0.0.1:8090")]
    listen: SocketAddr,
    /// The folder of its SQLite file.
    #[arg(long, default_value = "cashdesk")]
    data: PathBuf,
    /// Where it tells the host of payments.
    #[arg(long, default_value = "http://127.0.0.1:8080/api/v1/payments/callbacks/cashdesk")]
    callback: String,
    /// A file with the secret that both sides sign with, 32 bytes or more.
    #[arg(long)]
    secret_file: PathBuf,
    /// How payers reach its pages, where that is another address than it listens on.
    #[arg(long)]
    page: Option<String>,
    /// Let anybody who reaches it make it misbehave, by `POST /test/faults`.
    #[arg(long)]
    test_faults: bool,
}

// === impl Args ===

impl Args {
    /// Until SIGTERM or SIGINT. Prints the address first.
    pub(super) fn run(self, json: bool) -> anyhow::Result<()> {
        logging::start(json);
        let secret = SecretSource::File(self.secret_file).read_key("--secret-file", MIN_SECRET_BYTES)?;
        let options = Options {
            listen: self.listen,
            data: self.data,
            callback: self.callback,
            page: self.page.map(|page| page.trim_end_matches('/').to_owned()),
            secret,
            test_faults: self.test_faults,
        };
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        runtime.block_on(async {
            let desk = Desk::open(options).await?;
            let address = format!("http://{}", desk.address());
            if json {
                println!("{}", json!({ "listening": address }))
            } else {
                println!("{address}")
            }
            let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
            let stop = async move {
                tokio::select! {
                    _ = terminate.recv() => {}
                    _ = interrupt.recv() => {}
                }
            };
            Ok(desk.run(stop).await?)
        })
    }
}
