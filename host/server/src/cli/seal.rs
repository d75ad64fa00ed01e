//! `zt seal ...`

use std::{
    path::{Path, PathBuf},
    str::FromStr,
};

use anyhow::{Context, bail};
use clap::Args;
use form_urlencoded::Serializer;
use reqwest::Response;
use serde_json::json;
use zhongtai_cap_seal::{
    Design, Format, Report, SealConfig, SealKind, SealName, Signature, Verdict, examine, outside_trust,
};
use zhongtai_kernel::{Lang, Timestamp};

use super::{
    Client,
    format::{bytes, padded, short, table},
};
use crate::admin::{AuthorityReport, Change, CreateSeal, RevokeSeal, SealHistory, SealReport};

/// An officer's token does all of this but `verify`, `root` and `authorities`: who may is for policy to say, and an
/// operator may not.
#[derive(clap::Subcommand)]
pub(super) enum Verb {
    /// Make a seal of your department.
    Create(Create),
    /// A department's seals; your own department's by default.
    List {
        /// Such as `441802-chengguan`.
        #[arg(long)]
        department: Option<String>,
    },
    /// A seal, what happened to it, and what it was used for.
    Show {
        /// Such as `441802-chengguan/permit`.
        seal: SealName,
    },
    /// Take a seal out of use for a while.
    Suspend {
        /// Such as `441802-chengguan/permit`.
        seal: SealName,
        /// Why.
        #[arg(long)]
        reason: String,
    },
    /// Let a suspended seal be used again.
    Resume {
        /// Such as `441802-chengguan/permit`.
        seal: SealName,
        /// Why.
        #[arg(long)]
        reason: String,
    },
    /// Take a seal out of use for good. Documents that it sealed before stay valid.
    Revoke {
        /// Such as `441802-chengguan/permit`.
        seal: SealName,
        /// key-compromise, affiliation-changed, superseded or cessation-of-operation: stands in the revocation list.
        #[arg(long, default_value = "cessation-of-operation")]
        cause: String,
        /// Why, in a sentence.
        #[arg(long)]
        reason: String,
    },
    /// Save a seal's face.
    Face {
        /// Such as `441802-chengguan/permit`.
        seal: SealName,
        /// Where to: a file that ends in .svg or .png.
        #[arg(short, long)]
        output: PathBuf,
    },
    /// Seal a PDF or OFD file for a case.
    Sign(Sign),
    /// Check the seals and signatures of a PDF or OFD file. Needs no token.
    Verify {
        /// The file.
        file: PathBuf,
        /// Trust these roots, PEM, and ask no host.
        #[arg(long)]
        roots: Option<PathBuf>,
        /// With them: their revocation lists, PEM; without a list nobody knows that a certificate was not taken back.
        #[arg(long, requires = "roots")]
        lists: Vec<PathBuf>,
    },
    /// The platform's roots, PEM, for those who check seals elsewhere. Needs no token.
    Root {
        /// Where to; printed by default.
        #[arg(short, long)]
        output: Option<PathBuf>,
    },
    /// The platform's authorities and until when their revocation lists are in force. For administrators.
    Authorities,
}

#[derive(Args)]
pub(super) struct Create {
    /// What it is called, such as `441802-chengguan/permit`.
    seal: SealName,
    /// Whose name is on it, such as 清城区城市管理局.
    #[arg(long)]
    name: String,
    /// official (公章), special (专用章, needs --line) or personal (名章).
    #[arg(long)]
    kind: SealKind,
    /// A line below the middle, such as 行政许可专用章.
    #[arg(long)]
    line: Option<String>,
    /// The seal's number, along the lower ring.
    #[arg(long)]
    code: Option<String>,
    /// Another face: a JSON file, as host/impression describes it.
    #[arg(long, conflicts_with_all = ["line", "code"])]
    design: Option<PathBuf>,
    /// For how long, 1 to 5.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=5))]
    years: u32,
    /// From which stage of a case it is used.
    #[arg(long, default_value = "issue")]
    stage: String,
    /// Its P-256 key in the host's token, by its label.
    #[arg(long, requires = "token_chain")]
    token_key: Option<String>,
    /// That key's chain from another authority, PEM.
    #[arg(long, requires = "token_key")]
    token_chain: Option<PathBuf>,
}

