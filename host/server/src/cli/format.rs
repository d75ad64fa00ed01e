//! Tables and figures for people.

use std::time::Duration;

/// Prints rows in columns as wide as they need to be.
pub(super) fn table(header: &[&str], rows: &[Vec<String>]) {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        cells.chain(header.get(column).map(|name| name.len())).max().unwrap_or(0)
    };
    let widths: Vec<_> = (0..header.len()).map(width).collect();
    let line = |cells: &mut dyn Iterator<Item = &str>| {
        let padded: Vec<_> = cells.zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        println!("{}", padded.join("  ").trim_end());
    };
    line(&mut header.iter().copied());
    for row in rows {
        line(&mut row.iter().map(String::as_str));
    }
}

/// A text filled up to a width on a terminal, where a Chinese character takes two places.
pub(super) fn padded(text: &str, width: usize) -> String {
    let places: usize = text.chars().map(|character| if character < '\u{1100}' { 1 } else { 2 }).sum();
    format!("{text}{}", " ".repeat(width.saturating_sub(places)))
}

/// `71 KiB`, `1.1 MiB`.
pub(super) fn bytes(bytes: usize) -> String {
    match bytes {
        0..1_024 => format!("{bytes} B"),
        1_024..1_048_576 => format!("{} KiB", bytes / 1_024),
        _ => format!("{:.1} MiB", bytes as f64 / 1_048_576.0),
    }
}

/// `3 ms`, `250 us`.
pub(super) fn seconds(seconds: f64) -> String {
    match seconds {
        s if s >= 1.0 => format!("{s:.1} s"),
        s if s >= 0.001 => format!("{:.0} ms", s * 1e3),
        s => format!("{:.0} us", s * 1e6),
    }
}

/// `2 min`, `6 d`.
pub(super) fn age(age: Duration) -> String {
    match age.as_secs() {
        s @ 0..60 => format!("{s} s"),
        s @ 60..3_600 => format!("{} min", s / 60),
        s @ 3_600..86_400 => format!("{} h", s / 3_600),
        s => format!("{} d", s / 86_400),
    }
}

/// `sha256:` and eight digits.
pub(super) fn short(digest: &str) -> String {
    digest.chars().take("sha256:".len() + 8).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_short() {
        assert_eq!(padded("中台", 6), "中台  ");
        assert_eq!(bytes(72_704), "71 KiB");
        assert_eq!(seconds(0.003), "3 ms");
        assert_eq!(seconds(0.000_05), "50 us");
        assert_eq!(age(Duration::from_secs(150)), "2 min");
    }
}
