//! `zt plugin ...`

use std::{path::PathBuf, time::Duration};

use anyhow::{Context, bail};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use reqwest::Method;
use zhongtai_kernel::{Manifest, ScenarioId, Timestamp};
use zhongtai_toolchain::{BuildOptions, Toolchain};

use super::{
    Client,
    format::{age, bytes, padded, seconds, short, table},
    new::New,
};
use crate::admin::{CheckReport, DeploymentReport, RolledBack, Upload};

#[derive(clap::Subcommand)]
pub(super) enum Verb {
    /// Make a plugin to start from.
    New(New),
    /// Build the component.
    Build(Folder),
    /// Say what the component imports, and whether it is granted.
    Check(Component),
    /// Check, compile and let it answer.
    Deploy {
        #[command(flatten)]
        component: Component,
        /// Its share of the requests, percent; the release that answers now keeps the rest.
        #[arg(long, default_value_t = 100)]
        weight: i64,
    },
    /// Every deployed release with its figures.
    List,
    /// Give all requests back to the release before.
    Rollback {
        /// Such as `441802-chengguan/pothole`.
        scenario: ScenarioId,
    },
    /// Stop a scenario; its releases and data stay.
    Remove {
        /// Such as `441802-chengguan/pothole`.
        scenario: ScenarioId,
    },
    /// What a scenario logged.
    Logs {
        /// Such as `441802-chengguan/pothole`.
        scenario: ScenarioId,
        /// Go on until interrupted.
        #[arg(long, short)]
        follow: bool,
    },
    /// Make one request.
    Call {
        /// Such as `441802-chengguan/pothole`.
        scenario: ScenarioId,
        /// The path below the scenario.
        #[arg(default_value = "/")]
        path: String,
        /// The method.
        #[arg(long, short = 'X', default_value = "GET")]
        method: Method,
        /// A JSON body.
        #[arg(long, short)]
        data: Option<String>,
        /// A subject's bearer token.
        #[arg(long, env = "ZT_SUBJECT_TOKEN")]
        bearer: Option<String>,
    },
}

#[derive(clap::Args)]
pub(super) struct Folder {
    /// The plugin's folder.
    #[arg(default_value = ".")]
    folder: PathBuf,
}

#[derive(clap::Args)]
pub(super) struct Component {
    #[command(flatten)]
    folder: Folder,
    /// The component, when it is not the one that `zt plugin build` made.
    #[arg(long)]
    component: Option<PathBuf>,
}

// === impl Verb ===

impl Verb {
    pub(super) async fn run(self, client: &Client) -> anyhow::Result<()> {
        match self {
            Self::New(new) => new.run(),
            Self::Build(folder) => folder.build(client),
            Self::Check(component) => component.check(client).await,
            Self::Deploy { component, weight } => component.deploy(client, weight).await,
            Self::List => list(client).await,
            Self::Rollback { scenario } => rollback(client, &scenario).await,
            Self::Remove { scenario } => {
                client.act(Method::DELETE, &format!("plugins/{scenario}")).await?;
                println!("removed {scenario}; requests in flight finish");
                Ok(())
            }
            Self::Logs { scenario, follow } => logs(client, &scenario, follow).await,
            Self::Call { scenario, path, method, data, bearer } => {
                call(client, &scenario, &path, method, data, bearer).await
            }
        }
    }
}

// === impl Folder ===

impl Folder {
    fn manifest_text(&self) -> anyhow::Result<String> {
        let path = self.folder.join("plugin.toml");
        std::fs::read_to_string(&path).with_context(|| format!("{} can't be read: is this a plugin?", path.display()))
    }

    /// Where `build` puts the component.
    fn component(&self, manifest: &Manifest) -> PathBuf {
        self.folder.join("target").join(format!("{}.wasm", manifest.plugin.name))
    }

