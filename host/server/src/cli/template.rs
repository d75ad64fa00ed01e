//! `zt template ...`

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use serde_json::{Map, Value};
use zhongtai_cap_document::TemplateFile;

use super::{Client, format::table};
use crate::admin::{RegisteredTemplate, TemplateDetail, TemplateReport};

#[derive(clap::Subcommand)]
pub(super) enum Verb {
    /// Put a template online. A changed one is a new version; documents keep the version they were made by.
    Put {
        /// A folder with `template.json`, `sample.json`, `main.typ` and further parts, or its `template.json`.
        path: PathBuf,
    },
    /// List the templates.
    List {
        /// All versions, not only the newest.
        #[arg(long)]
        all: bool,
    },
    /// Show a template: its parts, the schema of its inputs, and a sample of them.
    Show {
        /// Its name.
        name: String,
        /// Which version; the newest when it is left out.
        #[arg(long)]
        number: Option<u32>,
    },
    /// Make a document to look at. It is kept nowhere.
    Try {
        /// The template's name.
        name: String,
        /// A JSON file with the inputs; the template's sample when it is left out.
        data: Option<PathBuf>,
        /// Where it is written: a file that ends in `.pdf` or `.ofd`.
        #[arg(short, long)]
        output: PathBuf,
        /// Which version; the newest when it is left out.
        #[arg(long)]
        number: Option<u32>,
    },
}

// === impl Verb ===

impl Verb {
    pub(super) async fn run(self, client: &Client) -> anyhow::Result<()> {
        match self {
            Self::Put { path } => put(client, &path).await,
            Self::List { all } => list(client, all).await,
            Self::Show { name, number } => show(client, &name, number).await,
            Self::Try { name, data, output, number } => try_out(client, (&name, number), data, &output).await,
        }
    }
}

async fn put(client: &Client, path: &Path) -> anyhow::Result<()> {
    let file = TemplateFile::of_folder(path)?;
    let put: RegisteredTemplate = client.upload("templates", "application/json", serde_json::to_vec(&file)?).await?;
    if client.json() {
        println!("{}", serde_json::to_string(&put)?);
        return Ok(());
    }
    let short = put.digest.get(..8).unwrap_or_default();
    let what = if put.is_new { "is online" } else { "was online already" };
    println!("{} {what}, version {} (sha256:{short})", put.name, put.version);
    Ok(())
}

async fn list(client: &Client, all: bool) -> anyhow::Result<()> {
    let mut found: Vec<TemplateReport> = client.get("templates").await?;
    if !all {
        // The newest of each comes first.
        found.dedup_by(|one, before| one.name == before.name);
    }
    if client.json() {
        println!("{}", serde_json::to_string(&found)?);
        return Ok(());
    }
    let row = |one: &TemplateReport| {
        let short = one.digest.get(..8).unwrap_or_default().to_owned();
        vec![one.name.clone(), one.version.to_string(), one.owner.clone(), short, one.title.clone()]
    };
    table(&["TEMPLATE", "VERSION", "OWNER", "SHA256", "TITLE"], &found.iter().map(row).collect::<Vec<_>>());
    Ok(())
}

async fn show(client: &Client, name: &str, version: Option<u32>) -> anyhow::Result<()> {
    let detail = detail(client, name, version).await?;
    if client.json() {
        println!("{}", serde_json::to_string(&detail)?);
        return Ok(());
    }
    println!("{}  version {}  {}  {}", detail.name, detail.version, detail.owner, detail.title);
    println!("sha256:{}", detail.digest);
    for (part, size) in &detail.parts {
        println!("part    {part}  {size} bytes");
    }
    println!("schema  {}", serde_json::to_string_pretty(&detail.schema)?);
    println!("sample  {}", serde_json::to_string_pretty(&detail.sample)?);
    Ok(())
}

async fn detail(client: &Client, name: &str, version: Option<u32>) -> anyhow::Result<TemplateDetail> {
    let query = version.map_or_else(String::new, |version| format!("?version={version}"));
    client.get(&format!("templates/{name}{query}")).await
}

async fn try_out(
    client: &Client,
    (name, version): (&str, Option<u32>),
    data: Option<PathBuf>,
    output: &Path,
) -> anyhow::Result<()> {
    let format = match output.extension().and_then(|end| end.to_str()) {
        Some(format @ ("pdf" | "ofd")) => format,
        _ => bail!("{} ends neither in .pdf nor in .ofd", output.display()),
    };
    let inputs: Map<String, Value> = match data {
        Some(path) => {
            let text = std::fs::read(&path).with_context(|| format!("{} can't be read", path.display()))?;
            serde_json::from_slice(&text).with_context(|| format!("{} is no JSON object", path.display()))?
        }
        None => detail(client, name, version).await?.sample,
    };
    let version = version.map_or_else(String::new, |version| format!("&version={version}"));
    let path = format!("templates/{name}/try?format={format}{version}");
    let document = client.fetch(&path, &inputs).await?;
    std::fs::write(output, &document).with_context(|| format!("{} can't be written", output.display()))?;
    println!("{} bytes in {}", document.len(), output.display());
    Ok(())
}
