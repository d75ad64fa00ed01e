use tiny_skia::{Color, FillRule, Paint, PathBuilder, Pixmap, Transform};

use crate::{Drawing, Segment};

/// More pixels to a side than any page of a browser needs: the resolution comes from outside, and the memory grows
/// with its square.
const MOST_PIXELS: f64 = 4096.0;

// === impl Drawing ===

impl Drawing {
    /// A PNG picture on a transparent ground. At most 4096 pixels to a side, whatever resolution is asked for; empty
    /// for a drawing that nothing can be painted of.
    pub fn png(&self, dots_per_mm: f32) -> Vec<u8> {
        let longest = self.width_mm.max(self.height_mm).max(f64::MIN_POSITIVE);
        let scale = f64::from(dots_per_mm).min(MOST_PIXELS / longest);
        let pixels = |mm: f64| (mm * scale).ceil().clamp(1.0, MOST_PIXELS) as u32;
        let Some(mut pixmap) = Pixmap::new(pixels(self.width_mm), pixels(self.height_mm)) else {
            return Vec::new();
        };
        let to_pixels = Transform::from_scale(scale as f32, scale as f32);
        for path in &self.paths {
            let Some(outline) = outline(&path.segments) else { continue };
            let [red, green, blue] = path.fill;
            let mut paint = Paint { anti_alias: true, ..Paint::default() };
            paint.set_color(Color::from_rgba8(red, green, blue, 255));
            pixmap.fill_path(&outline, &paint, FillRule::Winding, to_pixels, None);
        }
        pixmap.encode_png().unwrap_or_default()
    }
}

fn outline(segments: &[Segment]) -> Option<tiny_skia::Path> {
    let mut builder = PathBuilder::new();
    for segment in segments {
        match *segment {
            Segment::MoveTo { x, y } => builder.move_to(x as f32, y as f32),
            Segment::LineTo { x, y } => builder.line_to(x as f32, y as f32),
            Segment::CurveTo { x1, y1, x2, y2, x, y } => {
                builder.cubic_to(x1 as f32, y1 as f32, x2 as f32, y2 as f32, x as f32, y as f32);
            }
            Segment::Close => builder.close(),
        }
    }
    builder.finish()
}
