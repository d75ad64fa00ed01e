//! `zt logistics ...`

use std::path::PathBuf;

use anyhow::Context;
use reqwest::Method;
use zhongtai_kernel::Timestamp;

use super::{Client, format::table};
use crate::{
    admin::StuckReport,
    edge::{Book, LabelReport, ShipmentReport},
};

#[derive(clap::Subcommand)]
pub(super) enum Verb {
    /// List shipments: those to you, or your department's.
    List {
        /// What your own department ships, as its officer for couriers.
        #[arg(long)]
        department: bool,
    },
    /// Show how far a shipment is.
    Show {
        /// Its waybill.
        waybill: String,
    },
    /// Print what goes on a shipment that the department carries itself, as its officer for couriers.
    Label {
        /// Its waybill.
        waybill: String,
        /// What for.
        #[arg(long, default_value = "deliver-result")]
        purpose: String,
    },
    /// Book what became of a shipment that the department carries itself, as its officer for couriers.
    Event {
        /// Its waybill.
        waybill: String,
        /// `collected`, `in-transit`, `out-for-delivery`, `signed`, `returned` or `lost`.
        state: String,
        /// When, RFC 3339; now by default.
        #[arg(long)]
        at: Option<Timestamp>,
        /// At which station or office.
        #[arg(long)]
        place: Option<String>,
        /// Who signed, with `signed`: a file that holds the name (a command line is seen by others); `-` reads it from
        /// standard input.
        #[arg(long)]
        signer: Option<PathBuf>,
        /// Booked once under it; by default the state and the minute.
        #[arg(long)]
        key: Option<String>,
    },
    /// Take a shipment back that nobody collected yet, as the department's officer for couriers.
    Cancel {
        /// Its waybill.
        waybill: String,
    },
    /// Shipments that their carrier refused or did not answer for, as an operator.
    Stuck,
    /// Ask the carrier again, as an operator.
    Retry {
        /// The waybill.
        waybill: String,
    },
}

// === impl Verb ===

impl Verb {
    pub(super) async fn run(self, client: &Client) -> anyhow::Result<()> {
        match self {
            Self::List { department } => {
                let path = if department { "shipments?of=department" } else { "shipments" };
                list(client, &client.ask_public::<Vec<_>>(Method::GET, path, None).await?)
            }
            Self::Show { waybill } => {
                show(client, &client.ask_public(Method::GET, &format!("shipments/{waybill}"), None).await?)
            }
            Self::Label { waybill, purpose } => {
                let query = form_urlencoded::Serializer::new(String::new()).append_pair("purpose", &purpose).finish();
                let path = format!("shipments/{waybill}/label?{query}");
                label(client, &client.ask_public(Method::GET, &path, None).await?)
            }
            Self::Event { waybill, state, at, place, signer, key } => {
                let idempotency_key = key.unwrap_or_else(|| {
                    let at = at.unwrap_or_else(Timestamp::now);
                    format!("{state} {}", at.as_second().div_euclid(60))
                });
                let signer = signer.map(|file| name(&file)).transpose()?;
                let book = serde_json::to_value(Book { state, at, place, signer, idempotency_key })?;
                let path = format!("shipments/{waybill}/events");
                show(client, &client.ask_public(Method::POST, &path, Some(&book)).await?)
            }
            Self::Cancel { waybill } => {
                show(client, &client.ask_public(Method::POST, &format!("shipments/{waybill}/cancel"), None).await?)
            }
            Self::Stuck => stuck(client).await,
            Self::Retry { waybill } => {
                client.act(Method::POST, &format!("shipments/{waybill}/retry")).await?;
                println!("{waybill} is tried again");
                Ok(())
            }
        }
    }
}

fn name(file: &PathBuf) -> anyhow::Result<String> {
    let text = match file.as_os_str() == "-" {
        true => std::io::read_to_string(std::io::stdin())?,
        false => std::fs::read_to_string(file).with_context(|| format!("{} can't be read", file.display()))?,
    };
    Ok(text.trim().to_owned())
}

fn list(client: &Client, found: &[ShipmentReport]) -> anyhow::Result<()> {
    if client.json() {
        println!("{}", serde_json::to_string(found)?);
        return Ok(());
    }
    let row = |one: &ShipmentReport| {
        let number = one.carrier_number.clone().unwrap_or_else(|| "-".to_owned());
        vec![one.waybill.clone(), standing(one), one.carrier.clone(), number, one.case.clone(), one.what.clone()]
    };
    let rows: Vec<_> = found.iter().map(row).collect();
    table(&["WAYBILL", "STATE", "CARRIER", "NUMBER", "CASE", "WHAT"], &rows);
    Ok(())
}

fn standing(one: &ShipmentReport) -> String {
    match one {
        _ if one.needs_address => format!("{}, needs an address", one.state),
        _ if one.cancelling => format!("{}, to be taken back", one.state),
        _ => one.state.clone(),
    }
}

fn show(client: &Client, one: &ShipmentReport) -> anyhow::Result<()> {
    if client.json() {
        println!("{}", serde_json::to_string(one)?);
        return Ok(());
    }
    println!("{}  {}  {}", one.waybill, standing(one), one.what);
    println!("  {} {}", one.carrier, one.carrier_number.as_deref().unwrap_or("has no number yet"));
    for event in &one.events {
        println!("  {}  {}  {}  {}", event.at, event.state, event.source, event.place.as_deref().unwrap_or_default());
    }
    if let Some(signature) = &one.signature {
        println!("  signed by {}, {}", signature.by, signature.at);
    }
    Ok(())
}

fn label(client: &Client, label: &LabelReport) -> anyhow::Result<()> {
    if client.json() {
        println!("{}", serde_json::to_string(label)?);
        return Ok(());
    }
    let address = &label.address;
    println!("{}  {}", label.waybill, label.what);
    println!("{}  {}", address.name, address.phone);
    println!("{} {} {}", address.region, address.detail, address.postcode.as_deref().unwrap_or_default());
    Ok(())
}

async fn stuck(client: &Client) -> anyhow::Result<()> {
    let found: Vec<StuckReport> = client.get("shipments/stuck").await?;
    if client.json() {
        println!("{}", serde_json::to_string(&found)?);
        return Ok(());
    }
    let row = |one: &StuckReport| {
        let tries = one.attempts.to_string();
        vec![
            one.waybill.clone(),
            one.scenario.clone(),
            one.carrier.clone(),
            one.work.clone(),
            tries,
            one.last_error.clone(),
        ]
    };
    let rows: Vec<_> = found.iter().map(row).collect();
    table(&["WAYBILL", "SCENARIO", "CARRIER", "WORK", "TRIES", "LAST ERROR"], &rows);
    Ok(())
}
