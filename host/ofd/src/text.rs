use crate::{
    Glyph, Item, OfdError,
    content::{Resources, colour, is_text},
    measure::{box_of, is_length, is_place, number, numbers},
    write::problem,
    xml::{self, Xml},
};

/// How far glyphs reach beyond their em, in ems: readers cut off what lies outside of a boundary.
const ASCENT: f64 = 1.2;
const DESCENT: f64 = 0.5;
const SIDE: f64 = 0.25;

/// Glyphs that stand for the same characters, none of which can be told apart.
struct Cluster<'a> {
    text: &'a str,
    glyphs: Vec<&'a Glyph>,
}

/// The values that all glyphs of a line share.
struct Line {
    font: u32,
    size: f64,
    x: f64,
    y: f64,
    fill: [u8; 3],
}

/// `TextObject`s (GB/T 33190, 11). A run in which each glyph is one character makes one; where characters and glyphs
/// are not one to one, as in a ligature, each such group makes its own.
pub(crate) fn glyphs(xml: &mut Xml, place: &str, item: &Item, resources: &mut Resources<'_>) -> Result<(), OfdError> {
    let Item::Glyphs { font, size_mm, x_mm, y_mm, fill, glyphs } = item else { return Ok(()) };
    let places = glyphs.iter().map(|glyph| glyph.dx_mm).chain([*x_mm, *y_mm]);
    if !is_length(*size_mm) || !places.into_iter().all(is_place) {
        return Err(problem(place, "a text has a place or a size that is no length in millimetres"));
    }
    let font = resources.font(*font).ok_or_else(|| problem(place, "a text is in a font that the layout has not"))?;
    let line = Line { font, size: *size_mm, x: *x_mm, y: *y_mm, fill: *fill };
    let runs = runs(clusters(place, glyphs)?);
    let ends = runs.iter().skip(1).map(|run| run.first().map(Cluster::place)).chain([None]);
    for (run, end) in runs.iter().zip(ends) {
        line.run(xml, resources.ids.next(), run, end)?;
    }
    Ok(())
}

fn clusters<'a>(place: &str, glyphs: &'a [Glyph]) -> Result<Vec<Cluster<'a>>, OfdError> {
    let mut clusters: Vec<Cluster<'a>> = Vec::new();
    for glyph in glyphs {
        is_text(place, &glyph.text)?;
        match clusters.last_mut() {
            Some(cluster) if glyph.text.is_empty() => cluster.glyphs.push(glyph),
            None if glyph.text.is_empty() => {
                return Err(problem(place, "a text begins with a glyph that stands for no character"));
            }
            _ => clusters.push(Cluster { text: &glyph.text, glyphs: vec![glyph] }),
        }
    }
    if clusters.is_empty() { Err(problem(place, "a text has no glyph: leave it out")) } else { Ok(clusters) }
}

/// Neighbours that are one character each, together; all others alone.
fn runs(clusters: Vec<Cluster<'_>>) -> Vec<Vec<Cluster<'_>>> {
    let mut runs: Vec<Vec<Cluster<'_>>> = Vec::new();
    for cluster in clusters {
        match runs.last_mut() {
            Some(run) if cluster.is_plain() && run.last().is_some_and(Cluster::is_plain) => run.push(cluster),
            _ => runs.push(vec![cluster]),
        }
    }
    runs
}

// === impl Cluster ===

impl Cluster<'_> {
    fn is_plain(&self) -> bool {
        self.glyphs.len() == 1 && self.text.chars().count() == 1
    }

    fn place(&self) -> f64 {
        self.glyphs.first().map_or(0.0, |glyph| glyph.dx_mm)
    }
}

// === impl Line ===

impl Line {
    /// Writes a run that reaches to `end`, where the next one begins.
    fn run(&self, xml: &mut Xml, id: u32, run: &[Cluster<'_>], end: Option<f64>) -> Result<(), OfdError> {
        let glyphs: Vec<&Glyph> = run.iter().flat_map(|cluster| cluster.glyphs.iter().copied()).collect();
        let text: String = run.iter().map(|cluster| cluster.text).collect();
        let characters = text.chars().count();
        let mut places: Vec<f64> = glyphs.iter().map(|glyph| glyph.dx_mm).collect();
        if let (&[only], true) = (places.as_slice(), characters > 1) {
            places = spread(only, end.unwrap_or(only + self.size), characters);
        }
        let first = places.first().copied().unwrap_or_default();
        let left = places.iter().copied().fold(first, f64::min) - SIDE * self.size;
        let right = places.iter().copied().fold(first, f64::max) + (1.0 + SIDE) * self.size;
        let attributes = [
            ("ID", id.to_string()),
            (
                "Boundary",
                box_of(self.x + left, self.y - ASCENT * self.size, right - left, (ASCENT + DESCENT) * self.size),
            ),
            ("Font", self.font.to_string()),
            ("Size", number(self.size)),
        ];
        let mut code = vec![("X", number(first - left)), ("Y", number(ASCENT * self.size))];
        if places.len() > 1 {
            code.push(("DeltaX", steps(&places)));
        }
        xml::element(xml, "TextObject", &attributes, |xml| {
            colour(xml, "FillColor", self.fill)?;
            let counts = [
                ("CodePosition", "0".to_owned()),
                ("CodeCount", characters.to_string()),
                ("GlyphCount", glyphs.len().to_string()),
            ];
            xml::element(xml, "CGTransform", &counts, |xml| {
                let ids: Vec<String> = glyphs.iter().map(|glyph| glyph.id.to_string()).collect();
                xml::text(xml, "Glyphs", &[], ids.join(" "))
            })?;
            xml::text(xml, "TextCode", &code, &text)
        })?;
        Ok(())
    }
}

/// Where the characters of one glyph would stand if a reader had to draw them one by one.
fn spread(from: f64, to: f64, characters: usize) -> Vec<f64> {
    (0..characters).map(|number| from + (to - from) * number as f64 / characters as f64).collect()
}

/// `DeltaX` (11.3): from each glyph to the next. What is written is rounded; each step starts from where the rounded
/// ones before it led, so that a long line does not drift.
fn steps(places: &[f64]) -> String {
    let mut at = places.first().copied().unwrap_or_default();
    let mut steps = Vec::new();
    for place in places.iter().skip(1) {
        let step = ((place - at) * 10_000.0).round() / 10_000.0;
        at += step;
        steps.push(step);
    }
    numbers(steps)
}
