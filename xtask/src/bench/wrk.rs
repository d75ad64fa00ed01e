//! The load: `wrk`, which we did not write.

use std::process::Command;

use anyhow::{Context, bail};

use crate::run::output;

/// What one run of wrk measured.
pub(super) struct Load {
    pub(super) per_second: f64,
    pub(super) p50_us: f64,
    pub(super) p99_us: f64,
}

/// Loads a URL from two threads over `connections` kept-alive connections.
pub(super) fn load(url: &str, connections: u32, seconds: u32) -> anyhow::Result<Load> {
    let arguments = ["-t2".into(), format!("-c{connections}"), format!("-d{seconds}s"), "--latency".into(), url.into()];
    let text = output(Command::new("wrk").args(&arguments))?;
    parse(&text).with_context(|| format!("wrk printed something else:\n{text}"))
}

fn parse(text: &str) -> anyhow::Result<Load> {
    if text.contains("Non-2xx") || text.contains("Socket errors") {
        bail!("not every request was answered well");
    }
    let after = |label: &str| {
        let line = text.lines().map(str::trim).find(|line| line.starts_with(label));
        line.and_then(|line| line.get(label.len()..)).map(str::trim).with_context(|| format!("no `{label}`"))
    };
    Ok(Load {
        per_second: after("Requests/sec:")?.parse()?,
        p50_us: microseconds(after("50%")?)?,
        p99_us: microseconds(after("99%")?)?,
    })
}

fn microseconds(text: &str) -> anyhow::Result<f64> {
    let (unit, factor) = match text {
        text if text.ends_with("us") => ("us", 1.0),
        text if text.ends_with("ms") => ("ms", 1e3),
        _ => ("s", 1e6),
    };
    Ok(text.trim_end_matches(unit).parse::<f64>()? * factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrks_report_is_read() {
        let text = "  Latency Distribution\n     50%  712.00us\n     99%    2.14ms\nRequests/sec:  91234.56\n";
        let load = parse(text).unwrap();
        assert_eq!((load.per_second, load.p50_us, load.p99_us), (91_234.56, 712.0, 2_140.0));
        assert!(parse(&format!("{text}  Non-2xx or 3xx responses: 3\n")).is_err());
    }
}
