use serde::{Deserialize, Serialize};

use crate::{DesignError, Drawing, Font, arc, square};

/// The red of seal ink.
pub const SEAL_RED: [u8; 3] = [200, 0, 0];

/// What is on a seal's face. [`Design::draw`] checks it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Design {
    /// The outline.
    pub shape: Shape,
    /// The name: along the upper ring, 2 to 30 characters; on a square seal, in columns from the right, 2 to 9.
    pub arc_text: String,
    /// A five-pointed star in the middle.
    #[serde(default)]
    pub star: bool,
    /// A line below the middle, such as 合同专用章; at most 10 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line_text: Option<String>,
    /// Letters and digits: the seal's number along the lower ring of a round seal, the taxpayer's number across the
    /// middle of an oval one; at most 20.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Red, green, blue.
    #[serde(default = "seal_red")]
    pub colour: [u8; 3],
}

/// The outline of a seal, in millimetres from outer edge to outer edge.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Shape {
    /// Of a department: 42 mm for a district, 40 mm or 38 mm below it (国发〔1999〕25号).
    Round {
        /// 15 to 80.
        diameter_mm: f64,
    },
    /// Such as the seal for invoices: 40 x 30 mm.
    Oval {
        /// 15 to 80.
        width_mm: f64,
        /// 15 to 80, and at least half of the width.
        height_mm: f64,
    },
    /// A person's seal (人名章), about 20 mm.
    Square {
        /// 8 to 50.
        side_mm: f64,
    },
}

// === impl Design ===

impl Design {
    /// A department's seal of 42 mm with the star.
    pub fn round(name: &str) -> Self {
        Self { star: true, ..Self::plain(Shape::Round { diameter_mm: 42.0 }, name) }
    }

    /// A seal of 40 x 30 mm without star.
    pub fn oval(name: &str) -> Self {
        Self::plain(Shape::Oval { width_mm: 40.0, height_mm: 30.0 }, name)
    }

    /// A person's seal of 20 mm.
    pub fn square(name: &str) -> Self {
        Self::plain(Shape::Square { side_mm: 20.0 }, name)
    }

    fn plain(shape: Shape, name: &str) -> Self {
        Self { shape, arc_text: name.to_owned(), star: false, line_text: None, code: None, colour: SEAL_RED }
    }

    /// Draws the face with the glyphs of `font`.
    ///
    /// # Errors
    /// When the description is not one of a seal, or the font lacks a character.
    pub fn draw(&self, font: &Font<'_>) -> Result<Drawing, DesignError> {
        match self.shape {
            Shape::Round { diameter_mm } => {
                within("diameter", diameter_mm, 15, 80)?;
                arc::draw(self, font, [diameter_mm; 2])
            }
            Shape::Oval { width_mm, height_mm } => {
                within("width", width_mm, 15, 80)?;
                within("height", height_mm, 15, 80)?;
                if height_mm > width_mm || height_mm * 2.0 < width_mm {
                    return Err(DesignError::Conflict(
                        "an oval seal's height is between half of its width and its width",
                    ));
                }
                arc::draw(self, font, [width_mm, height_mm])
            }
            Shape::Square { side_mm } => {
                within("side", side_mm, 8, 50)?;
                square::draw(self, font, side_mm)
            }
        }
    }
}

fn within(what: &'static str, measure: f64, least: u32, most: u32) -> Result<(), DesignError> {
    if (f64::from(least)..=f64::from(most)).contains(&measure) {
        return Ok(());
    }
    Err(DesignError::Size { what, least, most })
}

fn seal_red() -> [u8; 3] {
    SEAL_RED
}
