//! The command line. Each file is one noun; the verbs in it are what operators and developers type.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command line prints")]

mod ask;
mod audit;
mod cash_desk;
mod certificate;
mod client;
mod credentials;
mod credit;
mod data;
mod event;
mod evidence;
mod format;
mod geo;
mod grant;
mod logistics;
mod mandate;
mod message;
mod new;
mod payment;
mod plugin;
mod policy;
mod seal;
mod setting;
mod sign_in;
mod template;
mod user;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use zhongtai_kernel::Lang;

use crate::{admin, config::Config, logging, serve};
pub(crate) use client::Client;

/// Zhongtai (中台): a district government's business middle-platform.
#[derive(Parser)]
#[command(name = "zt", version, propagate_version = true)]
pub(crate) struct Command {
    #[command(subcommand)]
    verb: Verb,
    #[command(flatten)]
    host: HostArgs,
}

/// Which host to speak to, and how to print.
#[derive(Args)]
pub(crate) struct HostArgs {
    /// Print JSON instead of text.
    #[arg(long, global = true)]
    json: bool,
    /// What is for people: zh or en; as the terminal's language says by default.
    #[arg(long, global = true, env = "ZT_LANG")]
    lang: Option<Lang>,
    /// The host's admin listener.
    #[arg(long, global = true, env = "ZT_ADMIN", default_value = "http://127.0.0.1:8081")]
    admin: String,
    /// The host's public listener.
    #[arg(long, global = true, env = "ZT_PUBLIC", default_value = "http://127.0.0.1:8080")]
    public: String,
    /// A file with an operator's token; `$ZT_TOKEN` goes before it.
    #[arg(long, global = true, env = "ZT_TOKEN_FILE", default_value = "data/operator.token")]
    token_file: PathBuf,
}

#[derive(Subcommand)]
enum Verb {
    /// Run the host.
    Serve {
        /// Its configuration; `zt.toml` here by default.
        #[arg(long)]
        config: Option<PathBuf>,
    },
    /// Make, build, check and deploy plugins.
    #[command(subcommand)]
    Plugin(plugin::Verb),
    /// Approve what a scenario may use.
    #[command(subcommand)]
    Grant(grant::Verb),
    /// Set what a scenario's `config` gives.
    #[command(subcommand)]
    Setting(setting::Verb),
    Policy(policy::Policy),
    /// Read, copy and check the audit log.
    #[command(subcommand)]
    Audit(audit::Verb),
    /// Manage accounts and tokens.
    #[command(subcommand)]
    User(user::Verb),
    /// List and revoke tokens; `zt user token` issues them.
    #[command(subcommand)]
    Token(credentials::Token),
    /// Get a fresh operator's token for a login name and a password, and a code where there is a second factor.
    SignIn(sign_in::Args),
    /// Issue, find, verify and revoke certificates; register their types.
    #[command(subcommand)]
    Cert(certificate::Verb),
    /// Import, publish and repair credit records, decide objections, and put the rules of joint punishment in force.
    #[command(subcommand)]
    Credit(credit::Verb),
    /// Import addresses, grids and halls, and ask about them.
    #[command(subcommand)]
    Geo(geo::Verb),
    /// Put templates of documents online, and try them.
    #[command(subcommand)]
    Template(template::Verb),
    /// Make and use seals, sign documents with them, and verify anybody's.
    #[command(subcommand)]
    Seal(seal::Verb),
    /// Check what was anchored.
    #[command(subcommand)]
    Evidence(evidence::Verb),
    /// Import reference data.
    #[command(subcommand)]
    Data(data::Verb),
    /// Look after messages: those on their way, and those that were given up.
    #[command(subcommand)]
    Message(message::Verb),
    /// Look after events that their scenarios did not handle.
    #[command(subcommand)]
    Event(event::Verb),
    /// Look after payments: fee items, refunds, the books, reconciliation, tickets.
    #[command(subcommand)]
    Payment(payment::Verb),
    /// Follow and deliver shipments, and look after those that are stuck.
    #[command(subcommand)]
    Logistics(logistics::Verb),
    /// Lay out documents for the host that started this.
    #[command(hide = true)]
    TypesetWorker,
    /// Print the description of the admin API, OpenAPI 3.1. No host is needed.
    Openapi,
}

// === impl Command ===

impl Command {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        if let Verb::Serve { config } = &self.verb {
            let config = Config::load(config.as_deref())?;
            logging::start(config.log.json);
            return serve::serve(config);
        }
        if let Verb::TypesetWorker = &self.verb {
            // What went wrong is in what it writes.
            zhongtai_typeset::worker::run();
            return Ok(());
        }
        if let Verb::Openapi = &self.verb {
            println!("{}", admin::document());
            return Ok(());
        }
        if let Verb::Policy(policy) = &self.verb
            && policy.is_worker()
        {
            // What went wrong is in what it writes.
            zhongtai_analysis::worker::run();
            return Ok(());
        }
        if let Verb::Payment(payment::Verb::CashDesk(arguments)) = self.verb {
            return arguments.run(self.host.json);
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(self.ask())
    }

    async fn ask(self) -> anyhow::Result<()> {
        let client = Client::new(self.host)?;
        match self.verb {
            Verb::Serve { .. } | Verb::Openapi | Verb::TypesetWorker => Ok(()),
            Verb::Plugin(verb) => verb.run(&client).await,
            Verb::Grant(verb) => verb.run(&client).await,
            Verb::Setting(verb) => verb.run(&client).await,
            Verb::Policy(verb) => verb.run(&client).await,
            Verb::Audit(verb) => verb.run(&client).await,
            Verb::User(verb) => verb.run(&client).await,
            Verb::Token(verb) => verb.run(&client).await,
            Verb::SignIn(arguments) => arguments.run(&client).await,
            Verb::Cert(verb) => verb.run(&client).await,
            Verb::Credit(verb) => verb.run(&client).await,
            Verb::Geo(verb) => verb.run(&client).await,
            Verb::Seal(verb) => verb.run(&client).await,
            Verb::Evidence(verb) => verb.run(&client),
            Verb::Template(verb) => verb.run(&client).await,
            Verb::Data(verb) => verb.run(&client).await,
            Verb::Message(verb) => verb.run(&client).await,
            Verb::Logistics(verb) => verb.run(&client).await,
            Verb::Payment(verb) => verb.run(&client).await,
            Verb::Event(verb) => verb.run(&client).await,
        }
    }
}

/// Says what went wrong, with its causes.
pub(crate) fn complain(error: &anyhow::Error) {
    eprintln!("zt: {error:#}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_verb_and_flag_fits_together() {
        <Command as clap::CommandFactory>::command().debug_assert();
    }
}
