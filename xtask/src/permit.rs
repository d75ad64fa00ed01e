//! The demo's second part: a permit from the application to a bank that sees it, with the papers left to look at.

use std::{
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context, bail};
use serde_json::{Value, json};
use zhongtai_e2e::{CashDesk, City, Host};

use crate::{browser::Browser, demo::EXCAVATION, run::step, services};

/// Who works with tokens in the host's data: login, and more of `zt user add`.
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
    ("courier", &["--kind", "officer", "--department", "441802-chengguan", "--clearance", "3", "--role", "courier"]),
    ("bank", &["--kind", "legal-person", "--set", "name=清城银行", "--set", "credit-code=91350100M000100Y43"]),
];

/// Who signs in with a browser, here and through the city.
const ENTERPRISE: [&str; 7] =
    ["north-river", "--kind", "legal-person", "--set", "name=北江公司", "--set", "credit-code=91512081MA62K0260E"];

const FORM: &str = r#"{"company":"91512081MA62K0260E","place":"北江一路12号门前","area_m2":12,"from":"FROM","to":"TO","reason":"供水管道维修","deliver":true}"#;

/// A plan of one empty page.
const PLAN: &[u8] =
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n\
    3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n";

/// The city's identity provider, which knows the enterprise too.
pub(crate) fn city(public: &str) -> anyhow::Result<City> {
    let claims = json!({ "name": "北江公司", "user_type": "2", "uscc": "91512081MA62K0260E" });
    City::start(public, &json!({ "north-river": claims }))
}

/// What the department puts online once: people, the template, the seal, the type of certificate. Returns the
/// enterprise's password.
pub(crate) fn prepare(host: &Host) -> anyhow::Result<String> {
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
    let added = json(&host.zt(&[&["user", "add"][..], &ENTERPRISE, &["--json"]].concat())?)?;
    text(&added, "password")
}

/// Signs in, applies, hands a plan in, signs in elsewhere, pays, approves, fetches the papers, gets them on paper, shows
/// the permit, and sees it.
pub(crate) fn try_all(host: &Host, city: &City, desk: &mut CashDesk, password: &str) -> anyhow::Result<()> {
    step("a permit, from the application to a bank that sees it");
    println!("\n# the enterprise signs in at {}/sign-in with its password", host.public);
    let here = Browser::open(&host.public, &host.data().join("enterprise.cookies"));
    here.sign_in("north-river", password)?;
    let post = |path: &str, body: &str| {
        println!("\n# the enterprise, by its session's cookie: POST {path}");
        let answer = here.ask("POST", &format!("/s/{EXCAVATION}{path}"), body.as_bytes())?;
        println!("{answer}");
        json(&answer)
    };
    let [from, to] = [0, 20].map(day);
    let filed = post("/applications", &FORM.replace("FROM", &from?).replace("TO", &to?))?;
    let number = text(&filed, "number")?;
    let ticket = post(&format!("/applications/{number}/materials"), "{}")?;
    println!("\n# the enterprise: PUT the plan to the ticket's path, past the plugin");
    println!("{}", here.ask("PUT", &text(&ticket, "path")?, PLAN)?);
    println!(
        "\n# the enterprise signs in through the city's identity provider, {}: sure enough to pay and to show",
        city.issuer
    );
    let sure = Browser::open(&host.public, &host.data().join("enterprise-through-the-city.cookies"));
    sure.sign_in_through_the_city(&city.issuer, "north-river")?;
    services::pay(host, desk, &sure, &filed)?;
    let decision = r#"{"outcome":"approve","reason":"材料齐全"}"#;
    let decided = officer(host, &format!("/applications/{number}/decisions"), decision)?;
    let permit = decided.get("permit").context("the permit was not issued: see the host's log")?;
    let id = text(permit, "id")?;
    for form in ["pdf", "ofd"] {
        let file = host.data().join(format!("permit.{form}")).display().to_string();
        println!("\n# the enterprise: GET its permit as {form}");
        let paper = format!("/api/v1/certificates/{id}/papers/certificate.{form}?purpose=own-use");
        here.fetch(&paper, file.as_ref())?;
        run(host, "bank", &["seal", "verify", &file])?;
    }
    services::deliver(host, &sure, &decided)?;
    println!("\n# the enterprise shows its permit to a bank");
    let showing = json!({
        "fields": ["applicant", "place"], "purpose": "loan", "verifier": "91350100M000100Y43", "minutes": 10,
    });
    let shown = sure.ask("POST", &format!("/api/v1/certificates/{id}/present"), showing.to_string().as_bytes())?;
    println!("{shown}");
    let token = text(&json(&shown)?, "token")?;
    for _ in ["seen once", "and not again"] {
        redeem(host, token.trim())?;
    }
    Ok(())
}

/// An officer's program, by its token.
fn officer(host: &Host, path: &str, body: &str) -> anyhow::Result<Value> {
    let token = std::fs::read_to_string(host.data().join("officer.token"))?;
    let mut command = host.command(&["plugin", "call", EXCAVATION, path, "-X", "POST", "--data", body]);
    println!("\n# the officer: POST {path}");
    json(&shown(command.env("ZT_SUBJECT_TOKEN", token.trim()))?)
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
pub(crate) fn run(host: &Host, who: &str, arguments: &[&str]) -> anyhow::Result<String> {
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

/// A day in Shanghai, some days from now, as `date` tells it.
fn day(later: u32) -> anyhow::Result<String> {
    let output =
        Command::new("date").env("TZ", "Asia/Shanghai").args(["-d", &format!("+{later} days"), "+%F"]).output()?;
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

pub(crate) fn json(text: &str) -> anyhow::Result<Value> {
    serde_json::from_str(text).with_context(|| format!("not JSON: {text}"))
}

pub(crate) fn text(value: &Value, key: &str) -> anyhow::Result<String> {
    let text = value.get(key).and_then(Value::as_str).map(str::to_owned);
    text.with_context(|| format!("there is no `{key}` in {value}"))
}

/// Where the papers are, for whoever wants to look at them.
pub(crate) fn left(data: &Path) -> String {
    format!("the permit: {}, and beside it the OFD", data.join("permit.pdf").display())
}
