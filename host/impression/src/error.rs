use zhongtai_kernel::ErrorKind;

/// A seal can't be drawn as it is described. No text is repeated: on a name seal it is a person's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DesignError {
    /// A measure is not finite, or no seal is that small or large.
    #[error("a seal's {what} is between {least} and {most} mm")]
    Size {
        /// Which measure.
        what: &'static str,
        /// In millimetres.
        least: u32,
        /// In millimetres.
        most: u32,
    },
    /// Too few or too many characters for the place.
    #[error("the {what} has {found} characters, and there is room for {least} to {most}")]
    Length {
        /// Which text.
        what: &'static str,
        /// How many characters it has.
        found: usize,
        /// At least so many.
        least: usize,
        /// At most so many.
        most: usize,
    },
    /// A character that leaves nothing on paper: a space, a control or a formatting character.
    #[error("character {position} of the {what} can't be printed")]
    Unprintable {
        /// Which text.
        what: &'static str,
        /// From 1.
        position: usize,
    },
    /// The font lacks a character.
    #[error("the font has no glyph for character {position} of the {what}: choose another font")]
    MissingGlyph {
        /// Which text.
        what: &'static str,
        /// From 1.
        position: usize,
    },
    /// Two parts of the description can't both be on one face.
    #[error("{0}")]
    Conflict(&'static str),
    /// The file is not a font with outlines.
    #[error("not a font: {0}")]
    Font(&'static str),
}

// === impl DesignError ===

impl DesignError {
    /// What sort of failure it is.
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::Invalid
    }
}