    fn build(&self, client: &Client) -> anyhow::Result<()> {
        let manifest = Manifest::parse(&self.manifest_text()?)?;
        let output = self.component(&manifest);
        if let Some(parent) = output.parent() {
            std::fs::create_dir_all(parent)?;
        }
        let toolchain = Toolchain::find()?;
        if !client.json() {
            println!("using  {}", toolchain.describe());
        }
        let options = BuildOptions { output: Some(output), ..BuildOptions::default() };
        let built = toolchain.build(&self.folder, &options)?;
        if client.json() {
            let report = serde_json::json!({
                "scenario": manifest.scenario()?, "version": manifest.plugin.version, "component": built.component_path,
                "sha256": built.sha256, "bytes": built.size, "imports": built.imports,
            });
            println!("{report}");
            return Ok(());
        }
        let imports: Vec<_> = built.imports.iter().map(|import| interface_capability(import)).collect();
        println!(
            "built  {}@{}  sha256:{}…  {}  imports: {}",
            manifest.plugin.name,
            manifest.plugin.version,
            built.sha256.get(..8).unwrap_or_default(),
            bytes(built.size),
            imports.join(" ")
        );
        Ok(())
    }
}

fn interface_capability(import: &str) -> &str {
    import.trim_start_matches("zhongtai:").split('/').next().unwrap_or(import)
}

// === impl Component ===

impl Component {
    fn upload(&self, weight: i64) -> anyhow::Result<Upload> {
        let manifest = self.folder.manifest_text()?;
        let path = match &self.component {
            Some(path) => path.clone(),
            None => self.folder.component(&Manifest::parse(&manifest)?),
        };
        let component =
            std::fs::read(&path).with_context(|| format!("{} can't be read: run `zt plugin build`", path.display()))?;
        Ok(Upload { manifest, component: STANDARD.encode(component), weight })
    }

    async fn check(&self, client: &Client) -> anyhow::Result<()> {
        let report: CheckReport = client.post("plugins/check", &self.upload(100)?).await?;
        if client.json() {
            println!("{}", serde_json::to_string(&report)?);
        } else {
            print_check(&report);
        }
        match refusal(&report) {
            Some(refusal) => bail!("{refusal}"),
            None => Ok(()),
        }
    }

    async fn deploy(&self, client: &Client, weight: i64) -> anyhow::Result<()> {
        let upload = self.upload(weight)?;
        let report: CheckReport = client.post("plugins/check", &upload).await?;
        if !client.json() {
            print_check(&report);
        }
        if let Some(refusal) = refusal(&report) {
            bail!("{refusal}");
        }
        let deployed: CheckReport = client.post("plugins", &upload).await?;
        if client.json() {
            println!("{}", serde_json::to_string(&deployed)?);
        } else {
            println!(
                "deployed {} {} ({}) at {weight} %",
                deployed.scenario,
                deployed.version,
                short(&deployed.release)
            );
            println!("try      curl -i {}/s/{}/", client.public(), deployed.scenario);
        }
        Ok(())
    }
}

/// One line for each imported interface.
fn print_check(report: &CheckReport) {
    for capability in &report.capabilities {
        let reason = capability.reason.as_ref().map(|reason| format!("\"{reason}\"")).unwrap_or_default();
        let grant = match (capability.grant.as_str(), &capability.granted_by) {
            ("always", _) => "always granted".to_owned(),
            ("granted", Some(by)) => format!("granted by {by}"),
            _ => "NOT GRANTED".to_owned(),
        };
        for interface in &capability.interfaces {
            println!("check  {}  {}  {reason}", padded(interface, 32), padded(&grant, 20));
        }
    }
}

/// Why a deployment would be refused, and what to do.
fn refusal(report: &CheckReport) -> Option<String> {
    let refused = report.refused.as_ref()?;
    let missing = report.capabilities.iter().filter(|capability| capability.grant == "not granted");
    let asks: Vec<_> = missing
        .map(|capability| format!("\n    ask an operator:  zt grant add {} {}", report.scenario, capability.name))
        .collect();
    Some(format!("refused: {refused}{}", asks.concat()))
}

async fn list(client: &Client) -> anyhow::Result<()> {
    let deployments: Vec<DeploymentReport> = client.get("plugins").await?;
    if client.json() {
        println!("{}", serde_json::to_string(&deployments)?);
        return Ok(());
    }
    let header = ["SCENARIO", "RELEASE", "WEIGHT", "REQUESTS", "P99", "ERRORS", "DENIED", "MEMORY", "SINCE"];
    let rows: Vec<_> = deployments.iter().map(row).collect();
    table(&header, &rows);
    for broken in deployments.iter().filter_map(|one| Some((&one.scenario, one.broken.as_ref()?))) {
        println!("{} can't run: {}", broken.0, broken.1);
    }
    Ok(())
}

