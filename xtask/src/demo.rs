//! `cargo xtask demo`: the host, the shipped plugins, three requests.

use std::path::{Path, PathBuf};

use anyhow::Context;
use serde_json::Value;
use zhongtai_e2e::{City, Host, Setup};

use crate::{
    guests,
    inbox::Inbox,
    permit,
    run::{cargo, must, step},
    services, setup, target,
};

pub(crate) const EXCAVATION: &str = "441802-chengguan/excavation";
const GRID: &str = "441802-chengguan/grid-report";

/// What each plugin is granted: the demo's operator has read the manifests.
const GRANTS: &[(&str, &[&str])] = &[
    (EXCAVATION, &["certificate", "credit", "files", "geo", "keyvalue", "logistics", "notify", "payment", "subject"]),
    (GRID, &["keyvalue", "notify", "subject"]),
];

/// A request worth trying, and what it shows.
struct Try {
    shows: &'static str,
    scenario: &'static str,
    path: &'static str,
    body: Option<&'static str>,
    signed_in: bool,
}

const TRIES: [Try; 3] = [
    Try {
        shows: "anybody reports a pothole; the duty desk is told",
        scenario: GRID,
        path: "/reports",
        body: Some(
            r#"{"category":"road-damage","place":{"lon":113.05,"lat":23.70,"address":"北江一路12号"},"description":"路面坑洞，约半米宽"}"#,
        ),
        signed_in: false,
    },
    Try {
        shows: "an enterprise that is barred (拖欠工资) applies for an excavation permit: refused, with the basis",
        scenario: EXCAVATION,
        path: "/applications",
        body: Some(
            r#"{"company":"91350100M000100Y43","place":"北江一路","area_m2":12,"from":"2027-03-01","to":"2027-03-05","reason":"燃气管道维修"}"#,
        ),
        signed_in: true,
    },
    Try {
        shows: "an enterprise in good standing applies: accepted, numbered, with the fee",
        scenario: EXCAVATION,
        path: "/applications",
        body: Some(
            r#"{"company":"91512081MA62K0260E","place":"北江一路","area_m2":12,"from":"2027-03-01","to":"2027-03-05","reason":"燃气管道维修"}"#,
        ),
        signed_in: true,
    },
];

/// Builds, starts, shows; with `check` makes the requests and ends.
pub(crate) fn run(check: bool) -> anyhow::Result<()> {
    let components = build()?;
    step("starting on fresh data");
    let inbox = Inbox::open()?;
    let data = target().join("demo").join(std::process::id().to_string());
    // Port 8080 is for people to find; a check takes what is free.
    let public = if check { City::free_address()? } else { "http://127.0.0.1:8080".to_owned() };
    let city = permit::city(&public)?;
    let mut desk = services::desk(&zt(), &data, &public)?;
    let mut host = start(&data, &inbox, &(city.config(&public, &data)? + &desk.config()), &public)?;
    println!("state  {}", data.display());
    prepare(&host, &components)?;
    let password = permit::prepare(&host)?;
    services::prepare(&host)?;
    let token = citizen(&host, &inbox)?;
    step("try it");
    show(&host, &token)?;
    if check {
        requests(&host, &token)?;
        permit::try_all(&host, &city, &mut desk, &password)?;
        return look(&host, &inbox);
    }
    permit::try_all(&host, &city, &mut desk, &password)?;
    println!("the cash desk: {}", desk.url);
    println!("\n{}", permit::left(host.data()));
    println!("\nthe host runs until you press Ctrl-C");
    host.wait()
}

/// The host and the plugins; what else the demo needs is installed meanwhile.
fn build() -> anyhow::Result<PathBuf> {
    step("the host (the first build takes some minutes), and what the demo needs");
    std::thread::scope(|scope| {
        let installing = scope.spawn(setup::for_demo);
        // As `cargo xtask test` builds it: whoever runs both builds once.
        must(&mut cargo(&["build", "--workspace", "--bin", "zt"]))?;
        let components = guests::plugins()?;
        installing.join().map_err(|_| anyhow::anyhow!("the setup panicked"))??;
        Ok(components)
    })
}

fn zt() -> PathBuf {
    target().join("debug/zt")
}

