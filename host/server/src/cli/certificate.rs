//! `zt cert ...`

use std::path::PathBuf;

use anyhow::Context;
use reqwest::Method;
use serde::Serialize;

use super::{
    Client,
    format::{bytes, table},
};
use crate::{
    admin::{RegisteredType, TypeReport, UsageReport},
    edge::{CertificateReport, Issue, Present, PresentedReport, Redeem, Revoke, Search, Shown, Verify},
};

#[derive(clap::Subcommand)]
pub(super) enum Verb {
    /// Issue a certificate, as an officer for certificates of the type's department.
    Issue {
        /// The type's name, such as `excavation-permit`.
        kind: String,
        /// A JSON file with the fields.
        fields: PathBuf,
        /// Whose it is: a file that holds `credit-code:...` or `resident-id:...` (a command line is seen by others).
        #[arg(long)]
        holder: PathBuf,
        /// The case that it is issued for.
        #[arg(long)]
        case: String,
        /// The last day, YYYY-MM-DD; by the type when left out.
        #[arg(long)]
        until: Option<jiff::civil::Date>,
        /// The same key gives the same certificate; by default the case and the type.
        #[arg(long)]
        key: Option<String>,
    },
    /// List certificates: your own, or a holder's for a case.
    List {
        /// What for.
        #[arg(long)]
        purpose: String,
        /// A file that holds `credit-code:...` or `resident-id:...`.
        #[arg(long, requires = "case")]
        holder: Option<PathBuf>,
        /// For which case.
        #[arg(long)]
        case: Option<String>,
    },
    /// Is a certificate real, and how does it stand?
    Verify {
        /// Its number, 1.2.156.3005.2. and so on.
        number: String,
        /// What for.
        #[arg(long, default_value = "verify")]
        purpose: String,
    },
    /// Save a sealed file of a certificate.
    Paper {
        /// The certificate's id.
        id: String,
        /// Where to: a file that ends in .pdf or .ofd.
        #[arg(short, long)]
        output: PathBuf,
        /// What for.
        #[arg(long, default_value = "own-use")]
        purpose: String,
        /// On which legal ground; level 4 is shown on one only.
        #[arg(long)]
        basis: Option<String>,
        /// For which case.
        #[arg(long)]
        case: Option<String>,
    },
    /// Let one verifier see your certificate once: prints the token for them.
    Present {
        /// The certificate's id.
        id: String,
        /// Who: a department, or a unified social credit code.
        #[arg(long)]
        to: String,
        /// What they want it for.
        #[arg(long)]
        purpose: String,
        /// A field that they see; none shows that it is valid, and no more.
        #[arg(long = "field")]
        fields: Vec<String>,
        /// For how long, 1 to 1440.
        #[arg(long, default_value_t = 10)]
        minutes: u32,
    },
    /// See what was presented to you: once.
    Redeem {
        /// A file that holds the token or the text of the QR code (a command line is seen by others); `-` reads it from
        /// standard input.
        token: PathBuf,
        /// What for, as the holder was told.
        #[arg(long)]
        purpose: String,
    },
    /// Take a certificate back for good.
    Revoke {
        /// Its id.
        id: String,
        /// Why.
        #[arg(long)]
        reason: String,
        /// For which case.
        #[arg(long)]
        case: Option<String>,
    },
    /// Register and list types.
    #[command(subcommand)]
    Type(TypeVerb),
    /// How much certificates are used (用证率).
    Usage,
}

#[derive(clap::Subcommand)]
pub(super) enum TypeVerb {
    /// Register a type, or a new version of it.
    Put {
        /// Its file, JSON.
        file: PathBuf,
    },
    /// The newest version of every type.
    List,
}

// === impl Verb ===

impl Verb {
    pub(super) async fn run(self, client: &Client) -> anyhow::Result<()> {
        match self {
            Self::Issue { kind, fields, holder, case, until: valid_until, key } => {
                let fields = serde_json::from_slice(&read(&fields)?).context("the fields are not a JSON object")?;
                let idempotency_key = key.unwrap_or_else(|| format!("{case} {kind}"));
                let holder = secret(&holder)?;
                let issue = Issue { kind, holder, fields, valid_until, case, idempotency_key };
                show(client, &[ask(client, "certificates", &issue).await?])
            }
            Self::List { purpose, holder, case } => list(client, &purpose, holder, case).await,
            Self::Verify { number, purpose } => {
                show(client, &[ask(client, "certificates/verify", &Verify { number, purpose }).await?])
            }
            Self::Paper { id, output, purpose, basis, case } => {
                paper(client, &id, &output, &[("purpose", Some(purpose)), ("basis", basis), ("case", case)]).await
            }
            Self::Present { id, to: verifier, purpose, fields, minutes } => {
                let present = serde_json::to_value(Present { fields, purpose, verifier, minutes })?;
                let path = format!("certificates/{id}/present");
                let shown: Shown = client.ask_public(Method::POST, &path, Some(&present)).await?;
                match client.json() {
                    true => println!("{}", serde_json::to_string(&shown)?),
                    false => {
                        eprintln!("good once, until {}; give it to the verifier:", shown.expires_at);
                        println!("{}", shown.token);
                    }
                }
                Ok(())
            }
            Self::Redeem { token, purpose } => {
                let token =
                    if token.as_os_str() == "-" { std::io::read_to_string(std::io::stdin())? } else { secret(&token)? };
                let redeem = serde_json::to_value(Redeem { token: token.trim().to_owned(), purpose })?;
                let seen: PresentedReport =
                    client.ask_public(Method::POST, "certificates/redeem", Some(&redeem)).await?;
                presented(client, &seen)
            }
            Self::Revoke { id, reason, case } => {
                let revoke = Revoke { reason, case, idempotency_key: format!("revoke {id}") };
                show(client, &[ask(client, &format!("certificates/{id}/revoke"), &revoke).await?])
            }
            Self::Type(TypeVerb::Put { file }) => {
                let registered: RegisteredType =
                    client.upload("certificate-types", "application/json", read(&file)?).await?;
                println!("{} is registered, version {}", registered.name, registered.version);
                Ok(())
            }
            Self::Type(TypeVerb::List) => types(client).await,
            Self::Usage => usage(client).await,
        }
    }
}