#[derive(Args)]
pub(super) struct Sign {
    /// Such as `441802-chengguan/permit`.
    seal: SealName,
    /// The document.
    file: PathBuf,
    /// Where the sealed document goes.
    #[arg(short, long)]
    output: PathBuf,
    /// For which case.
    #[arg(long)]
    case: String,
    /// The stage that the case has come to.
    #[arg(long, default_value = "issue")]
    stage: String,
    /// The page, from 1.
    #[arg(long, default_value_t = 1)]
    page: u32,
    /// Where on the page: millimetres from its left and from its upper edge, such as 120,210.
    #[arg(long)]
    at: At,
    /// A line that readers of a PDF show.
    #[arg(long)]
    note: Option<String>,
    /// The same key and document give the same file; by default the case, the page and the file's name.
    #[arg(long)]
    key: Option<String>,
}

/// A place on a page.
#[derive(Clone, Copy)]
pub(super) struct At(f64, f64);

impl FromStr for At {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parsed = text.split_once(',').and_then(|(x, y)| Some((x.trim().parse().ok()?, y.trim().parse().ok()?)));
        parsed.map(|(x, y)| Self(x, y)).ok_or_else(|| "expected two numbers, such as 120,210".to_owned())
    }
}

// === impl Verb ===

impl Verb {
    pub(super) async fn run(self, client: &Client) -> anyhow::Result<()> {
        match self {
            Self::Create(create) => create.run(client).await,
            Self::List { department } => {
                let of = department.map(|department| query(&[("department", &department)])).unwrap_or_default();
                list(client, &client.get::<Vec<SealReport>>(&format!("seals{of}")).await?)
            }
            Self::Show { seal } => show(client, &client.get::<SealHistory>(&format!("seals/{seal}")).await?),
            Self::Suspend { seal, reason } => change(client, &seal, "suspend", &Change { reason }).await,
            Self::Resume { seal, reason } => change(client, &seal, "resume", &Change { reason }).await,
            Self::Revoke { seal, cause, reason } => {
                change(client, &seal, "revoke", &RevokeSeal { cause, reason }).await
            }
            Self::Face { seal, output } => face(client, &seal, &output).await,
            Self::Sign(sign) => sign.run(client).await,
            Self::Verify { file, roots, lists } => verify(client, &file, roots, lists).await,
            Self::Root { output } => root(client, output.as_deref()).await,
            Self::Authorities => authorities(client).await,
        }
    }
}

// === impl Create ===

impl Create {
    async fn run(self, client: &Client) -> anyhow::Result<()> {
        let design = self.design()?;
        let token_chain = self.token_chain.as_deref().map(text).transpose()?;
        let new = CreateSeal {
            seal: self.seal.to_string(),
            // What a special seal is for is part of what certificates and readers call it.
            title: format!("{}{}", self.name, self.line.as_deref().unwrap_or_default()),
            kind: self.kind.to_string(),
            design,
            stage: self.stage,
            // Not the leap days: what is asked for in years must not be more than five of them may be.
            days: self.years * 365,
            token_key: self.token_key,
            token_chain,
        };
        let made: SealReport = client.post("seals", &new).await?;
        if client.json() {
            println!("{}", serde_json::to_string(&made)?);
        } else {
            println!("made  {}  {}  until {}", made.seal, made.title, day(made.valid_until));
            println!("      see its face:  zt seal face {} -o seal.svg", made.seal);
        }
        Ok(())
    }

    fn design(&self) -> anyhow::Result<Design> {
        if let Some(file) = &self.design {
            return serde_json::from_str(&text(file)?).with_context(|| format!("{} is no face", file.display()));
        }
        let plain = match self.kind {
            SealKind::Official => Design::round(&self.name),
            SealKind::Special if self.line.is_none() => {
                bail!("a special seal says what it is for: --line 行政许可专用章")
            }
            SealKind::Special => Design::round(&self.name),
            SealKind::Personal => Design::square(&self.name),
        };
        Ok(Design { line_text: self.line.clone(), code: self.code.clone(), ..plain })
    }
}

// === impl Sign ===