fn start(data: &Path, inbox: &Inbox, more: &str, public: &str) -> anyhow::Result<Host> {
    let mut setup = Setup::new(&zt(), data);
    let port = public.rsplit(':').next().and_then(|port| port.parse().ok()).context("an address has a port")?;
    setup.ports = (port, if port == 8080 { 8081 } else { 0 });
    setup.policies.extend(guests::PLUGINS.map(|plugin| PathBuf::from("plugins").join(plugin).join("policies")));
    setup.policies.retain(|folder| folder.is_dir());
    let secret = data.join("webhook.secret");
    std::fs::create_dir_all(data)?;
    std::fs::write(&secret, generated_secret()?)?;
    setup.config = format!(
        "{more}\n[notify.webhook]\nsecret_file = {:?}\n\n[desks]\n\"441802-chengguan/duty\" = {:?}\n",
        secret.display().to_string(),
        inbox.url
    );
    Host::start(&setup).context("ports 8080 and 8081 must be free")
}

fn generated_secret() -> anyhow::Result<String> {
    use std::io::Read;
    let mut bytes = [0; 32];
    std::fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// What an operator does: grants, data, deployments.
fn prepare(host: &Host, components: &Path) -> anyhow::Result<()> {
    for (scenario, capabilities) in GRANTS {
        let mut arguments = vec!["grant", "add", scenario];
        arguments.extend_from_slice(capabilities);
        host.zt(&arguments)?;
    }
    print!("credit records: {}", host.zt(&["data", "import", "credit", "examples/credit.csv"])?);
    for plugin in guests::PLUGINS {
        let (folder, component) = (format!("plugins/{plugin}"), components.join(format!("{plugin}.wasm")));
        print!("{}", host.zt(&["plugin", "deploy", &folder, "--component", &component.display().to_string()])?);
    }
    Ok(())
}

/// The account of somebody who applies for enterprises, and a token of it.
fn citizen(host: &Host, inbox: &Inbox) -> anyhow::Result<String> {
    let webhook = format!("webhook={}", inbox.url);
    let user = ["user", "add", "zhang", "--kind", "natural-person", "--set", "name=张工", "--set", &webhook, "--json"];
    let added: Value = serde_json::from_str(&host.zt(&user)?)?;
    println!("account zhang, password {}", added.get("password").and_then(Value::as_str).unwrap_or_default());
    Ok(host.zt(&["user", "token", "zhang"])?.trim().to_owned())
}

fn show(host: &Host, token: &str) -> anyhow::Result<()> {
    println!("public  {}", host.public);
    println!("admin   {}   (metrics: {}/metrics)", host.admin, host.admin);
    println!("export ZT_TOKEN_FILE={}", host.data().join("operator.token").display());
    for one in &TRIES {
        println!("\n# {}", one.shows);
        let bearer = if one.signed_in { format!(" -H 'authorization: Bearer {token}'") } else { String::new() };
        let body = one.body.map(|body| format!(" -H 'content-type: application/json' -d '{body}'")).unwrap_or_default();
        println!("curl -i {}/s/{}{}{bearer}{body}", host.public, one.scenario, one.path);
    }
    Ok(())
}

/// Makes the requests and shows what came back.
fn requests(host: &Host, token: &str) -> anyhow::Result<()> {
    step("what comes back");
    for one in &TRIES {
        println!("\n# {}", one.shows);
        let mut arguments = vec!["plugin", "call", one.scenario, one.path];
        if let Some(body) = one.body {
            arguments.extend(["-X", "POST", "--data", body]);
        }
        let mut command = host.command(&arguments);
        if one.signed_in {
            command.env("ZT_SUBJECT_TOKEN", token);
        }
        let output = command.output()?;
        print!("{}{}", String::from_utf8_lossy(&output.stderr), String::from_utf8_lossy(&output.stdout));
    }
    Ok(())
}

/// What was sent and what was recorded.
fn look(host: &Host, inbox: &Inbox) -> anyhow::Result<()> {
    step("messages that arrived");
    // The outbox polls once a second and is woken by each message.
    std::thread::sleep(std::time::Duration::from_secs(2));
    inbox.take().iter().for_each(|message| println!("{message}"));
    step("what the audit says");
    let audit = std::fs::read_to_string(host.audit())?;
    one_of_each_action(&audit).iter().for_each(|line| println!("{line}"));
    step("zt plugin list");
    print!("{}", host.zt(&["plugin", "list"])?);
    Ok(())
}

/// The first decision of each action, short: the whole lines are in the file.
fn one_of_each_action(audit: &str) -> Vec<String> {
    let mut seen = Vec::new();
    let mut lines = Vec::new();
    for record in audit.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()) {
        let text = |key: &str| record.get(key).map(ToString::to_string).unwrap_or_default();
        if text("event") == r#""decision""# && !seen.contains(&text("action")) {
            seen.push(text("action"));
            let fields = ["reference", "scenario", "action", "kind", "id", "purpose", "effect", "reasons"];
            lines.push(fields.map(text).join(" "));
        }
    }
    lines
}