fn read(file: &PathBuf) -> anyhow::Result<Vec<u8>> {
    std::fs::read(file).with_context(|| format!("{} can't be read", file.display()))
}

fn secret(file: &PathBuf) -> anyhow::Result<String> {
    let text = std::fs::read_to_string(file).with_context(|| format!("{} can't be read", file.display()))?;
    Ok(text.trim().to_owned())
}

async fn ask(client: &Client, path: &str, body: &impl Serialize) -> anyhow::Result<CertificateReport> {
    client.ask_public(Method::POST, path, Some(&serde_json::to_value(body)?)).await
}

async fn list(client: &Client, purpose: &str, holder: Option<PathBuf>, case: Option<String>) -> anyhow::Result<()> {
    let found: Vec<CertificateReport> = match (holder, case) {
        (Some(holder), Some(case)) => {
            let search = Search { holder: secret(&holder)?, purpose: purpose.to_owned(), case };
            client.ask_public(Method::POST, "certificates/search", Some(&serde_json::to_value(search)?)).await?
        }
        _ => client.ask_public(Method::GET, &format!("certificates?purpose={purpose}"), None).await?,
    };
    show(client, &found)
}

async fn paper(
    client: &Client,
    id: &str,
    output: &std::path::Path,
    why: &[(&str, Option<String>)],
) -> anyhow::Result<()> {
    let name = match output.extension().and_then(|extension| extension.to_str()) {
        Some(form @ ("pdf" | "ofd")) => format!("certificate.{form}"),
        _ => anyhow::bail!("{} ends neither in .pdf nor in .ofd", output.display()),
    };
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(why.iter().filter_map(|(name, value)| Some((name, value.as_ref()?))));
    let path = format!("certificates/{id}/papers/{name}?{}", query.finish());
    let file = client.download_public(&path).await?.bytes().await?;
    std::fs::write(output, &file).with_context(|| format!("{} can't be written", output.display()))?;
    match client.json() {
        true => println!("{}", serde_json::json!({ "file": output, "bytes": file.len() })),
        false => println!("saved  {}  {}", output.display(), bytes(file.len())),
    }
    Ok(())
}

/// What the holder lets the verifier see.
fn presented(client: &Client, seen: &PresentedReport) -> anyhow::Result<()> {
    if client.json() {
        println!("{}", serde_json::to_string(seen)?);
        return Ok(());
    }
    let certificate = &seen.certificate;
    println!("{}  {}  {}", certificate.title, certificate.number, certificate.standing);
    for field in &seen.fields {
        println!("  {}  {}", field.title, field.value);
    }
    Ok(())
}

fn show(client: &Client, found: &[CertificateReport]) -> anyhow::Result<()> {
    if client.json() {
        println!("{}", serde_json::to_string(found)?);
        return Ok(());
    }
    let row = |one: &CertificateReport| {
        let until = one.valid_until.clone().unwrap_or_else(|| "-".to_owned());
        let papers = if one.papers.is_empty() { "none".to_owned() } else { one.papers.len().to_string() };
        vec![one.id.clone(), one.number.clone(), one.kind.clone(), one.standing.clone(), until, papers]
    };
    let rows: Vec<_> = found.iter().map(row).collect();
    table(&["ID", "NUMBER", "TYPE", "STANDING", "UNTIL", "PAPERS"], &rows);
    Ok(())
}

async fn types(client: &Client) -> anyhow::Result<()> {
    let types: Vec<TypeReport> = client.get("certificate-types").await?;
    if client.json() {
        println!("{}", serde_json::to_string(&types)?);
        return Ok(());
    }
    let row = |kind: &TypeReport| {
        let days = kind.validity_days.map_or_else(|| "-".to_owned(), |days| days.to_string());
        vec![kind.name.clone(), kind.version.to_string(), kind.owner.clone(), days, kind.title.clone()]
    };
    table(&["TYPE", "VERSION", "OWNER", "DAYS", "TITLE"], &types.iter().map(row).collect::<Vec<_>>());
    Ok(())
}

async fn usage(client: &Client) -> anyhow::Result<()> {
    let report: UsageReport = client.get("certificates/usage").await?;
    if client.json() {
        println!("{}", serde_json::to_string(&report)?);
        return Ok(());
    }
    let row = |usage: &zhongtai_cap_certificate::Usage| {
        let counts = [usage.issued, usage.presented, usage.used].map(|count| count.to_string());
        [usage.kind.clone(), usage.department.clone()].into_iter().chain(counts).collect()
    };
    let rows: Vec<Vec<String>> = report.usage.iter().map(row).collect();
    table(&["TYPE", "DEPARTMENT", "ISSUED", "PRESENTED", "USED"], &rows);
    for rate in &report.rates {
        let percent = rate.percent().unwrap_or_default();
        println!("{}: {} of {} certificates were used ({percent} %)", rate.kind, rate.used, rate.issued);
    }
    Ok(())
}