fn row(one: &DeploymentReport) -> Vec<String> {
    let share = |part: u64| match one.requests {
        0 => "-".to_owned(),
        all => format!("{:.1} %", part as f64 * 100.0 / all as f64),
    };
    let since = Timestamp::now().duration_since(one.since);
    vec![
        one.scenario.clone(),
        format!("{} {}", one.version, short(&one.release)),
        format!("{} %", one.weight),
        one.requests.to_string(),
        one.p99_s.map_or("-".to_owned(), |p99| format!("< {}", seconds(p99))),
        share(one.errors),
        share(one.denials),
        bytes(usize::try_from(one.memory).unwrap_or(0)),
        age(Duration::from_secs(u64::try_from(since.as_secs()).unwrap_or(0))),
    ]
}

async fn rollback(client: &Client, scenario: &ScenarioId) -> anyhow::Result<()> {
    let back: RolledBack = client.post(&format!("plugins/{scenario}/rollback"), &()).await?;
    if client.json() {
        println!("{}", serde_json::to_string(&back)?);
    } else {
        println!("rolled back {scenario} to {}; requests in flight finish where they are", back.release.short());
    }
    Ok(())
}

async fn logs(client: &Client, scenario: &ScenarioId, follow: bool) -> anyhow::Result<()> {
    let mut after = 0;
    loop {
        let lines: Vec<serde_json::Value> = client.get(&format!("plugins/{scenario}/logs?after={after}")).await?;
        for line in &lines {
            after = line.get("number").and_then(serde_json::Value::as_u64).unwrap_or(after);
            if client.json() {
                println!("{line}");
            } else {
                print_line(line);
            }
        }
        if !follow {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

fn print_line(line: &serde_json::Value) {
    let text = |key: &str| line.get(key).and_then(serde_json::Value::as_str).unwrap_or_default();
    let pairs = line.get("fields").and_then(serde_json::Value::as_array).cloned().unwrap_or_default();
    let fields: Vec<_> = pairs
        .iter()
        .filter_map(|pair| Some(format!(" {}={}", pair.get(0)?.as_str()?, pair.get(1)?.as_str()?)))
        .collect();
    println!("{} {:<5} {} {}{}", text("at"), text("level"), text("request"), text("message"), fields.concat());
}

async fn call(
    client: &Client,
    scenario: &ScenarioId,
    path: &str,
    method: Method,
    data: Option<String>,
    bearer: Option<String>,
) -> anyhow::Result<()> {
    let url = format!("{}/s/{scenario}/{}", client.public(), path.trim_start_matches('/'));
    let mut request = client.http().request(method, &url);
    if let Some(data) = data {
        request = request.header("content-type", "application/json").body(data);
    }
    if let Some(bearer) = bearer {
        request = request.bearer_auth(bearer);
    }
    let response = request.send().await.with_context(|| format!("no host answers at {}", client.public()))?;
    let (status, id) = (response.status(), response.headers().get("x-request-id").cloned());
    eprintln!("{status}  {}", id.as_ref().and_then(|id| id.to_str().ok()).unwrap_or_default());
    println!("{}", response.text().await?);
    if status.is_success() { Ok(()) } else { bail!("the scenario answered {status}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_names_the_interface_and_what_to_do() {
        let report = CheckReport {
            scenario: "441802-chengguan/pothole".into(),
            version: "0.1.0".into(),
            release: String::new(),
            component: String::new(),
            bytes: 0,
            capabilities: vec![crate::admin::CapabilityReport {
                name: "notify".into(),
                interfaces: vec!["zhongtai:notify/send@0.1.0".into()],
                reason: Some("tell the reporter".into()),
                grant: "not granted".into(),
                granted_by: None,
            }],
            refused: Some(
                "`zhongtai:notify/send@0.1.0` is imported, but `notify` is not granted to 441802-chengguan/pothole"
                    .into(),
            ),
        };
        insta::assert_snapshot!(refusal(&report).unwrap());
    }
}
