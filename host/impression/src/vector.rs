//! The drawing as text: SVG, and the operators of a PDF page.

use std::fmt::Write;

use crate::{Drawing, Path, Segment};

// === impl Drawing ===

impl Drawing {
    /// An SVG document whose user unit is the millimetre.
    pub fn svg(&self) -> String {
        let (width, height) = (number(self.width_mm), number(self.height_mm));
        let mut svg = format!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" width="{width}mm" height="{height}mm" viewBox="0 0 {width} {height}">"#
        );
        for Path { fill: [red, green, blue], segments } in &self.paths {
            let outline: String = segments.iter().map(svg_step).collect();
            // Writing to a string does not fail.
            let _ = write!(svg, r##"<path fill="#{red:02x}{green:02x}{blue:02x}" d="{outline}"/>"##);
        }
        svg.push_str("</svg>");
        svg
    }

    /// Operators of a PDF content stream (ISO 32000-1, 8.5) in millimetres, origin bottom left, y up: the content of
    /// a form whose `BBox` is `[0 0 width height]`. Colours are DeviceRGB.
    pub fn pdf_content(&self) -> Vec<u8> {
        let mut content = String::from("q\n");
        let mut colour = None;
        for path in &self.paths {
            if colour.replace(path.fill) != Some(path.fill) {
                let [red, green, blue] = path.fill.map(|part| number(f64::from(part) / 255.0));
                let _ = writeln!(content, "{red} {green} {blue} rg");
            }
            let steps = path.segments.iter().map(|step| pdf_step(&step.map(|x, y| (x, self.height_mm - y))));
            content.extend(steps);
            content.push_str("f\n");
        }
        content.push_str("Q\n");
        content.into_bytes()
    }
}

fn svg_step(step: &Segment) -> String {
    match *step {
        Segment::MoveTo { x, y } => format!("M{} {}", number(x), number(y)),
        Segment::LineTo { x, y } => format!("L{} {}", number(x), number(y)),
        Segment::CurveTo { x1, y1, x2, y2, x, y } => {
            let [x1, y1, x2, y2, x, y] = [x1, y1, x2, y2, x, y].map(number);
            format!("C{x1} {y1} {x2} {y2} {x} {y}")
        }
        Segment::Close => "Z".to_owned(),
    }
}

fn pdf_step(step: &Segment) -> String {
    match *step {
        Segment::MoveTo { x, y } => format!("{} {} m\n", number(x), number(y)),
        Segment::LineTo { x, y } => format!("{} {} l\n", number(x), number(y)),
        Segment::CurveTo { x1, y1, x2, y2, x, y } => {
            let [x1, y1, x2, y2, x, y] = [x1, y1, x2, y2, x, y].map(number);
            format!("{x1} {y1} {x2} {y2} {x} {y} c\n")
        }
        Segment::Close => "h\n".to_owned(),
    }
}

/// To the micrometre: finer than any printer, and never in the exponent form that PDF does not know.
fn number(value: f64) -> String {
    let text = format!("{value:.3}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}
