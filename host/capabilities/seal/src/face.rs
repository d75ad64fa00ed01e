//! Faces (印模): drawn once, when a seal is made, and kept as outlines.

use std::path::PathBuf;

use tokio::sync::OnceCell;
use zhongtai_impression::{Design, Drawing, Font};

use crate::{SealConfig, SealError};

/// The pen: a font that is read when the first face is drawn.
pub(crate) struct Pen {
    path: PathBuf,
    face: u32,
    file: OnceCell<Vec<u8>>,
}

// === impl Pen ===

impl Pen {
    pub(crate) fn new(config: &SealConfig) -> Self {
        Self { path: config.font.clone(), face: config.font_face, file: OnceCell::new() }
    }

    /// Draws a face.
    pub(crate) async fn draw(&self, design: &Design) -> Result<Drawing, SealError> {
        let file = self.file.get_or_try_init(async || tokio::fs::read(&self.path).await).await;
        let file = file.map_err(|source| SealError::Font { path: self.path.display().to_string(), source })?;
        Ok(design.draw(&Font::parse(file, self.face)?)?)
    }
}
