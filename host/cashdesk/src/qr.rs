//! A QR code as SVG that stands in the page: no image from elsewhere, no style.

use std::fmt::Write as _;

use qrcode::{Color, EcLevel, QrCode};

/// Modules around the code that stay light (ISO/IEC 18004, 9.1).
const QUIET: usize = 4;

/// The SVG of a text; none when it is too long for a code.
pub(crate) fn svg(text: &str, label: &str) -> Option<String> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M).ok()?;
    let (width, size) = (code.width(), code.width() + 2 * QUIET);
    let mut path = String::new();
    for (at, color) in code.to_colors().into_iter().enumerate() {
        if color == Color::Dark {
            let _ = write!(path, "M{} {}h1v1h-1z", at % width + QUIET, at / width + QUIET);
        }
    }
    Some(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {size} {size}\" role=\"img\" aria-label=\"{label}\" \
         shape-rendering=\"crispEdges\"><path fill=\"#fff\" d=\"M0 0h{size}v{size}H0z\"/><path d=\"{path}\"/></svg>"
    ))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    /// Pixels of a module: a reader wants more than one.
    const SCALE: usize = 4;

    #[test]
    fn another_implementation_reads_the_code_that_is_in_the_page() {
        let text = "http://127.0.0.1:8090/pay/0123456789abcdef0123456789abcdef";
        let svg = svg(text, "code").unwrap();
        let between = |text: &'static str, end: char| -> String {
            let rest = svg.rsplit_once(text).unwrap().1;
            rest.split(end).next().unwrap().to_owned()
        };
        let size: usize = between("viewBox=\"0 0 ", ' ').parse().unwrap();
        let square = |text: &str| -> Option<(usize, usize)> {
            let (x, rest) = text.strip_suffix("h1v1h-1z").unwrap_or(text).split_once(' ')?;
            Some((x.parse().ok()?, rest.split('h').next()?.parse().ok()?))
        };
        let dark: HashSet<(usize, usize)> = between("<path d=\"", '"').split('M').filter_map(square).collect();
        let pixel = |x: usize, y: usize| dark.contains(&(x / SCALE, y / SCALE));
        let mut image = rqrr::PreparedImage::prepare_from_bitmap(size * SCALE, size * SCALE, pixel);
        let [grid] = &image.detect_grids()[..] else { panic!("one code") };
        assert_eq!(grid.decode().unwrap().1, text);
    }
}
