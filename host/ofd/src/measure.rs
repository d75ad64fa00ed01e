//! Numbers as OFD writes them: millimetres, to a ten-thousandth.

/// Farther out nothing can be seen, and fewer digits would be left behind the point.
const MAX_MM: f64 = 100_000.0;

/// Whether it can stand in a document as a place.
pub(crate) fn is_place(value: f64) -> bool {
    value.is_finite() && value.abs() <= MAX_MM
}

/// Whether it can stand in a document as a width or a height.
pub(crate) fn is_length(value: f64) -> bool {
    is_place(value) && value > 0.0
}

/// A number without needless zeros.
pub(crate) fn number(value: f64) -> String {
    let text = format!("{value:.4}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

/// `ST_Array` (GB/T 33190, 7.3).
pub(crate) fn numbers(values: impl IntoIterator<Item = f64>) -> String {
    values.into_iter().map(number).collect::<Vec<_>>().join(" ")
}

/// `ST_Box` (7.3).
pub(crate) fn box_of(x: f64, y: f64, width: f64, height: f64) -> String {
    numbers([x, y, width, height])
}

/// Reads `ST_Box`.
pub(crate) fn parse_box(text: &str) -> Option<[f64; 4]> {
    let values: Vec<f64> = text.split_ascii_whitespace().map(|one| one.parse().ok()).collect::<Option<_>>()?;
    let [x, y, width, height] = values.try_into().ok()?;
    let good = is_place(x) && is_place(y) && is_length(width) && is_length(height);
    good.then_some([x, y, width, height])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_no_needless_digits() {
        let cases =
            [(0.0, "0"), (-0.00001, "0"), (210.0, "210"), (0.5, "0.5"), (-12.34567, "-12.3457"), (100.0, "100")];
        for (value, text) in cases {
            assert_eq!(number(value), text);
        }
    }

    #[test]
    fn a_box_has_four_numbers_and_an_area() {
        assert_eq!(parse_box("0 0 210 297"), Some([0.0, 0.0, 210.0, 297.0]));
        for text in ["", "0 0 210", "0 0 210 297 1", "0 0 0 297", "0 0 -1 297", "0 0 NaN 297", "0 0 inf 1", "1e9 0 1 1"]
        {
            assert_eq!(parse_box(text), None, "{text}");
        }
    }
}