impl Sign {
    async fn run(self, client: &Client) -> anyhow::Result<()> {
        let document = read(&self.file)?;
        let name = self.file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let key = self.key.unwrap_or_else(|| format!("{} {} {name}", self.case, self.page).chars().take(128).collect());
        let (page, x, y) = (self.page.to_string(), self.at.0.to_string(), self.at.1.to_string());
        let mut asked = vec![
            ("case", self.case.as_str()),
            ("stage", &self.stage),
            ("page", &page),
            ("x_mm", &x),
            ("y_mm", &y),
            ("key", &key),
        ];
        asked.extend(self.note.as_deref().map(|note| ("reason", note)));
        let answer = client.exchange(&format!("seals/{}/apply{}", self.seal, query(&asked)), document).await?;
        let (sha256, sm3) = (header(&answer, "x-sha256"), header(&answer, "x-sm3"));
        let sealed = answer.bytes().await?;
        write(&self.output, &sealed)?;
        if client.json() {
            println!("{}", json!({ "file": self.output, "sha256": sha256, "sm3": sm3, "bytes": sealed.len() }));
        } else {
            let size = bytes(sealed.len());
            println!("sealed  {}  {size}  {}", self.output.display(), short(&format!("sha256:{sha256}")));
        }
        Ok(())
    }
}

fn query(pairs: &[(&str, &str)]) -> String {
    format!("?{}", Serializer::new(String::new()).extend_pairs(pairs).finish())
}

fn header(answer: &Response, name: &str) -> String {
    answer.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
}

fn read(file: &Path) -> anyhow::Result<Vec<u8>> {
    std::fs::read(file).with_context(|| format!("{} can't be read", file.display()))
}

fn text(file: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(file).with_context(|| format!("{} can't be read", file.display()))
}

fn write(file: &Path, content: &[u8]) -> anyhow::Result<()> {
    std::fs::write(file, content).with_context(|| format!("{} can't be written", file.display()))
}

/// The day, in the time of those who read it.
fn day(at: Timestamp) -> String {
    at.in_tz("Asia/Shanghai").map_or_else(|_| at.to_string(), |at| at.strftime("%Y-%m-%d").to_string())
}

fn minute(at: Timestamp) -> String {
    at.in_tz("Asia/Shanghai").map_or_else(|_| at.to_string(), |at| at.strftime("%Y-%m-%d %H:%M").to_string())
}

fn list(client: &Client, seals: &[SealReport]) -> anyhow::Result<()> {
    if client.json() {
        println!("{}", serde_json::to_string(seals)?);
        return Ok(());
    }
    let row = |one: &SealReport| {
        let used = one.last_used_at.map_or_else(|| "-".to_owned(), minute);
        let cells =
            [&one.seal, &one.kind, &one.status, &day(one.valid_until), &one.uses.to_string(), &used, &one.title];
        cells.map(String::clone).to_vec()
    };
    let rows: Vec<_> = seals.iter().map(row).collect();
    table(&["SEAL", "KIND", "STATUS", "UNTIL", "USES", "LAST", "NAME"], &rows);
    Ok(())
}

fn show(client: &Client, history: &SealHistory) -> anyhow::Result<()> {
    if client.json() {
        println!("{}", serde_json::to_string(history)?);
        return Ok(());
    }
    let seal = &history.seal;
    println!("{}  {}  {}  {}", seal.seal, seal.title, seal.kind, seal.status);
    println!("  valid   {} to {}", day(seal.valid_from), day(seal.valid_until));
    println!("  used    {} times, from the stage `{}`", seal.uses, seal.stage);
    for event in &history.events {
        let reason = event.reason.as_deref().unwrap_or_default();
        println!("  {}  {:<9}  {}  {reason}", minute(event.at), event.what, event.by);
    }
    for used in &history.uses {
        let document = short(&format!("sha256:{}", used.sealed));
        println!("  {}  used       {}  {}  {}  {document}", minute(used.at), used.by, used.case, used.format);
    }
    Ok(())
}

async fn change(client: &Client, seal: &SealName, verb: &str, why: &impl serde::Serialize) -> anyhow::Result<()> {
    let changed: SealReport = client.post(&format!("seals/{seal}/{verb}"), why).await?;
    match client.json() {
        true => println!("{}", serde_json::to_string(&changed)?),
        false => println!("{}  is {}", changed.seal, changed.status),
    }
    Ok(())
}

async fn face(client: &Client, seal: &SealName, output: &Path) -> anyhow::Result<()> {
    let form = match output.extension().and_then(|extension| extension.to_str()) {
        Some(form @ ("svg" | "png")) => form,
        _ => bail!("{} ends neither in .svg nor in .png", output.display()),
    };
    let answer = client.download(&format!("seals/{seal}/face?form={form}")).await?;
    let face = answer.bytes().await?;
    write(output, &face)?;
    match client.json() {
        true => println!("{}", json!({ "file": output, "bytes": face.len() })),
        false => println!("saved  {}  {}", output.display(), bytes(face.len())),
    }
    Ok(())
}

