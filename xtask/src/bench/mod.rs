//! `cargo xtask bench`: what a request costs, as ratios to a baseline of the same run.
//!
//! The machine's cores are shared between the host and the load, and noisy: rounds are interleaved, and the median
//! of each row counts.

mod crates;
mod wrk;

use std::{path::Path, process::Command, time::Instant};

use serde_json::{Map, Value, json};
use zhongtai_e2e::{Host, Setup};

use crate::{
    guests,
    run::{cargo, must, step},
    setup, target,
};
use wrk::Load;

const HELLO: &str = "441802-test/hello";
const CODE: &str = "91512081MA62K0260E";

/// Rounds of the interleaved measurements.
const ROUNDS: usize = 3;

/// Measures everything, prints a table and then JSON.
pub(crate) fn run(seconds: u32) -> anyhow::Result<()> {
    setup::for_bench()?;
    step("the host, optimised (the first build takes some minutes)");
    must(&mut cargo(&["build", "--release", "--package", "zhongtai-server", "--features", "bench"]))?;
    let components = guests::fixtures()?;
    let crates = crates::measure(&components)?;
    step("over loopback");
    let data = target().join("bench").join(std::process::id().to_string());
    let setup = Setup::new(&target().join("release/zt"), &data);
    let host = Host::start(&setup)?;
    prepare(&host, &components, &data)?;
    let served = served(&host, seconds)?;
    let beside = beside_a_spinner(&host, seconds)?;
    let cold = cold_start(host, &setup)?;
    let _ = std::fs::remove_dir_all(&data);
    report(&crates, &served, &beside, cold)
}

/// Deploys hello, and hostile as another department's scenario.
fn prepare(host: &Host, components: &Path, data: &Path) -> anyhow::Result<()> {
    host.zt(&["data", "import", "credit", "examples/credit.csv"])?;
    host.zt(&["grant", "add", HELLO, "credit"])?;
    deploy(host, Path::new("tests/guests/hello"), &components.join("hello.wasm"))?;
    let spinner = data.join("spinner");
    std::fs::create_dir_all(&spinner)?;
    let manifest = std::fs::read_to_string("tests/guests/hostile/plugin.toml")?.replace("441802-test", "441802-spin");
    std::fs::write(spinner.join("plugin.toml"), manifest)?;
    let granted = ["grant", "add", "441802-spin/hostile", "credit", "keyvalue", "notify", "subject"];
    host.zt(&granted)?;
    deploy(host, &spinner, &components.join("hostile.wasm"))
}

fn deploy(host: &Host, folder: &Path, component: &Path) -> anyhow::Result<()> {
    let (folder, component) = (folder.display().to_string(), component.display().to_string());
    print!("{}", host.zt(&["plugin", "deploy", &folder, "--component", &component])?);
    Ok(())
}

/// A row of the table over loopback.
struct Row {
    name: &'static str,
    loads: Vec<Load>,
}

// === impl Row ===

impl Row {
    fn median(&self, figure: impl Fn(&Load) -> f64) -> f64 {
        let mut figures: Vec<_> = self.loads.iter().map(figure).collect();
        figures.sort_by(f64::total_cmp);
        figures.get(figures.len() / 2).copied().unwrap_or(0.0)
    }
}

fn served(host: &Host, seconds: u32) -> anyhow::Result<Vec<Row>> {
    let paths = [
        ("plain axum route", "/bench/plain".to_owned()),
        ("hello", format!("/s/{HELLO}/")),
        ("credit lookup", format!("/s/{HELLO}/credit/{CODE}")),
    ];
    let mut rows: Vec<_> = paths.iter().map(|(name, _)| Row { name, loads: Vec::new() }).collect();
    for _ in 0..ROUNDS {
        for (row, (_, path)) in rows.iter_mut().zip(&paths) {
            row.loads.push(wrk::load(&format!("{}{path}", host.public), 64, seconds)?);
        }
    }
    Ok(rows)
}

/// A quiet plugin alone, and beside another department's guests that never end.
fn beside_a_spinner(host: &Host, seconds: u32) -> anyhow::Result<(Load, Load)> {
    let quiet = format!("{}/s/{HELLO}/", host.public);
    let alone = wrk::load(&quiet, 4, seconds)?;
    let spin = format!("{}/s/441802-spin/hostile/spin", host.public);
    let mut spinner = Command::new("wrk")
        .args(["-t1", "-c2", &format!("-d{}s", seconds + 2), &spin])
        .stdout(std::process::Stdio::null())
        .spawn()?;
    std::thread::sleep(std::time::Duration::from_millis(500));
    let beside = wrk::load(&quiet, 4, seconds);
    spinner.wait()?;
    Ok((alone, beside?))
}

/// Milliseconds from starting the process to ready, with two releases in the AOT cache.
fn cold_start(host: Host, setup: &Setup) -> anyhow::Result<f64> {
    host.terminate()?;
    let begun = Instant::now();
    let host = Host::start(setup)?;
    let milliseconds = begun.elapsed().as_secs_f64() * 1e3;
    host.terminate()?;
    Ok(milliseconds)
}

fn report(crates: &Map<String, Value>, rows: &[Row], (alone, beside): &(Load, Load), cold: f64) -> anyhow::Result<()> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let plain = rows.first().map_or(1.0, |row| row.median(|load| load.per_second));
    println!("\n{cores} cores, shared by host and load; medians of {ROUNDS} rounds; policy and audit on\n");
    println!("| over loopback | requests/s | ratio to plain | p50 | p99 |");
    println!("|---|---:|---:|---:|---:|");
    for row in rows {
        let per_second = row.median(|load| load.per_second);
        println!(
            "| {} | {per_second:.0} | {:.2} | {:.0} us | {:.0} us |",
            row.name,
            per_second / plain,
            row.median(|load| load.p50_us),
            row.median(|load| load.p99_us)
        );
    }
    println!("\n| quiet plugin, 4 connections | p50 | p99 |\n|---|---:|---:|");
    println!("| alone | {:.0} us | {:.0} us |", alone.p50_us, alone.p99_us);
    println!("| beside 2 spinning guests | {:.0} us | {:.0} us |", beside.p50_us, beside.p99_us);
    println!("\nstart to ready, 2 releases from the AOT cache: {cold:.0} ms");
    crates::report(crates);
    let json = json!({
        "cores": cores,
        "loopback": rows.iter().map(|row| json!({
            "name": row.name,
            "requests_per_second": row.median(|load| load.per_second),
            "ratio_to_plain": row.median(|load| load.per_second) / plain,
            "p50_us": row.median(|load| load.p50_us),
            "p99_us": row.median(|load| load.p99_us),
        })).collect::<Vec<_>>(),
        "quiet_p99_us": { "alone": alone.p99_us, "beside_spinners": beside.p99_us },
        "crates": crates,
        "cold_start_ms": cold,
    });
    println!("\n{json}");
    Ok(())
}
