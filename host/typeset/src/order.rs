use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{Fault, Template};

/// A document to make. The same order gives the same bytes.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// What it looks like.
    pub template: Template,
    /// What is filled in: `sys.inputs` in the template.
    pub inputs: Map<String, Value>,
    /// What readers show as its name.
    pub title: String,
    /// When it is made: the date in the file, and the day that `datetime.today()` gives, in Asia/Shanghai.
    pub at: Timestamp,
}

/// A document that was made.
#[derive(Clone, PartialEq, Eq)]
pub struct Typeset {
    /// PDF/A-2b (ISO 19005-2), tagged, with subsets of its fonts.
    pub pdf: Vec<u8>,
    /// OFD (GB/T 33190) of the same layout.
    pub ofd: Vec<u8>,
    /// What else is known of it.
    pub facts: Facts,
}

/// What is known of a document that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// How many pages.
    pub pages: usize,
    /// Where seals belong, by page and name.
    pub seal_places: Vec<SealPlace>,
    /// What the typesetter wonders about, such as a font that is not there.
    pub warnings: Vec<Fault>,
    /// How long it took.
    pub took: Took,
}

/// A place that a template keeps for a seal: a box or block with the label `<seal>` or `<seal-NAME>`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SealPlace {
    /// What follows `seal-` in the label; empty for `<seal>`.
    pub name: String,
    /// The page, from 1.
    pub page: u32,
    /// Left edge of the box, from the page's left edge.
    pub x_mm: f64,
    /// Upper edge of the box, from the page's upper edge.
    pub y_mm: f64,
    /// Width of the box.
    pub width_mm: f64,
    /// Height of the box.
    pub height_mm: f64,
}

/// Where the time went, in microseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Took {
    /// Reading and laying out.
    pub layout_us: u64,
    /// Writing PDF.
    pub pdf_us: u64,
    /// Writing OFD.
    pub ofd_us: u64,
}

// === impl SealPlace ===

/// Lengths are never NaN: they come from a finished layout.
impl Eq for SealPlace {}

impl SealPlace {
    /// Left and upper edge of a face of this size, in millimetres, so that its centre is the place's.
    pub fn centred(&self, width_mm: f64, height_mm: f64) -> (f64, f64) {
        (self.x_mm + (self.width_mm - width_mm) / 2.0, self.y_mm + (self.height_mm - height_mm) / 2.0)
    }
}

// === impl Order ===

impl std::fmt::Debug for Order {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The inputs may be about a person.
        f.debug_struct("Order").field("template", &self.template).field("at", &self.at).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Typeset {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Typeset").field("facts", &self.facts).finish_non_exhaustive()
    }
}