async fn root(client: &Client, output: Option<&Path>) -> anyhow::Result<()> {
    let pem = client.fetch_public("seals/root.pem").await?.text().await?;
    match (output, client.json()) {
        (Some(output), _) => {
            write(output, pem.as_bytes())?;
            println!("saved  {}", output.display());
        }
        (None, true) => println!("{}", json!({ "roots": pem })),
        (None, false) => print!("{pem}"),
    }
    Ok(())
}

async fn authorities(client: &Client) -> anyhow::Result<()> {
    let states: Vec<AuthorityReport> = client.get("seal-authorities").await?;
    if client.json() {
        println!("{}", serde_json::to_string(&states)?);
        return Ok(());
    }
    let row = |one: &AuthorityReport| {
        let list = one.list_until.map_or_else(|| "-".to_owned(), minute);
        vec![one.id.clone(), day(one.valid_until), list, one.revoked.to_string()]
    };
    table(&["AUTHORITY", "UNTIL", "LIST UNTIL", "REVOKED"], &states.iter().map(row).collect::<Vec<_>>());
    Ok(())
}

async fn verify(client: &Client, file: &Path, roots: Option<PathBuf>, lists: Vec<PathBuf>) -> anyhow::Result<()> {
    let document = read(file)?;
    let report = match roots {
        Some(roots) => {
            let config = SealConfig { roots: vec![roots], lists, ..SealConfig::default() };
            examine(&document, &outside_trust(&config)?, Timestamp::now())
        }
        None => client.bring("seals/verify", document).await?,
    };
    if client.json() {
        println!("{}", serde_json::to_string(&report)?);
    } else {
        print!("{}", told(&report, file, client.lang()));
    }
    match report.verdict {
        Verdict::Valid => Ok(()),
        Verdict::Unsigned => bail!("{} has no seal", file.display()),
        Verdict::Invalid | Verdict::Unreadable => bail!("{} is not to be relied on", file.display()),
    }
}

/// The report for people.
fn told(report: &Report, file: &Path, lang: Lang) -> String {
    let verdict = match report.verdict {
        Verdict::Valid => lang.pick("有效", "valid"),
        Verdict::Invalid => lang.pick("无效", "INVALID"),
        Verdict::Unsigned => lang.pick("无印章", "no seal"),
        Verdict::Unreadable => lang.pick("无法读取", "UNREADABLE"),
    };
    let format = report.format.map_or("-", Format::as_str);
    let digest = short(&format!("sha256:{}", report.sha256));
    let mut text = format!("{}  {}  {format}  {digest}\n", padded(verdict, 10), file.display());
    for (number, signature) in report.signatures.iter().enumerate() {
        text += &line(number + 1, signature, lang);
    }
    if let Some(after) = &report.after_last {
        let bytes = after.bytes;
        let what = lang.pick(format!("最后一枚印章之后有 {bytes} 字节"), format!("{bytes} bytes after the last seal"));
        text += &format!("  !  {what}: {}\n", after.words.get(lang));
    }
    text + &format!("{}\n", report.words.get(lang))
}

fn line(number: usize, signature: &Signature, lang: Lang) -> String {
    let unknown = lang.pick("未知", "unknown");
    let name = signature.name.as_deref().or(signature.signer.as_deref()).unwrap_or(unknown);
    let page =
        signature.page.map_or_else(String::new, |page| lang.pick(format!("第 {page} 页"), format!("page {page}")));
    let by = if signature.stamped { lang.pick("时间戳", "time stamp") } else { lang.pick("自称", "claimed") };
    let at = signature.at.map_or_else(|| unknown.to_owned(), |at| format!("{} ({by})", minute(at)));
    let mark = if signature.valid { " " } else { "!" };
    let mut text = format!("  {mark}{number}  {}  {page}  {at}\n", padded(name, 28));
    if let Some(signer) = &signature.signer {
        text += &format!("      {signer}\n");
    }
    for problem in &signature.problems {
        text += &format!("      - {}  [{}]\n", problem.words.get(lang), problem.code);
    }
    text
}
