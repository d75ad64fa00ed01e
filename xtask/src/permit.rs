//! The demo's second part: a permit from the application to a bank that sees it, with the papers left to look at.

use std::{
    io::{Read, Write},
    net::TcpStream,
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context, bail};
use serde_json::Value;
use zhongtai_e2e::Host;

use crate::{demo::EXCAVATION, run::step};

/// Who signs in with tokens in the host's data: login, kind, and more of `zt user add`.
const PEOPLE: [(&str, &[&str]); 4] = [
    ("seal-keeper", &["--kind", "officer", "--department", "441802-chengguan", "--role", "seal-keeper"]),
    (
        "officer",
        &[
            "--kind",
            "officer",
            "--department",
            "441802-chengguan",
            "--clearance",
            "3",
            "--role",
            "window",
            "--role",
            "certificate-issuer",
        ],
    ),
    ("enterprise", &["--kind", "legal-person", "--set", "name=北江公司", "--set", "credit-code=91512081MA62K0260E"]),
    ("bank", &["--kind", "legal-person", "--set", "name=清城银行", "--set", "credit-code=91350100M000100Y43"]),
];

const FORM: &str = r#"{"company":"91512081MA62K0260E","place":"北江一路12号门前","area_m2":12,"from":"FROM","to":"TO","reason":"供水管道维修"}"#;

/// A plan of one empty page.
const PLAN: &[u8] =
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n\
    3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n";

/// What the department puts online once: people, the template, the seal, the type of certificate.
pub(crate) fn prepare(host: &Host) -> anyhow::Result<()> {
    step("a department gets its seal and template online");
    for (login, more) in PEOPLE {
        let sure = ["--assurance", "substantial"];
        host.zt(&[&["user", "add", login][..], more, &sure].concat())?;
        std::fs::write(host.data().join(format!("{login}.token")), host.zt(&["user", "token", login])?)?;
    }
    run(host, "operator", &["template", "put", "host/capabilities/document/gallery/excavation-permit"])?;
    run(host, "operator", &["cert", "type", "put", "plugins/excavation/excavation-permit.json"])?;
    let name = ["--name", "清城区城市管理局", "--kind", "official", "--years", "3"];
    run(host, "seal-keeper", &[&["seal", "create", "441802-chengguan/permit"][..], &name].concat())?;
    Ok(())
}

/// Applies, hands a plan in, approves, fetches the papers, shows the permit, and sees it.
pub(crate) fn try_all(host: &Host) -> anyhow::Result<()> {
    step("a permit, from the application to a bank that sees it");
    let call = |who: &str, path: &str, body: &str| {
        let token = std::fs::read_to_string(host.data().join(format!("{who}.token")))?;
        let mut command = host.command(&["plugin", "call", EXCAVATION, path, "-X", "POST", "--data", body]);
        println!("\n# {who}: POST {path}");
        json(&shown(command.env("ZT_SUBJECT_TOKEN", token.trim()))?)
    };
    let [from, to] = [0, 20].map(day);
    let filed = call("enterprise", "/applications", &FORM.replace("FROM", &from?).replace("TO", &to?))?;
    let number = text(&filed, "number")?;
    let ticket = call("enterprise", &format!("/applications/{number}/materials"), "{}")?;
    println!("\n# enterprise: PUT the plan to the ticket's path, past the plugin");
    println!("{}", put(host, "enterprise", &text(&ticket, "path")?, PLAN)?);
    let decision = r#"{"outcome":"approve","reason":"材料齐全"}"#;
    let decided = call("officer", &format!("/applications/{number}/decisions"), decision)?;
    let permit = decided.get("permit").context("the permit was not issued: see the host's log")?;
    let id = text(permit, "id")?;
    for form in ["pdf", "ofd"] {
        let file = host.data().join(format!("permit.{form}")).display().to_string();
        run(host, "enterprise", &["cert", "paper", &id, "-o", &file])?;
        run(host, "bank", &["seal", "verify", &file])?;
    }
    let to = ["--to", "91350100M000100Y43", "--purpose", "loan", "--field", "applicant", "--field", "place"];
    let token = run(host, "enterprise", &[&["cert", "present", &id][..], &to].concat())?;
    for _ in ["seen once", "and not again"] {
        redeem(host, token.trim())?;
    }
    Ok(())
}

fn redeem(host: &Host, token: &str) -> anyhow::Result<()> {
    println!("\n$ zt cert redeem - --purpose loan    # bank");
    let mut command = host.command_as("bank", &["cert", "redeem", "-", "--purpose", "loan"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    child.stdin.take().context("standard input")?.write_all(token.as_bytes())?;
    let output = child.wait_with_output()?;
    print!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    Ok(())
}

/// `zt` as somebody, shown with what it printed.
fn run(host: &Host, who: &str, arguments: &[&str]) -> anyhow::Result<String> {
    println!("\n$ zt {}    # {who}", arguments.join(" "));
    shown(&mut host.command_as(who, arguments))
}

fn shown(command: &mut Command) -> anyhow::Result<String> {
    let output = command.output()?;
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    print!("{err}{out}");
    if !output.status.success() {
        bail!("that was not to be refused");
    }
    Ok(out.into_owned())
}

/// Sends a file to the public listener.
fn put(host: &Host, who: &str, path: &str, content: &[u8]) -> anyhow::Result<String> {
    let token = std::fs::read_to_string(host.data().join(format!("{who}.token")))?;
    let address = host.public.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address)?;
    let head = format!(
        "PUT {path} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {}\r\ncontent-length: {}\r\n\
         connection: close\r\n\r\n",
        token.trim(),
        content.len()
    );
    stream.write_all(&[head.as_bytes(), content].concat())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or(answer))
}

/// A day in Shanghai, some days from now, as `date` tells it.
fn day(later: u32) -> anyhow::Result<String> {
    let output =
        Command::new("date").env("TZ", "Asia/Shanghai").args(["-d", &format!("+{later} days"), "+%F"]).output()?;
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

fn json(text: &str) -> anyhow::Result<Value> {
    serde_json::from_str(text).with_context(|| format!("not JSON: {text}"))
}

fn text(value: &Value, key: &str) -> anyhow::Result<String> {
    let text = value.get(key).and_then(Value::as_str).map(str::to_owned);
    text.with_context(|| format!("there is no `{key}` in {value}"))
}

/// Where the papers are, for whoever wants to look at them.
pub(crate) fn left(data: &Path) -> String {
    format!("the permit: {}, and beside it the OFD", data.join("permit.pdf").display())
}
