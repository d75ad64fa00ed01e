use serde::{Deserialize, Serialize};

/// A face as filled outlines. Millimetres, origin top left, y down.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Drawing {
    /// From the left edge to the right one.
    pub width_mm: f64,
    /// From the top edge to the bottom one.
    pub height_mm: f64,
    /// In the order in which they are painted.
    pub paths: Vec<Path>,
}

/// One outline, filled by the non-zero winding rule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Path {
    /// Red, green, blue.
    pub fill: [u8; 3],
    /// Each contour begins with `MoveTo` and ends with `Close`.
    pub segments: Vec<Segment>,
}

/// A step of an outline, from where the last one ended.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Segment {
    /// Begins a contour.
    MoveTo {
        /// Millimetres.
        x: f64,
        /// Millimetres.
        y: f64,
    },
    /// A straight line.
    LineTo {
        /// Millimetres.
        x: f64,
        /// Millimetres.
        y: f64,
    },
    /// A cubic Bézier curve.
    CurveTo {
        /// First control point.
        x1: f64,
        /// First control point.
        y1: f64,
        /// Second control point.
        x2: f64,
        /// Second control point.
        y2: f64,
        /// End.
        x: f64,
        /// End.
        y: f64,
    },
    /// Goes back to where the contour began.
    Close,
}

// === impl Segment ===

impl Segment {
    /// The same step with each of its points moved by `map`.
    #[must_use]
    pub fn map(self, map: impl Fn(f64, f64) -> (f64, f64)) -> Self {
        match self {
            Self::MoveTo { x, y } => {
                let (x, y) = map(x, y);
                Self::MoveTo { x, y }
            }
            Self::LineTo { x, y } => {
                let (x, y) = map(x, y);
                Self::LineTo { x, y }
            }
            Self::CurveTo { x1, y1, x2, y2, x, y } => {
                let ((x1, y1), (x2, y2), (x, y)) = (map(x1, y1), map(x2, y2), map(x, y));
                Self::CurveTo { x1, y1, x2, y2, x, y }
            }
            Self::Close => Self::Close,
        }
    }
}
